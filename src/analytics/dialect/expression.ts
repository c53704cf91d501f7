/**
 * Expressions, printed with the types that SQLite gives them.
 *
 * @module
 */
import type { BetweenExpr, CaseExpr, Expr, Id, QualifiedExpr, Select, UnaryExpr } from 'sqlite3-parser'
import { SQLakeError } from '../../errors.ts'
import { affinityOf } from '../../schema/affinity.ts'
import { mayFail } from './callbacks/callbacks.ts'
import { collationNamed } from './collation.ts'
import { columnOf } from './column.ts'
import { compare } from './compare.ts'
import type { RewriteContext } from './context.ts'
import { asCondition, cast, coerced, commonType, mixedJson, settled } from './convert.ts'
import { functionCall } from './functions/call.ts'
import { dateLiteral } from './functions/date.ts'
import { jsonArrow } from './functions/json.ts'
import { isAggregate } from './functions/names.ts'
import { compareExpressions, inList, inSelect, inTable } from './in.ts'
import { constant, NULL, numericLiteral, truthConstant } from './literals.ts'
import { arithmetic, bitwise, bitwiseNot, concatenate, negate } from './operators.ts'
import { glob, like } from './pattern.ts'
import type { Scope } from './scope.ts'
import { hasAggregate } from './select/aggregate-calls.ts'
import { commonJson, type TypedSql, typed } from './typed-sql.ts'
import { checkPrinted, refused, unsupported } from './unsupported.ts'

/** Prints an expression. What stands in the GROUP BY is printed as it stands there. */
export function printExpression(ctx: RewriteContext, expr: Expr, scope: Scope): TypedSql {
	const { grouping } = scope
	if (grouping !== null && grouping.keys.size > 0 && mayBeKey(expr)) {
		const plain = attempt(() => scope.ungrouped(() => print(ctx, expr, scope)))
		const value = plain === undefined ? undefined : settled(plain)
		const key = value === undefined ? undefined : grouping.keys.get(value.sql)
		// One of the keys that stands for itself is left as it is: a condition remains one.
		if (plain !== undefined && value !== undefined && key !== undefined) return key === value.sql ? plain : { ...value, sql: key }
	}
	const printed = print(ctx, expr, scope)
	checkPrinted(printed.sql.length)
	return printed
}

/** Columns look for themselves among the keys; literals and aggregates are none. */
function mayBeKey({ type }: Expr): boolean {
	switch (type) {
		case 'BinaryExpr':
		case 'UnaryExpr':
		case 'CaseExpr':
		case 'CastExpr':
		case 'CollateExpr':
		case 'LikeExpr':
		case 'BetweenExpr':
		case 'IsNullExpr':
		case 'NotNullExpr':
		case 'InListExpr':
		case 'FunctionCallExpr':
			return true
		default:
			return false
	}
}

function attempt<T>(print: () => T): T | undefined {
	try {
		return print()
	} catch {
		// What cannot be printed before grouping is no key: it is printed again, and fails there if it has to.
		return undefined
	}
}

