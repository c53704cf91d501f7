/**
 * A query that Drizzle has built: routed, run and mapped each time it is executed.
 *
 * @module
 */
import { DrizzleQueryError, entityKind, type Logger, type Query } from 'drizzle-orm'
import { type Cache, NoopCache } from 'drizzle-orm/cache/core'
import type { WithCacheConfig } from 'drizzle-orm/cache/core/types'
import {
	type PreparedQueryConfig,
	type SelectedFieldsOrdered,
	type SQLiteExecuteMethod,
	SQLitePreparedQuery,
} from 'drizzle-orm/sqlite-core'
import { SQLakeError } from '../errors.ts'
import { bindValues } from './bind-value.ts'
import { withBookmark } from './bookmarks.ts'
import type { Connection, Target } from './connection.ts'
import { builtQuery } from './dialect.ts'
import { executeQuery, explainQuery, type QueryPlan, streamQuery } from './executor.ts'
import { type FilledQuery, fillParams, type Placeholders } from './plan.ts'
import { type QueryResult, type RunResult, rowObject, rowObjects, runResult } from './result.ts'
import { type RowMapper, rowMapper } from './row-mapper.ts'

/** Maps all rows of a relational query at once. */
export type CustomResultMapper = (rows: unknown[][], mapColumnValue?: (value: unknown) => unknown) => unknown

/** What Drizzle says a query touches, for its cache. */
export interface QueryMetadata {
	type: 'select' | 'update' | 'delete' | 'insert'
	tables: string[]
}

/** What a prepared query runs through. */
export interface PreparedQueryContext {
	readonly connection: Connection
	readonly target: Target
	readonly logger: Logger
	/** Drizzle's cache; undefined where the same text may have another answer: in a pinned shard and in the lake. */
	readonly cache: Cache | undefined
	/** Told of each write's result. */
	readonly onWrite: (result: QueryResult) => void
}

