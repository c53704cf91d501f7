/**
 * UNION, EXCEPT and INTERSECT.
 *
 * @module
 */
import type { CompoundOperator, Expr, OneSelect, Select } from 'sqlite3-parser'
import { collationNamed } from '../collation.ts'
import type { OutputColumn, PrintedSelect, RewriteContext, SelectOptions, TargetType } from '../context.ts'
import { commonType } from '../convert.ts'
import { orderTerms } from '../order-term.ts'
import { BLOB_CLASS, NUMBER_CLASSES, TEXT_CLASS, type TypedSql } from '../typed-sql.ts'
import { refused } from '../unsupported.ts'
import { combinedRows, hasLookalikes } from './distinct.ts'
import { printLimit } from './limit.ts'
import { ordinalOf } from './ordinal.ts'
import type { ArmOptions } from './select.ts'

export const OPERATORS: Readonly<Record<CompoundOperator, string>> = {
	Union: 'UNION',
	UnionAll: 'UNION ALL',
	Except: 'EXCEPT',
	Intersect: 'INTERSECT',
}

type PrintArm = (ctx: RewriteContext, arm: OneSelect, options: SelectOptions) => PrintedSelect

/** Prints a compound. SQLite reads it from left to right, whatever the operators. */
export function printCompound(ctx: RewriteContext, select: Select, options: ArmOptions, printArm: PrintArm): PrintedSelect {
	const compounds = select.compounds ?? []
	const arms = [select.select, ...compounds.map((compound) => compound.select)]
	const plain: SelectOptions = { parent: options.parent, ctes: options.ctes }
	const probes = arms.map((arm) => printArm(ctx, arm, plain))
	const types = unifiedTypes(probes, options.targets)
	const printed = arms.map((arm, i) =>
		sameTypes(probes[i], types) ? (probes[i] ?? printArm(ctx, arm, plain)) : printArm(ctx, arm, { ...plain, targets: types }),
	)
	const columns = unifiedColumns(probes, types)
	const lookalikes = types.some(hasLookalikes)
	let sql = `(${printed[0]?.sql})`
	for (const [i, { operator }] of compounds.entries()) {
		const next = `(${printed[i + 1]?.sql})`
		sql = lookalikes ? `(${combinedRows(ctx, operator, sql, next, types)})` : `(${sql} ${OPERATORS[operator]} ${next})`
	}

	const alias = ctx.fresh('u')
	const list = columns.map(
		({ kind }, i) =>
			`${kind === 'any' && options.outermost === true ? `_sl_any_encode(${alias}.c${i})` : `${alias}.c${i}`} AS c${i}`,
	)
	const terms = (options.orderBy ?? []).map((sorted) => {
		const { position, collation } = positionOf(ctx, sorted.expr, probes)
		const { kind, classes } = columns[position] ?? { kind: 'null', classes: 0 }
		return orderTerms({ sql: `%.c${position}`, kind, classes, collation }, sorted).join(', ')
	})
	// Without ORDER BY the rows of a distinct compound come sorted in SQLite; a LIMIT makes that visible.
	const sortedRows = options.orderBy === undefined && options.limit !== undefined && compounds.at(-1)?.operator !== 'UnionAll'
	const natural = sortedRows
		? columns.flatMap((column, i) => orderTerms({ ...column, sql: `%.c${i}` }, { order: undefined, nulls: undefined }))
		: []
	const order = [...terms, ...natural].filter((term) => term !== '').map((term) => term.replaceAll('%.c', `${alias}.c`))
	return {
		sql: `SELECT ${list.join(', ')} FROM ${sql} AS ${alias}(${columns.map((_, i) => `c${i}`).join(', ')})${order.length === 0 ? '' : ` ORDER BY ${order.join(', ')}`}${printLimit(ctx, options.limit)}`,
		columns,
		order: options.orderBy === undefined ? undefined : terms.filter((term) => term !== ''),
	}
}

/** The kinds that the columns of all arms fit in. */
export function unifiedTypes(arms: readonly PrintedSelect[], targets?: readonly TargetType[]): TargetType[] {
	const width = arms[0]?.columns.length ?? 0
	if (arms.some(({ columns }) => columns.length !== width)) {
		throw refused('SELECTs to the left and right of a compound operator do not have the same number of result columns')
	}
	return Array.from({ length: width }, (_, i) => targets?.[i] ?? commonType(arms.flatMap(({ columns }) => columns[i] ?? [])))
}

/**
 * The columns of a compound: named by the first arm. An affinity holds only where the other arms' values do not contradict it
 * (sqlite3SubqueryColumnTypes in SQLite's select.c).
 */
export function unifiedColumns(arms: readonly PrintedSelect[], types: readonly TargetType[]): OutputColumn[] {
	return types.map(({ kind, classes }, i): OutputColumn => {
		const each = arms.flatMap(({ columns }) => columns[i] ?? [])
		const affinity = each.find((column) => column.affinity !== undefined)?.affinity
		const contradicted =
			affinity === 'TEXT' ? (classes & NUMBER_CLASSES) !== 0 : affinity !== 'BLOB' && (classes & (TEXT_CLASS | BLOB_CLASS)) !== 0
		const [first] = each
		return {
			name: first?.name ?? '',
			text: first?.text ?? '',
			kind,
			classes,
			affinity: affinity === undefined || !contradicted ? affinity : 'BLOB',
		}
	})
}

function sameTypes(arm: PrintedSelect | undefined, types: readonly TargetType[]): boolean {
	return arm?.columns.every(({ kind }, i) => kind === types[i]?.kind) ?? false
}

/** ORDER BY of a compound names outputs: by position, by name, or by the text of an arm's expression. */
function positionOf(
	ctx: RewriteContext,
	expr: Expr,
	arms: readonly PrintedSelect[],
): { readonly position: number; readonly collation: TypedSql['collation'] } {
	if (expr.type === 'ParenthesizedExpr' && expr.exprs.length === 1 && expr.exprs[0] !== undefined)
		return positionOf(ctx, expr.exprs[0], arms)
	if (expr.type === 'CollateExpr') {
		return { position: positionOf(ctx, expr.expr, arms).position, collation: collationNamed(expr.collation, expr.span) }
	}
	const ordinal = ordinalOf(expr, arms[0]?.columns.length ?? 0, 'ORDER BY')
	if (ordinal !== null) return { position: ordinal - 1, collation: undefined }
	const text = ctx.text(expr)
	for (const { columns } of arms) {
		const named = expr.type === 'Id' ? columns.findIndex(({ name }) => name.toLowerCase() === expr.name.toLowerCase()) : -1
		const position = named >= 0 ? named : columns.findIndex((column) => column.text === text)
		if (position >= 0) return { position, collation: undefined }
	}
	throw refused('ORDER BY term does not match any column in the result set', expr.span)
}
