/**
 * Aggregate functions, over groups and over windows.
 *
 * @module
 */
import type { FunctionCallExpr, FunctionCallStarExpr } from 'sqlite3-parser'
import type { RewriteContext } from '../context.ts'
import { asAny, asCondition, asKey, asReal, asText, collated, settled } from '../convert.ts'
import { NULL } from '../literals.ts'
import { constantText } from '../operators.ts'
import { orderTerms } from '../order-term.ts'
import type { Scope } from '../scope.ts'
import { anySql, NUMBER_CLASSES, type TypedSql, typed } from '../typed-sql.ts'
import { refused, unsupported } from '../unsupported.ts'
import { jsonValue } from './json.ts'

/** A Durable Object lacks them as well. */
const UNSUPPORTED: ReadonlySet<string> = new Set(['median', 'percentile'])

/** What an aggregate call is made of, once its arguments are printed. */
export interface AggregateParts {
	readonly args: readonly TypedSql[]
	readonly distinct: boolean
	/** ` ORDER BY ...` within the call, or ''. */
	readonly order: string
	/** ` FILTER (...)` and ` OVER (...)`, or ''. */
	readonly tail: string
	readonly windowed: boolean
}

/** An aggregate over the rows of a group. */
export function aggregateCall(
	ctx: RewriteContext,
	name: string,
	call: FunctionCallExpr | FunctionCallStarExpr,
	scope: Scope,
): TypedSql {
	const trace = new Set<Scope>()
	const outer = scope.trace
	scope.trace = trace
	try {
		return scope.ungrouped(() => {
			const args = callArguments(ctx, call, scope)
			const filter = call.filterOver?.filterClause
			const tail = filter === undefined ? '' : ` FILTER (WHERE ${asCondition(ctx.expression(filter, scope))})`
			// SQLite aggregates such a call in the query around, which would be another answer.
			if (trace.size > 0 && !trace.has(scope)) throw unsupported(`${name}() of columns of the query around it`, call.span)
			const order = callOrder(ctx, call, scope) ?? naturalOrder(name, scope)
			const printed = printAggregate(name, { args, distinct: isDistinct(call), order, tail, windowed: false }, call)
			// What came to NULL at once does not say any more that rows are aggregated.
			if (printed.sql.includes('(') && printed.kind !== 'null') scope.aggregates.push(printed.sql)
			return printed
		})
	} finally {
		scope.trace = outer
		if (outer !== null) for (const found of trace) outer.add(found)
	}
}

/** The arguments of a call, printed. */
export function callArguments(ctx: RewriteContext, call: FunctionCallExpr | FunctionCallStarExpr, scope: Scope): TypedSql[] {
	return call.type === 'FunctionCallStarExpr' ? [] : (call.args ?? []).map((arg) => settled(ctx.expression(arg, scope)))
}

/** Whether a call says DISTINCT. */
export function isDistinct(call: FunctionCallExpr | FunctionCallStarExpr): boolean {
	return call.type === 'FunctionCallExpr' && call.distinctness === 'Distinct'
}

function callOrder(ctx: RewriteContext, call: FunctionCallExpr | FunctionCallStarExpr, scope: Scope): string | undefined {
	if (call.type === 'FunctionCallStarExpr' || call.orderBy === undefined) return undefined
	if (call.orderBy.type !== 'SortListFunctionCallOrder') throw unsupported('WITHIN GROUP', call.span)
	const terms = call.orderBy.columns.flatMap((column) => orderTerms(ctx.expression(column.expr, scope), column))
	return terms.length === 0 ? '' : ` ORDER BY ${terms.join(', ')}`
}

/** The order in which SQLite visits the rows, where that can be told: by rowid, or as a sub-query sorts them. */
function naturalOrder(name: string, scope: Scope): string {
	if (!/^(group_concat|string_agg|json_group_array|json_group_object)$/.test(name)) return ''
	const order = visitingOrder(scope)
	return order === undefined || order.length === 0 ? '' : ` ORDER BY ${order.join(', ')}`
}

/**
 * Terms for the order in which SQLite visits the rows of a FROM, where that can be told: those of a table by rowid, of a sub-query
 * as it sorts them, of a function as it makes them within each row before it. Of other joins SQLite chooses the order itself.
 */
export function visitingOrder({ sources }: Scope): string[] | undefined {
	const terms: string[] = []
	for (const [i, source] of sources.entries()) {
		const key = source.columns.find((column) => column.name === source.table?.rowid)
		const order = source.order ?? (key === undefined ? undefined : [`${key.sql} ASC`])
		if (order === undefined || (i > 0 && source.isFunction !== true)) return undefined
		terms.push(...order)
	}
	return terms
}

