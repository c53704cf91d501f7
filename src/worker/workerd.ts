/**
 * `sqlake()` and its router in a Worker.
 *
 * @module
 */
import type { SQLakeDatabase } from '../schema/database.ts'
import { loadAnalytics } from './analytics.workerd.ts'
import { ClientRouter } from './client-router.ts'
import { createSQLake, type SQLakeClientOptions } from './sqlake.ts'

/**
 * The way to the shards and to the lake of a schema. Cheap to call in each request: what it puts together is kept for the env
 * object, and the analytics engine is loaded at the first lake query.
 *
 * @param env - the Worker's bindings
 * @throws SQLakeError BINDING_MISSING where env lacks the namespace, or the bucket that the schema names
 * @example
 * ```ts
 * const db = drizzle(sqlake(env, { schema }))
 * ```
 */
export const sqlake = createSQLake(loadAnalytics)

/**
 * Runs the `sql` template over a Worker's bindings; takes the options of {@link sqlake}.
 *
 * @example
 * ```ts
 * const { sql } = new WorkerRouter(env, { schema }) // a template of this request's own
 * const user = await sql`SELECT * FROM users WHERE id = ${id}`.first()
 * ```
 */
export class WorkerRouter extends ClientRouter {
	/** @throws SQLakeError BINDING_MISSING */
	constructor(env: object, options: { readonly schema: SQLakeDatabase } & SQLakeClientOptions) {
		super(sqlake(env, options))
	}
}
