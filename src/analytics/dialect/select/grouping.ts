/**
 * GROUP BY, and what may stand beside it.
 *
 * @module
 */
import type { Expr, SelectFrom, SortedColumn } from 'sqlite3-parser'
import type { RewriteContext } from '../context.ts'
import { asKey, settled } from '../convert.ts'
import { isAggregate } from '../functions/names.ts'
import type { Grouping, Scope } from '../scope.ts'
import { refused, unsupported } from '../unsupported.ts'
import { aggregateCalls, extremes, hasAggregate } from './aggregate-calls.ts'
import { groupKey, hasLookalikes, representative } from './distinct.ts'
import { ordinalOf } from './ordinal.ts'

/** A SELECT's grouping as printed. */
export interface PrintedGrouping {
	readonly grouping: Grouping
	/** ` GROUP BY ...`, or ''. */
	readonly groupBy: string
	/** What sorts the groups as SQLite does. */
	readonly terms: readonly string[]
	/** A condition on the groups that the keys alone do not say, or undefined. */
	readonly having: string | undefined
}

/** @returns null for a SELECT that does not aggregate. */
export function printGrouping(
	ctx: RewriteContext,
	select: SelectFrom,
	orderBy: readonly SortedColumn[] | undefined,
	scope: Scope,
): PrintedGrouping | null {
	const calls = aggregateCalls([...select.columns, select.having, ...(orderBy ?? [])], isAggregate)
	const grouped = select.groupBy !== undefined || hasAggregate([...select.columns, ...(orderBy ?? [])], isAggregate)
	if (!grouped) {
		if (select.having !== undefined) throw refused('HAVING clause on a non-aggregate query', select.having.span)
		return null
	}
	const keys = new Map<string, string>()
	const terms: string[] = []
	const order: string[] = []
	for (const expr of select.groupBy ?? []) {
		const target = keyExpression(expr, select)
		const key = settled(ctx.expression(target, scope))
		if (key.constant !== undefined || key.kind === 'null') continue
		keys.set(key.sql, representative(key))
		terms.push(groupKey(key))
		order.push(hasLookalikes(key) ? asKey({ ...key, sql: representative(key) }) : key.sql)
	}
	const determined = scope.sources.filter(({ table, columns }) => {
		const primaryKey = table?.primaryKey ?? []
		return (
			primaryKey.length > 0 && primaryKey.every((name) => keys.has(columns.find((column) => column.name === name)?.sql ?? ''))
		)
	})
	const grouping: Grouping = { keys, determined: new Set(determined), extreme: extremeOf(ctx, calls, scope) }
	const groupBy = terms.length === 0 ? '' : ` GROUP BY ${terms.join(', ')}`
	// All keys are constants: one group, but none of no rows.
	const having = select.groupBy !== undefined && keys.size === 0 ? 'count(*) > 0' : undefined
	return { grouping, groupBy, terms: order, having }
}

function keyExpression(expr: Expr, { columns }: SelectFrom): Expr {
	const ordinal = ordinalOf(expr, columns.length, 'GROUP BY')
	if (ordinal === null) return expr
	const column = columns[ordinal - 1]
	if (column?.type !== 'ExprResultColumn') throw unsupported('GROUP BY of a column of *', expr.span, 'Name the column.')
	return column.expr
}

/** What tells the row of the only `min()` or `max()`. */
function extremeOf(ctx: RewriteContext, calls: readonly Expr[], scope: Scope): Grouping['extreme'] {
	const found = new Map<string, NonNullable<Grouping['extreme']>>()
	for (const call of extremes(calls)) {
		const [arg] = call.args ?? []
		if (arg === undefined || call.filterOver?.filterClause !== undefined) continue
		const value = settled(ctx.expression(arg, scope))
		if (value.kind === 'null') return null
		const picker = call.name.name.toLowerCase() === 'min' ? 'arg_min_null' : 'arg_max_null'
		found.set(`${picker} ${value.sql}`, { picker, sql: asKey(value) })
	}
	const [only, ...others] = found.values()
	return only === undefined || others.length > 0 ? null : only
}
