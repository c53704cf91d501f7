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

/** `column = ?` or `column IN (?, ...)`, before its values are known. */
export interface StructuredPin {
	readonly column: StructuredColumn
	/** How many values it takes. */
	readonly count: number
}

/** A {@link StructuredStatement} before its values are known: what statements of one shape have in common. */
export interface StructuredShape {
	readonly tables: readonly StructuredTable[]
	readonly conjuncts: readonly (StructuredPin | StructuredEquality)[]
	readonly write: boolean
}

/**
 * Routes a select, update or delete over inner joins. An update must not set a column of the shard key.
 *
 * @throws SQLakeError SHARD_ID_INVALID for a value that cannot name a shard; INTERNAL for an alias or a column that is not there.
 */
export function routeFromStructure({ tables, conjuncts, write }: StructuredStatement): Route {
	const shape = conjuncts.map((conjunct) =>
		'left' in conjunct ? conjunct : { column: conjunct.column, count: conjunct.values.length },
	)
	const params = conjuncts.flatMap((conjunct) => ('left' in conjunct ? [] : conjunct.values))
	return prepareStructure({ tables, conjuncts: shape, write })(params)
}

/**
 * Prepares the routes of all statements of a shape: the answer takes the values of its pins, one after the other.
 *
 * @throws SQLakeError INTERNAL for an alias or a column that is not there; the answer throws SHARD_ID_INVALID.
 */
export function prepareStructure(shape: StructuredShape): (params: readonly SqlValue[]) => Route {
	const constraints = new Constraints()
	const block = new Block(constraints.addBlock(null), null)
	const sources = new Map<string, Source>()
	for (const { table, alias } of shape.tables) {
		const source = tableSource(constraints, block, table, alias)
		addUse(constraints, table, source)
		sources.set(alias, source)
	}
	const nodeOf = ({ alias, column }: StructuredColumn): NodeId | null => {
		const found = sources.get(alias)?.column(column.toLowerCase())
		if (found === undefined) {
			throw new SQLakeError('INTERNAL', `structured statement: expected a column "${alias}"."${column}", found none`)
		}
		return found.node
	}
	let position = 0
	for (const conjunct of shape.conjuncts) {
		if ('left' in conjunct) {
			const [left, right] = [nodeOf(conjunct.left), nodeOf(conjunct.right)]
			if (left !== null && right !== null) constraints.merge(left, right, true)
			continue
		}
		const first = position
		position += conjunct.count
		const node = nodeOf(conjunct.column)
		if (node === null) continue
		const terms = Array.from({ length: conjunct.count }, (_, i): Term => ({ kind: 'parameter', index: first + i }))
		constraints.pin({ node, terms, mode: 'equals', block: block.id })
	}
	for (const source of sources.values()) constraints.blocks[block.id]?.required.push(...source.nodes)
	const tables = [...new Set(shape.tables.map(({ table }) => table.name))]
	const prepared = prepare(constraints)
	return (params) => decideRoute({ write: shape.write, tables }, constraints.uses, solve(prepared, params))
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
