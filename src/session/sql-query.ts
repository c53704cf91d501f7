/**
 * A statement of the `sql` template: a fragment for Drizzle, and a query that can be run.
 *
 * @module
 */
import { entityKind, QueryPromise, SQL, type SQLChunk } from 'drizzle-orm'
import { SQLiteAsyncDialect } from 'drizzle-orm/sqlite-core'
import { parseSQL } from '../router/parse-sql.ts'
import { bindValues } from './bind-value.ts'
import { withBookmark } from './bookmarks.ts'
import type { QueryOptions, Target } from './connection.ts'
import type { QueryPlan } from './executor.ts'
import { type MapOptions, type Mapped, type MappedQuery, PipelinedQuery } from './pipelined-query.ts'
import { fillParams, type Placeholders } from './plan.ts'
import { getQueryRouter, type QueryRouter, type RouterQuery } from './query-router.ts'
import { type QueryResult, type RunResult, rowObject, rowObjects, runResult } from './result.ts'

/** Renders templates; names stand as the schema has them, so no casing is applied. */
const dialect = new SQLiteAsyncDialect()

/** What the template gives each of its statements. */
export interface SQLQueryContext {
	/** The router bound by `sql.with(router)`; the global one of the moment where undefined. */
	readonly router: QueryRouter | undefined
	readonly target: Target
}

/** How one run of a statement may differ. */
export interface RunOptions extends QueryOptions {
	/** Values for `sql.placeholder(name)`. */
	readonly placeholders?: Placeholders
}

/** The row of a statement: what its type parameter says, else columns by name. */
export type RowOf<T> = unknown extends T ? Record<string, unknown> : T

/**
 * A statement. It is Drizzle's `SQL`, so it may stand in a builder's query; and it runs, in the shard that it pins or where its
 * form sends it.
 *
 * @example
 * ```ts
 * const user = await sql<User>`SELECT * FROM users WHERE id = ${id}`.first()
 * const { bookmark } = await sql`UPDATE users SET plan = ${'pro'} WHERE id = ${id}`.run()
 * ```
 */
export class SQLQuery<T = unknown> extends SQL<T> {
	static override readonly [entityKind]: string = 'SQLQuery'
	readonly #context: SQLQueryContext

	constructor(chunks: SQLChunk[], context: SQLQueryContext) {
		super(chunks)
		this.#context = context
	}

	/** The first row, or null where there is none. */
	first(options?: RunOptions): PipelinedQuery<RowOf<T> | null> {
		return this.#pipeline('first', options, ({ columns, rows, bookmark }) => {
			const [row] = rows
			return row === undefined ? null : withBookmark(rowObject(columns, row) as RowOf<T>, bookmark)
		})
	}

	/** All rows. */
	all(options?: RunOptions): PipelinedQuery<RowOf<T>[]> {
		return this.#pipeline('all', options, (result) => withBookmark(rowObjects(result) as RowOf<T>[], result.bookmark))
	}

	/** All rows as arrays, in column order. */
	values(options?: RunOptions): PipelinedQuery<unknown[][]> {
		return this.#pipeline('values', options, ({ rows, bookmark }) =>
			withBookmark(
				rows.map((row) => [...row]),
				bookmark,
			),
		)
	}

	/**
	 * The rows one by one, made as they are asked for: of a large result of the lake only a part is held at a time. To leave the
	 * loop early ends the query; `timeoutMs` counts the time of the loop's own work, too. A shard answers at once, as a whole.
	 *
	 * @example
	 * ```ts
	 * for await (const row of sql.analytics`SELECT * FROM orders`.stream({ timeoutMs: 600_000 })) write(row)
	 * ```
	 */
	async *stream(options?: RunOptions): AsyncGenerator<RowOf<T>, void, undefined> {
		const router = this.#router()
		const query = this.#render(options?.placeholders)
		const batches = router.stream?.(query, options) ?? [await router.execute(query, options)]
		for await (const { columns, rows } of batches) {
			for (const row of rows) yield rowObject(columns, row) as RowOf<T>
		}
	}

	/** Runs the statement for its effect. */
	run(options?: RunOptions): PipelinedQuery<RunResult> {
		return this.#pipeline('run', options, runResult)
	}

	/** Runs a query for each row of this one: concurrently, with a bound; equal queries run once. */
	map<U>(fn: (row: RowOf<T>, index: number) => Mapped<U>, options?: MapOptions): MappedQuery<U> {
		return this.all().map(fn, options)
	}

	/** Where the statement would run, and why. */
	async explain(options: RunOptions = {}): Promise<QueryPlan> {
		return this.#router().explain(this.#render(options.placeholders), options)
	}

	#router(): QueryRouter {
		return this.#context.router ?? getQueryRouter()
	}

	#render(placeholders: Placeholders = {}): RouterQuery {
		const { sql, params } = dialect.sqlToQuery(this)
		return { sql, params: bindValues(fillParams(params, placeholders)), target: this.#context.target }
	}

	#pipeline<R>(method: string, options: RunOptions | undefined, map: (result: QueryResult) => R): PipelinedQuery<R> {
		const execute = async (): Promise<R> => {
			// The router is taken when the query starts: a later setQueryRouter() does not disturb it.
			const router = this.#router()
			return map(await router.execute(this.#render(options?.placeholders), options))
		}
		return new PipelinedQuery(execute, () => this.#key(method, options))
	}

	/** Equal reads have equal keys; a write, and what cannot be compared, has none. */
	#key(method: string, options: RunOptions | undefined): string | null {
		if (options !== undefined) return null
		const { sql, params, target } = this.#render()
		if (params.some((param) => typeof param === 'object' && param !== null)) return null
		const isDuckDB = (target.kind === 'lake' || target.kind === 'causal') && target.limits?.dialect === 'duckdb'
		if (isDuckDB || parseSQL(sql).statement.type !== 'SelectStmt') return null
		const values = params.map((param) => [typeof param, Object.is(param, -0) ? '-0' : String(param)])
		return JSON.stringify([method, sql, values, target], (_, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value))
	}
}

/** A statement for the lake, which can also be awaited: that is its `.all()`. */
export type LakeSQLQuery<T = unknown> = SQLQuery<T> & Promise<RowOf<T>[]>

class AwaitableSQLQuery<T> extends SQLQuery<T> {
	static override readonly [entityKind]: string = 'LakeSQLQuery'

	/** What Drizzle's QueryPromise runs when it is awaited. */
	execute(): Promise<RowOf<T>[]> {
		return this.all().execute()
	}
}

// Drizzle's own way to make a class of another lineage awaitable.
for (const name of ['then', 'catch', 'finally'] as const) {
	const descriptor = Object.getOwnPropertyDescriptor(QueryPromise.prototype, name)
	if (descriptor !== undefined) Object.defineProperty(AwaitableSQLQuery.prototype, name, descriptor)
}

/** Makes a statement for the lake. */
export function lakeSQLQuery<T>(chunks: SQLChunk[], context: SQLQueryContext): LakeSQLQuery<T> {
	return new AwaitableSQLQuery<T>(chunks, context) as unknown as LakeSQLQuery<T>
}
