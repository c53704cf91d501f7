import { SQLakeError } from '../../errors.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import { backOff, type RetryPolicy } from '../storage/retry.ts'
import { STORE_CALL_TIMEOUT, timedStore } from '../storage/timed-store.ts'
import type { LakeChange } from './admit-changes.ts'
import type {
	Catalog,
	CatalogSnapshot,
	CommitRequest,
	CommitResult,
	EvolutionResult,
	EvolveOptions,
	PositionOptions,
	ShardPosition,
	TableEvolution,
} from './catalog.ts'
import { CommitConflictError } from './commit-conflict-error.ts'
import { CommitLine, type Intent, type Turn } from './commit-line.ts'
import type { LakeOutcome } from './commit-outcome.ts'
import { CommitQueue, concernsAll } from './commit-queue.ts'
import { CommitRoom } from './commit-room.ts'
import { shardKey } from './lake-pointer.ts'
import type { MetadataCache } from './metadata-cache.ts'
import { MetadataReader } from './metadata-reader.ts'
import { type Judged, outcomesWithoutCommit, PointerCommit, wasSwappedFor } from './pointer-commit.ts'
import { PointerObject, type ReadPointer } from './pointer-object.ts'
import { settledBy } from './settled-by.ts'

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
	/** Where the instances of one isolate meet that commit to this lake; each is on its own where absent. */
	readonly room?: CommitRoom
	/** Milliseconds that a commit waits for its turn. Default: 25 s, less than a shard waits for a commit. */
	readonly patience?: number
	/** Milliseconds without a sign of life after which another committer's turn is over. Default: 3 s. */
	readonly leaseTime?: number
	/** Milliseconds since the epoch; the clock of the machine where absent. */
	readonly now?: () => number
}

const PATIENCE = 25_000
const LEASE_TIME = 3_000

/** Milliseconds for which one that has met another isolate's commits reckons with more of them. */
const RIVAL_TIME = 60_000

const SWAP_RETRY: RetryPolicy = { attempts: 12, baseDelay: 25, maxDelay: 2000 }

/**
 * The catalog that needs nothing but the bucket. All of a lake's current state hangs on one object, the pointer, which a
 * commit replaces by compare-and-swap: manifests and metadata are written first, under names of their own, and count once the
 * pointer names them. Whoever loses a swap builds his commit anew on what won.
 *
 * R2 takes about one write a second of one key, so commits that meet share a swap, at three levels: within an instance by a
 * {@link CommitQueue}, within an isolate in a {@link CommitRoom}, and in the bucket by a {@link CommitLine}. None of the three is
 * needed for a commit to be right, which is the swap's and the position's to see to. An instance belongs to one Durable Object,
 * or to one request of a Worker, where no promise may wait for another request.
 *
 * @example
 * ```ts
 * const catalog = new R2PointerCatalog({ store: new R2ObjectStore(env.SQLAKE_BUCKET), location: 's3://my-bucket' })
 * ```
 */
export class R2PointerCatalog implements Catalog {
	readonly #pointer: PointerObject
	readonly #commits: PointerCommit
	readonly #line: CommitLine
	readonly #room: CommitRoom
	readonly #retry: RetryPolicy
	readonly #queue: CommitQueue

	constructor(options: R2PointerCatalogOptions) {
		const { location, maxShards = MAX_POINTER_SHARDS, patience = PATIENCE, leaseTime = LEASE_TIME, now = Date.now } = options
		// Commits queue: one call that hangs must not stop them for good.
		const store = timedStore(options.store, options.callTimeout ?? STORE_CALL_TIMEOUT)
		const room = options.room ?? new CommitRoom()
		const reader = new MetadataReader({ store, location, cache: options.cache ?? room.cache })
		this.#pointer = new PointerObject(store, location)
		this.#commits = new PointerCommit({ store, location, pointer: this.#pointer, reader, maxShards, now })
		this.#line = new CommitLine(store, patience, leaseTime)
		this.#room = room
		this.#retry = options.retry ?? SWAP_RETRY
		this.#queue = new CommitQueue((changes) => room.join(changes, (group) => this.#commitGroup(group), patience))
	}

