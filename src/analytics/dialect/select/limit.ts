/**
 * LIMIT and OFFSET.
 *
 * @module
 */
import type { Expr, Limit } from 'sqlite3-parser'
import type { RewriteContext } from '../context.ts'
import { wholeNumber } from '../literals.ts'
import { Scope } from '../scope.ts'
import { refused, unsupported } from '../unsupported.ts'

/** ` LIMIT n OFFSET m`; a negative limit means none. */
export function printLimit(ctx: RewriteContext, limit: Limit | undefined): string {
	if (limit === undefined) return ''
	const count = rowCount(ctx, limit.expr)
	const skipped = limit.offset === undefined ? 0n : rowCount(ctx, limit.offset)
	return `${count < 0n ? '' : ` LIMIT ${count}`}${skipped > 0n ? ` OFFSET ${skipped}` : ''}`
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
