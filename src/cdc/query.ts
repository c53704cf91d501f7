import { SQLakeError } from '../errors.ts'

/**
 * The first row of a query as an array of its values, or null where there is none. Reads to the end, so give it a LIMIT: a
 * cursor left open keeps its statement from being used again, and its tables from being dropped.
 */
export function firstRow(sql: SqlStorage, query: string, ...bindings: unknown[]): readonly SqlStorageValue[] | null {
	return allRows(sql, query, ...bindings)[0] ?? null
}

/** All rows of a query as arrays of their values. */
export function allRows(sql: SqlStorage, query: string, ...bindings: unknown[]): SqlStorageValue[][] {
	return [...sql.exec(query, ...bindings).raw()]
}

/** A number that a query of ours must have answered with; NULL and no row count as `otherwise`. */
export function firstNumber(sql: SqlStorage, query: string, otherwise: number, ...bindings: unknown[]): number {
	const value = firstRow(sql, query, ...bindings)?.[0] ?? otherwise
	if (typeof value !== 'number') {
		throw new SQLakeError('INTERNAL', `expected a number from ${JSON.stringify(query)}, found ${typeof value}`)
	}
	return value
}

/** Text that a table of ours must hold. */
export function textOf(value: SqlStorageValue | undefined): string {
	if (typeof value !== 'string') throw new SQLakeError('INTERNAL', `expected text, found ${typeof value}`)
	return value
}

/**
 * Terms joined by an operator as a balanced tree: Durable Object SQLite allows an expression a depth of 100, and a plain chain
 * is as deep as it is long.
 */
export function balanced(terms: readonly string[], operator: string): string {
	const [first = ''] = terms
	if (terms.length <= 1) return first
	const middle = terms.length >> 1
	return `(${balanced(terms.slice(0, middle), operator)} ${operator} ${balanced(terms.slice(middle), operator)})`
}