	async load(): Promise<CatalogSnapshot> {
		const { pointer } = await this.#pointer.read()
		return { version: pointer.version, tables: await this.#commits.readTables(pointer, pointer.tables.keys()) }
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

	/** Commits a group of this isolate's. Whoever swapped the pointer last knows of no rival, and needs no turn. */
	async #commitGroup(changes: readonly LakeChange[]): Promise<readonly LakeOutcome[]> {
		const read = await this.#pointer.read()
		const judged = await this.#commits.judge(changes, read)
		const isAlone = this.#isAlone(changes, read)
		const outcomes = outcomesWithoutCommit(judged) ?? (isAlone ? await this.#commit(judged, false) : null)
		if (outcomes !== null) return outcomes
		this.#room.rivalAt = performance.now()
		const turn = await this.#line.wait({
			changes,
			read: () => this.#pointer.read(),
			settled: ({ pointer }) => settledBy(pointer, changes),
		})
		const later = 'end' in turn ? await this.#commitInTurn(changes, turn) : turn
		return later.map((outcome) => withRetries(outcome, isAlone ? 1 : 0))
	}

	/** Commits a group, and what others wait with. */
	async #commitInTurn(changes: readonly LakeChange[], turn: Turn): Promise<readonly LakeOutcome[]> {
		let done: readonly Intent[] = []
		try {
			const outcomes = [...(await this.#commitUntilWon([...changes, ...changesOf(turn.intents)], turn))]
			const own = outcomes.splice(0, changes.length)
			// One that was refused is left to its owner, who learns why in his own turn; so is one that only waits for its turn.
			done = turn.intents.filter(({ requests }) => {
				const became = outcomes.splice(0, requests.length)
				return requests.length > 0 && !became.some((outcome) => SQLakeError.is(outcome))
			})
			return own
		} catch (error) {
			if (turn.intents.length === 0 || concernsAll(error)) throw error
			// Something that another waits with cannot be committed: it must not take this group with it.
			return await this.#commitUntilWon(changes, turn)
		} finally {
			await turn.end(done)
		}
	}

	async #commitUntilWon(changes: readonly LakeChange[], turn: Turn): Promise<readonly LakeOutcome[]> {
		for (let attempt = 1; attempt <= this.#retry.attempts; attempt++) {
			if (attempt > 1) await backOff(this.#retry, attempt - 1)
			const judged = await this.#commits.judge(changes, await this.#pointer.read())
			await turn.renew()
			const outcomes = outcomesWithoutCommit(judged) ?? (await this.#commit(judged, true))
			if (outcomes !== null) return outcomes.map((outcome) => withRetries(outcome, attempt - 1))
		}
		throw new CommitConflictError(this.#retry.attempts)
	}

	async #commit(judged: Judged, lookAgain: boolean): Promise<readonly LakeOutcome[] | null> {
		const won = await this.#commits.commit(judged, lookAgain)
		if (won !== null) this.#room.lastNonce = won.nonce
		return won?.outcomes ?? null
	}

	/**
	 * Whether the lake is new, or was written last by this isolate or for one of the group's shards, and nobody else has written to it
	 * for long.
	 */
	#isAlone(changes: readonly LakeChange[], { pointer, etag }: ReadPointer): boolean {
		if (performance.now() - this.#room.rivalAt < RIVAL_TIME) return false
		return etag === null || pointer.nonce === this.#room.lastNonce || wasSwappedFor(changes, pointer)
	}
}

function changesOf(intents: readonly Intent[]): LakeChange[] {
	return intents.flatMap(({ requests }) => requests.map((request) => ({ kind: 'commit' as const, request })))
}

function withRetries(outcome: LakeOutcome, retries: number): LakeOutcome {
	if (SQLakeError.is(outcome) || outcome.commit === undefined || retries === 0) return outcome
	return { ...outcome, commit: { ...outcome.commit, retries: retries + (outcome.commit.retries ?? 0) } }
}
