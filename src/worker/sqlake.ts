/**
 * Puts together what the driver needs from a Worker's env.
 *
 * @module
 */
import type { SQLakeClient } from '../driver/drizzle.ts'
import { DurableObjectTransport } from '../driver/durable-object-transport.ts'
import type { LakeTransport } from '../driver/transport.ts'
import type { Catalog } from '../lake/catalog/catalog.ts'
import { openLake } from '../lake/open-lake.ts'
import type { BundledMigrations } from '../migrator/bundled-migrations.ts'
import type { ManifestJson } from '../migrator/manifest.ts'
import { createObservability } from '../observability/create-observability.ts'
import type { Observability } from '../observability/observability.ts'
import type { SQLakeDatabase } from '../schema/database.ts'
import type { Connection } from '../session/connection.ts'
import type { AnalyticsParts, LoadAnalytics } from './analytics.ts'
import { findBucket, findCatalogNamespace, findShardNamespace } from './bindings.ts'
import { schemaOfCode } from './schema-of-code.ts'

/** The options of `sqlake(env, options)`, beside the schema. */
export interface SQLakeClientOptions {
	/** Name of the namespace of the shards; may be left out where env has only one that is not sqlake's own. */
	readonly durableObject?: string
	/** The lake's catalog. Default: the Durable Object bound as `SQLAKE_CATALOG`, else the pointer in the bucket. */
	readonly catalog?: Catalog
	/**
	 * The manifest, as in the Durable Objects: it says which field of the lake each column of the code is. Without it columns are
	 * found by name, and while the lake has not heard of a rename, a query that reads the column is refused.
	 */
	readonly migrations?: BundledMigrations | ManifestJson | null
	/** What answers lake queries, such as a service of another Worker. Default: DuckDB, loaded at the first lake query. */
	readonly analytics?: LakeTransport
	/** Milliseconds that a lake query may take unless it says otherwise. Default 30,000. */
	readonly analyticsTimeoutMs?: number
	/** Where logs, metrics and spans go. */
	readonly observability?: Observability
	/** `'analytics'` sends reads that pin no shard to the lake instead of refusing them. */
	readonly fallback?: 'analytics'
	/** Prefix of file paths in the lake's metadata, as the Durable Objects write them. Default `'s3://sqlake'`. */
	readonly location?: string
}

/** A client of the shards and the lake that a Worker's env leads to. */
export interface SQLakeWorkerClient<TDatabase extends SQLakeDatabase = SQLakeDatabase> extends SQLakeClient<TDatabase> {
	/** The lake's catalog: what tables it has, and how far each shard's changes are in it. */
	readonly catalog: Catalog
}

/** Clients that are kept for one env. Options made anew for each request would otherwise pile up. */
const MAX_CLIENTS = 8

/** What a kept client was made from. */
interface Kept extends SQLakeClientOptions {
	readonly schema: SQLakeDatabase
	readonly client: SQLakeWorkerClient
}

/** Makes `sqlake()` for one kind of runtime, which knows how to load its analytics engine. */
export function createSQLake(load: LoadAnalytics) {
	const clients = new WeakMap<object, Kept[]>()
	/**
	 * The way to the shards and to the lake of a schema. Cheap to call in each request: what it puts together is kept for the env
	 * object, and the analytics engine is shared by all that ask the same bucket.
	 *
	 * @param env - the Worker's bindings
	 * @throws SQLakeError BINDING_MISSING where env lacks the namespace, or the bucket that the schema names
	 * @example
	 * ```ts
	 * const db = drizzle(sqlake(env, { schema }))
	 * ```
	 */
	return function sqlake<TDatabase extends SQLakeDatabase>(
		env: object,
		options: { readonly schema: TDatabase } & SQLakeClientOptions,
	): SQLakeWorkerClient<TDatabase> {
		const kept = clients.get(env) ?? []
		const known = kept.find((candidate) => OPTION_NAMES.every((name) => candidate[name] === options[name]))
		if (known !== undefined) return known.client as SQLakeWorkerClient<TDatabase>
		const client = createClient(env, options, load)
		clients.set(env, [...kept.slice(1 - MAX_CLIENTS), { ...options, client }])
		return client
	}
}

const OPTION_NAMES = [
	'schema',
	'durableObject',
	'catalog',
	'analytics',
	'analyticsTimeoutMs',
	'observability',
	'fallback',
	'location',
	'migrations',
] as const

function createClient<TDatabase extends SQLakeDatabase>(
	env: object,
	{
		schema,
		durableObject,
		catalog,
		analytics,
		analyticsTimeoutMs,
		observability,
		fallback,
		location,
		migrations,
	}: { readonly schema: TDatabase } & SQLakeClientOptions,
	load: LoadAnalytics,
): SQLakeWorkerClient<TDatabase> {
	const bucket = findBucket(env, schema.r2Bucket)
	const lake = openLake({
		bucket,
		bucketBinding: schema.r2Bucket,
		catalogs: findCatalogNamespace(env),
		...(location === undefined ? {} : { location }),
	})
	const parts: AnalyticsParts = {
		...lake,
		catalog: catalog ?? lake.catalog,
		schema: schema.lake,
		observability: observability ?? createObservability(),
	}
	// The transport is kept, not a promise of it: a promise belongs to the request that made it.
	let opened = analytics
	const connection: Connection = {
		schema: schema.lake,
		shards: new DurableObjectTransport(findShardNamespace(env, durableObject)),
		fallback,
		observability,
		analyticsTimeoutMs,
		lake: async () => {
			opened ??= await load({ ...parts, schema: schemaOfCode(schema.lake, migrations) })
			return opened
		},
		position: (shard) => parts.catalog.position(shard),
	}
	return { schema, connection, catalog: parts.catalog }
}
