/**
 * What a rewritten query refuses while it runs, because only then the values tell.
 *
 * @module
 */
import { SQLakeError } from '../../errors.ts'

/** The macros raise their errors under this name. */
const RAISED = /sqlake: (.*)/s
/** Functions that the engine calls back tell SQLite's own failures so. */
const FAILED = /\bsqlite: (.*)/s
const OVERFLOW = /^Out of Range Error: Overflow in|^Conversion Error: .*INT128.*(?:INT64|BIGINT)/s

/** The error for DuckDB's message, if it says that SQLite fails as well, or that a value has no equal on the lake; else undefined. */
export function dialectError(message: string): SQLakeError | undefined {
	const failure = FAILED.exec(message)?.[1]
	if (failure !== undefined) return new SQLakeError('QUERY_FAILED', failure)
	const raised = RAISED.exec(message)?.[1]
	if (raised !== undefined) {
		return new SQLakeError('DIALECT_UNSUPPORTED', `${raised} cannot be answered as SQLite would in a lake query`, {
			hint: 'Filter the rows where it occurs, or CAST the value.',
			details: { construct: raised },
		})
	}
	if (message.includes('Failure in decode')) {
		return new SQLakeError(
			'DIALECT_UNSUPPORTED',
			'a BLOB that is not UTF-8, as text, cannot be answered as SQLite would in a lake query',
			{
				hint: 'Use hex() instead.',
				details: { construct: 'BLOB as text' },
			},
		)
	}
	if (!OVERFLOW.test(message)) return undefined
	return new SQLakeError('DIALECT_UNSUPPORTED', 'an integer beyond 64 bits cannot be answered as SQLite would in a lake query', {
		hint: 'Where SQLite goes on with a REAL: CAST an operand to REAL.',
		details: { construct: 'integer overflow', message },
	})
}
