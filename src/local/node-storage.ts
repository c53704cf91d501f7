/**
 * Node's SQLite with the surface of a Durable Object's storage.
 *
 * @module
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { SQLakeError } from '../errors.ts'
import { exactBuffer, isBytes, viewBytes } from '../schema/bytes.ts'
import { scanStatement } from '../shard/statement.ts'
import { isQuery, restoreCutTexts } from './cut-texts.ts'
import { loadNodeSqlite, openDatabase } from './node-sqlite.ts'
import { assertPlatformPragmas, PLATFORM_LIMITS } from './platform-limits.ts'
import { RowCursor } from './row-cursor.ts'

/** What keeps the alarm of a storage. */
export interface AlarmClock {
	/** Milliseconds since the epoch; null where none is set. */
	get(): number | null
	set(at: number | null): void
}

/** What would end a transaction behind the back of whoever opened it. A Durable Object refuses it as well. */
const TRANSACTION_KEYWORDS: ReadonlySet<string> = new Set(['BEGIN', 'COMMIT', 'END', 'ROLLBACK', 'SAVEPOINT', 'RELEASE'])

/** A value as Node binds it. */
type NodeValue = string | number | bigint | Uint8Array | null

/** Milliseconds that a statement waits for another process to be done with the file. */
const BUSY_TIMEOUT = 5_000

/** Prepared statements that are kept. */
const MAX_STATEMENTS = 100

/**
 * The parts of `DurableObjectStorage` that a shard uses, over a file or memory. Values bind and come back as in a Durable Object:
 * a number is bound as REAL, an INTEGER beyond 2^53 comes back rounded, a BLOB as ArrayBuffer. A statement has run to its end
 * when `exec` returns. Each transaction is on disk when it has been committed.
 */
export class NodeStorage {
	readonly #database: DatabaseSync
	readonly #totalChanges: StatementSync
	readonly #alarm: AlarmClock
	readonly #platformLimits: boolean
	readonly #statements = new Map<string, StatementSync>()
	#depth = 0

	/**
	 * @param path - of the file, which is created where there is none; `':memory:'` keeps all in memory
	 * @param platformLimits - whether SQL is refused that a Durable Object refuses for its size or its pragma
	 */
	constructor(path: string, alarm: AlarmClock, platformLimits = true) {
		this.#platformLimits = platformLimits
		this.#database = openDatabase(path, { timeout: BUSY_TIMEOUT, ...(platformLimits ? { limits: PLATFORM_LIMITS } : {}) })
		this.#alarm = alarm
		try {
			// Readers of other processes and the writer do not wait for each other; with FULL a commit is durable all the same.
			this.#database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
			this.#totalChanges = this.#database.prepare('SELECT total_changes() AS n')
		} catch (error) {
			this.#database.close()
			throw error
		}
	}

	/** This storage for code that expects a Durable Object's: it has what a shard calls, and nothing else. */
	get durableObjectStorage(): DurableObjectStorage {
		const storage = this
		const surface = {
			sql: {
				exec: (query: string, ...bindings: unknown[]) => storage.exec(query, bindings),
				get databaseSize() {
					return storage.databaseSize
				},
			},
			transactionSync: <T>(run: () => T): T => storage.transactionSync(run),
			sync: async () => {},
			getAlarm: async () => storage.#alarm.get(),
			setAlarm: async (at: number | Date) => storage.#alarm.set(Number(at)),
			deleteAlarm: async () => storage.#alarm.set(null),
		}
		return surface as unknown as DurableObjectStorage
	}

