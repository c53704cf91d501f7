/**
 * What the routers in Node have in common.
 *
 * @module
 */
import type { BufferLimits } from '../cdc/buffer-size.ts'
import type { DeliveryResult } from '../delivery/delivery.ts'
import { DEFAULT_FLUSH_POLICY, type FlushPolicy } from '../delivery/flush-policy.ts'
import type { SQLakeClient } from '../driver/drizzle.ts'
import type { LakeTransport } from '../driver/transport.ts'
import { SQLakeError } from '../errors.ts'
import type { Catalog } from '../lake/catalog/catalog.ts'
import { R2PointerCatalog } from '../lake/catalog/r2-pointer-catalog.ts'
import { DEFAULT_LAKE_LOCATION } from '../lake/lake-path.ts'
import type { Lake } from '../lake/open-lake.ts'
import type { ObjectStore } from '../lake/storage/object-store.ts'
import type { BundledMigrations } from '../migrator/bundled-migrations.ts'
import type { ManifestJson } from '../migrator/manifest.ts'
import type { MigrateRequest, MigrationPlan, MigrationResult, MigrationStatus } from '../migrator/migration-status.ts'
import { createObservability } from '../observability/create-observability.ts'
import type { Observability } from '../observability/observability.ts'
import type { SQLakeDatabase } from '../schema/database.ts'
import type { Connection } from '../session/connection.ts'
import type { CDCFlushMetrics } from '../shard/shard.ts'
import { loadAnalytics } from '../worker/analytics.node.ts'
import { ClientRouter } from '../worker/client-router.ts'
import { schemaOfCode } from '../worker/schema-of-code.ts'
import type { DeliveryLock } from './delivery-lock.ts'
import { readMigrationsFolder } from './migrations-folder.ts'
import { NodeShards } from './node-shards.ts'
import { migrationsOfSchema } from './schema-migrations.ts'
import type { ShardPlaces } from './shard-places.ts'

/** The options that all routers in Node take. */
export interface NodeRouterOptions<TDatabase extends SQLakeDatabase = SQLakeDatabase> {
	/** What `SQLake()` returned. */
	readonly schema: TDatabase
	/**
	 * The manifest of `sqlake generate`, or what drizzle-kit generated: the folder, or the default export of its `migrations.js`.
	 * Without it the tables are created from the schema, for which drizzle-kit must be installed.
	 */
	readonly migrations?: BundledMigrations | ManifestJson | string
	/** When pending migrations are applied: when a shard is opened, or when {@link NodeRouter.migrate} says so. Default `'on-start'`. */
	readonly migrationPolicy?: 'on-start' | 'never'
	/** Takes migrations that were edited after they had been applied as they are now, instead of refusing writes. */
	readonly skipChecksum?: boolean
	/** What may wait for the lake before writes are refused with `BUFFER_FULL`. Default 1,000,000 changes and 1 GiB of values. */
	readonly bufferLimits?: Partial<BufferLimits>
	/**
	 * Whether shards refuse what a Durable Object refuses and Node would do: a LIKE pattern over 50 bytes, more than 5 terms of a UNION,
	 * 32 arguments of a function, 100 parameters or columns, 100 KB of SQL, and pragmas that it does not have. Sizes need Node 24.15.
	 * Default `true`.
	 */
	readonly platformLimits?: boolean
	/** What answers lake queries. Default: native DuckDB where `@duckdb/node-api` is installed, else DuckDB-WASM. */
	readonly analytics?: LakeTransport
	/** Milliseconds that a lake query may take unless it says otherwise. Default 30,000. */
	readonly analyticsTimeoutMs?: number
	/** `'analytics'` sends reads that pin no shard to the lake instead of refusing them. */
	readonly fallback?: 'analytics'
	/** Where logs, metrics and spans go. */
	readonly observability?: Observability
	/** Prefix of file paths in the lake's metadata. Cannot change later. Default `'s3://sqlake'`. */
	readonly location?: string
	/** Whether a lake query first delivers what waits in the shards, so that it sees every write before it. */
	readonly flushBeforeLakeQuery?: boolean
}

/** What a kind of router adds to its options. */
interface NodeRouterParts {
	readonly places: ShardPlaces
	readonly lock: DeliveryLock
	readonly store: ObjectStore
	readonly flushBeforeLakeQuery: boolean
	/** When changes are delivered by themselves; null for never. */
	readonly policy: FlushPolicy | null
}

/**
 * Shards, lake and analytics in one Node process, behind the router of the `sql` template. It is also what `drizzle()` takes, as
 * `sqlake(env)` is in a Worker.
 */
