/**
 * Names: the sources of a query block, their columns, and which column a name means.
 *
 * @module
 */
import type { Expr } from 'sqlite3-parser'
import type { Affinity, ColumnSchema, TableSchema } from '../schema/table-schema.ts'
import type { BlockId, Constraints, NodeId } from './constraints.ts'
import { domainOf } from './key-value.ts'
import type { Term } from './term.ts'

/** A column as the block that sees it knows it. */
export interface ScopedColumn {
	readonly name: string
	/** Null where nothing can be said of its values, or where they are `terms`. */
	readonly node: NodeId | null
	/** The constants that its values are, where it is an output of a derived table without a table behind it. */
	readonly terms: readonly Term[] | null
	/** The affinity of the column of the table behind it. */
	readonly affinity: Affinity | null
	/** Whether it may be NULL for all that its table says; an outer join may make it so besides. */
	readonly nullable: boolean
}

/** Anything that stands in FROM under a name. */
export interface Source {
	/** In lower case. */
	readonly alias: string
	/** The name of the database it may be qualified with; null where it cannot be. */
	readonly database: string | null
	/** Null for a derived table. */
	readonly table: TableSchema | null
	/** In lower case, in the order of `*`. */
	readonly columnNames: readonly string[]
	/** The column of that name, in lower case. */
	column(name: string): ScopedColumn | undefined
	/** Nodes of the columns of a table; grows as they are asked for. */
	readonly nodes: readonly NodeId[]
	/** Whether an outer join may put NULL in the place of its rows. */
	optional: boolean
	/** Whether a comparison drops the rows where an outer join put NULL. */
	rejectsNull: boolean
}

/** One SELECT with its FROM, or the target of a write with its own. */
export class Block {
	readonly id: BlockId
	/** The block whose columns this one may use besides its own. */
	readonly parent: Block | null
	readonly sources: Source[] = []
	/** Names of its outputs, in lower case: they hide the columns of outer blocks in every clause. */
	readonly aliases = new Set<string>()
	/** Columns that USING or NATURAL made one, in lower case. */
	readonly shared = new Set<string>()
	/** Whether it has an outer join of any kind. */
	hasOuterJoin = false
	/** Whether it has a RIGHT or FULL join: a shared column is then the first that is not NULL. */
	hasRightJoin = false
	/** Whether rows are grouped, so that its outputs are no longer its rows. */
	isAggregate = false
	/** The columns by which each of its window functions partitions the rows. */
	readonly partitions: (readonly ColumnReference[])[] = []
	/** Columns that `*` leaves out because USING or NATURAL made them one with a column further left. */
	readonly hidden = new Map<Source, Set<string>>()

	constructor(id: BlockId, parent: Block | null) {
		this.id = id
		this.parent = parent
	}
}

/** A column that a name means. */
export interface ColumnReference {
	readonly block: Block
	readonly source: Source
	readonly column: ScopedColumn
}

/** `unknown`: it means something of which nothing can be said. `missing`: no such column; perhaps a literal. */
export type Resolution = ColumnReference | 'unknown' | 'missing'

const rowidNames = new Set(['rowid', 'oid', '_rowid_'])

/** The column that an expression is, as SQLite resolves it (`lookupName()` in resolve.c), or what else it may be. */
export function resolveColumn(expr: Expr, block: Block): Resolution {
	if (expr.type === 'Id') return resolveName(block, null, null, expr.name.toLowerCase())
	if (expr.type === 'QualifiedExpr') {
		const database = expr.schema?.text.toLowerCase() ?? null
		return resolveName(block, database, expr.table.text.toLowerCase(), expr.column.text.toLowerCase())
	}
	if (expr.type === 'ParenthesizedExpr' && expr.exprs.length === 1 && expr.exprs[0] !== undefined) {
		return resolveColumn(expr.exprs[0], block)
	}
	if (expr.type === 'CollateExpr' && /^binary$/i.test(expr.collation)) return resolveColumn(expr.expr, block)
	return 'unknown'
}

/** Like {@link resolveColumn}; null for everything that is no known column. */
export function columnOf(expr: Expr, block: Block): ColumnReference | null {
	const found = resolveColumn(expr, block)
	return typeof found === 'string' ? null : found
}

function resolveName(block: Block, database: string | null, table: string | null, column: string): Resolution {
	for (let scope: Block | null = block; scope !== null; scope = scope.parent) {
		const found = resolveIn(scope, database, table, column)
		if (found !== 'missing') return found
	}
	return 'missing'
}

function resolveIn(scope: Block, database: string | null, table: string | null, name: string): Resolution {
	const matches: ColumnReference[] = []
	let named = 0
	for (const source of scope.sources) {
		if (table !== null && source.alias !== table) continue
		if (database !== null && source.database !== database) continue
		named++
		const column = source.column(name)
		if (column !== undefined) matches.push({ block: scope, source, column })
	}
	const [first] = matches
	if (first !== undefined) {
		if (matches.length === 1) return first
		return table === null && scope.shared.has(name) && !scope.hasRightJoin ? first : 'unknown'
	}
	if (rowidNames.has(name) && named > 0) return 'unknown'
	return table === null && scope.aliases.has(name) ? 'unknown' : 'missing'
}

/** A table of the schema as a source of a block; its rows count as used only with {@link addUse}. */
export function tableSource(constraints: Constraints, block: Block, table: TableSchema, alias: string): Source {
	const columns = new Map<string, ScopedColumn>()
	const schemas = new Map<string, ColumnSchema>(table.columns.map((column) => [column.name.toLowerCase(), column]))
	const facts = constraints.blocks[block.id]
	const nodes: NodeId[] = []
	const column = (name: string): ScopedColumn | undefined => {
		const known = columns.get(name)
		if (known !== undefined) return known
		const schema = schemas.get(name)
		if (schema === undefined) return undefined
		const domain = domainOf(schema)
		const node = domain === null ? null : constraints.addNode(domain)
		if (node !== null) {
			nodes.push(node)
			facts?.nodes.push(node)
		}
		const isKey = table.shardKey?.some((key) => key.toLowerCase() === name) ?? false
		const made = { name, node, terms: null, affinity: schema.affinity, nullable: !schema.notNull && !isKey }
		columns.set(name, made)
		return made
	}
	return {
		alias: alias.toLowerCase(),
		database: 'main',
		table,
		columnNames: [...schemas.keys()],
		column,
		nodes,
		optional: false,
		rejectsNull: false,
	}
}

/** Notes that the statement needs rows of a table. */
export function addUse(constraints: Constraints, table: TableSchema, source: Source): void {
	const key = (table.shardKey ?? []).map((name) => source.column(name.toLowerCase())?.node ?? null)
	constraints.uses.push({ table, alias: source.alias, key })
}

/** A source of known columns that is no table. */
export function derivedSource(alias: string | null, columns: readonly ScopedColumn[]): Source {
	const byName = new Map<string, ScopedColumn>()
	// Of several columns of one name, SQLite finds the first.
	for (const column of columns) if (!byName.has(column.name)) byName.set(column.name, column)
	return {
		alias: alias?.toLowerCase() ?? '',
		database: null,
		table: null,
		columnNames: columns.map((column) => column.name),
		column: (name) => byName.get(name),
		nodes: [],
		optional: false,
		rejectsNull: false,
	}
}
