/**
 * Window functions and their windows.
 *
 * @module
 */
import type { FrameBound, FunctionCallExpr, FunctionCallStarExpr, SortedColumn, Window } from 'sqlite3-parser'
import type { RewriteContext } from '../context.ts'
import { asCondition, asKey, asReal, coerced, commonType, settled } from '../convert.ts'
import { NULL } from '../literals.ts'
import { orderTerms } from '../order-term.ts'
import type { Scope } from '../scope.ts'
import { type TypedSql, typed } from '../typed-sql.ts'
import { refused, unsupported } from '../unsupported.ts'
import { callArguments, isDistinct, printAggregate } from './aggregate.ts'
import { namesAggregate } from './names.ts'

/** A call with OVER. */
export function windowCall(
	ctx: RewriteContext,
	name: string,
	call: FunctionCallExpr | FunctionCallStarExpr,
	scope: Scope,
): TypedSql {
	const over = call.filterOver?.overClause
	if (over === undefined) throw refused(`misuse of window function ${name}()`, call.span)
	const window = over.type === 'NameOver' ? namedWindow(over.name.text, scope) : over.window
	const filter = call.filterOver?.filterClause
	const condition = filter === undefined ? '' : ` FILTER (WHERE ${asCondition(ctx.expression(filter, scope))})`
	const tail = `${condition} OVER (${printWindow(ctx, window, scope)})`
	const args = callArguments(ctx, call, scope)
	if (namesAggregate(call)) {
		if (isDistinct(call)) throw refused('DISTINCT is not supported for window functions', call.span)
		if (call.type === 'FunctionCallExpr' && call.orderBy !== undefined)
			throw unsupported('ORDER BY in a window function', call.span)
		return printAggregate(name, { args, distinct: false, order: '', tail, windowed: true }, call)
	}
	if (filter !== undefined) throw refused('FILTER clause may only be used with aggregate window functions', call.span)
	const [e = NULL, second, third] = args
	const value: TypedSql = {
		...coerced(e, e.kind === 'null' ? typed('integer', '') : e),
		affinity: undefined,
		constant: undefined,
	}
	switch (name) {
		case 'lag':
		case 'lead': {
			const type = third === undefined ? value : commonType([value, third])
			const offset = wholeConstant(second)
			if (second !== undefined && offset === undefined)
				throw unsupported(`${name}() by an offset that is no constant integer`, call.span)
			const operands = [
				coerced(value, type).sql,
				...(offset === undefined ? [] : [String(offset)]),
				...(third === undefined ? [] : [coerced(third, type).sql]),
			]
			if (offset !== undefined && offset < 0n) throw unsupported(`${name}() by a negative offset`, call.span)
			const uniqueNumbers = third === undefined && value.uniqueNumbers
			return { ...value, ...type, uniqueNumbers, sql: `${name}(${operands.join(', ')})${tail}` }
		}
		case 'first_value':
		case 'last_value':
			return { ...value, sql: `${name}(${value.sql})${tail}` }
		case 'nth_value':
		case 'ntile': {
			const count = wholeConstant(name === 'ntile' ? e : second)
			if (count === undefined || count < 1n) throw unsupported(`${name}() by what is no constant positive integer`, call.span)
			if (name === 'ntile') return typed('integer', `ntile(${count})${tail}`)
			return { ...value, sql: `nth_value(${value.sql}, ${count})${tail}` }
		}
		case 'percent_rank':
		case 'cume_dist':
			return typed('real', `${name}()${tail}`)
		default:
			return typed('integer', `${name}()${tail}`)
	}
}

/** The whole number that a constant is; SQLite takes a REAL for it as well, which is what a bound number is. */
function wholeConstant(e: TypedSql | undefined): bigint | undefined {
	const value = e?.constant?.value
	if (typeof value === 'bigint') return value
	return typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : undefined
}

