/**
 * What a query asks of each table: which columns, and under which conditions.
 *
 * @module
 */
import {
	type AstNode,
	type Expr,
	type FromClause,
	type Select,
	type SelectFrom,
	type SelectTable,
	traverse,
} from 'sqlite3-parser'
import { SQLakeError } from '../../errors.ts'
import type { ParsedStatement } from '../../router/parse-sql.ts'
import type { EngineValue } from '../query-engine.ts'
import { type ComparisonOp, constantOf } from './constants.ts'
import type { SeenSchema } from './seen-schema.ts'
import type { SeenTable } from './seen-table.ts'

/** A column compared with constants, in the way SQLite writes it. */
export interface ConstantCondition {
	/** Name of the column, in lower case. */
	readonly column: string
	readonly op: ComparisonOp
	/** The row matches if the comparison holds for one of them. */
	readonly values: readonly EngineValue[]
	/** Whether the values are parameters. */
	readonly bound: boolean
}

/** What a query asks of one table. */
export interface TableUse {
	readonly table: SeenTable
	/** Whether all columns of `*` are asked for. */
	readonly all: boolean
	/** Names in lower case that the query mentions. A name may belong to another table. */
	readonly names: ReadonlySet<string>
	/**
	 * One list for each place where the table stands. Rows that are outside of every list's conditions do not matter to the query;
	 * an empty list means that all rows matter.
	 */
	readonly conditions: readonly (readonly ConstantCondition[])[]
}

/** Whether a query asks for a column of a table. */
export function isUsed(
	{ all, names }: TableUse,
	{ name, hidden }: { readonly name: string; readonly hidden?: boolean },
): boolean {
	return (all && !hidden) || names.has(lower(name))
}

/** A query's SELECT, its text and parameters. */
export interface StatementInput {
	readonly parsed: ParsedStatement
	readonly select: Select
	readonly params: readonly EngineValue[]
	readonly schema: SeenSchema
	/** Names, in lower case, of columns that every table has besides its own. */
	readonly extraColumns: readonly string[]
}

/**
 * Finds the tables of a query.
 *
 * @throws `ROUTE_UNKNOWN_TABLE` for a table that neither the schema nor the statement defines.
 */
export function statementTables(input: StatementInput): TableUse[] {
	const collector = new Collector(input)
	collector.select(input.select, new Set())
	return collector.result()
}

interface Collected {
	readonly table: SeenTable
	all: boolean
	readonly conditions: ConstantCondition[][]
}

/** A table of the schema that stands in a FROM. */
interface Placed {
	readonly alias: string
	readonly collected: Collected
}

/** The flag of a NATURAL join in `joinType` (sqlite3-parser declares its names, but exports none). */
const NATURAL = 4

const COMPARISON_OPS: Readonly<Record<string, readonly [ComparisonOp, flipped: ComparisonOp]>> = {
	Equals: ['eq', 'eq'],
	Is: ['eq', 'eq'],
	Less: ['lt', 'gt'],
	LessEquals: ['lte', 'gte'],
	Greater: ['gt', 'lt'],
	GreaterEquals: ['gte', 'lte'],
}

/** Names by which a statement asks for the primary key without naming it. */
const KEY_NAMES: readonly string[] = [
	'rowid',
	'oid',
	'_rowid_',
	'group_concat',
	'string_agg',
	'json_group_array',
	'json_group_object',
	'json_each',
	'json_tree',
]

class Collector {
	readonly #input: StatementInput
	readonly #byName = new Map<string, SeenTable>()
	readonly #collected = new Map<SeenTable, Collected>()
	readonly #names = new Set<string>()

	constructor(input: StatementInput) {
		this.#input = input
		for (const table of input.schema.tables.values()) this.#byName.set(table.name.toLowerCase(), table)
	}

