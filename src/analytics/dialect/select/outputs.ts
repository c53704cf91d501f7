/**
 * The outputs of a SELECT.
 *
 * @module
 */
import type { Expr, ResultColumn } from 'sqlite3-parser'
import { columnOf, ROWID_NAMES } from '../column.ts'
import type { OutputColumn, RewriteContext, TargetType } from '../context.ts'
import { coerced, settled } from '../convert.ts'
import type { Scope, Source, SourceColumn } from '../scope.ts'
import type { TypedSql } from '../typed-sql.ts'
import { refused } from '../unsupported.ts'

/** One output. */
export interface Output {
	readonly value: TypedSql
	readonly column: OutputColumn
	/** Alias it was given, in lower case. */
	readonly alias: string | null
	/** The expression; undefined for a column of `*`. */
	readonly expr: Expr | undefined
}

/** Prints the outputs, `*` spelled out. */
export function printOutputs(
	ctx: RewriteContext,
	columns: readonly ResultColumn[],
	scope: Scope,
	targets?: readonly TargetType[],
): Output[] {
	const outputs = columns.flatMap((column): Output[] => {
		if (column.type === 'ExprResultColumn') {
			const value = settled(ctx.expression(column.expr, scope))
			const text = ctx.text(column.expr)
			const alias = column.alias?.name.text
			return [output(value, alias ?? nameOf(column.expr, scope) ?? text, text, alias?.toLowerCase() ?? null, column.expr)]
		}
		const qualifier = column.type === 'TableStarResultColumn' ? column.table.text : null
		return starColumns(scope, qualifier).map(({ name }, i, all) => {
			const found = all[i]
			const value = found === undefined ? undefined : columnOfStar(found, scope, qualifier, column.span)
			if (value === undefined) throw refused(`no such column: ${name}`, column.span)
			return output(settled(value), name, name, null, undefined)
		})
	})
	if (targets === undefined) return outputs
	return outputs.map((each, i) => {
		const target = targets[i]
		if (target === undefined) return each
		const value = coerced(each.value, target)
		return { ...each, value, column: { ...each.column, kind: value.kind, classes: value.classes } }
	})
}

function output(value: TypedSql, name: string, text: string, alias: string | null, expr: Expr | undefined): Output {
	const { kind, classes, affinity, collation, json } = value
	return { value, column: { name, text, kind, classes, affinity, collation, json }, alias, expr }
}

/** A column is called by the name in its table, however it is written. */
function nameOf(expr: Expr, scope: Scope): string | undefined {
	if (expr.type === 'ParenthesizedExpr' && expr.exprs.length === 1 && expr.exprs[0] !== undefined)
		return nameOf(expr.exprs[0], scope)
	if (expr.type !== 'Id' && expr.type !== 'QualifiedExpr') return undefined
	const [name, qualifier] = expr.type === 'Id' ? [expr.name, null] : [expr.column.text, expr.table.text.toLowerCase()]
	for (let at: Scope | null = scope; at !== null; at = at.parent) {
		const [found] = at.candidates(name, qualifier)
		if (found !== undefined) return found.column.name
		const [table] = at.sources.filter((source) => source.table !== undefined && (qualifier === null || source.name === qualifier))
		if (ROWID_NAMES.has(name.toLowerCase()) && table?.table?.rowid !== undefined) return table.table.rowid
	}
	return name
}

interface StarColumn {
	readonly name: string
	readonly source: Source
	readonly column: SourceColumn
	readonly merged: SourceColumn | undefined
}

function starColumns(scope: Scope, qualifier: string | null): StarColumn[] {
	const sources =
		qualifier === null ? scope.sources : scope.sources.filter(({ name }) => name === qualifier.toLowerCase()).slice(0, 1)
	if (sources.length === 0) throw refused(qualifier === null ? 'no tables specified' : `no such table: ${qualifier}`)
	const shown = new Set<string>()
	return sources.flatMap((source) =>
		source.columns.flatMap((column): StarColumn[] => {
			if (column.hidden) return []
			const lower = column.name.toLowerCase()
			const merged = qualifier === null ? scope.merged.get(lower) : undefined
			if (merged === undefined || !merged.sources.has(source)) return [{ name: column.name, source, column, merged: undefined }]
			if (shown.has(lower)) return []
			shown.add(lower)
			return [{ name: column.name, source, column, merged: merged.column }]
		}),
	)
}

function columnOfStar(
	{ name, source, column, merged }: StarColumn,
	scope: Scope,
	qualifier: string | null,
	position: Expr['span'],
): TypedSql | undefined {
	if (scope.grouping !== null)
		return columnOf(null, name, qualifier ?? (source.name === '' ? null : source.name), scope, position)
	const { name: _, ...value } = merged ?? column
	return value
}
