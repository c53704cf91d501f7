/**
 * What capture hands to delivery: the changes of one shard, columnar, in SQLite's own storage classes.
 *
 * @module
 */
import type { SqlValue } from '../schema/sql-value.ts'
import type { TableSchema } from '../schema/table-schema.ts'

/** Kind of a change: create, update, delete. */
export type ChangeOp = 'c' | 'u' | 'd'

/**
 * The values of one column. All but `mixed` are the fast paths of a column whose values all have one storage class (or NULL):
 * `integer` holds safe integers as JavaScript numbers.
 */
export type ColumnVector =
	| { readonly kind: 'integer'; readonly values: readonly (number | null)[] }
	| { readonly kind: 'real'; readonly values: readonly (number | null)[] }
	| { readonly kind: 'text'; readonly values: readonly (string | null)[] }
	| { readonly kind: 'blob'; readonly values: readonly (Uint8Array | null)[] }
	| { readonly kind: 'mixed'; readonly values: readonly SqlValue[] }

/** The changes of one table within a batch, in `seq` order. All arrays have `length` entries. */
export interface TableChanges {
	readonly table: TableSchema
	readonly length: number
	readonly op: readonly ChangeOp[]
	/** Position in the shard's total order; safe integers, strictly increasing. */
	readonly seq: readonly number[]
	/** Milliseconds since the epoch, never decreasing within a shard. */
	readonly ts: readonly number[]
	/** The row: after the change for `c` and `u`, before it for `d`. One vector a column, in the order of `table.columns`. */
	readonly row: readonly ColumnVector[]
	/** The row before an update, NULL throughout for `c` and `d`; absent where the batch holds no update of this table. */
	readonly before: readonly ColumnVector[] | null
}

/** The changes of one shard that are delivered together; never part of a transaction. */
export interface ChangeBatch {
	readonly shard: string
	/** Changes whenever the shard's history was rewound; from 1. */
	readonly epoch: number
	/** First and last position in the batch, inclusive. Positions in between that no table shows were dead-lettered. */
	readonly fromSeq: number
	readonly toSeq: number
	/** The moment of the last change, in milliseconds: all changes of the shard up to it are in the lake once this is committed. */
	readonly watermark: number
	/** Milliseconds: by how much moments had to be raised at most so that none decreases. Large where the shard's clock went back. */
	readonly raisedBy: number
	readonly tables: readonly TableChanges[]
}

/** One change as an application sees it. */
export interface CDCEvent<T = Record<string, unknown>> {
	readonly _op: ChangeOp
	readonly _table: string
	readonly _shard: string
	readonly _seq: bigint
	/** Milliseconds since the epoch. */
	readonly _ts: number
	readonly _before: T | null
	readonly _after: T | null
}

/** A write's position in its shard. `epoch` may be left out on input and then means the shard's current one. */
export interface Bookmark {
	readonly shard: string
	readonly seq: bigint
	readonly epoch?: number
}
