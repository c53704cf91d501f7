import { MemoryObjectStore } from '../lake/storage/memory.ts'
import type { SQLakeDatabase } from '../schema/database.ts'
import { NO_LOCK } from './delivery-lock.ts'
import { NodeRouter, type NodeRouterOptions } from './node-router.ts'
import { MEMORY_PLACES } from './shard-places.ts'

/** sqlake in memory: shards, lake and all. */
class InMemoryRouter<TDatabase extends SQLakeDatabase> extends NodeRouter<TDatabase> {
	constructor(options: NodeRouterOptions<TDatabase>) {
		super(options, {
			places: MEMORY_PLACES,
			lock: NO_LOCK,
			store: new MemoryObjectStore(),
			flushBeforeLakeQuery: options.flushBeforeLakeQuery ?? true,
			policy: null,
		})
	}
}

/**
 * A whole sqlake in memory, for an application's tests: real SQLite for each shard, real capture, Parquet and Iceberg, real
 * DuckDB. Nothing is delivered by itself: `flush()` does it, and so does each lake query, which then sees every write before it,
 * unless `flushBeforeLakeQuery` is false.
 *
 * @example
 * ```ts
 * await using router = createInMemoryRouter({ schema })
 * const db = drizzle(router)
 * await db.insert(users).values({ id: 'ada', email: 'ada@example.com' })
 * expect(await db.analytics().select().from(users)).toHaveLength(1)
 * ```
 */
export function createInMemoryRouter<TDatabase extends SQLakeDatabase>(
	options: NodeRouterOptions<TDatabase>,
): NodeRouter<TDatabase> {
	return new InMemoryRouter(options)
}
