/**
 * Lake queries on DuckDB, loaded when the first one comes.
 *
 * @module
 */
import type { LakeTransport } from '../../driver/transport.ts'
import type { Catalog } from '../../lake/catalog/catalog.ts'
import { MetadataCache } from '../../lake/catalog/metadata-cache.ts'
import type { ObjectStore } from '../../lake/storage/object-store.ts'
import type { Observability } from '../../observability/observability.ts'
import type { SQLakeDatabase } from '../../schema/database.ts'
import type { LakeSchema } from '../../schema/table-schema.ts'
import type { EngineLoader } from './engine-loader.ts'

/** What a provider is made with. */
export interface DuckDBProviderOptions {
	readonly catalog: Catalog
	readonly store: ObjectStore
	/** What `SQLake()` gave. */
	readonly schema: SQLakeDatabase | LakeSchema
	/** What opens the engine; one of the provider's own unless given. */
	readonly loader?: EngineLoader
	readonly observability?: Observability
	/** Milliseconds that a query may take unless it says otherwise; 30,000 unless given. */
	readonly timeoutMs?: number
}

/** A lake that DuckDB answers for. `sqlake(env, { analytics })` takes it, and so does `createDuckDBService`. */
export interface DuckDBProvider extends Required<LakeTransport> {
	/** Frees what the engine holds; a later query starts it again. */
	close(): Promise<void>
}

/** Makes a provider whose engine the given loader opens. Nothing is loaded before the first query. */
export function createProvider(options: DuckDBProviderOptions, loader: EngineLoader): DuckDBProvider {
	const { catalog, store, schema, observability, timeoutMs } = options
	const cache = new MetadataCache()
	const open = async () => {
		const [{ createLakeQuery }, engine] = await Promise.all([import('../lake-query.ts'), loader.load()])
		const lake = 'lake' in schema ? schema.lake : schema
		const defaults = timeoutMs === undefined ? {} : { timeoutMs }
		return createLakeQuery({ catalog, store, schema: lake, engine, observability, defaults, cache })
	}
	return {
		query: async (request) => (await open()).query(request),
		stream: async function* (request) {
			return yield* (await open()).stream(request)
		},
		close: () => loader.close(),
	}
}
