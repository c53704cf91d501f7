/**
 * What a rewritten query refuses while it runs, because only then the values tell.
 *
 * @module
 */
import { SQLakeError } from '../../errors.ts'
import { quoteText } from '../engines/duckdb-sql.ts'
import { bytesOf, hexOf } from './callbacks/sql-value.ts'
import { duckdbType } from './typed-sql.ts'

/** The macros raise their errors under this name. */
const RAISED = /sqlake: (.*)/s
/** Functions that the engine calls back tell SQLite's own failures so. */
const FAILED = /\bsqlite: (.*)/s
/** A value that no engine can show, with what tells where it is. */
const MISFIT = /sqlake-misfit: ([0-9a-fA-F|]+)/
const OVERFLOW = /^Out of Range Error: Overflow in|^Conversion Error: .*INT128.*(?:INT64|BIGINT)/s

/** What a view knows of values that it cannot show. */
export interface MisfitDetails {
	readonly table: string
	readonly column: string
	/** How many there are in the files that are read. */
	readonly count: number
}

/**
 * An expression that fails with `LAKE_VALUE_MISFIT`.
 *
 * @param place Expressions of texts: the shard, the key's columns, and the value in hexadecimal digits.
 */
export function misfitError(details: MisfitDetails, place: readonly string[]): string {
	const known = quoteText(`sqlake-misfit: ${hexOf(new TextEncoder().encode(JSON.stringify(details)))}`)
	const parts = place.map((sql) => `'|' || hex(encode(COALESCE(${sql}, 'NULL')))`)
	return `CAST(error(${[known, ...parts].join(' || ')}) AS ${duckdbType('any')})`
}

/** @param digits The parts of {@link misfitError}'s message. */
function misfit(digits: string): SQLakeError {
	const [details = '', shard = '', ...rest] = digits.split('|').map((each) => new TextDecoder().decode(bytesOf(each)))
	const { table, column, count }: MisfitDetails = JSON.parse(details)
	const key = rest.slice(0, -1)
	const value = `CAST(X'${rest.at(-1) ?? ''}' AS TEXT)`
	return new SQLakeError(
		'LAKE_VALUE_MISFIT',
		`table "${table}", column "${column}": shard "${shard}", key ${key.join(', ')} holds text that is not UTF-8, ${value} (${count} such values in the files read)`,
		{
			hint: 'Leave the column out of the query, narrow it to other shards, or correct the row.',
			details: { table, column, count, shard, key, value },
		},
	)
}

/** The error for DuckDB's message, if it says that SQLite fails as well, or that a value has no equal on the lake; else undefined. */
export function dialectError(message: string): SQLakeError | undefined {
	const digits = MISFIT.exec(message)?.[1]
	if (digits !== undefined) return misfit(digits)
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
