/**
 * The catalog: which metadata is current for every table of a lake, and up to which change each shard has been committed.
 * Implementations: an R2 pointer swapped by compare-and-swap, and a Durable Object. One contract suite,
 * `tests/contract/catalog.ts`, runs on each.
 *
 * @module
 */
import type { TableSchema } from '../../schema/table-schema.ts'
import type { SchemaEvolutionOperation } from '../iceberg/schema-operations.ts'
import type { IcebergDataFile, IcebergSchema, IcebergTableMetadata } from '../iceberg/types.ts'

/** How far a shard's changes are in the lake. */
export interface ShardPosition {
	readonly epoch: number
	/** Last committed position of that epoch; 0 when none is. */
	readonly seq: number
	/** Milliseconds: every change of the shard up to this moment is in the lake. */
	readonly watermark: number
}

/** The files that a commit appends to one table. */
export interface TableAppend {
	/** Name of the Iceberg table, such as `orders_changes`. */
	readonly table: string
	/** The schema the files were written with; the table is created with it, or must hold every field of it. */
	readonly schema: IcebergSchema
	/** Version of the table's schema (`TableSchema.version`); 0 where absent. An older one than the lake's leaves the schema as it is. */
	readonly schemaVersion?: number
	/** The table in SQL, as it was captured: what the lake says of its columns beyond their Iceberg types. */
	readonly describes?: TableSchema
	/** Whether the shard key that `describes` names gives every row's own shard. Not known where absent. */
	readonly rowsFollowKey?: boolean
	readonly dataFiles: readonly IcebergDataFile[]
}

/** A table's schema, as a migration leaves it, for a lake that shall know it before the first change arrives. */
export interface TableEvolution {
	/** Name of the Iceberg table, such as `orders_changes`. */
	readonly table: string
	readonly schema: IcebergSchema
	readonly schemaVersion: number
	/** The table in SQL. */
	readonly describes?: TableSchema
}

/** How {@link Catalog.evolve} decides where the lake has a later version. */
export interface EvolveOptions {
	/**
	 * Makes what is wanted the current schema even where the lake has a later version: the way back after a rollback. What
	 * shards deliver afterwards under the later version evolves the table forward again. Default false.
	 */
	readonly force?: boolean
}

/**
 * What became, or would become, of a table.
 *
 * - `created`: the lake had none of that name.
 * - `evolved`: its schema changed, or only its version.
 * - `unchanged`: it is as wanted.
 * - `newer`: the lake has a later version, and was left there.
 */
export interface EvolvedTable {
	readonly table: string
	readonly status: 'created' | 'evolved' | 'unchanged' | 'newer'
	/** Version that the lake had; null where it had no such table. */
	readonly fromVersion: number | null
	/** Version that the lake has now. */
	readonly toVersion: number
	/** What changed in the table's own columns, in an order to tell a person; empty unless created or evolved. */
	readonly changes: readonly SchemaEvolutionOperation[]
}

/** What {@link Catalog.evolve} did. */
export interface EvolutionResult {
	/** Version of the lake afterwards. */
	readonly version: number
	/** In the order asked for. */
	readonly tables: readonly EvolvedTable[]
}

/**
 * The changes of one shard, to be committed as one. All appends take effect together or not at all, together with the
 * shard's new position.
 */
export interface CommitRequest {
	/** Unique and the same on every retry; stands in the snapshot summary. */
	readonly commitId: string
	readonly shard: string
	readonly epoch: number
	/** The shard's position must be exactly `fromSeq - 1` in `epoch`, or the end of an earlier epoch when this one starts. */
	readonly fromSeq: number
	readonly toSeq: number
	/** Milliseconds. */
	readonly watermark: number
	readonly appends: readonly TableAppend[]
}

/** Outcome of a commit. */
export interface CommitResult {
	/** `duplicate`: the position already was `toSeq` or beyond, and nothing was written. */
	readonly status: 'committed' | 'duplicate'
	readonly position: ShardPosition
	/** Snapshot id of each table touched; empty for a duplicate, and where another committer's commit took this one with it. */
	readonly snapshots: Readonly<Record<string, number>>
	/** Attempts that were lost against other committers before; absent where none was. */
	readonly retries?: number
}

/** A consistent view of all tables: one moment in the life of the lake. */
export interface CatalogSnapshot {
	/** Grows with every commit. */
	readonly version: number
	/** Current metadata of every table, by Iceberg table name. */
	readonly tables: ReadonlyMap<string, CatalogTable>
}

/** A table in a {@link CatalogSnapshot}. */
export interface CatalogTable {
	/** Full path of the metadata file. */
	readonly metadataLocation: string
	readonly metadata: IcebergTableMetadata
}

/** How {@link Catalog.position} is asked for. */
export interface PositionOptions {
	/**
	 * Whether the answer must be what the next commit will meet, and not what a cache or a replica remembers: for what must not be
	 * begun on a read that may be stale. It costs a write. Default false.
	 */
	readonly confirm?: boolean
}

/** A catalog of one lake. */
export interface Catalog {
	/** One consistent view of all tables; empty for a lake that nobody has written to. */
	load(): Promise<CatalogSnapshot>
	/** @returns null for a shard that has never committed. */
	position(shard: string, options?: PositionOptions): Promise<ShardPosition | null>
	/**
	 * Commits, exactly once for each range of a shard.
	 *
	 * @throws `COMMIT_SEQUENCE` if the range leaves a gap, overlaps what is committed only in part, or is of an earlier epoch;
	 *   `SCHEMA_EVOLUTION` if the files do not fit the table; `CATALOG_LIMIT` for a shard too many; `COMMIT_CONFLICT` when others
	 *   won too often; `STORE_UNAVAILABLE` when the outcome is unknown: ask {@link Catalog.position}.
	 */
	commit(request: CommitRequest): Promise<CommitResult>
	/**
	 * Creates tables and evolves their schemas, all at once or not at all, without a snapshot. To repeat it changes nothing.
	 *
	 * @throws `SCHEMA_EVOLUTION` if a table cannot become what is wanted; `COMMIT_CONFLICT` when others won too often;
	 *   `STORE_UNAVAILABLE` when the outcome is unknown: repeat it.
	 */
	evolve(tables: readonly TableEvolution[], options?: EvolveOptions): Promise<EvolutionResult>
}
