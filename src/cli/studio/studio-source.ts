import type { SQLiteTable } from 'drizzle-orm/sqlite-core'
import type { LocalRequest } from '../http/local-server.ts'
import type { Reply } from '../http/reply.ts'
import type { StudioDatabase } from './studio-database.ts'

/** What a studio shows. */
export interface StudioSource {
	/** `project`: shards and a lake. `file`: one SQLite file. */
	readonly kind: 'project' | 'file'
	/** What a person calls it. */
	readonly title: string
	/** What Drizzle Studio sees: it knows one database at a time. */
	readonly database: StudioDatabase
	/** Tables of the schema, for the defaults that its code makes; none for a file. */
	readonly tables: Readonly<Record<string, SQLiteTable>>
	/** Answers `GET /tables`, `GET /shards` and `POST /query`. */
	handle(request: LocalRequest): Promise<Reply>
	close(): Promise<void>
}
