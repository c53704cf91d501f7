/**
 * SELECT statements.
 *
 * @module
 */
import type { Expr, Limit, OneSelect, Select, SelectFrom, SelectValues, SortedColumn } from 'sqlite3-parser'
import { collationNamed } from '../collation.ts'
import type { OutputColumn, PrintedSelect, RewriteContext, SelectOptions } from '../context.ts'
import { asCondition, coerced, commonType, settled } from '../convert.ts'
import { visitingOrder } from '../functions/aggregate.ts'
import { isAggregate } from '../functions/names.ts'
import { NULL } from '../literals.ts'
import { orderTerms } from '../order-term.ts'
import { Scope } from '../scope.ts'
import type { TypedSql } from '../typed-sql.ts'
import { refused, unsupported } from '../unsupported.ts'
import { aggregateCalls } from './aggregate-calls.ts'
import { printCompound } from './compound.ts'
import { distinctRows, hasLookalikes } from './distinct.ts'
import { printFrom } from './from.ts'
import { printGrouping } from './grouping.ts'
import { conjuncts } from './guards.ts'
import { printLimit } from './limit.ts'
import { ordinalOf } from './ordinal.ts'
import { type Output, printOutputs } from './outputs.ts'
import { printWith } from './with.ts'

/** How one SELECT of a statement is printed. */
export interface ArmOptions extends SelectOptions {
	readonly orderBy?: readonly SortedColumn[] | undefined
	readonly limit?: Limit | undefined
	/** Whether it is the statement itself: values of no certain class are then encoded for the reader of the result. */
	readonly outermost?: boolean | undefined
}

/** Prints a SELECT with all that belongs to it. */
export function printSelect(
	ctx: RewriteContext,
	select: Select,
	options: SelectOptions & { readonly outermost?: boolean },
): PrintedSelect {
	const ordersRows = select.orderBy !== undefined || countsRows(select)
	const { sql: prefix, ctes } = printWith(ctx, select.with, { ...options, ordersRows }, printSelect, printArm)
	const inner: ArmOptions = { ...options, ctes, orderBy: select.orderBy, limit: select.limit }
	const printed =
		select.compounds === undefined ? printArm(ctx, select.select, inner) : printCompound(ctx, select, inner, printArm)
	return { ...printed, sql: prefix + printed.sql }
}

/** Whether a query makes one row of all, whatever their order. */
function countsRows({ select, compounds }: Select): boolean {
	if (select.type !== 'SelectFrom' || compounds !== undefined || select.groupBy !== undefined) return false
	const calls = aggregateCalls(select.columns, isAggregate)
	return (
		calls.length > 0 &&
		calls.every(
			(call) =>
				call.type === 'FunctionCallStarExpr' ||
				(call.type === 'FunctionCallExpr' && !/concat|string_agg|json/i.test(call.name.name)),
		)
	)
}

/** Prints one SELECT or VALUES. */
export function printArm(ctx: RewriteContext, arm: OneSelect, options: ArmOptions): PrintedSelect {
	return arm.type === 'SelectFrom' ? printBlock(ctx, arm, options) : printValues(ctx, arm, options)
}

