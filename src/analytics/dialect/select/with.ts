/**
 * Common table expressions, plain and recursive.
 *
 * @module
 */
import { type CommonTableExpr, type OneSelect, type Select, traverse, type With } from 'sqlite3-parser'
import type { OutputColumn, PrintedSelect, RewriteContext, SelectOptions, TargetType } from '../context.ts'
import { commonType } from '../convert.ts'
import type { Cte, CteScope } from '../scope.ts'
import { refused, unsupported } from '../unsupported.ts'
import { unifiedTypes } from './compound.ts'
import { rowCount } from './limit.ts'

type PrintSelect = (ctx: RewriteContext, select: Select, options: SelectOptions) => PrintedSelect
type PrintArm = (ctx: RewriteContext, arm: OneSelect, options: SelectOptions) => PrintedSelect

/** Prints WITH. @returns its text, and all expressions in sight after it. */
export function printWith(
	ctx: RewriteContext,
	clause: With | undefined,
	options: SelectOptions,
	printSelect: PrintSelect,
	printArm: PrintArm,
): { readonly sql: string; readonly ctes: CteScope } {
	if (clause === undefined) return { sql: '', ctes: options.ctes }
	const ctes = new Map(options.ctes)
	const parts: string[] = []
	let recursive = false
	for (const cte of clause.ctes) {
		const inner: SelectOptions = { parent: options.parent, ctes, ordersRows: options.ordersRows }
		const name = cte.tblName.text.toLowerCase()
		const printed = namesTable(cte.select, name)
			? printRecursive(ctx, cte, inner, printArm)
			: printPlain(ctx, cte, inner, printSelect)
		recursive ||= printed.recursive
		ctes.set(name, printed.cte)
		parts.push(
			`${printed.cte.alias}(${printed.cte.columns.map((_, i) => `c${i}`).join(', ')}) AS ${materialized(cte)}(${printed.sql})`,
		)
	}
	return { sql: `WITH ${recursive ? 'RECURSIVE ' : ''}${parts.join(', ')} `, ctes }
}

interface PrintedCte {
	readonly cte: Cte
	readonly sql: string
	readonly recursive: boolean
}

function materialized({ materialized: how }: CommonTableExpr): string {
	return how === 'Yes' ? 'MATERIALIZED ' : how === 'No' ? 'NOT MATERIALIZED ' : ''
}

function printPlain(ctx: RewriteContext, cte: CommonTableExpr, options: SelectOptions, printSelect: PrintSelect): PrintedCte {
	const { sql, columns } = printSelect(ctx, cte.select, options)
	return { cte: { alias: ctx.fresh('cte'), columns: cteColumns(cte, columns, columns) }, sql, recursive: false }
}

function cteColumns(cte: CommonTableExpr, columns: readonly OutputColumn[], types: readonly TargetType[]) {
	if (cte.columns !== undefined && cte.columns.length !== columns.length) {
		throw refused(`table ${cte.tblName.text} has ${columns.length} values for ${cte.columns.length} columns`, cte.span)
	}
	return columns.map(({ text: _, json: _json, ...column }, i) => ({
		...column,
		kind: types[i]?.kind ?? column.kind,
		classes: types[i]?.classes ?? column.classes,
		// The step of a recursion may bring in other values.
		uniqueNumbers: types === columns ? column.uniqueNumbers : undefined,
		name: cte.columns?.[i]?.colName.text ?? column.name,
		sql: '',
	}))
}

/**
 * DuckDB repeats the recursive part over all rows of the step before, SQLite over one row at a time: the rows in the end are
 * the same, unless their order decides which ones there are.
 */
