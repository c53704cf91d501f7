/**
 * Runs statements on the object's own SQLite.
 *
 * @module
 */
import type { BoundStatement, StatementResult, WireValue } from '../driver/transport.ts'
import { messageOf, SQLakeError } from '../errors.ts'
import { bindable } from './bind-values.ts'
import { checkRecursion } from './check-recursion.ts'
import { restoreExactIntegers } from './exact-integers.ts'
import { runReturning } from './exact-returning.ts'
import { changesSchema, scanStatement } from './statement.ts'

/** What statements run on. */
export type StatementStorage = Pick<DurableObjectStorage, 'sql' | 'transactionSync'>

/** Bytes of values that a statement from outside may answer: one remote call takes 32 MiB (https://developers.cloudflare.com/workers/runtime-apis/rpc/). */
const MAX_ANSWER_BYTES = 30_000_000

/** Statements that can be asked again as part of another. What answers rows after WITH and writes nothing is a query, too. */
const QUERIES = new Set(['SELECT', 'VALUES', 'WITH'])

/**
 * Runs one statement. Counts come from SQLite itself: rows that capture or a trigger writes are in `rowsWritten`, which is what
 * is billed, and not in `changes`.
 *
 * @throws `QUERY_FAILED` with SQLite's own message and cause; `VALUE_UNSUPPORTED` for a value that cannot be bound.
 */
export function executeStatement(
	storage: StatementStorage,
	statement: BoundStatement,
	index = 0,
	maxBytes = Number.POSITIVE_INFINITY,
): StatementResult {
	const { sql } = storage
	const { sql: given, params } = bindable(statement)
	const { keyword, multiple, end, returning } = scanStatement(given)
	// A comment behind the semicolon counts as a second statement, and only the last one's values are bound.
	const text = multiple ? given : given.slice(0, end)
	try {
		const run = (again: string) => {
			const cursor = sql.exec(again, ...params)
			const rows = takeRows(cursor.raw(), maxBytes)
			const { columnNames: columns, rowsRead, rowsWritten } = cursor
			return { columns, rows, rowsRead, rowsWritten }
		}
		const { columns, rows, rowsRead, rowsWritten } =
			returning === null ? run(text) : runReturning(text, returning, run, (work) => storage.transactionSync(work))
		if (rowsWritten === 0) {
			if (QUERIES.has(keyword)) restoreExactIntegers(text, (again) => sql.exec(again, ...params).raw(), rows)
			return { columns, rows, rowsRead, rowsWritten, changes: 0, lastInsertRowid: null }
		}
		// SQLite's counts would be those of the statement before.
		if (changesSchema(given)) return { columns, rows, rowsRead, rowsWritten, changes: 0, lastInsertRowid: null }
		const [changes, lastInsertRowid] = writeCounts(sql)
		return { columns, rows, rowsRead, rowsWritten, changes, lastInsertRowid }
	} catch (error) {
		throw queryFailed(error, text, index)
	}
}

/**
 * Runs statements in order. Within a transaction it is all or none.
 *
 * @param readOnly refuses a statement that wrote; the error rolls the transaction back
 * @param onSchemaChange called after each statement that changed the schema, before the next one runs
 * @param before called before each statement
 * @throws `READ_ONLY`; `STATEMENT_LIMIT` for a recursion without an end in sight; and what {@link executeStatement} throws
 */
export function executeStatements(
	storage: StatementStorage,
	statements: readonly BoundStatement[],
	readOnly: boolean,
	onSchemaChange?: () => void,
	before?: () => void,
): StatementResult[] {
	return statements.map((statement, index) => {
		before?.()
		checkRecursion(storage.sql, statement)
		const result = executeStatement(storage, statement, index, MAX_ANSWER_BYTES)
		const schemaChanged = changesSchema(statement.sql)
		// DROP TABLE writes no row that is counted.
		if (readOnly && (result.rowsWritten > 0 || schemaChanged)) {
			throw new SQLakeError('READ_ONLY', `statement ${index + 1}: a write in a read-only request; it was rolled back`, {
				hint: 'write through the database itself, not through an analytics or time-travel view of it',
			})
		}
		if (schemaChanged) onSchemaChange?.()
		return result
	})
}

/** Takes rows as SQLite makes them. @throws `STATEMENT_LIMIT` beyond a number of bytes */
function takeRows(cursor: Iterable<WireValue[]>, maxBytes: number): WireValue[][] {
	const rows: WireValue[][] = []
	let bytes = 0
	// To the end in any case: a transaction that is rolled back while a cursor is open resets the object.
	for (const row of cursor) {
		for (const value of row)
			bytes += typeof value === 'string' ? value.length : value instanceof ArrayBuffer ? value.byteLength : 8
		if (bytes <= maxBytes) rows.push(row)
	}
	if (bytes <= maxBytes) return rows
	throw new SQLakeError('STATEMENT_LIMIT', `answer of a shard: expected at most ${maxBytes} bytes, found ${bytes}`, {
		hint: 'ask for fewer rows at a time: LIMIT, and a condition that goes on where the last answer ended',
		details: { limit: maxBytes, found: bytes },
	})
}

function writeCounts(sql: SqlStorage): [changes: number, lastInsertRowid: number | null] {
	const [counts] = Array.from(sql.exec<Record<string, number>>('SELECT changes() AS c, last_insert_rowid() AS r'))
	return [counts?.c ?? 0, counts?.r || null]
}

function queryFailed(error: unknown, sql: string, index: number): SQLakeError {
	const message = messageOf(error)
	if (SQLakeError.is(error)) return error
	const tooBig = /SQLITE_TOOBIG|string or blob too big/.test(message)
	return new SQLakeError(tooBig ? 'STATEMENT_LIMIT' : 'QUERY_FAILED', `statement ${index + 1}: ${message}`, {
		cause: error,
		details: { statement: index, sql: sql.length > 200 ? `${sql.slice(0, 200)}…` : sql },
	})
}