	result(): TableUse[] {
		// The rowid is the primary key, which aggregates that keep an order sort by as well.
		const needsKey = KEY_NAMES.some((name) => this.#names.has(name))
		return [...this.#collected.values()].map(({ table, all, conditions }) => {
			const names = needsKey ? new Set([...this.#names, ...table.primaryKey.map(lower)]) : this.#names
			return { table, all, names, conditions }
		})
	}

	/** @param outer Names of common table expressions that are in sight, in lower case. */
	select(select: Select, outer: ReadonlySet<string>): void {
		const ctes = new Set([...outer, ...(select.with?.ctes ?? []).map((cte) => lower(cte.tblName.text))])
		for (const cte of select.with?.ctes ?? []) {
			this.select(cte.select, ctes)
		}
		for (const arm of [select.select, ...(select.compounds ?? []).map((compound) => compound.select)]) {
			if (arm.type === 'SelectFrom') this.#block(arm, ctes)
			else this.#expressions(arm, ctes)
		}
		for (const sorted of select.orderBy ?? []) this.#expressions(sorted.expr, ctes)
		if (select.limit !== undefined) this.#expressions(select.limit, ctes)
	}

	#block(block: SelectFrom, ctes: ReadonlySet<string>): void {
		const placed: Placed[] = []
		if (block.from !== undefined) this.#from(block.from, ctes, placed)
		for (const column of block.columns) {
			if (column.type === 'StarResultColumn') for (const { collected } of placed) collected.all = true
			else if (column.type === 'TableStarResultColumn') {
				for (const { alias, collected } of placed) if (alias === lower(column.table.text)) collected.all = true
			} else {
				this.#expressions(column.expr, ctes)
			}
		}
		const { whereClause, groupBy = [], having, windowClause = [] } = block
		for (const node of [whereClause, ...groupBy, having, ...windowClause]) if (node !== undefined) this.#expressions(node, ctes)
		this.#conditions(block, placed)
	}

	#from(from: FromClause, ctes: ReadonlySet<string>, placed: Placed[]): void {
		if (from.select !== undefined) this.#source(from.select, ctes, placed)
		for (const join of from.joins ?? []) {
			this.#source(join.table, ctes, placed)
			const { operator, constraint } = join
			if (operator.type === 'TypedJoinJoinOperator' && ((operator.joinType ?? 0) & NATURAL) !== 0) {
				for (const { collected } of placed) collected.all = true
			}
			if (constraint !== undefined) this.#expressions(constraint, ctes)
		}
	}

