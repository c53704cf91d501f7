import type { DatabaseSync, DatabaseSyncOptions } from 'node:sqlite'
import type { BoundStatement, WireValue } from '../../driver/transport.ts'
import { SQLakeError } from '../../errors.ts'
import { openDatabase } from '../../local/node-sqlite.ts'
import type { StudioDatabase, StudioRows } from './studio-database.ts'

/** Milliseconds that a statement waits for another process to be done with the file. */
const BUSY_TIMEOUT = 5_000

/** A SQLite file as it is, without capture: one that is not sqlake's, or one that is only read. */
export class SqliteFile implements StudioDatabase {
	readonly title: string
	readonly id: string
	readonly #database: DatabaseSync

	/**
	 * @param path - of a file that exists; `':memory:'` for a database of its own
	 * @throws SQLakeError QUERY_FAILED where it is no database
	 */
	constructor(path: string, options: DatabaseSyncOptions = {}) {
		this.title = path
		this.id = `file:${path}`
		this.#database = openDatabase(path, { timeout: BUSY_TIMEOUT, ...options })
		try {
			this.#database.prepare('SELECT count(*) FROM sqlite_master').get()
		} catch (cause) {
			this.#database.close()
			throw SQLakeError.wrap(cause, 'QUERY_FAILED', path, { hint: 'name a SQLite file, or a directory of shards' })
		}
	}

	async execute(statements: readonly BoundStatement[]): Promise<readonly StudioRows[]> {
		if (statements.length === 1) return statements.map((statement) => this.#run(statement))
		this.#database.exec('BEGIN')
		try {
			const results = statements.map((statement) => this.#run(statement))
			this.#database.exec('COMMIT')
			return results
		} catch (error) {
			// Some errors have rolled everything back already.
			if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
			throw error
		}
	}

	close(): void {
		this.#database.close()
	}

	#run({ sql, params }: BoundStatement): StudioRows {
		try {
			const statement = this.#database.prepare(sql)
			statement.setReadBigInts(true)
			statement.setReturnArrays(true)
			const values = params.map((value) => (value instanceof ArrayBuffer ? new Uint8Array(value) : value))
			const columns = statement.columns().map(({ name }) => name)
			if (columns.length === 0) {
				const { changes, lastInsertRowid } = statement.run(...values)
				return { columns, rows: [], changes: Number(changes), lastInsertRowid: Number(lastInsertRowid) || null }
			}
			// With setReturnArrays rows are arrays, which the declared type does not know.
			const rows = statement.all(...values) as unknown as WireValue[][]
			return { columns, rows: rows.map((row) => row.map(narrow)), changes: 0, lastInsertRowid: null }
		} catch (error) {
			throw SQLakeError.wrap(error, 'QUERY_FAILED', 'statement')
		}
	}
}

/** Integers that a number holds exactly are numbers, as everywhere in sqlake. */
function narrow(value: WireValue): WireValue {
	return typeof value === 'bigint' && Number.isSafeInteger(Number(value)) ? Number(value) : value
}
