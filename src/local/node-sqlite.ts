/**
 * Node's own SQLite.
 *
 * @module
 */
import type { DatabaseSync, DatabaseSyncOptions } from 'node:sqlite'
import { SQLakeError } from '../errors.ts'
import { withoutWarnings } from './without-warnings.ts'

/** `node:sqlite`, and what this version of it cannot do. */
export interface NodeSqlite {
	readonly DatabaseSync: typeof DatabaseSync
	/** Node 22 reads text only up to its first NUL. */
	readonly cutsTextAtNul: boolean
}

let loaded: NodeSqlite | undefined

/**
 * Loads `node:sqlite` when it is first needed: importing sqlake must neither fail where it is missing, nor print the warning
 * that Node 22 has for it.
 *
 * @throws SQLakeError RUNTIME_UNSUPPORTED in a Node whose SQLite cannot name the columns of a result (before 22.16).
 */
export function loadNodeSqlite(): NodeSqlite {
	loaded ??= load()
	return loaded
}

function load(): NodeSqlite {
	const module = withoutWarnings(() => process.getBuiltinModule?.('node:sqlite'))
	if (module === undefined || !('columns' in module.StatementSync.prototype)) {
		throw new SQLakeError(
			'RUNTIME_UNSUPPORTED',
			`node:sqlite: expected that of Node 22.16 or newer, found Node ${process.version}`,
			{
				hint: 'run it with Node 24',
			},
		)
	}
	const database = new module.DatabaseSync(':memory:')
	const row = database.prepare("SELECT 'a' || char(0) || 'b' AS text").get()
	database.close()
	return { DatabaseSync: module.DatabaseSync, cutsTextAtNul: row?.text !== 'a\0b' }
}

/** Opens a database that treats SQL as a Durable Object's does. */
export function openDatabase(path: string, options: DatabaseSyncOptions = {}): DatabaseSync {
	const { DatabaseSync } = loadNodeSqlite()
	return new DatabaseSync(path, { enableForeignKeyConstraints: true, enableDoubleQuotedStringLiterals: true, ...options })
}

/** SQLite's result code for a database that another connection holds (https://www.sqlite.org/rescode.html#busy). */
const BUSY = 5

/** Whether a database was held by another connection for longer than its time-out. */
export function isBusy(error: unknown): boolean {
	// The low byte is the primary code, the rest says more.
	return error instanceof Error && 'errcode' in error && typeof error.errcode === 'number' && (error.errcode & 0xff) === BUSY
}