function printBlock(ctx: RewriteContext, select: SelectFrom, options: ArmOptions): PrintedSelect {
	const scope = new Scope(options.parent, options.ctes)
	scope.conditions = conjuncts(select.whereClause)
	const from = select.from === undefined ? '' : printFrom(ctx, select.from, scope)
	for (const column of select.columns) {
		if (column.type !== 'ExprResultColumn' || column.alias === undefined) continue
		const alias = column.alias.name.text.toLowerCase()
		if (!scope.aliases.has(alias)) scope.aliases.set(alias, column.expr)
	}
	for (const { name, window } of select.windowClause ?? []) scope.windows.set(name.text.toLowerCase(), window)

	const where = select.whereClause === undefined ? '' : ` WHERE ${asCondition(ctx.expression(select.whereClause, scope))}`
	const grouped = printGrouping(ctx, select, options.orderBy, scope)
	scope.grouping = grouped?.grouping ?? null
	const outputs = printOutputs(ctx, select.columns, scope, options.targets)
	const conditions = [
		...(select.having === undefined ? [] : [asCondition(ctx.expression(select.having, scope))]),
		...(grouped?.having === undefined ? [] : [grouped.having]),
	]
	if (
		grouped !== null &&
		grouped.groupBy === '' &&
		!namesAggregate(scope, [...outputs.map(({ value }) => value.sql), ...conditions])
	) {
		conditions.push('count(*) >= 0')
	}
	const having = conditions.join(' AND ')
	// DuckDB takes the parameters of a macro's lambda for columns in HAVING.
	const filtersOutside = having.includes('_sl')
	const grouping = `${from === '' ? '' : ` FROM ${from}`}${where}${grouped?.groupBy ?? ''}`
	const body = having === '' || filtersOutside ? grouping : `${grouping} HAVING ${having}`
	const columns = outputs.map(({ column }) => column)
	const ordered = orderOf(ctx, select, outputs, options.orderBy, scope)
	const list = (encode: boolean) => outputs.map(({ value }, i) => `${shown(value, encode)} AS c${i}`).join(', ')
	const limit = printLimit(ctx, options.limit)
	const order =
		ordered.terms.length > 0
			? ordered.terms
			: options.limit === undefined
				? functionOrder(scope, grouped !== null, select)
				: (grouped?.terms ?? []).map((key) => `${key} NULLS FIRST`)
	const result = { columns, order: ordered.positional }

	const rows = filtersOutside ? `${list(false)}, (${having}) AS h` : list(false)
	if (filtersOutside && / OVER \(/.test(rows + order.join()))
		throw unsupported('window functions beside this HAVING', select.having?.span)
	if (select.distinctness !== 'Distinct') {
		if (filtersOutside) {
			const source = { sql: `SELECT ${rows}${sortKeys(order)}${body}`, columns, order }
			return { ...result, sql: filteredRows(ctx, source, options.outermost === true) + limit }
		}
		const sorted = order.length === 0 ? '' : ` ORDER BY ${order.join(', ')}`
		return { ...result, sql: `SELECT ${list(options.outermost === true)}${body}${sorted}${limit}` }
	}
	const all = filtersOutside
		? filteredRows(ctx, { sql: `SELECT ${rows}${body}`, columns, order: [] }, false)
		: `SELECT ${list(false)}${body}`
	const values = outputs.map(({ value }) => value)
	const distinct = values.some(hasLookalikes) ? distinctRows(ctx, all, values) : all.replace(/^SELECT/, 'SELECT DISTINCT')
	if (order.length === 0 && limit === '' && options.outermost !== true) return { ...result, sql: distinct }
	if (order.length > 0 && ordered.positional === undefined) {
		throw unsupported('ORDER BY of a SELECT DISTINCT by what is not among its columns', options.orderBy?.[0]?.expr.span)
	}
	const alias = ctx.fresh('d')
	const outer = columns.map(
		({ kind, classes }, i) => `${shown({ sql: `${alias}.c${i}`, kind, classes }, options.outermost === true)} AS c${i}`,
	)
	const sorted =
		ordered.positional === undefined || ordered.positional.length === 0
			? ''
			: ` ORDER BY ${ordered.positional.map((term) => qualify(term, alias)).join(', ')}`
	return { ...result, sql: `SELECT ${outer.join(', ')} FROM (${distinct}) AS ${alias}${sorted}${limit}` }
}

/** What rows are sorted by outside of the SELECT, as further outputs. */
function sortKeys(order: readonly string[]): string {
	return order.map((term, i) => `, ${term.replace(SORT_DIRECTION, '')} AS o${i}`).join('')
}

const SORT_DIRECTION = / (?:(?:ASC|DESC) )?NULLS (?:FIRST|LAST)$/

/** The rows of a SELECT whose output `h` holds. */
function filteredRows(
	ctx: RewriteContext,
	{ sql, columns, order }: { readonly sql: string; readonly columns: readonly OutputColumn[]; readonly order: readonly string[] },
	encode: boolean,
): string {
	const alias = ctx.fresh('h')
	const list = columns.map(({ kind, classes }, i) => `${shown({ sql: `${alias}.c${i}`, kind, classes }, encode)} AS c${i}`)
	const terms = order.map((term, i) => `${alias}.o${i}${SORT_DIRECTION.exec(term)?.[0] ?? ''}`)
	const sorted = terms.length === 0 ? '' : ` ORDER BY ${terms.join(', ')}`
	return `SELECT ${list.join(', ')} FROM (${sql}) AS ${alias} WHERE ${alias}.h${sorted}`
}

/** Items of JSON come in the order that they have there, although nothing asks for it. */
function functionOrder(scope: Scope, grouped: boolean, { distinctness }: SelectFrom): readonly string[] {
	const [first, second] = scope.sources
	if (grouped || distinctness === 'Distinct' || first === undefined || second?.isFunction !== true) return []
	const byRowid = visitingOrder(scope)
	if (byRowid !== undefined) return byRowid
	// Of a table without one the items of a row stay together, at least.
	const keys = first.columns.filter(({ name }) => first.table?.primaryKey?.includes(name)).map(({ sql }) => `${sql} ASC`)
	return scope.sources.slice(1).every(({ isFunction }) => isFunction)
		? [...keys, ...scope.sources.flatMap(({ order }) => order ?? [])]
		: []
}

/** Whether an aggregate is left in what was printed; else nothing would say that there is one row. */
function namesAggregate(scope: Scope, printed: readonly string[]): boolean {
	return scope.aggregates.some((aggregate) => printed.some((sql) => sql.includes(aggregate)))
}

/** A value as an output; the outermost ones are read by {@link file://../result.ts}. */
export function shown(value: Pick<TypedSql, 'sql' | 'kind' | 'classes'>, encode: boolean): string {
	if (value.kind === 'null') return 'CAST(NULL AS BIGINT)'
	return encode && value.kind === 'any' ? `_sl_any_encode(${value.sql})` : value.sql
}

interface Order {
	/** Terms for the SELECT itself. */
	readonly terms: readonly string[]
	/** The same over `c0`, `c1` ..., `%` in place of the alias; undefined if a term is not among the outputs, or there is none. */
	readonly positional: readonly string[] | undefined
}

function orderOf(
	ctx: RewriteContext,
	select: SelectFrom,
	outputs: readonly Output[],
	orderBy: readonly SortedColumn[] | undefined,
	scope: Scope,
): Order {
	if (orderBy === undefined) return { terms: [], positional: undefined }
	const terms: string[] = []
	let positional: string[] | undefined = []
	for (const sorted of orderBy) {
		const { value, position } = sortedValue(ctx, select, outputs, sorted.expr, scope)
		const printed = orderTerms(value, sorted)
		terms.push(...printed)
		if (printed.length === 0) continue
		if (position === null) positional = undefined
		else positional?.push(...orderTerms({ ...value, sql: `%.c${position}` }, sorted))
	}
	return { terms, positional }
}

/** Terms over outputs, with the alias they are read from. */
export function qualify(term: string, alias: string): string {
	return term.replaceAll('%.c', `${alias}.c`)
}

function sortedValue(
	ctx: RewriteContext,
	{ columns }: SelectFrom,
	outputs: readonly Output[],
	expr: Expr,
	scope: Scope,
): { readonly value: TypedSql; readonly position: number | null } {
	const { inner, collation } = withoutCollation(expr)
	const collate = (value: TypedSql): TypedSql =>
		collation === undefined ? value : { ...value, collation, explicitCollation: true }
	const ordinal = ordinalOf(inner, outputs.length, 'ORDER BY')
	const aliased = inner.type === 'Id' ? outputs.findIndex(({ alias }) => alias === inner.name.toLowerCase()) : -1
	const position = ordinal === null ? aliased : ordinal - 1
	const output = outputs[position]
	if (output !== undefined) {
		// A constant output sorts nothing, and DuckDB would take it for a position.
		return { value: collate(output.value), position }
	}
	if (columns.length === 0) throw refused('no columns')
	const value = settled(ctx.expression(inner, scope))
	const same = outputs.findIndex((each) => each.value.sql === value.sql)
	return { value: collate(value), position: same < 0 ? null : same }
}

/** `x COLLATE c` as x and c. */
export function withoutCollation(expr: Expr): { readonly inner: Expr; readonly collation: TypedSql['collation'] } {
	if (expr.type === 'ParenthesizedExpr' && expr.exprs.length === 1 && expr.exprs[0] !== undefined)
		return withoutCollation(expr.exprs[0])
	if (expr.type !== 'CollateExpr') return { inner: expr, collation: undefined }
	return { inner: withoutCollation(expr.expr).inner, collation: collationNamed(expr.collation, expr.span) }
}

function printValues(ctx: RewriteContext, values: SelectValues, options: ArmOptions): PrintedSelect {
	const scope = new Scope(options.parent, options.ctes)
	const rows = values.values.map((row) => row.values.map((expr) => settled(ctx.expression(expr, scope))))
	const width = rows[0]?.length ?? 0
	if (rows.some((row) => row.length !== width)) throw refused('all VALUES must have the same number of terms', values.span)
	const types = Array.from({ length: width }, (_, i) => options.targets?.[i] ?? commonType(rows.map((row) => row[i] ?? NULL)))
	const alias = ctx.fresh('v')
	const names = types.map((_, i) => `c${i}`)
	const body = rows.map((row) => `(${row.map((value, i) => coerced(value, types[i] ?? value).sql).join(', ')})`)
	const columns = types.map(
		({ kind, classes }, i): OutputColumn => ({ name: `column${i + 1}`, text: `column${i + 1}`, kind, classes }),
	)
	const list = columns.map(
		({ kind, classes }, i) => `${shown({ sql: `${alias}.c${i}`, kind, classes }, options.outermost === true)} AS c${i}`,
	)
	if (options.orderBy !== undefined) throw unsupported('ORDER BY of VALUES', values.span)
	return {
		sql: `SELECT ${list.join(', ')} FROM (VALUES ${body.join(', ')}) AS ${alias}(${names.join(', ')})${printLimit(ctx, options.limit)}`,
		columns,
	}
}