function namedWindow(name: string, scope: Scope): Window {
	const window = scope.window(name)
	if (window === undefined) throw refused(`no such window: ${name}`)
	return window
}

const BOUNDS = {
	CurrentRowFrameBound: 'CURRENT ROW',
	UnboundedFollowingFrameBound: 'UNBOUNDED FOLLOWING',
	UnboundedPrecedingFrameBound: 'UNBOUNDED PRECEDING',
} as const
const EXCLUDES = { NoOthers: '', CurrentRow: ' EXCLUDE CURRENT ROW', Group: ' EXCLUDE GROUP', Ties: ' EXCLUDE TIES' } as const

function printWindow(ctx: RewriteContext, window: Window, scope: Scope): string {
	const base = window.base === undefined ? undefined : resolve(namedWindow(window.base.text, scope), scope)
	const partitionBy = window.partitionBy ?? base?.partitionBy ?? []
	const orderBy = window.orderBy ?? base?.orderBy ?? []
	const frame = window.frameClause ?? base?.frameClause
	const parts: string[] = []
	if (partitionBy.length > 0) {
		parts.push(`PARTITION BY ${partitionBy.map((expr) => asKey(ctx.expression(expr, scope))).join(', ')}`)
	}
	const ranged = frame?.mode === 'Range' && [frame.start, frame.end].some((bound) => bound !== undefined && 'expr' in bound)
	const terms = orderBy.flatMap((column) =>
		orderTerms(ranged ? rangeKey(ctx, column, scope) : ctx.expression(column.expr, scope), column),
	)
	if (terms.length > 0) parts.push(`ORDER BY ${terms.join(', ')}`)
	// DuckDB 1.4, which is DuckDB-WASM's, streams a window over all rows as they come, and begins anew at each part of a UNION ALL.
	if (parts.length === 0 && !ctx.native) parts.push('ORDER BY NULL')
	if (frame !== undefined) {
		const bound = (each: FrameBound): string => {
			if (!('expr' in each)) return BOUNDS[each.type]
			const offset = ctx.expression(each.expr, scope)
			const value = offset.constant?.value
			if ((typeof value !== 'bigint' && typeof value !== 'number') || value < 0) {
				throw unsupported('a frame bound that is no constant number', each.expr.span)
			}
			const whole = wholeConstant(offset)
			if (!ranged && whole === undefined) throw unsupported('a frame bound that is no whole number', each.expr.span)
			return `${ranged ? asReal(offset) : whole} ${each.type === 'PrecedingFrameBound' ? 'PRECEDING' : 'FOLLOWING'}`
		}
		const end = frame.end === undefined ? 'CURRENT ROW' : bound(frame.end)
		const exclude = frame.exclude === undefined ? '' : EXCLUDES[frame.exclude]
		parts.push(`${frame.mode.toUpperCase()} BETWEEN ${bound(frame.start)} AND ${end}${exclude}`)
	}
	return parts.join(' ')
}

/** A window with what it takes from the one it is based on. */
function resolve(window: Window, scope: Scope): Window {
	if (window.base === undefined) return window
	const base = resolve(namedWindow(window.base.text, scope), scope)
	return {
		...window,
		partitionBy: window.partitionBy ?? base.partitionBy,
		orderBy: window.orderBy ?? base.orderBy,
		frameClause: window.frameClause ?? base.frameClause,
	}
}

/** RANGE with an offset counts in numbers; texts are their own peers only. */
function rangeKey(ctx: RewriteContext, column: SortedColumn, scope: Scope): TypedSql {
	const e = settled(ctx.expression(column.expr, scope))
	if (e.kind === 'any') return typed('real', `_sl_any_range(${e.sql})`)
	if (e.kind !== 'integer' && e.kind !== 'real' && e.kind !== 'numeric') {
		throw unsupported('RANGE with an offset over what is no number', column.expr.span)
	}
	return typed('real', asReal(e))
}
