/**
 * Comparisons between expressions, row values and sets.
 *
 * @module
 */
import type { BinaryExpr, Expr, InListExpr, InSelectExpr, InTableExpr } from 'sqlite3-parser'
import { quoteIdentifier } from '../../schema/quote-identifier.ts'
import { type Comparison, comparands, compare, compareTruth } from './compare.ts'
import type { PrintedSelect, RewriteContext } from './context.ts'
import { asCondition as condition, settled } from './convert.ts'
import { columnSql } from './dialect-table.ts'
import { NULL } from './literals.ts'
import type { Scope } from './scope.ts'
import { type TypedSql, typed } from './typed-sql.ts'
import { refused, unsupported } from './unsupported.ts'

const OPERATORS: Readonly<Record<string, Comparison>> = {
	Equals: '=',
	NotEquals: '<>',
	Less: '<',
	LessEquals: '<=',
	Greater: '>',
	GreaterEquals: '>=',
	Is: 'IS NOT DISTINCT FROM',
	IsNot: 'IS DISTINCT FROM',
}

/** `left op right`, of single or row values. */
export function compareExpressions(ctx: RewriteContext, { left, right, op, span }: BinaryExpr, scope: Scope): TypedSql {
	const comparison = OPERATORS[op]
	if (comparison === undefined) throw unsupported(`the operator ${op}`, span)
	const [l, r] = [rowOf(left), rowOf(right)]
	if (l !== null || r !== null) {
		if (l === null || r === null) return compareRowWithQuery(ctx, comparison, l ?? left, r ?? right, scope, span)
		return compareRows(ctx, comparison, l, r, scope, span)
	}
	const value = ctx.expression(left, scope)
	const other = ctx.expression(right, scope)
	if (comparison.startsWith('IS') && other.truth !== undefined) {
		return compareTruth(value, other.truth, comparison === 'IS DISTINCT FROM')
	}
	return compare(comparison, value, other)
}

/** `(a, b) = (SELECT x, y ...)`: of the query's first row, or NULL. */
function compareRowWithQuery(
	ctx: RewriteContext,
	op: Comparison,
	left: readonly Expr[] | Expr,
	right: readonly Expr[] | Expr,
	scope: Scope,
	position: Expr['span'],
): TypedSql {
	const alias = ctx.fresh('row')
	let from = ''
	const valuesOf = (side: readonly Expr[] | Expr): TypedSql[] => {
		if (!('type' in side)) return side.map((expr) => ctx.expression(expr, scope))
		if (side.type !== 'SubqueryExpr' || from !== '' || op.startsWith('IS')) {
			throw unsupported('a row value compared like this', position, 'Compare the columns one by one.')
		}
		const { sql, columns } = ctx.select(side.select, { parent: scope, ctes: scope.ctes })
		from = `(${side.select.limit === undefined ? `${sql} LIMIT 1` : sql}) AS ${alias}(${columns.map((_, i) => `c${i}`).join(', ')})`
		return columns.map(({ kind, classes, affinity, collation }, i) => ({
			sql: `${alias}.c${i}`,
			kind,
			classes,
			affinity,
			collation,
		}))
	}
	const condition = compareValues(op, valuesOf(left), valuesOf(right), position)
	return typed('boolean', `(SELECT ${condition.sql} FROM ${from})`)
}

function compareRows(
	ctx: RewriteContext,
	op: Comparison,
	left: readonly Expr[],
	right: readonly Expr[],
	scope: Scope,
	position: Expr['span'],
): TypedSql {
	const values = (side: readonly Expr[]) => side.map((expr) => ctx.expression(expr, scope))
	return compareValues(op, values(left), values(right), position)
}

function compareValues(op: Comparison, left: readonly TypedSql[], right: readonly TypedSql[], position: Expr['span']): TypedSql {
	if (left.length !== right.length) throw refused('row value misused', position)
	const pairs = left.map((value, i) => [value, right[i] ?? value] as const)
	const each = (comparison: Comparison) => pairs.map(([l, r]) => condition(compare(comparison, l, r)))
	if (op === '=' || op === 'IS NOT DISTINCT FROM') return typed('boolean', `(${each(op).join(' AND ')})`)
	if (op === '<>' || op === 'IS DISTINCT FROM') return typed('boolean', `(${each(op).join(' OR ')})`)
	const strict = each(op.startsWith('<') ? '<' : '>')
	const equal = each('=')
	let result = each(op).at(-1) ?? 'TRUE'
	for (let i = pairs.length - 2; i >= 0; i--) result = `(${strict[i]} OR (${equal[i]} AND ${result}))`
	return typed('boolean', result)
}

