/**
 * The plain description of a table that every room but the driver works from: no Drizzle object in it, safe to clone and
 * to store. It is derived from the Drizzle tables by `SQLake()`.
 *
 * @module
 */

/** A column's affinity, as SQLite derives it from the declared type (https://www.sqlite.org/datatype3.html section 3.1). */
export type Affinity = 'TEXT' | 'NUMERIC' | 'INTEGER' | 'REAL' | 'BLOB'

/** How Drizzle reads and writes the column; decides its type in the lake. */
export type ColumnMode =
	| 'text'
	| 'json'
	| 'number'
	| 'boolean'
	| 'timestamp' // integer seconds since the epoch
	| 'timestamp_ms' // integer milliseconds since the epoch
	| 'real'
	| 'numeric'
	| 'blob'
	| 'custom'

/** The Iceberg primitive type of the column in the lake (Iceberg specification, "Primitive Types"). */
export type LakeType = 'boolean' | 'long' | 'double' | 'string' | 'binary' | 'timestamptz'

/** One column of a table. */
export interface ColumnSchema {
	/** Name in SQL. */
	readonly name: string
	/** Name of the property in the Drizzle table. */
	readonly property: string
	/** Iceberg field id of the column in the lake; stable for the life of the column, from {@link FIRST_COLUMN_FIELD_ID} on. */
	readonly fieldId: number
	/** The type as it stands in CREATE TABLE. */
	readonly declaredType: string
	readonly affinity: Affinity
	readonly mode: ColumnMode
	readonly lakeType: LakeType
	readonly notNull: boolean
	readonly generated: boolean
}

/** One table. Names are SQL names unless said otherwise. */
export interface TableSchema {
	/** Name in SQL. */
	readonly name: string
	/** Name of the property in the `SQLake()` definition. */
	readonly property: string
	/** In declaration order. */
	readonly columns: readonly ColumnSchema[]
	/** Column names of the primary key, in key order; never empty while capture is on. */
	readonly primaryKey: readonly string[]
	/** Column names of the shard key, in key order; null for a global table. */
	readonly shardKey: readonly string[] | null
	/**
	 * Version of the manifest that last changed the table: shards that are not equally far deliver to one lake table, whose schema
	 * follows the highest. Where migrations come without a manifest, the number of the one that last changed the table. Absent, as 0,
	 * where neither tells: field ids then follow the order of the columns.
	 */
	readonly version?: number
}

/** How rows are stored in the lake. */
export type StorageMode = 'columns' | 'variant' | 'hybrid'

/** Everything the rooms below the driver need to know of a schema. */
export interface LakeSchema {
	/** By SQL name, in declaration order. */
	readonly tables: ReadonlyMap<string, TableSchema>
	readonly storage: StorageMode
	/** Whether changes are captured. */
	readonly cdc: boolean
	/** Name of the R2 binding in env. */
	readonly bucketBinding: string
	/** Name of the column that holds the whole row, where storage is not 'columns'. */
	readonly variantColumn: string
}

/** Field ids below this one belong to the columns that the lake adds. */
export const FIRST_COLUMN_FIELD_ID = 101

/** The shard that holds all `global` tables. */
export const GLOBAL_SHARD = '_global'
