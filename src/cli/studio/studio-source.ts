import type { LocalRequest } from '../http/local-server.ts'
import type { Reply } from '../http/reply.ts'
import type { DrizzleSchema } from './describe-relations.ts'
import type { StudioDatabase } from './studio-database.ts'

/** What a studio shows. */
export interface StudioSource {
	/** `project`: shards and a lake. `file`: one SQLite file. */
	readonly kind: 'project' | 'file'
	/** What a person calls it. */
	readonly title: string
	/** What Drizzle Studio sees: it knows one database at a time. */
	readonly database: StudioDatabase
	/** For the relations and the defaults that are in code alone; empty for a file. */
	readonly schema: DrizzleSchema
	/** Answers `GET /tables`, `GET /shards` and `POST /query`. */
	handle(request: LocalRequest): Promise<Reply>
	close(): Promise<void>
}
