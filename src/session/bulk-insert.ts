/**
 * Large INSERT ... VALUES: a Durable Object binds at most 100 values a statement
 * (https://developers.cloudflare.com/durable-objects/platform/limits/), so the rows are spread over several statements, which
 * run in order in one transaction. Rows, conflict clause and RETURNING mean the same then, since SQLite, too, inserts row by row.
 *
 * @module
 */
import { is, Param, Placeholder, type Query, type SQL } from 'drizzle-orm'
import type { BoundStatement, WireValue } from '../driver/transport.ts'
import { SQLakeError } from '../errors.ts'

/** Limits of Durable Object SQLite, and of one call to a shard. */
export const STATEMENT_LIMITS = {
	/** Bound values of one statement: of an INSERT; those of others go along in one JSON array. */
	params: 100,
	/** Values of one statement that a shard takes in any way. */
	values: 10_000,
	/** UTF-16 units of one statement's text; the platform counts 100 KB. */
	sqlLength: 100_000,
	/** Statements of one atomic batch. */
	statements: 1_000,
} as const

/** An INSERT taken apart: everything but the rows, and the text of each row. */
export interface BulkInsert {
	readonly prefix: string
	/** From the end of the last row on: conflict clause and RETURNING. */
	readonly suffix: string
	/** How many values the suffix binds. */
	readonly suffixParams: number
	/** Text and number of bound values of each row. */
	readonly rows: readonly { readonly text: string; readonly params: number }[]
}

/**
 * Takes an INSERT apart, and renders it without the detour of one SQL object for each value.
 *
 * @param rows - the values of each row, in column order; each is known to be a bound value or the literal NULL
 * @param head - the statement's text up to and with `values `
 * @param one - the whole statement with its first row only
 * @returns null where the statement is not laid out as expected
 */
export function takeInsertApart(
	rows: readonly (readonly (Param | SQL)[])[],
	head: string,
	one: Query,
): { readonly bulk: BulkInsert; readonly query: Query } | null {
	const params: unknown[] = []
	const rendered = rows.map((values) => {
		const bound = values.filter((value) => is(value, Param))
		for (const { value, encoder } of bound) {
			params.push(is(value, Placeholder) ? new Param(value, encoder) : value === null ? null : encoder.mapToDriverValue(value))
		}
		return { text: `(${values.map((value) => (is(value, Param) ? '?' : 'null')).join(', ')})`, params: bound.length }
	})
	const [first] = rendered
	if (first === undefined || !one.sql.startsWith(head + first.text)) return null
	const suffix = one.sql.slice(head.length + first.text.length)
	const suffixParams = one.params.slice(first.params)
	return {
		bulk: { prefix: head, suffix, suffixParams: suffixParams.length, rows: rendered },
		query: { sql: head + rendered.map(({ text }) => text).join(', ') + suffix, params: [...params, ...suffixParams] },
	}
}

/**
 * The statements that insert the same rows within the limits of {@link STATEMENT_LIMITS}.
 *
 * @param params - the values of the whole statement
 * @throws SQLakeError STATEMENT_LIMIT where one row alone, or the number of statements, is beyond a limit.
 */
export function splitInsert(bulk: BulkInsert, params: readonly WireValue[]): BoundStatement[] {
	const { prefix, suffix, rows, suffixParams } = bulk
	const tail = params.slice(params.length - suffixParams)
	const statements: BoundStatement[] = []
	const frame = prefix.length + suffix.length
	let [texts, bound, length]: [string[], number, number] = [[], 0, frame]
	let position = 0
	const close = () => {
		statements.push({
			sql: prefix + texts.join(', ') + suffix,
			params: [...params.slice(position, position + bound), ...tail],
		})
		position += bound
		;[texts, bound, length] = [[], 0, frame]
	}
	for (const row of rows) {
		const beyond = bound + row.params + suffixParams > STATEMENT_LIMITS.params
		if (texts.length > 0 && (beyond || length + row.text.length + 2 > STATEMENT_LIMITS.sqlLength)) close()
		if (row.params + suffixParams > STATEMENT_LIMITS.params)
			throw tooManyParams(row.params + suffixParams, 'one row of the INSERT')
		texts.push(row.text)
		bound += row.params
		length += row.text.length + 2
	}
	close()
	if (statements.length > STATEMENT_LIMITS.statements) {
		throw new SQLakeError(
			'STATEMENT_LIMIT',
			`INSERT of ${rows.length} rows: it would take ${statements.length} statements, and one atomic batch holds at most ${STATEMENT_LIMITS.statements}`,
			{
				hint: `insert at most ${Math.floor((rows.length * STATEMENT_LIMITS.statements) / statements.length)} of these rows at a time`,
				details: { rows: rows.length, statements: statements.length, limit: STATEMENT_LIMITS.statements },
			},
		)
	}
	return statements
}

/** The error for a statement that binds more values than SQLite takes. */
export function tooManyParams(found: number, what: string, limit: number = STATEMENT_LIMITS.params): SQLakeError {
	return new SQLakeError('STATEMENT_LIMIT', `${what} binds ${found} values: a Durable Object takes at most ${limit}`, {
		hint: 'split the statement, or pass a list as one JSON text and read it with json_each(?)',
		details: { found, limit },
	})
}
