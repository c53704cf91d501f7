/**
 * The `sql` template.
 *
 * @module
 */
import { sql as drizzleSql, type Name, type Param, type Placeholder, type SQLChunk } from 'drizzle-orm'
import type { Bookmark, ChangeOp } from '../cdc/change-batch.ts'
import { type CausalOptions, causalTarget, lakeTarget, ROUTED, type Target } from './connection.ts'
import { asOfMoment, betweenMoment, type MomentInput, snapshotMoment } from './moment.ts'
import type { QueryRouter } from './query-router.ts'
import { type LakeSQLQuery, lakeSQLQuery, SQLQuery } from './sql-query.ts'

/** The columns that a query over changes has beside the table's own. */
export interface ChangeRow {
	readonly _op: ChangeOp
	readonly _shard: string
	readonly _seq: number | bigint
	/** Milliseconds since the epoch. */
	readonly _ts: number
}

/** A template for the lake: `await` gives all rows; `.first()`, `.all()`, `.values()`, `.map()` and
 * `.stream()` work as well, and take `timeoutMs` and `signal`. */
export type LakeTag = <T = unknown>(strings: TemplateStringsArray, ...values: unknown[]) => LakeSQLQuery<T>

/** The `sql` template: Drizzle's, and runnable. */
export interface SQLTag {
	<T = unknown>(strings: TemplateStringsArray, ...values: unknown[]): SQLQuery<T>
	empty(): SQLQuery
	fromList(list: SQLChunk[]): SQLQuery
	/** SQL text as it is; never put a value of a user into it. */
	raw(text: string): SQLQuery
	join(chunks: SQLChunk[], separator?: SQLChunk): SQLQuery
	/** A quoted name. */
	identifier(value: string): Name
	/** A value that is given when the statement runs. */
	placeholder<TName extends string>(name: TName): Placeholder<TName>
	/** A bound value, with the encoder of a column where one is given. */
	param: typeof drizzleSql.param
	/** Asks the lake: all shards, eventually consistent. */
	readonly analytics: LakeTag
	/**
	 * Asks the lake as it was at a moment.
	 *
	 * @param at - a Date, ISO 8601 text, or milliseconds since the epoch
	 * @throws SQLakeError TIME_INVALID
	 */
	asOf(at: MomentInput): LakeTag
	/**
	 * Asks one Iceberg snapshot.
	 *
	 * @throws SQLakeError TIME_INVALID
	 */
	snapshot(id: bigint | number | string): LakeTag
	/**
	 * Asks for the changes from one moment, inclusive, to another, exclusive; tables have `_op`, `_shard`, `_seq` and `_ts`, too.
	 *
	 * @throws SQLakeError TIME_INVALID
	 */
	between(from: MomentInput, to: MomentInput): LakeTag
	/**
	 * Asks the lake once the given write is in it.
	 *
	 * @param options.timeoutMs - how long to wait for the write; 30 seconds by default
	 * @throws SQLakeError CAUSAL_TIMEOUT when the query runs and the write does not arrive in time
	 */
	causal(bookmark: Bookmark, options?: CausalOptions): LakeTag
	/** Runs in the shard named: statements need no shard key. */
	shard(id: string): SQLTag
	/** The same template, bound to a router: requests with routers of their own do not disturb each other. */
	with(router: QueryRouter): SQLTag
}

/**
 * Makes a template.
 *
 * @param router - what its statements run through; the global router of the moment where undefined
 */
export function createSQLTag(router?: QueryRouter, target: Target = ROUTED): SQLTag {
	const context = { router, target }
	const query = <T>(fragment: { readonly queryChunks: SQLChunk[] }): SQLQuery<T> => new SQLQuery<T>(fragment.queryChunks, context)
	const lake = (over: Target): LakeTag => {
		return <T>(strings: TemplateStringsArray, ...values: unknown[]) =>
			lakeSQLQuery<T>(fragmentOf(strings, values).queryChunks, { router, target: over })
	}
	const tag = <T = unknown>(strings: TemplateStringsArray, ...values: unknown[]): SQLQuery<T> =>
		query<T>(fragmentOf(strings, values))
	return Object.assign(tag, {
		empty: () => query(drizzleSql.empty()),
		fromList: (list: SQLChunk[]) => query({ queryChunks: list }),
		raw: (text: string) => query(drizzleSql.raw(text)),
		join: (chunks: SQLChunk[], separator?: SQLChunk) => query(drizzleSql.join(chunks, separator)),
		identifier: (value: string): Name => drizzleSql.identifier(value),
		placeholder: <TName extends string>(name: TName): Placeholder<TName> => drizzleSql.placeholder(name),
		param: <TData, TDriver>(...args: Parameters<typeof drizzleSql.param<TData, TDriver>>): Param<TData, TDriver> =>
			drizzleSql.param(...args),
		analytics: lake(lakeTarget({ kind: 'current' })),
		asOf: (at: MomentInput) => lake(lakeTarget(asOfMoment(at))),
		snapshot: (id: bigint | number | string) => lake(lakeTarget(snapshotMoment(id))),
		between: (from: MomentInput, to: MomentInput) => lake(lakeTarget(betweenMoment(from, to))),
		causal: (bookmark: Bookmark, options?: CausalOptions) => lake(causalTarget(bookmark, options)),
		shard: (id: string) => createSQLTag(router, { kind: 'shard', shard: id }),
		with: (bound: QueryRouter) => createSQLTag(bound, target),
	})
}

/** Drizzle leaves `undefined` out, and the statement says something else: as a parameter it is refused when the statement runs. */
function fragmentOf(strings: TemplateStringsArray, values: readonly unknown[]): { readonly queryChunks: SQLChunk[] } {
	return drizzleSql(strings, ...values.map((value) => (value === undefined ? drizzleSql.param(value) : value)))
}

/**
 * Drizzle's `sql` template, which can also be run. Values are always bound: a number as REAL, a bigint as INTEGER, a boolean as 0
 * or 1; a Date is refused, since only a column knows whether it stands for seconds or milliseconds.
 *
 * @example
 * ```ts
 * await sql`SELECT * FROM users WHERE id = ${id}`.first() // the shard's Durable Object
 * await sql.analytics`SELECT plan, count(*) AS n FROM users GROUP BY plan` // the lake
 * await sql.asOf('2026-11-01T00:00:00Z')`SELECT * FROM users` // the lake at a moment
 * await db.select().from(users).where(sql`lower(${users.email}) = ${email}`) // a fragment
 * ```
 */
export const sql: SQLTag = createSQLTag()
