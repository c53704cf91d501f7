/**
 * How the driver reaches a shard and the lake. Implementations: Durable Object stubs in a Worker; a local file and memory in
 * Node. The driver knows only these interfaces.
 *
 * @module
 */
import type { Bookmark } from '../cdc/change-batch.ts'
import type { Envelope } from '../errors.ts'

/** A value that can be bound in SQLite or comes back from it. A bigint is bound as INTEGER, a number as REAL. */
export type WireValue = string | number | bigint | Uint8Array | ArrayBuffer | null

/** One statement with its bound values. */
export interface BoundStatement {
	readonly sql: string
	readonly params: readonly WireValue[]
}

/** Result of one statement: rows as arrays, in column order. */
export interface StatementResult {
	readonly columns: readonly string[]
	readonly rows: readonly (readonly WireValue[])[]
	readonly rowsRead: number
	readonly rowsWritten: number
	/** Rows inserted, updated or deleted by the statement itself, as SQLite's `changes()` counts. */
	readonly changes: number
	readonly lastInsertRowid: number | null
}

/** Runs statements in one shard. */
export interface ExecuteRequest {
	/** The shard's name; the object refuses a request that was meant for another. */
	readonly shard: string
	/** All run in one transaction: all or none. */
	readonly statements: readonly BoundStatement[]
	/** A statement that would write is refused with READ_ONLY. */
	readonly readOnly: boolean
	/**
	 * Names of columns by table, in the order that the caller took them to have when it found the shard. The object refuses the
	 * request, with ROUTE_COLUMN_ORDER, where they stand in another.
	 */
	readonly columnOrder?: Readonly<Record<string, readonly string[]>>
	/** Set by a caller that named the shard itself: its statements may change this one shard's tables. */
	readonly changesSchema?: boolean
}

export interface ExecuteResponse {
	readonly results: readonly StatementResult[]
	/** Position after the last change of this call; null when it changed nothing or capture is off. */
	readonly bookmark: Bookmark | null
}

/** Reaches the shards. */
export interface ShardTransport {
	/** @throws SQLakeError with the code the shard gave, or SHARD_UNAVAILABLE. */
	execute(request: ExecuteRequest): Promise<ExecuteResponse>
}

/** The moment, or the range, of the lake that a query sees. Milliseconds since the epoch. */
export type LakeMoment =
	| { readonly kind: 'current' }
	| { readonly kind: 'asOf'; readonly at: number }
	| { readonly kind: 'snapshot'; readonly id: bigint }
	| { readonly kind: 'between'; readonly from: number; readonly to: number }

/** A query over all shards. The SQL is SQLite's dialect over the tables of the schema. */
export interface LakeRequest {
	readonly statement: BoundStatement
	readonly moment: LakeMoment
	/**
	 * Whose columns a name means at an earlier moment where code and moment have different ones of that name: those of the code, which
	 * a query builder goes by, or those of the moment, if absent.
	 */
	readonly names?: 'code'
	/** Milliseconds; the service's default where absent. */
	readonly timeoutMs?: number
	/** `duckdb`: the statement is DuckDB's own SQL, and is not rewritten. */
	readonly dialect?: LakeDialect
	readonly signal?: AbortSignal
}

/** What a lake query is written in; SQLite's dialect unless it says otherwise. */
export type LakeDialect = 'sqlite' | 'duckdb'

/** What a lake query did. */
export interface LakeQueryStats {
	readonly snapshots: Readonly<Record<string, number>>
	readonly filesKept: number
	readonly filesPruned: number
	readonly bytesRead: number
	readonly rowsRead: number
	/** Milliseconds. */
	readonly durationMs: number
}

export interface LakeResponse {
	readonly columns: readonly string[]
	/** In SQLite's storage classes, as a Durable Object would answer. */
	readonly rows: readonly (readonly WireValue[])[]
	readonly stats: LakeQueryStats
}

/** Some rows of a large result. */
export interface LakeBatch {
	readonly columns: readonly string[]
	/** In SQLite's storage classes, as a Durable Object would answer. */
	readonly rows: readonly (readonly WireValue[])[]
}

/** Reaches the lake. */
export interface LakeTransport {
	query(request: LakeRequest): Promise<LakeResponse>
	/**
	 * The rows as they are asked for, so that a large result is never held as a whole. To leave the loop early ends the query. The
	 * time that the caller takes counts. A transport that can only give whole answers leaves it out.
	 *
	 * @returns at least one batch, so that the columns are known; a batch may be empty. The generator's own result is the statistics.
	 */
	stream?(request: LakeRequest): AsyncGenerator<LakeBatch, LakeQueryStats, undefined>
}

/** The RPC surface of a sqlake Durable Object, as the driver calls it. */
export interface SQLakeDurableObjectRpc {
	sqlakeExecute(request: ExecuteRequest): Promise<Envelope<ExecuteResponse>>
}
