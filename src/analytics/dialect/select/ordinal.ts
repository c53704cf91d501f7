/**
 * Positions of outputs, as ORDER BY and GROUP BY name them.
 *
 * @module
 */
import type { Expr } from 'sqlite3-parser'
import { refused } from '../unsupported.ts'

/** The position that an integer literal names, from 1; null for any other expression. */
export function ordinalOf(expr: Expr, count: number, clause: 'ORDER BY' | 'GROUP BY'): number | null {
	if (expr.type === 'ParenthesizedExpr' && expr.exprs.length === 1 && expr.exprs[0] !== undefined)
		return ordinalOf(expr.exprs[0], count, clause)
	if (expr.type === 'UnaryExpr' && expr.op === 'Positive') return ordinalOf(expr.expr, count, clause)
	if (expr.type === 'UnaryExpr' && expr.op === 'Negative' && ordinalOf(expr.expr, Number.POSITIVE_INFINITY, clause) !== null) {
		throw refused(`${clause} term out of range - should be between 1 and ${count}`, expr.span)
	}
	if (expr.type !== 'NumericLiteral' || !/^\d+$/.test(expr.value)) return null
	const ordinal = Number(expr.value)
	if (ordinal < 1 || ordinal > count) {
		throw refused(`${ordinal}th ${clause} term out of range - should be between 1 and ${count}`, expr.span)
	}
	return ordinal
}