function printRecursive(ctx: RewriteContext, cte: CommonTableExpr, options: SelectOptions, printArm: PrintArm): PrintedCte {
	const { select } = cte
	const name = cte.tblName.text.toLowerCase()
	const refuse = (what: string) => unsupported(`${what} in a recursive common table expression`, cte.span)
	// The order in which rows are taken up shows in the order of the result alone, unless a LIMIT cuts it.
	if (select.orderBy !== undefined && (!options.ordersRows || select.limit !== undefined)) throw refuse('ORDER BY')
	if (select.with !== undefined) throw refuse('WITH')
	const compounds = select.compounds ?? []
	const last = compounds.at(-1)
	const anchors = [select.select, ...compounds.slice(0, -1).map((compound) => compound.select)]
	if (last === undefined || anchors.some((arm) => namesTable(arm, name))) throw refuse('more than one recursive part')
	if (
		compounds.some(({ operator }) => operator !== last.operator) ||
		(last.operator !== 'Union' && last.operator !== 'UnionAll')
	) {
		throw refuse('a mixture of operators')
	}
	if (last.select.type === 'SelectFrom' && (last.select.distinctness === 'Distinct' || last.select.groupBy !== undefined)) {
		throw refuse('DISTINCT or GROUP BY')
	}
	const alias = ctx.fresh('cte')
	const probes = anchors.map((arm) => printArm(ctx, arm, options))
	let types = unifiedTypes(probes)
	const columnsFor = (kinds: readonly TargetType[]): Cte => ({ alias, columns: cteColumns(cte, probes[0]?.columns ?? [], kinds) })
	const step = (kinds: readonly TargetType[], targets?: readonly TargetType[]) =>
		printArm(ctx, last.select, { ...options, ctes: new Map([...options.ctes, [name, columnsFor(kinds)]]), targets })
	// The recursive part may bring in kinds that the first rows do not have.
	for (let changed = true; changed; ) {
		const next = step(types).columns
		if (next.length !== types.length)
			throw refused('SELECTs to the left and right of UNION do not have the same number of result columns', cte.span)
		const wider = types.map((type, i) => commonType([type, next[i] ?? type]))
		changed = wider.some(({ kind, classes }, i) => kind !== types[i]?.kind || classes !== types[i]?.classes)
		types = wider
	}
	const operator = last.operator === 'Union' ? 'UNION' : 'UNION ALL'
	if (operator === 'UNION' && types.some(({ kind, classes }) => kind === 'any' && (classes & 3) === 3))
		throw refuse('UNION of INTEGER and REAL values')
	const first = anchors.map((arm) => `(${printArm(ctx, arm, { ...options, targets: types }).sql})`).join(` ${operator} `)
	const next = step(types, types).sql
	const result = columnsFor(types)
	if (select.limit === undefined)
		return { cte: result, sql: `${anchors.length > 1 ? `(${first})` : first} ${operator} (${next})`, recursive: true }
	return { cte: result, sql: limited(ctx, cte, first, next, result), recursive: true }
}

/**
 * `... UNION ALL SELECT ... FROM c LIMIT n`: answered where every step has one row, so that their order is certain. A column
 * that counts the steps ends the recursion.
 */
function limited(ctx: RewriteContext, cte: CommonTableExpr, first: string, next: string, { alias, columns }: Cte): string {
	const { select } = cte
	const last = select.compounds?.at(-1)
	const from = last?.select.type === 'SelectFrom' ? last.select.from : undefined
	const oneByOne =
		select.compounds?.length === 1 && last?.operator === 'UnionAll' && isOneRow(select.select) && from?.joins === undefined
	if (!oneByOne || select.limit === undefined)
		throw unsupported('LIMIT in a recursive common table expression of several rows a step', cte.span)
	const count = rowCount(ctx, select.limit.expr)
	if (select.limit.offset !== undefined || count < 1n)
		throw unsupported('OFFSET or LIMIT 0 in a recursive common table expression', cte.span)
	const inner = ctx.fresh('r')
	const names = columns.map((_, i) => `c${i}`).join(', ')
	// The step reads the table by its own name: within, that is the one with the counter.
	const stepSql = next.replace(/^SELECT /, 'SELECT ').replaceAll(`${alias} AS`, `${inner} AS`)
	const source = new RegExp(`FROM ${inner} AS (\\w+)`).exec(stepSql)?.[1]
	if (source === undefined) throw unsupported('LIMIT in this recursive common table expression', cte.span)
	const counted = stepSql.replace(new RegExp(` FROM ${inner} AS ${source}`), `, ${source}.n + 1 AS n FROM ${inner} AS ${source}`)
	const bounded = counted.includes(' WHERE ')
		? counted.replace(' WHERE ', ` WHERE ${source}.n < ${count} AND `)
		: `${counted} WHERE ${source}.n < ${count}`
	return (
		`WITH RECURSIVE ${inner}(${names}, n) AS (SELECT *, CAST(1 AS BIGINT) AS n FROM ${first} UNION ALL (${bounded})) ` +
		`SELECT ${names} FROM ${inner}`
	)
}

function isOneRow(arm: OneSelect): boolean {
	return arm.type === 'SelectValues' ? arm.values.length === 1 : arm.from === undefined
}

/** Whether a table of that name stands in a FROM of it. */
function namesTable(node: Select | OneSelect, name: string): boolean {
	let found = false
	traverse(node, {
		nodes: {
			TableSelectTable: (table) => {
				if (table.tblName.dbName === undefined && table.tblName.objName.text.toLowerCase() === name) found = true
			},
		},
	})
	return found
}