	#source(source: SelectTable, ctes: ReadonlySet<string>, placed: Placed[]): void {
		switch (source.type) {
			case 'SelectSelectTable':
				this.select(source.select, ctes)
				return
			case 'SubSelectTable':
				this.#from(source.from, ctes, placed)
				return
			case 'TableCallSelectTable':
				this.#names.add(lower(source.tblName.objName.text))
				for (const arg of source.args ?? []) this.#expressions(arg, ctes)
				return
			case 'TableSelectTable': {
				const name = source.tblName.objName.text
				if (source.tblName.dbName === undefined && ctes.has(lower(name))) return
				const collected = this.#table(name, source.tblName.dbName?.text)
				placed.push({ alias: lower(source.alias?.name.text ?? source.tblName.alias?.text ?? name), collected })
			}
		}
	}

	#table(name: string, database = 'main'): Collected {
		const table = lower(database) === 'main' ? this.#byName.get(lower(name)) : undefined
		if (table === undefined) {
			const known = [...this.#input.schema.tables.keys()]
			throw new SQLakeError('ROUTE_UNKNOWN_TABLE', `table "${name}": expected a table of the schema, found none of that name`, {
				hint: `The schema has ${known.join(', ')}.`,
				details: { table: name },
			})
		}
		let collected = this.#collected.get(table)
		if (collected === undefined) {
			collected = { table, all: false, conditions: [] }
			this.#collected.set(table, collected)
		}
		return collected
	}

	/** Notes the names in an expression, and goes into its sub-queries. */
	#expressions(root: AstNode, ctes: ReadonlySet<string>): void {
		traverse(root, {
			enter: (node) => {
				switch (node.type) {
					case 'Select':
						this.select(node, ctes)
						return 'skip'
					case 'Id':
						this.#names.add(lower(node.name))
						return 'continue'
					case 'Name':
						this.#names.add(lower(node.text))
						return 'continue'
					case 'InTableExpr':
						if (!ctes.has(lower(node.rhs.objName.text))) {
							const collected = this.#table(node.rhs.objName.text, node.rhs.dbName?.text)
							collected.all = true
							collected.conditions.push([])
						}
						return 'continue'
					default:
						return 'continue'
				}
			},
		})
	}

	/**
	 * A comparison with a constant in the WHERE of a block is never true of a row of NULLs. So a row of the table for which it
	 * fails can be left out before any join: an outer join then has a row of NULLs in its place, which the WHERE drops again.
	 */
	#conditions(block: SelectFrom, placed: readonly Placed[]): void {
		const conjuncts = block.whereClause === undefined ? [] : conjunctsOf(block.whereClause)
		for (const { alias, collected } of placed) {
			const own = conjuncts.flatMap((conjunct) => this.#condition(conjunct, alias, collected.table, placed))
			collected.conditions.push(own)
		}
	}

	#condition(expr: Expr, alias: string, table: SeenTable, placed: readonly Placed[]): ConstantCondition[] {
		const columnOf = (side: Expr) => this.#columnOf(side, alias, table, placed)
		const constant = (side: Expr) => constantOf(side, this.#input.parsed, this.#input.params)
		const one = (column: string | undefined, op: ComparisonOp, side: Expr): ConstantCondition[] => {
			const value = constant(side)
			// `x IS NULL` is true of a row of NULLs, unlike every other comparison here.
			if (column === undefined || value === undefined || value === null) return []
			return [{ column, op, values: [value], bound: side.type === 'VariableExpr' }]
		}
		switch (expr.type) {
			case 'ParenthesizedExpr':
				return expr.exprs.length === 1 && expr.exprs[0] !== undefined ? this.#condition(expr.exprs[0], alias, table, placed) : []
			case 'BinaryExpr': {
				const ops = COMPARISON_OPS[expr.op]
				if (ops === undefined) return []
				return [...one(columnOf(expr.left), ops[0], expr.right), ...one(columnOf(expr.right), ops[1], expr.left)]
			}
			case 'BetweenExpr': {
				const column = columnOf(expr.lhs)
				return expr.not ? [] : [...one(column, 'gte', expr.start), ...one(column, 'lte', expr.end)]
			}
			case 'InListExpr': {
				const column = columnOf(expr.lhs)
				if (expr.not || column === undefined) return []
				const values = (expr.rhs ?? []).map(constant)
				const bound = (expr.rhs ?? []).some((side) => side.type === 'VariableExpr')
				return values.every((value) => value !== undefined) ? [{ column, op: 'eq', values, bound }] : []
			}
			default:
				return []
		}
	}

	/** The column of the table that an expression is, where it can be no other's. */
	#columnOf(expr: Expr, alias: string, table: SeenTable, placed: readonly Placed[]): string | undefined {
		if (expr.type === 'QualifiedExpr') {
			const named = placed.filter((other) => other.alias === alias).length
			if (lower(expr.table.text) !== alias || named !== 1) return undefined
			return this.#ownColumn(table, lower(expr.column.text))
		}
		if (expr.type !== 'Id') return undefined
		const name = lower(expr.name)
		const holders = placed.filter(({ collected }) => this.#ownColumn(collected.table, name) !== undefined)
		// Another source of the FROM, such as a sub-query, could have a column of that name, but then SQLite finds it ambiguous.
		return holders.length === 1 && holders[0]?.alias === alias ? this.#ownColumn(table, name) : undefined
	}

	#ownColumn(table: SeenTable, name: string): string | undefined {
		const own = table.columns.some((column) => lower(column.name) === name) || this.#input.extraColumns.includes(name)
		return own ? name : undefined
	}
}

function conjunctsOf(expr: Expr): Expr[] {
	if (expr.type === 'BinaryExpr' && expr.op === 'And') return [...conjunctsOf(expr.left), ...conjunctsOf(expr.right)]
	if (expr.type === 'ParenthesizedExpr' && expr.exprs.length === 1 && expr.exprs[0] !== undefined)
		return conjunctsOf(expr.exprs[0])
	return [expr]
}

function lower(text: string): string {
	return text.toLowerCase()
}