function print(ctx: RewriteContext, expr: Expr, scope: Scope): TypedSql {
	const operand = (node: Expr) => ctx.expression(node, scope)
	switch (expr.type) {
		case 'NumericLiteral':
			if (/^0x0*[\da-f_]{17}/i.test(expr.value)) throw refused(`hex literal too big: ${expr.value}`, expr.span)
			return numericLiteral(expr.value)
		case 'StringLiteral':
			return constant(expr.value)
		case 'BlobLiteral':
			return constant(expr.bytes)
		case 'NullLiteral':
			return NULL
		case 'CurrentDateLiteral':
		case 'CurrentTimeLiteral':
		case 'CurrentTimestampLiteral':
			return dateLiteral(expr.type, ctx.now)
		case 'VariableExpr': {
			const index = ctx.parsed.parameters.get(expr)
			return constant((index === undefined ? null : ctx.params[index]) ?? null)
		}
		case 'Id':
			return identifier(ctx, expr, scope)
		case 'QualifiedExpr':
			return qualified(expr, scope)
		case 'ParenthesizedExpr': {
			const [only, second] = expr.exprs
			if (only === undefined || second !== undefined) throw refused('row value misused', expr.span)
			return operand(only)
		}
		case 'UnaryExpr':
			return unary(ctx, expr, scope)
		case 'BinaryExpr':
			switch (expr.op) {
				case 'And':
				case 'Or':
					return typed(
						'boolean',
						junction(
							expr.op,
							operandsOf(expr, expr.op).map((side) => asCondition(operand(side))),
						),
					)
				case 'Add':
				case 'Subtract':
				case 'Multiply':
				case 'Divide':
				case 'Modulus':
					return arithmetic(expr.op, operand(expr.left), operand(expr.right))
				case 'BitwiseAnd':
				case 'BitwiseOr':
				case 'LeftShift':
				case 'RightShift':
					return bitwise(expr.op, operand(expr.left), operand(expr.right))
				case 'Concat':
					return concatenate(operand(expr.left), operand(expr.right))
				case 'ArrowRight':
				case 'ArrowRightShift':
					return jsonArrow(ctx, expr.op, settled(operand(expr.left)), settled(operand(expr.right)), expr.span)
				default:
					return compareExpressions(ctx, expr, scope)
			}
		case 'BetweenExpr':
			return negated(between(ctx, expr, scope), expr.not)
		case 'CaseExpr':
			return caseExpression(ctx, expr, scope)
		case 'CastExpr': {
			const type = expr.typeName?.name ?? ''
			return cast(operand(expr.expr), affinityOf(type) === 'BLOB' && type.trim() === '' ? 'NUMERIC' : affinityOf(type))
		}
		case 'CollateExpr':
			return { ...operand(expr.expr), collation: collationNamed(expr.collation, expr.span), explicitCollation: true }
		case 'IsNullExpr':
			return typed('boolean', `(${settled(operand(expr.expr)).sql} IS NULL)`)
		case 'NotNullExpr':
			return typed('boolean', `(${settled(operand(expr.expr)).sql} IS NOT NULL)`)
		case 'LikeExpr': {
			const [subject, pattern] = [operand(expr.lhs), operand(expr.rhs)]
			if (expr.op === 'Like') {
				const escaping = expr.escape === undefined ? null : operand(expr.escape)
				return negated(like(subject, pattern, escaping), expr.not)
			}
			if (expr.op === 'Glob') return negated(glob(subject, pattern), expr.not)
			throw unsupported(expr.op.toUpperCase(), expr.span, 'A Durable Object has no function for it either.')
		}
		case 'ExistsExpr':
			return typed('boolean', `EXISTS (${subquery(ctx, expr.select, scope).sql})`)
		case 'SubqueryExpr': {
			const { sql, columns } = subquery(ctx, expr.select, scope)
			const [column] = columns
			if (column === undefined || columns.length !== 1) {
				throw refused(`sub-select returns ${columns.length} columns - expected 1`, expr.span)
			}
			const { kind, classes, affinity, collation, json } = column
			return { sql: `(${returnsOneRow(expr.select) ? sql : `${sql} LIMIT 1`})`, kind, classes, affinity, collation, json }
		}
		case 'InListExpr':
			return inList(ctx, expr, scope)
		case 'InSelectExpr':
			return inSelect(ctx, expr, subquery(ctx, expr.rhs, scope), scope)
		case 'InTableExpr':
			return inTable(ctx, expr, scope)
		case 'FunctionCallExpr':
		case 'FunctionCallStarExpr':
			return functionCall(ctx, expr, scope)
		default:
			throw unsupported('this expression', expr.span)
	}
}

/** The operands of a chain of one operator, from left to right. */
function operandsOf(expr: Expr, op: 'And' | 'Or'): Expr[] {
	const operands: Expr[] = []
	const pending = [expr]
	for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
		if (next.type === 'BinaryExpr' && next.op === op) pending.push(next.left, next.right)
		else operands.unshift(next)
	}
	return operands
}

/**
 * AND and OR. An operand may fail on rows that those before it are there to keep from it, as in `json_valid(x) AND x ->> 'a'`; DuckDB
 * evaluates operands in the order that it likes, and the branches of a CASE in theirs.
 */
function junction(op: 'And' | 'Or', conditions: readonly string[]): string {
	const [word, decided] = op === 'And' ? [' AND ', 'FALSE'] : [' OR ', 'TRUE']
	const first = conditions.findIndex((condition, i) => i > 0 && mayFail(condition))
	if (first < 0) return `(${conditions.join(word)})`
	const guards = conditions.slice(0, -1).map((condition) => `WHEN ${condition} IS NOT DISTINCT FROM ${decided} THEN ${decided}`)
	const guarded = `(CASE ${guards.join(' ')} ELSE (${conditions.slice(first).join(word)}) END)`
	return `(${[...conditions.slice(0, first), guarded].join(word)})`
}

/** `NOT x`, three-valued. */
export function negated(e: TypedSql, not: boolean): TypedSql {
	if (!not) return e
	return e.kind === 'null' ? e : typed('boolean', `(NOT ${e.sql})`)
}

/** Sub-queries that may lie within each other in expressions: planning one takes DuckDB twice the time of the one around it. */
const MAX_SUBQUERIES = 12

