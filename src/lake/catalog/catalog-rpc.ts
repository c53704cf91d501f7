/**
 * How a catalog Durable Object is called. Metadata is large and changes little: a caller says which versions it holds, and is
 * sent the others only, as the bytes of their files.
 *
 * @module
 */
import { type Envelope, packAnswer } from '../../errors.ts'
import { encodeTableMetadata } from '../iceberg/metadata-json.ts'
import type {
	Catalog,
	CommitRequest,
	CommitResult,
	EvolutionResult,
	EvolveOptions,
	PositionOptions,
	ShardPosition,
	TableEvolution,
} from './catalog.ts'

/** A table as it crosses RPC. */
export interface WireTable {
	readonly name: string
	readonly metadataLocation: string
	/** Absent where the caller holds this version. */
	readonly metadata?: Uint8Array
}

/** A {@link CatalogSnapshot} as it crosses RPC. */
export interface WireSnapshot {
	readonly version: number
	readonly tables: readonly WireTable[]
}

/** The RPC surface of a catalog Durable Object. */
export interface CatalogRpc {
	sqlakeCatalogLoad(known: readonly string[]): Promise<Envelope<WireSnapshot>>
	sqlakeCatalogPosition(shard: string, options?: PositionOptions): Promise<Envelope<ShardPosition | null>>
	sqlakeCatalogCommit(request: CommitRequest): Promise<Envelope<CommitResult>>
	sqlakeCatalogEvolve(tables: readonly TableEvolution[], options: EvolveOptions): Promise<Envelope<EvolutionResult>>
}

/** Answers {@link CatalogRpc} from a catalog. A Durable Object class delegates to it. */
export class CatalogService implements CatalogRpc {
	readonly #catalog: Catalog

	constructor(catalog: Catalog) {
		this.#catalog = catalog
	}

	/** @param known Metadata locations that the caller holds. */
	sqlakeCatalogLoad(known: readonly string[]): Promise<Envelope<WireSnapshot>> {
		return answer(async () => {
			const { version, tables } = await this.#catalog.load()
			const held = new Set(known)
			return {
				version,
				tables: Array.from(tables, ([name, { metadataLocation, metadata }]) => ({
					name,
					metadataLocation,
					...(held.has(metadataLocation) ? {} : { metadata: encodeTableMetadata(metadata) }),
				})),
			}
		})
	}

	sqlakeCatalogPosition(shard: string, options?: PositionOptions): Promise<Envelope<ShardPosition | null>> {
		return answer(() => this.#catalog.position(shard, options))
	}

	sqlakeCatalogCommit(request: CommitRequest): Promise<Envelope<CommitResult>> {
		return answer(() => this.#catalog.commit(request))
	}

	sqlakeCatalogEvolve(tables: readonly TableEvolution[], options: EvolveOptions): Promise<Envelope<EvolutionResult>> {
		return answer(() => this.#catalog.evolve(tables, options))
	}
}

function answer<T>(call: () => Promise<T>): Promise<Envelope<T>> {
	return packAnswer('the catalog failed', call)
}