/** The values of a row value; null for a single value. */
function rowOf(expr: Expr): readonly Expr[] | null {
	return expr.type === 'ParenthesizedExpr' && expr.exprs.length > 1 ? expr.exprs : null
}

/** `x IN (a, b)`: only the affinity of the left side counts. */
export function inList(ctx: RewriteContext, { lhs, rhs = [], not }: InListExpr, scope: Scope): TypedSql {
	const row = rowOf(lhs)
	const result = (sql: string) => typed('boolean', not ? `(NOT ${sql})` : sql)
	if (rhs.length === 0) return result('FALSE')
	if (row !== null) {
		const matches = rhs.map((expr) => {
			const values = rowOf(expr)
			if (values === null) throw refused('row value misused', expr.span)
			return compareRows(ctx, '=', row, values, scope, expr.span).sql
		})
		return result(`(${matches.join(' OR ')})`)
	}
	const value = ctx.expression(lhs, scope)
	if (value.kind === 'null') return NULL
	const members = rhs.map((expr) => {
		const { affinity: _, collation: _collation, ...member } = ctx.expression(expr, scope)
		return member
	})
	const sides = members.map((member) => comparands(value, member))
	const [first] = sides
	const plain = members.every(({ kind }) => kind !== 'null') && sides.every(({ left }) => left === first?.left)
	if (first !== undefined && plain) return result(`(${first.left} IN (${sides.map(({ right }) => right).join(', ')}))`)
	return result(`(${members.map((member) => condition(compare('=', value, member))).join(' OR ')})`)
}

/** `x IN (SELECT ...)`, with the affinities of `x = column`. */
export function inSelect(
	ctx: RewriteContext,
	{ lhs, not, span }: Pick<InSelectExpr, 'lhs' | 'not' | 'span'>,
	select: PrintedSelect,
	scope: Scope,
): TypedSql {
	const values = (rowOf(lhs) ?? [lhs]).map((expr) => settled(ctx.expression(expr, scope)))
	if (values.length !== select.columns.length) {
		throw refused(`sub-select returns ${select.columns.length} columns - expected ${values.length}`, span)
	}
	const alias = ctx.fresh('in')
	const columns = select.columns.map(
		({ kind, classes, affinity, collation }, i): TypedSql => ({ sql: `${alias}.c${i}`, kind, classes, affinity, collation }),
	)
	const names = columns.map((_, i) => `c${i}`).join(', ')
	const [value] = values
	const [column] = columns
	const result = (sql: string) => typed('boolean', not ? `(NOT ${sql})` : sql)
	if (value !== undefined && column !== undefined && values.length === 1) {
		const { left, right } = comparands(value, column)
		const member = left === 'NULL' ? `CAST(NULL AS BIGINT)` : left
		const set = right === column.sql ? select.sql : `SELECT ${right} FROM (${select.sql}) AS ${alias}(${names})`
		return result(`(${member} IN (${left === 'NULL' ? `SELECT CAST(NULL AS BIGINT) FROM (${select.sql})` : set}))`)
	}
	const match = values.map((each, i) => condition(compare('=', each, columns[i] ?? each))).join(' AND ')
	return result(
		`(SELECT CASE WHEN bool_or(${match}) THEN TRUE WHEN bool_or((${match}) IS NULL) THEN NULL ELSE FALSE END ` +
			`FROM (${select.sql}) AS ${alias}(${names}))`,
	)
}

/** `x IN table` */
export function inTable(ctx: RewriteContext, expr: InTableExpr, scope: Scope): TypedSql {
	const name = expr.rhs.objName.text.toLowerCase()
	const cte = scope.ctes.get(name)
	const table = ctx.tables.get(name)
	if (expr.args !== undefined || (cte === undefined && table === undefined)) throw refused(`no such table: ${name}`, expr.span)
	const columns =
		cte?.columns ??
		table?.columns.filter(({ hidden }) => !hidden).map((column) => ({ ...column, ...columnSql(column, '') })) ??
		[]
	const source = cte?.alias ?? quoteIdentifier(table?.name ?? name)
	const list = columns.map((column, i) => `${cte === undefined ? quoteIdentifier(column.name) : `c${i}`} AS c${i}`)
	const printed = { sql: `SELECT ${list.join(', ')} FROM ${source}`, columns: columns.map((column) => ({ ...column, text: '' })) }
	return inSelect(ctx, expr, printed, scope)
}
