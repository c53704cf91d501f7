/**
 * The engine that runs a lake query. Implementations: DuckDB-WASM, in a Worker or in Node, and native DuckDB in Node. One
 * contract suite, `tests/contract/query-engine.ts`, runs on each.
 *
 * @module
 */
import type { IcebergField } from '../lake/iceberg/types.ts'
import type { ObjectStore } from '../lake/storage/object-store.ts'

/**
 * A value in one of SQLite's storage classes: number or bigint for INTEGER (bigint only beyond 2^53), number for REAL, string,
 * bytes, null. As a parameter a number is REAL and a bigint is INTEGER.
 */
export type EngineValue = number | bigint | string | Uint8Array | null

/** A Parquet file in the store. Its bytes never change under its key. */
export interface EngineFile {
	readonly key: string
	readonly sizeInBytes: number
	readonly recordCount: number
	/** Of the whole file; absent where it is not known. */
	readonly crc32?: number
}

/**
 * A table of a query: the rows of some Parquet files. The engine shows `long`, and `timestamptz` as microseconds since the
 * epoch, as BIGINT; `boolean` as BOOLEAN, `double` as DOUBLE, `string` as VARCHAR, `binary` as BLOB. A column that a file lacks
 * is NULL there.
 */
export interface EngineTable {
	readonly name: string
	/** Found in the files by field id; at least one. */
	readonly columns: readonly IcebergField[]
	readonly files: readonly EngineFile[]
	/** Equal keys promise that equal file keys hold equal bytes, so that an engine may keep what it decoded; absent: it may not. */
	readonly cacheKey?: string
}

/** A view of a query, made after its tables and the views before it. */
export interface EngineView {
	readonly name: string
	/** A SELECT in the engine's dialect. */
	readonly sql: string
}

/** A function of texts that the engine calls back, row by row. NULL is null. What it throws ends the query, with its message. */
export interface EngineFunction {
	/** Equal names promise equal functions. */
	readonly name: string
	call(...args: readonly (string | null)[]): string | null
}

/** One query, in the engine's own dialect. */
export interface EngineQuery {
	/** Where the files are. */
	readonly store: ObjectStore
	readonly tables: readonly EngineTable[]
	readonly views: readonly EngineView[]
	/** Statements that make the macros which the views and the query name; they end with the query. */
	readonly macros?: readonly string[]
	/** Functions that the macros, views and the query name. An engine may keep them. */
	readonly functions?: readonly EngineFunction[]
	/** One SELECT. Parameters are `$1`, `$2` ... */
	readonly sql: string
	readonly params: readonly EngineValue[]
	/**
	 * Whether sqlake printed the statement, so that it names nothing but what is given here. Any other is run where it finds
	 * nothing else: no tables of other queries, no file but those of its tables, and no way to leave something behind.
	 */
	readonly printed?: boolean
}

/** A table that a statement may name. */
export interface EngineRelation {
	readonly name: string
	readonly columns: readonly { readonly name: string; readonly type: 'BIGINT' | 'DOUBLE' | 'VARCHAR' | 'BLOB' }[]
}

/** A statement in the engine's dialect that is to be looked at. */
export interface InspectedStatement extends Pick<EngineQuery, 'sql' | 'params'> {
	readonly relations: readonly EngineRelation[]
}

/** What a statement reads, as the engine binds it. */
export interface EnginePlan {
	/** The relations, as positions among those given. */
	readonly relations: ReadonlySet<number>
	/** Table functions, in lower case. */
	readonly functions: ReadonlySet<string>
	/** Tables that are none of those given. */
	readonly others: ReadonlySet<string>
}

/** Limits of one query. */
export interface EngineLimits {
	/** Milliseconds from the call to the last row, waiting for other queries, or for who takes the rows, included. */
	readonly timeoutMs: number
	/** When the time began to run, in milliseconds since the epoch; now, if absent. */
	readonly startedAt?: number
	readonly signal?: AbortSignal
}

export interface EngineResult {
	readonly columns: readonly string[]
	readonly rows: readonly (readonly EngineValue[])[]
	/** Bytes read from the store; what an engine kept from earlier queries does not count. */
	readonly bytesRead: number
}

/** Some rows of a result, and the bytes that were read since the batch before. */
export type EngineBatch = EngineResult

/** What an engine is made with. */
export interface EngineOptions {
	/** Bytes that the engine's tables, caches and intermediate results may take. */
	readonly memoryLimitBytes: number
	readonly threads: number
	/** Bytes that native DuckDB's copies of files may take on disk, where the store is no directory; 8 GiB unless given. */
	readonly copyLimitBytes?: number
}

/** An engine. Queries may be started at any time; an engine that can only run one at a time lets them wait. */
export interface QueryEngine {
	readonly name: 'wasm' | 'native'
	/**
	 * Runs one query and forgets its tables and views.
	 *
	 * @throws `ANALYTICS_TIMEOUT`, `ANALYTICS_MEMORY`, `ANALYTICS_ABORTED`; `ANALYTICS_FAILED` with the engine's message if it
	 *   refuses the SQL or the result has a type that SQLite lacks; `LAKE_CORRUPT` for a file that is missing or does not decode.
	 */
	run(query: EngineQuery, limits: EngineLimits): Promise<EngineResult>
	/**
	 * Runs one query whose rows are made as they are asked for: what the engine and the caller hold at a time does not grow with
	 * the result. The time that the caller takes between batches counts. Between batches other queries may run.
	 *
	 * @returns at least one batch, so that the columns are known; a batch may be empty. To leave the loop early gives the query up.
	 * @throws as {@link QueryEngine.run} does, from the first batch or a later one.
	 */
	stream(query: EngineQuery, limits: EngineLimits): AsyncGenerator<EngineBatch, void, undefined>
	/**
	 * Binds a statement to empty tables, and runs nothing.
	 *
	 * @throws `READ_ONLY` for what is not one SELECT, `ANALYTICS_FAILED` with the engine's message for what it refuses.
	 */
	inspect(statement: InspectedStatement, limits: EngineLimits): Promise<EnginePlan>
	/** Frees what the engine holds. A later query starts it again. */
	close(): Promise<void>
}
