/**
 * The router of the `sql` template in a Worker.
 *
 * @module
 */
import type { SQLakeClient } from '../driver/drizzle.ts'
import { ConnectionRouter } from '../session/query-router.ts'
import { createSQLTag, type SQLTag } from '../session/sql.ts'

/** A router with a template of its own. */
export class ClientRouter extends ConnectionRouter {
	/** The `sql` template bound to this router. */
	readonly sql: SQLTag

	constructor(client: SQLakeClient) {
		super(client.connection)
		this.sql = createSQLTag(this)
	}
}
