/**
 * FROM: tables, sub-queries and joins.
 *
 * @module
 */
import type { FromClause, JoinedSelectTable, SelectTable } from 'sqlite3-parser'
import { quoteIdentifier } from '../../../schema/quote-identifier.ts'
import { compare } from '../compare.ts'
import type { PrintedSelect, RewriteContext } from '../context.ts'
import { asCondition, coerced, commonType } from '../convert.ts'
import { columnSql } from '../dialect-table.ts'
import type { MergedColumn, Scope, Source, SourceColumn } from '../scope.ts'
import { refused, unsupported } from '../unsupported.ts'
import { printTableFunction } from './table-function.ts'

/** Bits of the parser's join types, which it exports as types only. */
const JoinType = { NATURAL: 4, LEFT: 8, RIGHT: 16, OUTER: 32 } as const

/**
 * Prints a FROM and adds its sources to the scope. SQLite's comma is a join like any other, read from left to right.
 */
export function printFrom(ctx: RewriteContext, from: FromClause, scope: Scope): string {
	if (from.select === undefined) return ''
	let sql = printTable(ctx, from.select, scope)
	for (const join of from.joins ?? []) sql = printJoin(ctx, sql, join, scope)
	return sql
}

function printJoin(ctx: RewriteContext, left: string, { operator, table, constraint }: JoinedSelectTable, scope: Scope): string {
	const type = operator.type === 'CommaJoinOperator' ? 0 : (operator.joinType ?? 0)
	const before = [...scope.sources]
	const lateral = table.type === 'TableCallSelectTable'
	const right = `${lateral ? 'LATERAL ' : ''}${printTable(ctx, table, scope)}`
	const added = scope.sources.slice(before.length)
	const keepsLeft = (type & JoinType.LEFT) !== 0
	const keepsRight = (type & JoinType.RIGHT) !== 0
	// OUTER alone is FULL.
	const full = (keepsLeft && keepsRight) || ((type & JoinType.OUTER) !== 0 && !keepsLeft && !keepsRight)
	if (lateral && (keepsRight || full)) throw unsupported('a RIGHT or FULL JOIN of a function', table.span)
	const keyword = full ? 'FULL JOIN' : keepsLeft ? 'LEFT JOIN' : keepsRight ? 'RIGHT JOIN' : 'JOIN'
	const natural = (type & JoinType.NATURAL) !== 0
	const using =
		constraint?.type === 'UsingJoinConstraint'
			? constraint.columns.map(({ text }) => text)
			: natural
				? commonNames(scope, before, added)
				: []
	if (using.length > 0) {
		const conditions = using.map((name) => mergeColumn(scope, name, before, added, keepsRight || full))
		return `${left} ${keyword} ${right} ON ${conditions.join(' AND ')}`
	}
	if (constraint?.type === 'OnJoinConstraint') {
		return `${left} ${keyword} ${right} ON ${asCondition(ctx.expression(constraint.expr, scope))}`
	}
	return keyword === 'JOIN' ? `${left} CROSS JOIN ${right}` : `${left} ${keyword} ${right} ON TRUE`
}

/** Names that both sides have, in the order of the left one. */
function commonNames(scope: Scope, before: readonly Source[], added: readonly Source[]): string[] {
	const names = new Map<string, string>()
	for (const { columns } of before)
		for (const { name, hidden } of columns) if (!hidden && !names.has(name.toLowerCase())) names.set(name.toLowerCase(), name)
	for (const merged of scope.merged.keys()) if (!names.has(merged)) names.set(merged, merged)
	const isAdded = (name: string) => added.some((source) => hasVisible(source, name))
	return [...names].filter(([lower]) => isAdded(lower)).map(([, name]) => name)
}

function hasVisible(source: Source, name: string): boolean {
	const column = columnNamed(source, name)
	return column !== undefined && !column.hidden
}

function columnNamed(source: Source, name: string): SourceColumn | undefined {
	return source.columns.find((column) => column.name.toLowerCase() === name.toLowerCase())
}

/** Makes one column of two and returns the condition that joins them. */
function mergeColumn(
	scope: Scope,
	name: string,
	before: readonly Source[],
	added: readonly Source[],
	keepsRight: boolean,
): string {
	const lower = name.toLowerCase()
	const merged = scope.merged.get(lower)
	const leftSource = before.find((source) => columnNamed(source, name) !== undefined)
	const rightSource = added.find((source) => columnNamed(source, name) !== undefined)
	const left = merged?.column ?? (leftSource === undefined ? undefined : columnNamed(leftSource, name))
	const right = rightSource === undefined ? undefined : columnNamed(rightSource, name)
	if (left === undefined || right === undefined || rightSource === undefined) {
		throw refused(`cannot join using column ${name} - column not present in both tables`)
	}
	const sources = new Set([...(merged?.sources ?? []), ...(leftSource === undefined ? [] : [leftSource]), rightSource])
	let column = left
	if (keepsRight) {
		const type = commonType([left, right])
		const uniqueNumbers = left.uniqueNumbers && right.uniqueNumbers
		column = { ...left, ...type, uniqueNumbers, sql: `COALESCE(${coerced(left, type).sql}, ${coerced(right, type).sql})` }
	}
	const entry: MergedColumn = { column, sources }
	scope.merged.set(lower, entry)
	return asCondition(compare('=', left, right))
}

function printTable(ctx: RewriteContext, table: SelectTable, scope: Scope): string {
	switch (table.type) {
		case 'TableSelectTable': {
			const { objName, dbName, alias } = table.tblName
			const name = objName.text
			const visible = (table.alias?.name.text ?? alias?.text ?? name).toLowerCase()
			const cte = dbName === undefined ? scope.ctes.get(name.toLowerCase()) : undefined
			const own = ctx.fresh('t')
			if (cte !== undefined) {
				const columns = cte.columns.map((column, i) => ({ ...column, sql: `${own}.c${i}` }))
				scope.sources.push({ name: visible, alias: own, columns })
				return `${cte.alias} AS ${own}`
			}
			const found = dbName === undefined || dbName.text.toLowerCase() === 'main' ? ctx.tables.get(name.toLowerCase()) : undefined
			if (found === undefined) throw refused(`no such table: ${name}`, table.span)
			const columns = found.columns.map(
				(column): SourceColumn => ({
					...columnSql(column, `${own}.${quoteIdentifier(column.name)}`),
					name: column.name,
					hidden: column.hidden,
				}),
			)
			scope.sources.push({ name: visible, alias: own, columns, table: found })
			return `${quoteIdentifier(found.name)} AS ${own}`
		}
		case 'SelectSelectTable': {
			const printed = ctx.select(table.select, { parent: scope.parent, ctes: scope.ctes })
			const source = derived(ctx, printed, table.alias?.name.text.toLowerCase() ?? '')
			scope.sources.push(source)
			return `(${printed.sql}) AS ${source.alias}(${printed.columns.map((_, i) => `c${i}`).join(', ')})`
		}
		case 'SubSelectTable':
			if (table.alias !== undefined) throw unsupported('an alias of a join in parentheses', table.span)
			return `(${printFrom(ctx, table.from, scope)})`
		case 'TableCallSelectTable':
			return printTableFunction(ctx, table, scope)
	}
}

function derived(ctx: RewriteContext, { columns, order }: PrintedSelect, name: string): Source {
	const alias = ctx.fresh('s')
	return {
		name,
		alias,
		columns: columns.map(({ text: _, json: _json, ...column }, i) => ({ ...column, sql: `${alias}.c${i}` })),
		order: order?.map((term) => term.replaceAll('%.c', `${alias}.c`)),
	}
}
