import { DurableObject } from 'cloudflare:workers'
import type { Envelope } from '../driver/transport.ts'
import type {
	CommitRequest,
	CommitResult,
	EvolutionResult,
	EvolveOptions,
	ShardPosition,
	TableEvolution,
} from '../lake/catalog/catalog.ts'
import { type CatalogRpc, CatalogService, type WireSnapshot } from '../lake/catalog/catalog-rpc.ts'
import { DurableCatalog } from '../lake/catalog/durable-catalog.ts'
import { DEFAULT_LAKE_LOCATION } from '../lake/lake-path.ts'
import { R2ObjectStore } from '../lake/storage/r2.ts'
import { findBucket } from '../worker/bindings.ts'

/**
 * The catalog of a lake as a Durable Object: all shards commit through the one instance. Bind the class as `SQLAKE_CATALOG`, in a
 * namespace with SQLite.
 *
 * @example
 * ```ts
 * export { SQLakeCatalog } from 'sqlake/do'
 * ```
 */
export class SQLakeCatalog<Env = unknown> extends DurableObject<Env> implements CatalogRpc {
	/** Name of the bucket's binding in env: what the schema names as `r2Bucket`, and the object is named by. */
	protected readonly bucketBinding: string = bucketBindingOf(this.ctx, this.env)
	/** Prefix of every path in the lake's metadata, such as `s3://my-bucket`: outside engines need the real one. */
	protected readonly location: string = DEFAULT_LAKE_LOCATION

	#service: CatalogService | undefined

	sqlakeCatalogLoad(known: readonly string[]): Promise<Envelope<WireSnapshot>> {
		return this.#open().sqlakeCatalogLoad(known)
	}

	sqlakeCatalogPosition(shard: string): Promise<Envelope<ShardPosition | null>> {
		return this.#open().sqlakeCatalogPosition(shard)
	}

	sqlakeCatalogCommit(request: CommitRequest): Promise<Envelope<CommitResult>> {
		return this.#open().sqlakeCatalogCommit(request)
	}

	sqlakeCatalogEvolve(tables: readonly TableEvolution[], options: EvolveOptions): Promise<Envelope<EvolutionResult>> {
		return this.#open().sqlakeCatalogEvolve(tables, options)
	}

	/** Not in the constructor: a subclass sets its fields after it. */
	#open(): CatalogService {
		this.#service ??= new CatalogService(
			new DurableCatalog({
				storage: this.ctx.storage,
				store: new R2ObjectStore(findBucket(this.env as object, this.bucketBinding)),
				location: this.location,
			}),
		)
		return this.#service
	}
}

/** Whoever opens a lake names its object by the bucket's binding. */
function bucketBindingOf(ctx: DurableObjectState, env: unknown): string {
	const { name } = ctx.id
	return name !== undefined && typeof env === 'object' && env !== null && name in env ? name : 'SQLAKE_BUCKET'
}
