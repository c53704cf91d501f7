/**
 * Which functions aggregate, and which need a window.
 *
 * @module
 */
import type { Expr } from 'sqlite3-parser'

const AGGREGATES: ReadonlySet<string> = new Set([
	'avg',
	'count',
	'group_concat',
	'json_group_array',
	'json_group_object',
	'max',
	'median',
	'min',
	'percentile',
	'string_agg',
	'sum',
	'total',
])

export const WINDOW_FUNCTIONS: ReadonlySet<string> = new Set([
	'cume_dist',
	'dense_rank',
	'first_value',
	'lag',
	'last_value',
	'lead',
	'nth_value',
	'ntile',
	'percent_rank',
	'rank',
	'row_number',
])

/** Whether a call names an aggregate function; `min` and `max` of several arguments are none. */
export function namesAggregate(expr: Expr): boolean {
	if (expr.type === 'FunctionCallStarExpr') return expr.name.name.toLowerCase() === 'count'
	if (expr.type !== 'FunctionCallExpr') return false
	const name = expr.name.name.toLowerCase()
	if ((name === 'min' || name === 'max') && expr.args?.length !== 1) return false
	return AGGREGATES.has(name)
}

/** Whether a call aggregates the rows of its SELECT, and not those of a window. */
export function isAggregate(expr: Expr): boolean {
	if (expr.type !== 'FunctionCallExpr' && expr.type !== 'FunctionCallStarExpr') return false
	return expr.filterOver?.overClause === undefined && namesAggregate(expr)
}
