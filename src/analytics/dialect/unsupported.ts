/**
 * What the rewriting refuses.
 *
 * @module
 */
import { SQLakeError } from '../../errors.ts'

/** Where a construct stands in the statement, as the parser tells it. */
export interface Position {
	readonly offset: number
	/** From 1. */
	readonly line: number
	/** From 0. */
	readonly col: number
}

/**
 * The error for a construct that has no equal on the lake.
 *
 * @param construct What the user wrote, in a word or two.
 */
export function unsupported(construct: string, position: Position | undefined, hint?: string): SQLakeError {
	const { line = 1, col = 0, offset = 0 } = position ?? {}
	return new SQLakeError(
		'DIALECT_UNSUPPORTED',
		`${construct} at line ${line}, column ${col + 1} cannot be answered as SQLite would in a lake query`,
		{
			hint: hint ?? "Write it another way, or pass { dialect: 'duckdb' } and write DuckDB's SQL.",
			details: { construct, offset, line, column: col + 1 },
		},
	)
}

/** The error for a statement that SQLite itself refuses. */
export function refused(message: string, position?: Position): SQLakeError {
	return new SQLakeError('QUERY_FAILED', message, position === undefined ? {} : { details: { offset: position.offset } })
}

/** Longest expression for the engine, in UTF-16 units: values of no certain class take a lot of text, again and again. */
const MAX_PRINTED = 8_000_000

/** How much longer macros may make a query. Planning it takes DuckDB some microseconds for each character. */
const MAX_WRITTEN = 4_000_000

/** @throws `STATEMENT_LIMIT` for an expression that is longer than the engine can read. */
export function checkPrinted(length: number): void {
	if (length > MAX_PRINTED) throw tooLong(`${MAX_PRINTED} characters`, MAX_PRINTED)
}

/**
 * @param added Characters that macros add to a query, not finite where there is no counting them.
 * @throws `STATEMENT_LIMIT` for more than the engine can plan.
 */
export function checkWritten(added: number): void {
	if (!(added <= MAX_WRITTEN)) throw tooLong(`its text and ${MAX_WRITTEN} characters of macros`, MAX_WRITTEN)
}

function tooLong(expected: string, limit: number): SQLakeError {
	return new SQLakeError('STATEMENT_LIMIT', `the query becomes longer than ${expected} for the analytics engine`, {
		hint: 'write fewer conditions and functions within each other, or compute them in a common table expression first',
		details: { limit },
	})
}