function subquery(ctx: RewriteContext, select: Select, scope: Scope) {
	if (scope.depth >= MAX_SUBQUERIES) {
		throw new SQLakeError(
			'STATEMENT_LIMIT',
			`lake query: expected at most ${MAX_SUBQUERIES} sub-queries within each other, found more`,
			{
				hint: 'join the tables, or name the inner queries in WITH',
				details: { limit: MAX_SUBQUERIES, offset: select.span.offset },
			},
		)
	}
	return ctx.select(select, { parent: scope, ctes: scope.ctes })
}

/** An aggregate without GROUP BY, or a SELECT without FROM: a LIMIT would only keep DuckDB from joining it. */
function returnsOneRow({ select, compounds, limit }: Select): boolean {
	if (limit !== undefined) return true
	if (compounds !== undefined || select.type !== 'SelectFrom') return false
	if (select.from === undefined) return true
	return select.groupBy === undefined && hasAggregate(select.columns, isAggregate)
}

function between(ctx: RewriteContext, { lhs, start, end }: BetweenExpr, scope: Scope): TypedSql {
	const subject = ctx.expression(lhs, scope)
	if (subject.kind === 'null') return NULL
	const above = compare('>=', subject, ctx.expression(start, scope))
	// What cannot matter any more need not be printable.
	if (above.constant?.value === 0n) return above
	const below = compare('<=', subject, ctx.expression(end, scope))
	return typed('boolean', `(${asCondition(above)} AND ${asCondition(below)})`)
}

function caseExpression(ctx: RewriteContext, { base, whenThenPairs, elseExpr }: CaseExpr, scope: Scope): TypedSql {
	const subject = base === undefined ? undefined : ctx.expression(base, scope)
	const conditions: string[] = []
	const values: TypedSql[] = []
	let decided: TypedSql | undefined
	for (const { when, then } of whenThenPairs) {
		const value = ctx.expression(when, scope)
		const condition = subject === undefined ? value : compare('=', subject, value)
		// A branch that is never taken need not be printable.
		if (condition.kind === 'null' || (condition.kind === 'boolean' && condition.constant?.value === 0n)) continue
		const result = settled(ctx.expression(then, scope))
		if (condition.kind === 'boolean' && condition.constant?.value === 1n) {
			decided = result
			break
		}
		conditions.push(asCondition(condition))
		values.push(result)
	}
	const otherwise = decided ?? (elseExpr === undefined ? NULL : settled(ctx.expression(elseExpr, scope)))
	if (values.length === 0) return { ...otherwise, affinity: undefined, collation: undefined, truth: undefined }
	const type = commonType([...values, otherwise])
	const choose = (texts: readonly string[]) =>
		`(CASE ${conditions.map((condition, i) => `WHEN ${condition} THEN ${texts[i]}`).join(' ')} ELSE ${texts.at(-1)} END)`
	const mixed = mixedJson([...values, otherwise], choose)
	if (mixed !== undefined) return mixed
	const branches = conditions.map((condition, i) => `WHEN ${condition} THEN ${coerced(values[i] ?? NULL, type).sql}`)
	return {
		sql: `(CASE ${branches.join(' ')} ELSE ${coerced(otherwise, type).sql} END)`,
		...type,
		json: commonJson([...values, otherwise]),
	}
}

function unary(ctx: RewriteContext, expr: UnaryExpr, scope: Scope): TypedSql {
	const operand = ctx.expression(expr.expr, scope)
	switch (expr.op) {
		case 'Positive': {
			const { affinity: _, ...rest } = settled(operand)
			return rest
		}
		case 'Negative':
			// The smallest integer: its digits alone are beyond 64 bits.
			if (expr.expr.type === 'NumericLiteral' && expr.expr.value === '9223372036854775808') return constant(-(2n ** 63n))
			return negate(operand)
		case 'BitwiseNot':
			return bitwiseNot(operand)
		case 'Not':
			return operand.kind === 'null' ? NULL : typed('boolean', `(NOT ${asCondition(operand)})`)
	}
}

function identifier(ctx: RewriteContext, expr: Id, scope: Scope): TypedSql {
	const found = columnOf(ctx, expr.name, null, scope, expr.span)
	if (found !== undefined) return found
	const quote = ctx.text(expr)[0]
	// A name in double quotes that means nothing is text (https://www.sqlite.org/quirks.html section 8).
	if (quote === '"') return constant(expr.name)
	const upper = expr.name.toUpperCase()
	if (quote !== '`' && quote !== '[' && (upper === 'TRUE' || upper === 'FALSE')) return truthConstant(upper === 'TRUE')
	throw refused(`no such column: ${expr.name}`, expr.span)
}

function qualified(expr: QualifiedExpr, scope: Scope): TypedSql {
	const found = columnOf(null, expr.column.text, expr.table.text, scope, expr.span)
	if (found === undefined) throw refused(`no such column: ${expr.table.text}.${expr.column.text}`, expr.span)
	return found
}
