import type { DatabaseSync } from 'node:sqlite'
import { openDatabase } from '../../local/node-sqlite.ts'

/** Milliseconds to wait for a writer. */
const BUSY_MS = 5_000

/** How a shard on this machine is. */
export interface ShardHealth {
	/** null for a file that no shard has claimed. */
	readonly shard: string | null
	/** Changes that wait for the lake. */
	readonly buffered: number
	/** When the oldest of them was made, in milliseconds since the epoch. */
	readonly oldest: number | null
	readonly deadLetters: number
	/** Tags, where sqlake applied the migrations. */
	readonly applied: readonly string[]
	/** The migration that does not apply, and why. */
	readonly failure: { readonly tag: string; readonly message: string } | null
	/** Whether it was rolled back and stays where it is. */
	readonly held: boolean
}

/** Reads how a shard is; nothing is written, and no migration applied. */
export function readShardHealth(file: string): ShardHealth {
	const database = openDatabase(file, { readOnly: true, timeout: BUSY_MS })
	try {
		const memory = parse(text(database, '_sqlake_migrator', "SELECT value FROM _sqlake_migrator WHERE key = 'state'"))
		const oldest = value(database, '_cdc_buffer', 'SELECT min(ts) FROM _cdc_buffer WHERE tag <> 0')
		return {
			shard: text(database, '_sqlake_object', "SELECT value FROM _sqlake_object WHERE key = 'shard'"),
			buffered: Number(value(database, '_cdc_buffer', 'SELECT count(*) FROM _cdc_buffer WHERE tag <> 0') ?? 0),
			oldest: typeof oldest === 'number' ? oldest * 1_000 : null,
			deadLetters: Number(
				value(database, '_sqlake_dead_letters', 'SELECT count(*) FROM _sqlake_dead_letters WHERE retried_as IS NULL') ?? 0,
			),
			applied: has(database, '_sqlake_migrations')
				? database
						.prepare('SELECT tag FROM _sqlake_migrations ORDER BY created_at')
						.all()
						.map(({ tag }) => String(tag))
				: [],
			failure: failureOf(memory),
			held: memory.held === true,
		}
	} finally {
		database.close()
	}
}

function failureOf({ failure }: Readonly<Record<string, unknown>>): ShardHealth['failure'] {
	if (typeof failure !== 'object' || failure === null || !('tag' in failure) || !('message' in failure)) return null
	return { tag: String(failure.tag), message: String(failure.message) }
}

function parse(json: string | null): Readonly<Record<string, unknown>> {
	const parsed: unknown = json === null ? {} : JSON.parse(json)
	return typeof parsed === 'object' && parsed !== null ? Object.fromEntries(Object.entries(parsed)) : {}
}

function text(database: DatabaseSync, table: string, sql: string): string | null {
	const found = value(database, table, sql)
	return typeof found === 'string' ? found : null
}

/** The first value of a query; null where the table it reads is not there. */
function value(database: DatabaseSync, table: string, sql: string): unknown {
	if (!has(database, table)) return null
	const row = database.prepare(sql).get()
	return row === undefined ? null : (Object.values(row)[0] ?? null)
}

function has(database: DatabaseSync, table: string): boolean {
	return database.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?").get(table) !== undefined
}
