import { SQLakeError } from '../../errors.ts'
import { encodeShardPath } from '../../schema/shard-path.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import type { Catalog, CatalogSnapshot, CommitRequest, CommitResult, EvolutionResult, ShardPosition } from './catalog.ts'
import { advance, judgeSequence } from './shard-sequence.ts'

/**
 * The catalog of files that no table lists: it keeps how far each shard has delivered, in an object of its own that is swapped by
 * compare-and-swap, and nothing else.
 */
export class FilesCatalog implements Catalog {
	readonly #store: ObjectStore

	constructor(store: ObjectStore) {
		this.#store = store
	}

	async load(): Promise<CatalogSnapshot> {
		return { version: 0, tables: new Map() }
	}

	async position(shard: string): Promise<ShardPosition | null> {
		return (await this.#read(shard)).position
	}

	async commit(request: CommitRequest): Promise<CommitResult> {
		const { shard } = request
		const { position, etag } = await this.#read(shard)
		if (judgeSequence(position, request) === 'duplicate' && position !== null)
			return { status: 'duplicate', position, snapshots: {} }
		const next = advance(position, request)
		const bytes = new TextEncoder().encode(JSON.stringify({ ...next, nonce: crypto.randomUUID() }))
		const condition = etag === null ? { ifNoneMatch: '*' as const } : { ifMatch: etag }
		if ((await this.#store.put(keyOf(shard), bytes, { ...condition, contentType: 'application/json' })) !== null) {
			return { status: 'committed', position: next, snapshots: {} }
		}
		throw new SQLakeError('COMMIT_CONFLICT', `shard "${shard}": another delivery came first`)
	}

	/** There are no tables to evolve. */
	async evolve(): Promise<EvolutionResult> {
		return { version: 0, tables: [] }
	}

	async #read(shard: string): Promise<{ readonly position: ShardPosition | null; readonly etag: string | null }> {
		const object = await this.#store.get(keyOf(shard))
		if (object === null) return { position: null, etag: null }
		const { epoch, seq, watermark } = JSON.parse(new TextDecoder().decode(object.bytes)) as ShardPosition
		if ([epoch, seq, watermark].every(Number.isFinite)) return { position: { epoch, seq, watermark }, etag: object.etag }
		throw new SQLakeError('LAKE_CORRUPT', `object "${keyOf(shard)}": expected the position of a shard`)
	}
}

function keyOf(shard: string): string {
	return `data/_positions/${encodeShardPath(shard)}.json`
}
