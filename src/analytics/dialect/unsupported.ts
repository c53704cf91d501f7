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
