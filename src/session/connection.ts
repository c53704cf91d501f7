/**
 * What a session needs of the world outside: the schema, the way to the shards and the way to the lake.
 *
 * @module
 */
import type { Bookmark } from '../cdc/change-batch.ts'
import type { LakeDialect, LakeMoment, LakeTransport, ShardTransport } from '../driver/transport.ts'
import type { Observability } from '../observability/observability.ts'
import type { LakeSchema } from '../schema/table-schema.ts'

/** How far a shard's changes are in the lake. */
export interface LakePosition {
	readonly epoch: number
	readonly seq: number
}

/** Limits and cancellation of one lake query. */
export interface QueryOptions {
	/**
	 * Sends the rows of one INSERT ... VALUES to several shards, where they belong to several. The rows of one shard are written all
	 * or none; the shards are not one transaction.
	 */
	readonly split?: boolean | undefined
	/** Milliseconds that it may take, from the call to the last row; the client's `analyticsTimeoutMs`, or 30,000, by default. */
	readonly timeoutMs?: number | undefined
	/**
	 * `'duckdb'` sends a lake query to DuckDB as it is written, over the same views of the same tables: with DuckDB's functions, types
	 * and rules. It may only read. Of the types that SQLite lacks BOOLEAN comes as 0 or 1 and DECIMAL as a number; others are to be
	 * CAST.
	 */
	readonly dialect?: LakeDialect | undefined
	/** Aborts it. */
	readonly signal?: AbortSignal | undefined
}

/** Everything that queries run through. One for each env, shared by all sessions of it. */
export interface Connection {
	readonly schema: LakeSchema
	readonly shards: ShardTransport
	/** Where a read that pins no shard goes; without it such a read is an error. */
	readonly fallback: 'analytics' | undefined
	readonly observability: Observability | undefined
	/** Milliseconds that a lake query may take unless it says otherwise; the transport's own default where absent. */
	readonly analyticsTimeoutMs?: number | undefined
	/** The lake, made when it is first needed: an analytics engine is large. */
	lake(): Promise<LakeTransport>
	/** How far a shard's changes are in the lake; null for a shard that has never delivered. */
	position(shard: string): Promise<LakePosition | null>
}

/** Where a session sends its queries. */
export type Target =
	/** To the one shard that the statement pins. With `split` the rows of an INSERT ... VALUES may go to several. */
	| { readonly kind: 'routed'; readonly split?: boolean }
	/** To the shard named, whatever the statement pins. */
	| { readonly kind: 'shard'; readonly shard: string }
	/** To the lake, as of a moment. */
	| { readonly kind: 'lake'; readonly moment: LakeMoment; readonly limits?: QueryOptions }
	/** To the lake, once the write that the bookmark names is in it. */
	| { readonly kind: 'causal'; readonly bookmark: Bookmark; readonly timeoutMs: number; readonly limits?: QueryOptions }

/** The target of a session that nothing was said about. */
export const ROUTED: Target = { kind: 'routed' }

/** As {@link ROUTED}, and an INSERT of rows that belong to several shards sends each row to its own. */
export const SPLIT: Target = { kind: 'routed', split: true }

/** How long a causal read waits for its write, in milliseconds, unless told otherwise. */
export const DEFAULT_CAUSAL_TIMEOUT_MS = 30_000

/** The lake, as of a moment. */
export function lakeTarget(moment: LakeMoment, limits?: QueryOptions): Target {
	return { kind: 'lake', moment, ...(limits === undefined ? {} : { limits }) }
}

/** How a causal read waits for its write. */
export interface CausalOptions {
	/** Milliseconds to wait for the write; 30,000 by default. */
	readonly timeoutMs?: number | undefined
	/** Aborts the wait, and the query after it. */
	readonly signal?: AbortSignal | undefined
}

/** The lake, once a write is in it. */
export function causalTarget(bookmark: Bookmark, { timeoutMs = DEFAULT_CAUSAL_TIMEOUT_MS, signal }: CausalOptions = {}): Target {
	return { kind: 'causal', bookmark, timeoutMs, ...(signal === undefined ? {} : { limits: { signal } }) }
}
