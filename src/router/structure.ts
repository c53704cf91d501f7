/**
 * Routes from facts that are already resolved: what the Drizzle builder knows without any SQL text. For the simple shapes
 * only; everything else goes through {@link determineRoute}.
 *
 * @module
 */
import type { TableSchema } from '../schema/table-schema.ts'
import type { SqlValue } from './key-value.ts'
import type { Route } from './route.ts'

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

/** Routes a select, update or delete over inner joins. An update must not set a column of the shard key. */
export declare function routeFromStructure(statement: StructuredStatement): Route

/** Routes an `INSERT ... VALUES` by the values of the shard key of each row, in key order (any values for a global table). */
export declare function routeInsertRows(table: TableSchema, rows: readonly (readonly SqlValue[])[]): Route