/** One prepared query. The text is rendered once; the shard is found at each execution, from the values of that one. */
export class SQLakePreparedQuery<T extends PreparedQueryConfig = PreparedQueryConfig> extends SQLitePreparedQuery<{
	type: 'async'
	run: RunResult
	all: T['all']
	get: T['get']
	values: T['values']
	execute: T['execute']
}> {
	static override readonly [entityKind]: string = 'SQLakePreparedQuery'
	readonly #context: PreparedQueryContext
	readonly #mapRow: RowMapper | undefined
	readonly #customMapper: CustomResultMapper | undefined
	readonly #isResponseInArrayMode: boolean
	/** Set by Drizzle's select builder: the tables that an outer join cannot miss. */
	declare joinsNotNullableMap: Record<string, boolean> | undefined

	constructor(
		context: PreparedQueryContext,
		query: Query,
		fields: SelectedFieldsOrdered | undefined,
		executeMethod: SQLiteExecuteMethod,
		isResponseInArrayMode: boolean,
		customMapper: CustomResultMapper | undefined,
		metadata: QueryMetadata | undefined,
		cacheConfig: WithCacheConfig | undefined,
	) {
		super('async', executeMethod, query, context.cache, metadata, cacheConfig)
		this.#context = context
		this.#mapRow = fields === undefined || customMapper !== undefined ? undefined : rowMapper(fields)
		this.#customMapper = customMapper
		this.#isResponseInArrayMode = isResponseInArrayMode
	}

	/** Where the database that built the query sends it. */
	get target(): Target {
		return this.#context.target
	}

	/** The query with its placeholders filled, as a batch runs it. */
	fill(placeholders: Placeholders = {}): FilledQuery {
		const { query } = this
		const params = bindValues(fillParams(query.params, placeholders))
		return { sql: query.sql, params, built: builtQuery(query), placeholders }
	}

	/** Where the query would run. */
	async explain(placeholders?: Placeholders): Promise<QueryPlan> {
		return explainQuery(this.fill(placeholders), this.#context.target, this.#context.connection)
	}

	override async run(placeholders?: Placeholders): Promise<RunResult> {
		return runResult(await this.#execute(placeholders))
	}

	override async all(placeholders?: Placeholders): Promise<T['all']> {
		return this.#mapAll(await this.#execute(placeholders))
	}

	override async get(placeholders?: Placeholders): Promise<T['get']> {
		return this.#mapGet(await this.#execute(placeholders))
	}

	/** The rows one by one, mapped as {@link all} does, made as they are asked for. */
	async *stream(placeholders?: Placeholders): AsyncGenerator<unknown, void, undefined> {
		const { connection, target, logger } = this.#context
		const query = this.fill(placeholders)
		logger.logQuery(query.sql, [...query.params])
		const mapRow = this.#mapRow
		for await (const { columns, rows } of streamQuery(query, target, connection)) {
			for (const row of rows) yield mapRow === undefined ? rowObject(columns, row) : mapRow(row, this.joinsNotNullableMap)
		}
	}

	override async values(placeholders?: Placeholders): Promise<T['values']> {
		const { rows, bookmark } = await this.#execute(placeholders)
		return withBookmark(rows, bookmark)
	}

	/** Maps a result of a batch as the query's own method would. */
	mapQueryResult(result: QueryResult): unknown {
		return this.mapResult(result, true)
	}

	override mapRunResult(result: QueryResult): RunResult {
		return runResult(result)
	}

	override mapAllResult(result: QueryResult): unknown {
		return this.#mapAll(result)
	}

	override mapGetResult(result: QueryResult): unknown {
		return this.#mapGet(result)
	}

	/** Drizzle asks: rows come as arrays. */
	isResponseInArrayMode(): boolean {
		return this.#isResponseInArrayMode
	}

	async #execute(placeholders: Placeholders = {}): Promise<QueryResult> {
		const { connection, target, logger, cache, onWrite } = this.#context
		const query = this.fill(placeholders)
		logger.logQuery(query.sql, [...query.params])
		const execute = () => executeQuery(query, target, connection)
		const result = cache === undefined ? await execute() : await this.#throughCache(query, execute)
		if (result.bookmark !== null || result.shards !== undefined) onWrite(result)
		return result
	}

	/** Drizzle's cache wraps what is thrown in an error of its own; sqlake's errors keep their code and come out bare. */
	async #throughCache(query: FilledQuery, execute: () => Promise<QueryResult>): Promise<QueryResult> {
		try {
			return await queryWithCache(this, query, execute)
		} catch (error) {
			throw error instanceof DrizzleQueryError && SQLakeError.is(error.cause) ? error.cause : error
		}
	}

	#mapAll(result: QueryResult): unknown {
		const { rows, bookmark } = result
		if (this.#customMapper !== undefined) return withBookmark(this.#customMapper(mutable(rows)), bookmark)
		const mapRow = this.#mapRow
		if (mapRow === undefined) return withBookmark(rowObjects(result), bookmark)
		const { joinsNotNullableMap } = this
		const mapped = rows.map((row) => mapRow(row, joinsNotNullableMap))
		return withBookmark(mapped, bookmark)
	}

	#mapGet(result: QueryResult): unknown {
		const { columns, rows, bookmark } = result
		const [first] = rows
		if (first === undefined) return undefined
		if (this.#customMapper !== undefined) return withBookmark(this.#customMapper(mutable(rows)), bookmark)
		const row =
			this.#mapRow === undefined ? rowObjects({ columns, rows: [first] })[0] : this.#mapRow(first, this.joinsNotNullableMap)
		return withBookmark(row, bookmark)
	}
}

/** Drizzle's method is left out of its declarations. */
function queryWithCache(
	prepared: object,
	{ sql, params }: FilledQuery,
	execute: () => Promise<QueryResult>,
): Promise<QueryResult> {
	const method: unknown = Reflect.get(prepared, 'queryWithCache')
	return typeof method === 'function' ? method.call(prepared, sql, params, execute) : execute()
}

function mutable(rows: QueryResult['rows']): unknown[][] {
	return rows.map((row) => [...row])
}

/** The cache to work with: none where Drizzle's stand-in would only cost time. */
export function effectiveCache(cache: Cache | undefined, { kind }: Target): Cache | undefined {
	return cache === undefined || cache instanceof NoopCache || kind !== 'routed' ? undefined : cache
}
