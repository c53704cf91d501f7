import { SQLakeError } from '../../errors.ts'
import { mapLimit } from '../map-limit.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import { backOff, type RetryPolicy } from '../storage/retry.ts'
import { STORE_CALL_TIMEOUT, timedStore } from '../storage/timed-store.ts'
import { admitChanges, type LakeChange, tablesOf } from './admit-changes.ts'
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
import { CommitConflictError } from './commit-conflict-error.ts'
import { type LakeOutcome, outcomeOf } from './commit-outcome.ts'
import { CommitQueue } from './commit-queue.ts'
import { type LakePointer, shardKey } from './lake-pointer.ts'
import type { MetadataCache } from './metadata-cache.ts'
import { MetadataReader } from './metadata-reader.ts'
import { PointerObject } from './pointer-object.ts'
import { prepareCommit } from './prepare-commit.ts'
import { putPrepared } from './put-prepared.ts'

/** Shards that the pointer holds by default: each takes about 60 bytes of an object that every commit rewrites. */
export const MAX_POINTER_SHARDS = 4096

/** What an {@link R2PointerCatalog} is made of. */
export interface R2PointerCatalogOptions {
	/** A store with compare-and-swap. */
	readonly store: ObjectStore
	/** Prefix of every path in the lake's metadata, such as `s3://my-bucket`; no slash at its end. Cannot change later. */
	readonly location: string
	/** Default: {@link MAX_POINTER_SHARDS}. */
	readonly maxShards?: number
	/** How often a swap may be lost. Default: 12 attempts, from 25 ms to 2 s apart. */
	readonly retry?: RetryPolicy
	/** Milliseconds that a call to the store may take. Default: {@link STORE_CALL_TIMEOUT}. */
	readonly callTimeout?: number
	readonly cache?: MetadataCache
	/** Milliseconds since the epoch; the clock of the machine where absent. */
	readonly now?: () => number
}

const SWAP_RETRY: RetryPolicy = { attempts: 12, baseDelay: 25, maxDelay: 2000 }

/**
 * The catalog that needs nothing but the bucket. All of a lake's current state hangs on one object, the pointer, which a
 * commit replaces by compare-and-swap: manifests and metadata are written first, under names of their own, and count once the
 * pointer names them. Whoever loses a swap builds his commit anew on what won.
 *
 * R2 takes about one write a second of one key, and the pointer holds every shard's position: for few shards. Commits that meet
 * in one instance share a swap; so an instance belongs to one Durable Object, or to one request of a Worker, where no promise
 * may wait for another request.
 *
 * @example
 * ```ts
 * const catalog = new R2PointerCatalog({ store: new R2ObjectStore(env.SQLAKE_BUCKET), location: 's3://my-bucket' })
 * ```
 */
export class R2PointerCatalog implements Catalog {
	readonly #store: ObjectStore
	readonly #location: string
	readonly #pointer: PointerObject
	readonly #maxShards: number
	readonly #retry: RetryPolicy
	readonly #reader: MetadataReader
	readonly #now: () => number
	readonly #queue = new CommitQueue((changes) => this.#commitGroup(changes))

	constructor(options: R2PointerCatalogOptions) {
		// Commits queue: one call that hangs must not stop them for good.
		this.#store = timedStore(options.store, options.callTimeout ?? STORE_CALL_TIMEOUT)
		this.#location = options.location
		this.#pointer = new PointerObject(this.#store, options.location)
		this.#maxShards = options.maxShards ?? MAX_POINTER_SHARDS
		this.#retry = options.retry ?? SWAP_RETRY
		this.#reader = new MetadataReader({ ...options, store: this.#store })
		this.#now = options.now ?? Date.now
	}