/** Prints an aggregate. @throws `QUERY_FAILED` for a wrong number of arguments. */
export function printAggregate(
	name: string,
	parts: AggregateParts,
	{ span, type }: FunctionCallExpr | FunctionCallStarExpr,
): TypedSql {
	const { args, tail, windowed } = parts
	const distinct = parts.distinct ? 'DISTINCT ' : ''
	const [e = NULL, second] = args
	if (UNSUPPORTED.has(name)) throw unsupported(`the function ${name}()`, span)
	if (
		type !== 'FunctionCallStarExpr' &&
		args.length !== 1 &&
		name !== 'count' &&
		!/^(group_concat|string_agg|json_group_object)$/.test(name)
	) {
		throw refused(`wrong number of arguments to function ${name}()`, span)
	}
	switch (name) {
		case 'count':
			if (args.length > 1) throw refused('wrong number of arguments to function count()', span)
			if (args.length === 0) return typed('integer', `count(*)${tail}`)
			return typed('integer', `count(${distinct}${parts.distinct || e.kind === 'null' ? asKey(e) : e.sql})${tail}`)
		case 'sum': {
			if (e.kind === 'null') return { ...NULL, sql: `CAST(sum(CAST(NULL AS BIGINT))${tail} AS BIGINT)`, constant: undefined }
			if (e.kind === 'integer') return typed('integer', `CAST(sum(${distinct}${e.sql})${tail} AS BIGINT)`)
			if (e.kind === 'real') return { ...typed('real', realSum(`${distinct}${e.sql}`, tail)), mayBeNaN: true }
			// Where affinity was at work no text is a number as a whole, so that none counts as an INTEGER.
			const any = e.classes & ~NUMBER_CLASSES && !e.uniqueNumbers ? `_sl_any_summand(${asAny(e)})` : asAny(e)
			return anySql(
				`(CASE WHEN bool_and((${any}).c = 1)${tail} THEN _sl_any_integer(CAST(sum(${distinct}(${any}).i)${tail} AS BIGINT)) ` +
					`ELSE _sl_any_real(${realSum(`${distinct}${asReal({ ...e, kind: 'any', sql: asAny(e) })}`, tail)}) END)`,
				NUMBER_CLASSES,
			)
		}
		case 'total':
			// Whole numbers are added exactly.
			if (e.kind === 'integer')
				return typed('real', `COALESCE(CAST(sum(${distinct}${e.sql})${tail} AS DOUBLE), CAST(0 AS DOUBLE))`)
			// Of infinities of both signs it is NULL, like sum(); only of no rows it is 0.
			return {
				...typed('real', `COALESCE(${realSum(`${distinct}${asReal(e)}`, tail)}, CAST(0 AS DOUBLE))`),
				mayBeNaN: true,
			}
		case 'avg':
			if (e.kind === 'integer') return typed('real', `avg(${distinct}${e.sql})${tail}`)
			return {
				...typed('real', `(${realSum(`${distinct}${asReal(e)}`, tail)} / count(${distinct}${asReal(e)})${tail})`),
				mayBeNaN: true,
			}
		case 'min':
		case 'max':
			return extreme(name, e, tail)
		case 'group_concat':
		case 'string_agg': {
			if (args.length !== 2 && (args.length !== 1 || name === 'string_agg')) {
				throw refused(`wrong number of arguments to function ${name}()`, span)
			}
			if (parts.distinct && second !== undefined) throw refused('DISTINCT aggregates must have exactly one argument', span)
			const separator = second === undefined ? ',' : second.kind === 'null' ? '' : constantText(second)
			if (e.kind === 'blob') throw unsupported(`${name}() of a BLOB`, span)
			const text = asText(e)
			const order = parts.distinct ? ` ORDER BY ${text}` : parts.order
			if (separator === undefined) {
				if (windowed) throw unsupported(`a separator of ${name}() OVER that is no constant`, span)
				// Each row brings the separator that stands before it; the first one's is left out.
				const before = `COALESCE(${asText(second ?? NULL)}, '')`
				const first = `first(CASE WHEN ${text} IS NOT NULL THEN {'s': ${before}} END${order === '' ? '' : order})${firstTail(tail, `${text} IS NOT NULL`)}`
				return typed('text', `substr(string_agg(${before} || ${text}, ''${order})${tail}, length((${first}).s) + 1)`)
			}
			return typed('text', `string_agg(${distinct}${text}, '${separator.replaceAll("'", "''")}'${order})${tail}`)
		}
		case 'json_group_array': {
			const value = jsonValue(e, span)
			const order = parts.distinct ? ` ORDER BY ${value}` : parts.order
			return { ...typed('text', `('[' || COALESCE(string_agg(${distinct}${value}, ','${order})${tail}, '') || ']')`), json: true }
		}
		case 'json_group_object': {
			if (args.length !== 2 || second === undefined)
				throw refused('wrong number of arguments to function json_group_object()', span)
			if (parts.distinct) throw refused('DISTINCT aggregates must have exactly one argument', span)
			if (e.kind === 'blob') throw unsupported('a BLOB as a name in JSON', span)
			// A member without a name is left out.
			const member = `(_sl_json_text(${asText(e)}) || ':' || ${jsonValue(second, span)})`
			return { ...typed('text', `('{' || COALESCE(string_agg(${member}, ','${parts.order})${tail}, '') || '}')`), json: true }
		}
		default:
			throw unsupported(`the function ${name}()`, span)
	}
}

/** SQLite's sum of REAL values, with a correction for what is lost; where it comes to an infinity the correction is none. */
function realSum(values: string, tail: string): string {
	return `COALESCE(NULLIF(fsum(${values})${tail}, CAST('nan' AS DOUBLE)), sum(${values})${tail})`
}

/** A FILTER with one more condition. */
function firstTail(tail: string, condition: string): string {
	return tail === '' ? ` FILTER (WHERE ${condition})` : tail.replace(/\)$/, ` AND ${condition})`)
}

function extreme(name: 'min' | 'max', e: TypedSql, tail: string): TypedSql {
	if (e.kind === 'null') return NULL
	const value: TypedSql = { ...e, affinity: undefined, constant: undefined }
	const picker = name === 'min' ? 'arg_min' : 'arg_max'
	if (e.kind === 'any') return { ...value, sql: `${picker}(${e.sql}, _sl_key(${e.sql}))${tail}` }
	if (e.kind === 'text' && e.collation !== undefined && e.collation !== 'BINARY') {
		return { ...value, sql: `${picker}(${e.sql}, ${collated(e.sql, e.collation)})${tail}` }
	}
	return { ...value, sql: `${name}(${e.sql})${tail}` }
}