	/** Bytes of the database. */
	get databaseSize(): number {
		const pragma = (name: string) => Number(Object.values(this.#database.prepare(`PRAGMA ${name}`).get() ?? {})[0])
		return pragma('page_count') * pragma('page_size')
	}

	/** Runs SQL: one statement, or several that have no bound values and whose rows nobody wants. */
	exec(query: string, bindings: readonly unknown[]): RowCursor {
		const { keyword, multiple, placeholders, end } = scanStatement(query)
		if (TRANSACTION_KEYWORDS.has(keyword)) throw new Error(`${keyword}: expected transactionSync() instead.`)
		if (this.#platformLimits) assertPlatformPragmas(query)
		const expected = placeholders.reduce((most, { index }) => Math.max(most, index + 1), 0)
		if (expected !== bindings.length) {
			throw new Error(`Wrong number of parameter bindings for SQL query: expected ${expected}, found ${bindings.length}.`)
		}
		const before = this.#changesSoFar()
		// Node prepares the first statement of a text and drops the rest without a word.
		if (multiple) {
			if (expected > 0) throw new Error('Several statements in one text cannot have bound values.')
			this.#database.exec(query)
			return new RowCursor([], [], this.#changesSoFar() - before)
		}
		const values = bindings.map(nodeValue)
		const named = placeholders.filter(({ text }) => !text.startsWith('?'))
		const run = (text: string) => {
			const statement = this.#prepare(text)
			// With setReturnArrays rows are arrays, which the declared type does not know.
			const rows = (named.length === 0
				? statement.all(...values)
				: statement.all(...byName(named, values))) as unknown as unknown[][]
			return { columns: statement.columns().map(({ name }) => name), rows }
		}
		const { cutsTextAtNul } = loadNodeSqlite()
		if (cutsTextAtNul && !isQuery(keyword) && values.some(hasNul) && this.#prepare(query).columns().length > 0) throw wouldBeCut()
		const { columns, rows } = run(query)
		const written = this.#changesSoFar() - before
		if (cutsTextAtNul && written === 0 && isQuery(keyword)) restoreCutTexts(query.slice(0, end), (text) => run(text).rows, rows)
		return new RowCursor(
			columns,
			rows.map((row) => row.map(storageValue)),
			written,
		)
	}

	/** Runs a function in a transaction, or in a savepoint of the one that is open; an error rolls it back. */
	transactionSync<T>(run: () => T): T {
		const savepoint = `sqlake_${this.#depth}`
		const outermost = this.#depth === 0
		// IMMEDIATE: a transaction that reads first could not write any more once another process has written.
		this.#database.exec(outermost ? 'BEGIN IMMEDIATE' : `SAVEPOINT ${savepoint}`)
		this.#depth++
		try {
			const result = run()
			this.#database.exec(outermost ? 'COMMIT' : `RELEASE ${savepoint}`)
			return result
		} catch (error) {
			// Some errors, such as a full disk, have rolled everything back already.
			if (this.#database.isTransaction) {
				this.#database.exec(outermost ? 'ROLLBACK' : `ROLLBACK TO ${savepoint}; RELEASE ${savepoint}`)
			}
			throw error
		} finally {
			this.#depth--
		}
	}

	close(): void {
		this.#statements.clear()
		this.#database.close()
	}

	#changesSoFar(): number {
		return Number(this.#totalChanges.get()?.n)
	}

	#prepare(query: string): StatementSync {
		const known = this.#statements.get(query)
		if (known !== undefined) return known
		const statement = this.#database.prepare(query)
		statement.setReadBigInts(true)
		statement.setReturnArrays(true)
		if (this.#statements.size >= MAX_STATEMENTS)
			for (const oldest of this.#statements.keys()) if (this.#statements.delete(oldest)) break
		this.#statements.set(query, statement)
		return statement
	}
}

/** Node binds named parameters by their names and the others in order, a Durable Object all in order. */
function byName(
	named: readonly { readonly text: string; readonly index: number }[],
	values: readonly NodeValue[],
): [Record<string, NodeValue>, ...NodeValue[]] {
	const indexes = new Set(named.map(({ index }) => index))
	return [
		Object.fromEntries(named.map(({ text, index }) => [text, values[index] ?? null])),
		...values.filter((_, index) => !indexes.has(index)),
	]
}

function hasNul(value: NodeValue): boolean {
	return typeof value === 'string' && value.includes('\0')
}

function wouldBeCut(): SQLakeError {
	return new SQLakeError('VALUE_UNSUPPORTED', `RETURNING in Node ${process.version}: expected no text with NUL, found one`, {
		hint: 'this Node cuts such texts when it reads them: run it with Node 24, or write without RETURNING and read after it',
	})
}

function nodeValue(value: unknown): NodeValue {
	if (value === null || typeof value === 'string' || typeof value === 'number') return value
	if (isBytes(value)) return viewBytes(value)
	throw new TypeError(`Cannot bind a value of type ${typeof value}.`)
}

/** A value as a Durable Object reads it. */
function storageValue(value: unknown): SqlStorageValue {
	if (typeof value === 'bigint') return Number(value)
	return isBytes(value) ? exactBuffer(value) : (value as SqlStorageValue)
}
