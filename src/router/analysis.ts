/**
 * What the steps of an analysis share.
 *
 * @module
 */
import type { CommonTableExpr, Select, SortedColumn, With } from 'sqlite3-parser'
import { SQLakeError } from '../errors.ts'
import type { Affinity, TableSchema } from '../schema/table-schema.ts'
import type { BlockId, Constraints, NodeId } from './constraints.ts'
import type { ParsedStatement } from './parse-sql.ts'
import { Block, type ColumnReference, type ScopedColumn } from './scope.ts'
import type { Term } from './term.ts'

/** One column that a query gives. */
export interface Output {
	/** In lower case, as an enclosing block would name it. */
	readonly name: string
	/** The column that it is; null for any other expression. */
	readonly node: NodeId | null
	/** The constants that it is, if it is one of those. */
	readonly terms: readonly Term[] | null
	readonly affinity: Affinity | null
	readonly nullable: boolean
	/** Whether dropping the query's rows by this column is the same as dropping them from the sources first. */
	readonly pushable: boolean
}

/** A common table expression, where it can be seen. */
export interface Cte {
	readonly expr: CommonTableExpr
	/** What its body can see; itself included. */
	readonly ctes: CteScope
	readonly parent: Block | null
	/** Within its own recursive part: makes the columns of one reference to the rows so far. */
	readonly recursion: (() => readonly ScopedColumn[]) | null
}

/** Common table expressions by name in lower case. */
export type CteScope = ReadonlyMap<string, Cte>

/** Where a query stands. */
export interface SelectOptions {
	/** The block whose columns it may use. */
	readonly parent: Block | null
	readonly ctes: CteScope
	/** The block in whose FROM it stands; null elsewhere. */
	readonly from: BlockId | null
	/** Whether something is read from the positions of its columns, and not from their names alone. Default true. */
	readonly positional?: boolean
	/** Called with the columns that its rows share with the parent, where every row of the parent needs a row of it. */
	readonly onCorrelated?: (correlations: readonly Correlation[]) => void
	readonly orderBy?: readonly SortedColumn[]
}

/** `inner = outer` between a column of a correlated query and one of its parent. */
export interface Correlation {
	readonly inner: NodeId
	readonly outer: ColumnReference
}

/** The state of one analysis. */
export interface Analysis {
	readonly parsed: ParsedStatement
	readonly constraints: Constraints
	/** Common table expressions that are being written out: one that turns up within itself is circular. */
	readonly expanding: Set<CommonTableExpr>
	/** Notes that the statement is understood from the places of a table's columns; of all that it names, where null. */
	restOnOrder(table: TableSchema | null): void
	/** The table of that name. Notes that the statement names it. @throws SQLakeError ROUTE_UNKNOWN_TABLE */
	table(name: string): TableSchema
	/** Analyses a query. */
	select(select: Select, options: SelectOptions): readonly Output[]
}

/** Queries that one statement may hold once its common table expressions are written out. */
const MAX_QUERIES = 1_000

/** A new block. @throws SQLakeError ROUTE_UNSUPPORTED when the statement has grown beyond reason. */
export function addBlock(analysis: Analysis, parent: Block | null, from: BlockId | null): Block {
	if (analysis.constraints.blocks.length >= MAX_QUERIES) {
		throw new SQLakeError('ROUTE_UNSUPPORTED', `statement: expected at most ${MAX_QUERIES} queries once CTEs are written out`, {
			hint: 'each reference to a common table expression counts all queries in it: refer to them less often, or split the statement',
		})
	}
	return new Block(analysis.constraints.addBlock(from), parent)
}

/** The scope inside a statement or query with the given WITH clause. */
export function withCtes(clause: With | undefined, outer: CteScope, parent: Block | null): CteScope {
	if (clause === undefined) return outer
	const scope = new Map(outer)
	for (const expr of clause.ctes) scope.set(expr.tblName.text.toLowerCase(), { expr, ctes: scope, parent, recursion: null })
	return scope
}

/** The columns that a derived table gives to the block that holds it. */
export function exportColumns(constraints: Constraints, outputs: readonly Output[]): ScopedColumn[] {
	return outputs.map(({ name, node, terms, affinity, nullable, pushable }) => {
		if (node === null) return { name, node, terms, affinity, nullable }
		const column = addNodeLike(constraints, node)
		constraints.flow(node, column, false)
		if (pushable) constraints.push(column, [node])
		return { name, node: column, terms: null, affinity, nullable }
	})
}

/** A new node of the same domain. */
export function addNodeLike(constraints: Constraints, node: NodeId): NodeId {
	return constraints.addNode(constraints.domains[node] ?? 'BLOB')
}
