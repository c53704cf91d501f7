/**
 * What the `sql` template runs its queries through.
 *
 * @module
 */
import type { LakeBatch, WireValue } from '../driver/transport.ts'
import { SQLakeError } from '../errors.ts'
import type { Connection, QueryOptions, Target } from './connection.ts'
import { executeQuery, explainQuery, type QueryPlan, streamQuery } from './executor.ts'
import type { FilledQuery } from './plan.ts'
import type { QueryResult } from './result.ts'

/** A statement of the `sql` template, rendered. */
export interface RouterQuery {
	readonly sql: string
	readonly params: readonly WireValue[]
	/** Where the template's form sends it. */
	readonly target: Target
}

/** Sends statements to where they belong. */
export interface QueryRouter {
	execute(query: RouterQuery, options?: QueryOptions): Promise<QueryResult>
	/** Runs a statement whose rows come in batches, at least one; a router without it answers as a whole. */
	stream?(query: RouterQuery, options?: QueryOptions): AsyncGenerator<LakeBatch, void, undefined>
	/** Says where a statement would run, and why. */
	explain(query: RouterQuery, options?: QueryOptions): Promise<QueryPlan>
}

let current: QueryRouter | undefined

/**
 * Sets the router of the global `sql` template, for the whole isolate; null removes it. Requests that need routers of their own
 * (several env objects in one isolate) bind one explicitly: `sql.with(router)`.
 */
export function setQueryRouter(router: QueryRouter | null): void {
	current = router ?? undefined
}

/**
 * The router of the global `sql` template.
 *
 * @throws SQLakeError NO_ROUTER where none was set
 */
export function getQueryRouter(): QueryRouter {
	if (current !== undefined) return current
	throw new SQLakeError('NO_ROUTER', 'sql: no router to run the query through: setQueryRouter() was not called', {
		hint: 'setQueryRouter(new WorkerRouter(env, { schema })), or bind one: sql.with(router)`...`',
	})
}

/** A router over a connection. */
export class ConnectionRouter implements QueryRouter {
	readonly #connection: Connection

	constructor(connection: Connection) {
		this.#connection = connection
	}

	async execute(query: RouterQuery, options?: QueryOptions): Promise<QueryResult> {
		return executeQuery(filled(query), query.target, this.#connection, options)
	}

	stream(query: RouterQuery, options?: QueryOptions): AsyncGenerator<LakeBatch, void, undefined> {
		return streamQuery(filled(query), query.target, this.#connection, options)
	}

	async explain(query: RouterQuery, options?: QueryOptions): Promise<QueryPlan> {
		return explainQuery(filled(query), query.target, this.#connection, options)
	}
}

function filled({ sql, params }: RouterQuery): FilledQuery {
	return { sql, params, built: undefined, placeholders: {} }
}
