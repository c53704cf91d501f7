/**
 * LIMIT and OFFSET.
 *
 * @module
 */
import type { Expr, Limit } from 'sqlite3-parser'
import type { RewriteContext } from '../context.ts'
import { settled } from '../convert.ts'
import { wholeNumber } from '../literals.ts'
import { Scope } from '../scope.ts'
import { refused, unsupported } from '../unsupported.ts'

/** ` LIMIT n OFFSET m`; a negative limit means none. */
export function printLimit(ctx: RewriteContext, limit: Limit | undefined): string {
	if (limit === undefined) return ''
	const count = computedCount(ctx, limit.expr) ?? rowCount(ctx, limit.expr)
	const skipped = limit.offset === undefined ? 0n : (computedCount(ctx, limit.offset) ?? rowCount(ctx, limit.offset))
	const none = typeof count === 'bigint' && count < 0n
	return `${none ? '' : ` LIMIT ${count}`}${typeof skipped === 'string' || skipped > 0n ? ` OFFSET ${skipped}` : ''}`
}

/** A number of rows that only the query knows; undefined for a constant. */
function computedCount(ctx: RewriteContext, expr: Expr): string | undefined {
	const value = settled(ctx.expression(expr, new Scope(null, new Map())))
	if (value.constant !== undefined || value.kind !== 'integer') return undefined
	return `(SELECT CASE WHEN n >= 0 THEN n WHEN n IS NULL THEN error('sqlite: datatype mismatch') END FROM (SELECT ${value.sql} AS n))`
}

/** A constant number of rows. */
export function rowCount(ctx: RewriteContext, expr: Expr): bigint {
	const value = ctx.expression(expr, new Scope(null, new Map())).constant?.value
	if (value === undefined)
		throw unsupported('LIMIT or OFFSET that is no constant', expr.span, 'Compute the number before the query.')
	const number = typeof value === 'string' ? wholeNumber(value) : value
	if (typeof number === 'bigint') return number
	if (typeof number === 'number' && Number.isInteger(number)) return BigInt(number)
	throw refused('datatype mismatch', expr.span)
}
