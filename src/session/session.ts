/**
 * Drizzle's session: prepares queries, and runs batches.
 *
 * @module
 */
import {
	entityKind,
	is,
	type Logger,
	NoopLogger,
	type Query,
	type RelationalSchemaConfig,
	SQL,
	type TablesRelationalConfig,
} from 'drizzle-orm'
import type { BatchItem } from 'drizzle-orm/batch'
import type { Cache } from 'drizzle-orm/cache/core'
import type { WithCacheConfig } from 'drizzle-orm/cache/core/types'
import { type SelectedFieldsOrdered, type SQLiteExecuteMethod, SQLiteSession } from 'drizzle-orm/sqlite-core'
import { SQLiteRaw } from 'drizzle-orm/sqlite-core/query-builders/raw'
import type { Bookmark } from '../cdc/change-batch.ts'
import { SQLakeError } from '../errors.ts'
import { withBookmark } from './bookmarks.ts'
import type { Connection, Target } from './connection.ts'
import type { SQLakeDialect } from './dialect.ts'
import { executeBatch } from './executor.ts'
import { type CustomResultMapper, effectiveCache, type QueryMetadata, SQLakePreparedQuery } from './prepared-query.ts'
import { type QueryResult, type RunResult, rowObjects, runResult } from './result.ts'

/** What a Drizzle database is configured with. */
export interface SessionOptions {
	readonly logger?: Logger | undefined
	readonly cache?: Cache | undefined
}

/** Shards whose last bookmark a session remembers; the oldest are forgotten beyond. */
const MAX_BOOKMARKS = 1_000

/** A session over one target. Sessions for other targets are made from it and share its dialect, schema and bookmarks. */
export class SQLakeSession<
	TFullSchema extends Record<string, unknown> = Record<string, unknown>,
	TSchema extends TablesRelationalConfig = TablesRelationalConfig,
