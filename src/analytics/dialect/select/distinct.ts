/**
 * Rows that are told apart as SQLite does. Values that are equal but not the same, as 1 and 1.0, or 'a' and 'A' under NOCASE, are
 * one row; SQLite shows the one it met first, which the lake does not know: such a query fails where both occur.
 *
 * @module
 */
import type { CompoundOperator } from 'sqlite3-parser'
import type { RewriteContext } from '../context.ts'
import { asKey } from '../convert.ts'
import { INTEGER_CLASS, NUMBER_CLASSES, REAL_CLASS, TEXT_CLASS, type TypedSql } from '../typed-sql.ts'

/** A column by what tells its values apart. */
export type DistinctColumn = Pick<TypedSql, 'kind' | 'classes' | 'collation' | 'uniqueNumbers'>

/** Whether equal values of a column may differ. */
export function hasLookalikes({ kind, classes, collation, uniqueNumbers }: DistinctColumn): boolean {
	if (kind === 'any' && !uniqueNumbers && (classes & NUMBER_CLASSES) === (INTEGER_CLASS | REAL_CLASS)) return true
	return (kind === 'any' ? (classes & TEXT_CLASS) !== 0 : kind === 'text') && collation !== undefined && collation !== 'BINARY'
}

/** What a group of equal values shows, as an aggregate. */
export function representative(value: TypedSql): string {
	if (value.kind === 'null') return 'CAST(NULL AS BIGINT)'
	if (!hasLookalikes(value)) return value.sql
	if (value.encoded?.of === value.sql) {
		const text = value.encoded.text
		const kind = `_sl_encoded_class(${text})`
		const one = `_sl_decode(any_value(${text}))`
		return `(CASE WHEN min(${kind}) IS DISTINCT FROM max(${kind}) THEN error('sqlake: a group of values that are equal but not the same') ELSE ${one} END)`
	}
	const told = value.kind === 'any' ? `(${value.sql}).c` : value.sql
	const one = value.kind === 'any' ? `any_value(${value.sql})` : `min(${value.sql})`
	return `(CASE WHEN min(${told}) IS DISTINCT FROM max(${told}) THEN error('sqlake: a group of values that are equal but not the same') ELSE ${one} END)`
}

/** What rows are grouped by. Of a value that is there as text the text does: it need not be read for each row. */
export function groupKey(value: TypedSql): string {
	if (!hasLookalikes(value)) return value.sql
	return value.encoded?.of === value.sql ? `_sl_encoded_key(${value.encoded.text})` : asKey(value)
}

/** The distinct rows of a query with outputs `c0`, `c1` ... */
export function distinctRows(ctx: RewriteContext, sql: string, columns: readonly DistinctColumn[]): string {
	const alias = ctx.fresh('g')
	const values = columnsOf(alias, columns)
	const list = values.map((value, i) => `${representative(value)} AS c${i}`)
	return `SELECT ${list.join(', ')} FROM (${sql}) AS ${alias}(${names(columns)}) GROUP BY ${values.map(asKey).join(', ')}`
}

/** Two queries with outputs `c0`, `c1` ... put together, of whose values some may be equal but not the same. */
export function combinedRows(
	ctx: RewriteContext,
	operator: CompoundOperator,
	left: string,
	right: string,
	columns: readonly DistinctColumn[],
): string {
	if (operator === 'UnionAll') return `${left} UNION ALL ${right}`
	if (operator === 'Union') return distinctRows(ctx, `${left} UNION ALL ${right}`, columns)
	const [l, r] = [ctx.fresh('l'), ctx.fresh('r')]
	const [ours, theirs] = [columnsOf(l, columns), columnsOf(r, columns)]
	const same = ours.map((value, i) => `${asKey(value)} IS NOT DISTINCT FROM ${asKey(theirs[i] ?? value)}`).join(' AND ')
	return (
		`SELECT ${ours.map(({ sql }) => sql).join(', ')} FROM (${distinctRows(ctx, left, columns)}) AS ${l}(${names(columns)}) ` +
		`WHERE ${operator === 'Except' ? 'NOT ' : ''}EXISTS (SELECT 1 FROM (${right}) AS ${r}(${names(columns)}) WHERE ${same})`
	)
}

function columnsOf(alias: string, columns: readonly DistinctColumn[]): TypedSql[] {
	return columns.map(({ kind, classes, collation }, i) => ({ sql: `${alias}.c${i}`, kind, classes, collation }))
}

function names(columns: readonly DistinctColumn[]): string {
	return columns.map((_, i) => `c${i}`).join(', ')
}