export class NodeRouter<TDatabase extends SQLakeDatabase = SQLakeDatabase>
	extends ClientRouter
	implements SQLakeClient<TDatabase>, AsyncDisposable
{
	readonly schema: TDatabase
	readonly connection: Connection
	/** The lake's catalog: what tables it has, and how far each shard's changes are in it. */
	readonly catalog: Catalog
	/** Where the lake's objects are. */
	readonly store: ObjectStore
	readonly #shards: NodeShards

	protected constructor(options: NodeRouterOptions<TDatabase>, parts: NodeRouterParts) {
		const { schema, fallback, location = DEFAULT_LAKE_LOCATION } = options
		if (schema?.lake === undefined) {
			throw new SQLakeError('SCHEMA_INVALID', 'option "schema": expected what SQLake() returns, found something else')
		}
		const observability = options.observability ?? createObservability()
		const { store } = parts
		const migrations = migrationsFrom(options)
		const lake: Lake = { store, catalog: new R2PointerCatalog({ store, location }), location }
		const shards = new NodeShards({
			schema,
			lake,
			observability,
			places: parts.places,
			lock: parts.lock,
			policy: parts.policy ?? DEFAULT_FLUSH_POLICY,
			alarms: parts.policy !== null,
			migrations,
			migrationPolicy: options.migrationPolicy ?? 'on-start',
			skipChecksum: options.skipChecksum,
			bufferLimits: options.bufferLimits,
			platformLimits: options.platformLimits,
		})
		let analytics = options.analytics
		const connection: Connection = {
			schema: schema.lake,
			shards,
			fallback,
			observability: options.observability,
			analyticsTimeoutMs: options.analyticsTimeoutMs,
			lake: async () => {
				if (parts.flushBeforeLakeQuery) await shards.flush()
				analytics ??= await loadAnalytics({ ...lake, schema: schemaOfCode(schema.lake, await migrations()), observability })
				return analytics
			},
			position: (shard) => lake.catalog.position(shard),
		}
		super({ schema, connection })
		this.schema = schema
		this.connection = connection
		this.catalog = lake.catalog
		this.store = store
		this.#shards = shards
	}

	/** The names of all shards, in the order of their text. */
	shards(): Promise<string[]> {
		return this.#shards.names()
	}

	/** What waits in a shard, and how its delivery is doing. A shard that there is not yet is made. */
	metrics(shard: string): Promise<CDCFlushMetrics> {
		return this.#shards.metrics(shard)
	}

	/**
	 * Delivers what waits in all shards to the lake.
	 *
	 * @throws SQLakeError of the first shard that failed, once all others are done: STORE_UNAVAILABLE, FLUSH_FAILED ... Its changes
	 *   stay where they are, for the next flush.
	 */
	flush(): Promise<DeliveryResult> {
		return this.#shards.flush()
	}

	/** Where a shard's migrations stand. The shard is opened for it, and created where there is none. */
	migrationStatus(shard: string): Promise<MigrationStatus> {
		return this.#shards.migrationStatus(shard)
	}

	/**
	 * Migrates one shard: applies what is pending, up to a target, or undoes what was applied after it.
	 *
	 * @throws MigrationError as `MigrationRunner.run` does
	 */
	migrate(shard: string, request: MigrateRequest = {}): Promise<MigrationResult> {
		return this.#shards.migrate(shard, request)
	}

	/** Tells what {@link migrate} would do, statement by statement. It is tried on the shard in a transaction that is rolled back. */
	planMigration(shard: string, request: MigrateRequest = {}): Promise<MigrationPlan> {
		return this.#shards.planMigration(shard, request)
	}

	/** Waits for deliveries that are under way and closes all shards. It delivers nothing more: call {@link flush} before. */
	close(): Promise<void> {
		return this.#shards.close()
	}

	/** As {@link close}: `await using router = ...`. */
	[Symbol.asyncDispose](): Promise<void> {
		return this.close()
	}
}

/** Reads or makes the migrations when they are first asked for. A failure is not kept: what was missing may come. */
function migrationsFrom({ schema, migrations }: NodeRouterOptions): () => Promise<BundledMigrations | ManifestJson> {
	if (migrations !== undefined && typeof migrations !== 'string') return async () => migrations
	let read: Promise<BundledMigrations> | undefined
	return () => {
		read ??= (migrations === undefined ? migrationsOfSchema(schema) : readMigrationsFolder(migrations)).catch((error) => {
			read = undefined
			throw error
		})
		return read
	}
}