> extends SQLiteSession<'async', RunResult, TFullSchema, TSchema> {
	static override readonly [entityKind]: string = 'SQLakeSession'
	readonly connection: Connection
	readonly target: Target
	readonly sqlakeDialect: SQLakeDialect
	readonly relationalSchema: RelationalSchemaConfig<TSchema> | undefined
	readonly #options: SessionOptions
	readonly #logger: Logger
	readonly #cache: Cache | undefined
	readonly #bookmarks: Map<string, Bookmark>

	constructor(
		connection: Connection,
		target: Target,
		dialect: SQLakeDialect,
		relationalSchema: RelationalSchemaConfig<TSchema> | undefined,
		options: SessionOptions = {},
		bookmarks: Map<string, Bookmark> = new Map(),
	) {
		super(dialect)
		this.connection = connection
		this.target = target
		this.sqlakeDialect = dialect
		this.relationalSchema = relationalSchema
		this.#options = options
		this.#logger = options.logger ?? new NoopLogger()
		this.#cache = effectiveCache(options.cache, target)
		this.#bookmarks = bookmarks
	}

	/** The same session with another target. */
	withTarget(target: Target): SQLakeSession<TFullSchema, TSchema> {
		const { connection, sqlakeDialect, relationalSchema } = this
		return new SQLakeSession(connection, target, sqlakeDialect, relationalSchema, this.#options, this.#bookmarks)
	}

	/** The bookmark of the last write through this session and its siblings: to any shard, or to the one named. */
	lastBookmark(shard?: string): Bookmark | undefined {
		return shard === undefined ? [...this.#bookmarks.values()].at(-1) : this.#bookmarks.get(shard)
	}

	override prepareQuery(
		query: Query,
		fields: SelectedFieldsOrdered | undefined,
		executeMethod: SQLiteExecuteMethod,
		isResponseInArrayMode: boolean,
		customResultMapper?: CustomResultMapper,
		queryMetadata?: QueryMetadata,
		cacheConfig?: WithCacheConfig,
	): SQLakePreparedQuery {
		return new SQLakePreparedQuery(
			{
				connection: this.connection,
				target: this.target,
				logger: this.#logger,
				cache: this.#cache,
				onWrite: (result) => this.#remember(result),
			},
			query,
			fields,
			executeMethod,
			isResponseInArrayMode,
			customResultMapper,
			queryMetadata,
			cacheConfig,
		)
	}

	/**
	 * Runs queries in one shard and one transaction.
	 *
	 * @throws SQLakeError ROUTE_MULTIPLE_SHARDS where they do not belong to one shard.
	 */
	async batch(queries: readonly BatchItem<'sqlite'>[]): Promise<unknown[]> {
		const items = queries.map((query) => this.#batchItem(query))
		const filled = items.map(({ prepared }) => ({ query: prepared.fill(), target: prepared.target }))
		for (const { query } of filled) this.#logger.logQuery(query.sql, [...query.params])
		const results = await executeBatch(filled, this.connection)
		const [last] = results.slice(-1)
		if (last !== undefined && last.bookmark !== null) this.#remember(last)
		const mapped = results.map((result, index) => items[index]?.map(result))
		return withBookmark(mapped, last?.bookmark ?? null)
	}

	/** There are no interactive transactions from outside a Durable Object: each round trip would hold up all its requests. */
	override transaction<T>(): Promise<T> {
		return Promise.reject(
			new SQLakeError(
				'TRANSACTION_UNSUPPORTED',
				'transaction(): a Durable Object runs no transaction for a caller from outside',
				{
					hint: 'send statements that belong together with db.batch([...]), or write a method on the Durable Object class and use this.db.transaction() in it',
				},
			),
		)
	}

	override async count(sql: SQL): Promise<number> {
		const [row] = await this.values(sql)
		return Number(row?.[0] ?? 0)
	}

	#batchItem(query: BatchItem<'sqlite'>): { prepared: SQLakePreparedQuery; map: (result: QueryResult) => unknown } {
		if (is(query, SQLiteRaw)) return this.#rawItem(query)
		const prepare: unknown = Reflect.get(query, '_prepare')
		const prepared: unknown = typeof prepare === 'function' ? prepare.call(query) : undefined
		if (!(prepared instanceof SQLakePreparedQuery)) {
			throw new SQLakeError('ROUTE_UNSUPPORTED', 'batch: expected queries of this database, found something else', {
				hint: 'pass the builders themselves, not awaited: db.batch([db.insert(users).values(...), db.select().from(users)])',
			})
		}
		return { prepared, map: (result) => prepared.mapQueryResult(result) }
	}

	/** `db.run()`, `db.all()`, `db.get()` and `db.values()` within a batch. */
	#rawItem(raw: SQLiteRaw<unknown>): { prepared: SQLakePreparedQuery; map: (result: QueryResult) => unknown } {
		const { method } = raw.getQuery()
		const prepared = this.prepareQuery(this.sqlakeDialect.sqlToQuery(sqlOf(raw)), undefined, 'run', false)
		const map = (result: QueryResult): unknown => {
			switch (method) {
				case 'run':
					return runResult(result)
				case 'get':
					return rowObjects(result)[0]
				case 'values':
					return result.rows
				default:
					return rowObjects(result)
			}
		}
		return { prepared, map }
	}

	#remember({ bookmark, shards = [] }: QueryResult): void {
		for (const { bookmark: each } of shards) this.#rememberBookmark(each)
		this.#rememberBookmark(bookmark)
	}

	#rememberBookmark(bookmark: Bookmark | null): void {
		if (bookmark === null) return
		// A map keeps the order of insertion: deleting first makes this one the newest.
		this.#bookmarks.delete(bookmark.shard)
		this.#bookmarks.set(bookmark.shard, bookmark)
		if (this.#bookmarks.size <= MAX_BOOKMARKS) return
		for (const oldest of this.#bookmarks.keys()) {
			this.#bookmarks.delete(oldest)
			break
		}
	}
}

function sqlOf(raw: SQLiteRaw<unknown>): SQL {
	const sql: unknown = raw.getSQL()
	if (is(sql, SQL)) return sql
	throw new SQLakeError('INTERNAL', 'a raw query of Drizzle holds no SQL')
}
