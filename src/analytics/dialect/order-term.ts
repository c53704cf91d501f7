/**
 * Terms of ORDER BY.
 *
 * @module
 */
import type { SortedColumn } from 'sqlite3-parser'
import { asKey, settled } from './convert.ts'
import type { TypedSql } from './typed-sql.ts'

/**
 * A term as DuckDB sorts it: NULL is less than everything, unless NULLS FIRST or LAST says otherwise.
 *
 * @returns no term for a constant, which sorts nothing.
 */
export function orderTerms(e: TypedSql, { order, nulls }: Pick<SortedColumn, 'order' | 'nulls'>): string[] {
	const value = settled(e)
	if (value.constant !== undefined || value.kind === 'null') return []
	const descending = order === 'Desc'
	const nullsFirst = nulls === undefined ? !descending : nulls === 'First'
	return [`${asKey(value)} ${descending ? 'DESC' : 'ASC'} NULLS ${nullsFirst ? 'FIRST' : 'LAST'}`]
}
