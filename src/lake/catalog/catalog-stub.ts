import { type Envelope, messageOf, SQLakeError, unpackAnswer } from '../../errors.ts'
import { decodeTableMetadata } from '../iceberg/metadata-json.ts'
import type {
	Catalog,
	CatalogSnapshot,
	CatalogTable,
	CommitRequest,
	CommitResult,
	EvolutionResult,
	EvolveOptions,
	PositionOptions,
	ShardPosition,
	TableEvolution,
} from './catalog.ts'
import type { CatalogRpc, WireTable } from './catalog-rpc.ts'

/**
 * The catalog of a lake in another Durable Object, reached over RPC. Keeps the metadata of each table, and is sent what changed
 * since.
 *
 * @example
 * ```ts
 * const catalog = new CatalogStub(() => env.SQLAKE_CATALOG.getByName('lake'))
 * ```
 */
export class CatalogStub implements Catalog {
	readonly #connect: () => CatalogRpc
	#tables: ReadonlyMap<string, CatalogTable> = new Map()

	/** @param connect Makes a stub. Called for every request: a stub breaks for good when its object is reset. */
	constructor(connect: () => CatalogRpc) {
		this.#connect = connect
	}

	async load(): Promise<CatalogSnapshot> {
		const held = this.#tables
		const known = Array.from(held.values(), (table) => table.metadataLocation)
		const wire = await this.#call('load', (rpc) => rpc.sqlakeCatalogLoad(known))
		const tables = new Map(wire.tables.map((table) => [table.name, tableOf(table, held.get(table.name))] as const))
		this.#tables = tables
		return { version: wire.version, tables }
	}

	position(shard: string, options?: PositionOptions): Promise<ShardPosition | null> {
		return this.#call('position', (rpc) => rpc.sqlakeCatalogPosition(shard, options))
	}

	commit(request: CommitRequest): Promise<CommitResult> {
		return this.#call('commit', (rpc) => rpc.sqlakeCatalogCommit(request))
	}

	evolve(tables: readonly TableEvolution[], options: EvolveOptions = {}): Promise<EvolutionResult> {
		return this.#call('evolve', (rpc) => rpc.sqlakeCatalogEvolve(tables, options))
	}

	/** An answer that never came says nothing of the outcome, just as with a store. */
	async #call<T>(method: string, call: (rpc: CatalogRpc) => Promise<Envelope<T>>): Promise<T> {
		let envelope: Envelope<T>
		try {
			envelope = await call(this.#connect())
		} catch (error) {
			throw new SQLakeError('STORE_UNAVAILABLE', `catalog ${method}: the catalog object did not answer: ${messageOf(error)}`, {
				cause: error,
				hint: 'The request may or may not have taken effect.',
			})
		}
		return unpackAnswer(envelope)
	}
}

function tableOf(wire: WireTable, held: CatalogTable | undefined): CatalogTable {
	const { metadataLocation, metadata } = wire
	if (metadata !== undefined) return { metadataLocation, metadata: decodeTableMetadata(metadata, metadataLocation) }
	if (held?.metadataLocation === metadataLocation) return held
	throw new SQLakeError('INTERNAL', `catalog load: table "${wire.name}" came without its metadata, which is not held`)
}
