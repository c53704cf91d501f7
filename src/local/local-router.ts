import { join, resolve } from 'node:path'
import { DEFAULT_FLUSH_POLICY, type FlushPolicy } from '../delivery/flush-policy.ts'
import { FileObjectStore } from '../lake/storage/file.ts'
import type { ObjectStore } from '../lake/storage/object-store.ts'
import type { SQLakeDatabase } from '../schema/database.ts'
import { FileDeliveryLock } from './delivery-lock.ts'
import { NodeRouter, type NodeRouterOptions } from './node-router.ts'
import { DirectoryPlaces } from './shard-places.ts'

/** The options of {@link LocalRouter}. */
export interface LocalRouterOptions<TDatabase extends SQLakeDatabase = SQLakeDatabase> extends NodeRouterOptions<TDatabase> {
	/** Directory of the shards: one SQLite file each, `<encoded shard>.sqlite`. Default `'.sqlake/local.db'`. */
	readonly db?: string
	/** Directory of the lake, or another store. Default `'.sqlake/data'`. */
	readonly lake?: string | ObjectStore
	/** When changes are delivered while the process runs; null: by `flush()` alone. Default: 1,000 changes in a shard, or one that is 60 s old. */
	readonly flush?: Partial<FlushPolicy> | null
}

/** Name of the lock in the directory of the shards; no shard's file has it. */
const LOCK = 'delivery-lock'

/**
 * sqlake in one Node process, on files: for development, scripts and the command line. Shards answer as Durable Objects do, from
 * SQLite files with capture; changes are delivered, exactly once, to a lake in a directory.
 *
 * Several processes may use the same directories: SQLite's locks order their writes, and one process at a time delivers. A write
 * is on disk when its promise resolves. What was not delivered when a process ends is delivered by the next `flush()`.
 *
 * @example
 * ```ts
 * const router = new LocalRouter({ schema, migrations: './drizzle' })
 * setQueryRouter(router)
 * await sql`INSERT INTO users (id) VALUES (${'ada'})`.run()
 * await router.flush()
 * const [{ n }] = await sql.analytics`SELECT count(*) AS n FROM users`
 * await router.close()
 * ```
 */
export class LocalRouter<TDatabase extends SQLakeDatabase = SQLakeDatabase> extends NodeRouter<TDatabase> {
	/** @throws SQLakeError SCHEMA_INVALID. Nothing is touched before the first query. */
	constructor(options: LocalRouterOptions<TDatabase>) {
		const { db = join('.sqlake', 'local.db'), lake = join('.sqlake', 'data') } = options
		super(options, {
			places: new DirectoryPlaces(db),
			lock: new FileDeliveryLock(resolve(db, LOCK)),
			store: typeof lake === 'string' ? new FileObjectStore(lake) : lake,
			flushBeforeLakeQuery: options.flushBeforeLakeQuery ?? false,
			policy: options.flush === null ? null : { ...DEFAULT_FLUSH_POLICY, ...options.flush },
		})
	}
}
