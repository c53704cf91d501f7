/**
 * Routes from facts that are already resolved: what the Drizzle builder knows without any SQL text. For the simple shapes
 * only; everything else goes through {@link determineRoute}.
 *
 * @module
 */
import { SQLakeError } from '../errors.ts'
import type { TableSchema } from '../schema/table-schema.ts'
import { shardOf } from './compute-shard-id.ts'
import { Constraints, type NodeId } from './constraints.ts'
import { decideRoute, describeRows } from './decide.ts'
import type { SqlValue } from './key-value.ts'
import type { Route } from './route.ts'
import { addUse, Block, type Source, tableSource } from './scope.ts'
import { prepare, solve } from './solve.ts'
import type { Term } from './term.ts'

/** One occurrence of a table in a statement. */
export interface StructuredTable {
	readonly table: TableSchema
	/** Unique within the statement. */
	readonly alias: string
}

/** A column of one of the statement's tables, by its SQL name. */
export interface StructuredColumn {
	readonly alias: string
	readonly column: string
}

/** `column = value` or `column IN (values)`, each value as it will be bound. */
export interface StructuredValues {
	readonly column: StructuredColumn
	readonly values: readonly SqlValue[]
}

/** `left = right` between two columns. */
export interface StructuredEquality {
	readonly left: StructuredColumn
	readonly right: StructuredColumn
}

/** A term that holds for every row of the result. A term of any other shape is simply left out: it can only narrow further. */
export type StructuredConjunct = StructuredValues | StructuredEquality

/** A statement over one table, or over tables joined by inner joins. */
export interface StructuredStatement {
	readonly tables: readonly StructuredTable[]
	/** The terms of WHERE and of every inner join's ON, joined by AND. */
	readonly conjuncts: readonly StructuredConjunct[]
	readonly write: boolean
}

/**
 * Routes a select, update or delete over inner joins. An update must not set a column of the shard key.
 *
 * @throws SQLakeError SHARD_ID_INVALID for a value that cannot name a shard; INTERNAL for an alias or a column that is not there.
 */
export function routeFromStructure(statement: StructuredStatement): Route {
	const constraints = new Constraints()
	const block = new Block(constraints.addBlock(null), null)
	const sources = new Map<string, Source>()
	for (const { table, alias } of statement.tables) {
		const source = tableSource(constraints, block, table, alias)
		addUse(constraints, table, source)
		sources.set(alias, source)
	}
	const params: SqlValue[] = []
	const nodeOf = ({ alias, column }: StructuredColumn): NodeId | null => {
		const found = sources.get(alias)?.column(column.toLowerCase())
		if (found === undefined) {
			throw new SQLakeError('INTERNAL', `structured statement: expected a column "${alias}"."${column}", found none`)
		}
		return found.node
	}
	for (const conjunct of statement.conjuncts) {
		if ('left' in conjunct) {
			const [left, right] = [nodeOf(conjunct.left), nodeOf(conjunct.right)]
			if (left !== null && right !== null) constraints.merge(left, right, true)
			continue
		}
		const node = nodeOf(conjunct.column)
		if (node === null) continue
		const terms = conjunct.values.map((value): Term => ({ kind: 'parameter', index: params.push(value) - 1 }))
		constraints.pin({ node, terms, mode: 'equals', block: block.id })
	}
	for (const source of sources.values()) constraints.blocks[block.id]?.required.push(...source.nodes)
	const tables = [...new Set(statement.tables.map(({ table }) => table.name))]
	return decideRoute({ write: statement.write, tables }, constraints.uses, solve(prepare(constraints), params))
}

/**
 * Routes an `INSERT ... VALUES` by the values of the shard key of each row, in key order (any values for a global table).
 *
 * @throws SQLakeError ROUTE_SHARD_KEY_NULL, SHARD_ID_INVALID
 */
export function routeInsertRows(table: TableSchema, rows: readonly (readonly SqlValue[])[]): Route {
	const named = rows.map((key) => shardOf(table, key))
	const base = { write: true, tables: [table.name] }
	const [shard, ...others] = new Set(named)
	if (shard === undefined) return { kind: 'none', ...base, reason: 'it inserts no row' }
	const reason = describeRows(table)
	if (others.length === 0) return { kind: 'shard', shard, ...base, reason }
	return { kind: 'shards', shards: [shard, ...others], rows: named, ...base, reason }
}
