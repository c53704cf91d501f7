import { join } from 'node:path'
import { blob, integer, primaryKey, real, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { onTestFinished } from 'vitest'
import type { DevEvent } from '../../src/cli/dev/dev-events.ts'
import { type DevServer, type DevServerOptions, startDevServer } from '../../src/cli/dev/dev-server.ts'
import type { LocalProject } from '../../src/cli/dev/local-project.ts'
import type { BundledMigrations } from '../../src/migrator/index.ts'
import { SQLake } from '../../src/schema/database.ts'

/** Tables for a server under test. */
export const schema = SQLake({
	users: sqliteTable('users', { id: text('id').primaryKey(), name: text('name'), big: integer('big'), avatar: blob('avatar') }),
	orders: sqliteTable(
		'orders',
		{ userId: text('user_id').notNull(), id: text('id').notNull(), amount: real('amount').notNull() },
		(table) => [primaryKey({ columns: [table.userId, table.id] })],
	),
	plans: sqliteTable('plans', { id: text('id').primaryKey() }),
	shard: { users: 'id', orders: 'userId' },
	global: ['plans'],
})

export const migrations: BundledMigrations = {
	journal: { entries: [{ idx: 0, when: 1_760_000_000_000, tag: '0000_init', breakpoints: true }] },
	migrations: {
		m0000: `CREATE TABLE users (id text PRIMARY KEY NOT NULL, name text, big integer, avatar blob);
--> statement-breakpoint
CREATE TABLE orders (user_id text NOT NULL, id text NOT NULL, amount real NOT NULL, PRIMARY KEY (user_id, id));
--> statement-breakpoint
CREATE TABLE plans (id text PRIMARY KEY NOT NULL)`,
	},
}

/** A project as it would be loaded from files. */
export const project: LocalProject = {
	schema,
	relations: {},
	migrations,
	source: 'folder',
	location: 's3://sqlake',
	watch: { files: [], directories: [] },
}

/** A server on the files of a directory, closed when the test ends. */
export async function openDevServer(
	directory: string,
	options: Partial<DevServerOptions> = {},
): Promise<{ readonly server: DevServer; readonly events: DevEvent[] }> {
	const events: DevEvent[] = []
	const server = await startDevServer({
		load: async () => project,
		port: 0,
		db: join(directory, 'local.db'),
		lake: join(directory, 'data'),
		watch: false,
		onEvent: (event) => events.push(event),
		...options,
	})
	onTestFinished(async () => void (await server.close()))
	return { server, events }
}

/** JSON that tests look into, whatever its shape. */
export interface Json {
	readonly [key: string]: Json
}

/** What `POST /query` answers. */
export interface QueryAnswer {
	readonly status: number
	readonly body: Json
}

/** Reads JSON of the server's. */
export async function get(url: string): Promise<QueryAnswer> {
	const response = await fetch(url)
	return { status: response.status, body: await response.json() }
}

/** Asks `POST /query`. */
export async function ask(url: string, body: unknown): Promise<QueryAnswer> {
	const response = await fetch(`${url}/query`, { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body) })
	return { status: response.status, body: await response.json() }
}