	async load(): Promise<CatalogSnapshot> {
		const { pointer } = await this.#pointer.read()
		return { version: pointer.version, tables: await this.#readTables(pointer, pointer.tables.keys()) }
	}

	async position(shard: string, { confirm = false }: PositionOptions = {}): Promise<ShardPosition | null> {
		const pointer = confirm ? await this.#pointer.confirm(this.#retry) : (await this.#pointer.read()).pointer
		return pointer.shards.get(shardKey(shard)) ?? null
	}

	commit(request: CommitRequest): Promise<CommitResult> {
		return this.#queue.commit(request)
	}

	evolve(tables: readonly TableEvolution[], options: EvolveOptions = {}): Promise<EvolutionResult> {
		return this.#queue.evolve(tables, options)
	}

	async #commitGroup(changes: readonly LakeChange[]): Promise<readonly LakeOutcome[]> {
		let unavailable: unknown
		for (let attempt = 1; attempt <= this.#retry.attempts; attempt++) {
			if (attempt > 1) await backOff(this.#retry, attempt - 1)
			const { pointer, etag } = await this.#pointer.read()
			const tables = await this.#readTables(pointer, tablesOf(changes))
			const now = this.#now()
			const admission = admitChanges({
				changes,
				location: this.#location,
				now,
				positionOf: (shard) => pointer.shards.get(shardKey(shard)) ?? null,
				metadataOf: (table) => tables.get(table)?.metadata,
				mayAddShard: (added, shard) => this.#assertRoom(pointer.shards.size + added, shard),
			})
			if (admission.isEmpty) return admission.verdicts.map((verdict) => outcomeOf(verdict, pointer.version, new Map()))

			const from = etag ?? (await this.#pointer.create())
			if (from === null) continue
			const version = pointer.version + 1
			const prepared = await prepareCommit({
				location: this.#location,
				requests: admission.admitted,
				admitted: admission.tables,
				tables,
				reader: this.#reader,
				version,
				now,
			})
			await putPrepared(this.#store, prepared.objects)
			const next: LakePointer = {
				...pointer,
				nonce: crypto.randomUUID(),
				version,
				tables: new Map([
					...pointer.tables,
					...[...prepared.tables].map(([name, table]) => [name, table.metadataLocation] as const),
				]),
				shards: new Map([...pointer.shards, ...[...admission.positions].map(([shard, at]) => [shardKey(shard), at] as const)]),
			}
			const swap = await this.#pointer.swap(next, from)
			if (swap.kind === 'won') {
				prepared.remember()
				const outcomes = admission.verdicts.map((verdict, i) => outcomeOf(verdict, version, prepared.tables, changes[i]))
				return outcomes.map((outcome) => withRetries(outcome, attempt - 1))
			}
			unavailable = swap.kind === 'unknown' ? swap.error : undefined
		}
		throw unavailable ?? new CommitConflictError(this.#retry.attempts)
	}

	/** Metadata of those of the named tables that exist. */
	async #readTables(pointer: LakePointer, names: Iterable<string>): Promise<ReadonlyMap<string, CatalogTable>> {
		const entries = await mapLimit([...new Set(names)], async (name) => {
			const metadataLocation = pointer.tables.get(name)
			if (metadataLocation === undefined) return []
			const metadata = await this.#reader.readTableMetadata(metadataLocation)
			return [[name, { metadataLocation, metadata }] as const]
		})
		return new Map(entries.flat())
	}

	#assertRoom(shards: number, shard: string): void {
		if (shards <= this.#maxShards) return
		throw new SQLakeError(
			'CATALOG_LIMIT',
			`shard "${shard}": expected at most ${this.#maxShards} shards in a pointer catalog, found ${shards}`,
			{
				hint: 'Bind the catalog Durable Object as SQLAKE_CATALOG: it has no such limit.',
				details: { limit: this.#maxShards },
			},
		)
	}
}

function withRetries(outcome: LakeOutcome, retries: number): LakeOutcome {
	if (SQLakeError.is(outcome) || outcome.commit === undefined || retries === 0) return outcome
	return { ...outcome, commit: { ...outcome.commit, retries } }
}
