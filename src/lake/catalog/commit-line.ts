import { SQLakeError } from '../../errors.ts'
import { mapLimit } from '../map-limit.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import { retryUnavailable } from '../storage/retry.ts'
import type { LakeChange } from './admit-changes.ts'
import type { CommitRequest } from './catalog.ts'
import { decodeIntent, encodeIntent } from './commit-intent.ts'
import { CommitLease, type ReadLease } from './commit-lease.ts'
import type { LakeOutcome } from './commit-outcome.ts'
import type { ReadPointer } from './pointer-object.ts'

/** Folder of the intents. */
const INTENTS = 'commits/intents/'

/** Intents that one turn takes at most: each is a read, and a Worker may make so many of them. */
const MAX_INTENTS = 300

/** Milliseconds between two looks at the pointer, and what is added at random. */
const LOOK = 250
const LOOK_SPREAD = 500

/** The commits of somebody who waits. */
export interface Intent {
	readonly key: string
	readonly requests: readonly CommitRequest[]
}

/** Somebody's turn to commit. */
export interface Turn {
	/** The commits of those who wait. */
	readonly intents: readonly Intent[]
	/** Tells those who wait that the holder lives, where the work has taken long. */
	renew(): Promise<void>
	/** Gives the turn to the next. @param done Intents whose commits are in the lake */
	end(done: readonly Intent[]): Promise<void>
}

/** What {@link CommitLine.wait} needs to know of the lake. */
export interface WaitOptions {
	readonly changes: readonly LakeChange[]
	readonly read: () => Promise<ReadPointer>
	/** The outcomes, once others have committed all of the changes. */
	readonly settled: (read: ReadPointer) => readonly LakeOutcome[] | null
}

/**
 * The committers of a lake, wherever they run, one after the other. Who finds the lease free commits at once. Who does not puts
 * his commits into the bucket as an intent: the holder of the lease commits all intents that he finds together with his own, by one
 * swap, and passes the lease on to one whose intent came too late. So a lake takes as many commits as fit into a group, whatever
 * the store allows for one key, and those who wait only look at the pointer.
 */
export class CommitLine {
	readonly #store: ObjectStore
	readonly #lease: CommitLease
	readonly #patience: number
	readonly #leaseTime: number

	/**
	 * @param patience Milliseconds that a wait lasts at most.
	 * @param leaseTime Milliseconds that a lease and the pointer may both stay as they are before the holder is taken for dead.
	 */
	constructor(store: ObjectStore, patience: number, leaseTime: number) {
		this.#store = store
		this.#lease = new CommitLease(store)
		this.#patience = patience
		this.#leaseTime = leaseTime
	}

	/**
	 * Waits for a turn, or for another to have committed the changes.
	 *
	 * @throws `COMMIT_CONFLICT` when neither has come in time: nothing was committed, or it will be by a late holder, which the
	 *   shard's position tells; `STORE_UNAVAILABLE`.
	 */
	async wait({ changes, read, settled }: WaitOptions): Promise<Turn | readonly LakeOutcome[]> {
		const key = `${INTENTS}${crypto.randomUUID()}`
		const free = await this.#lease.pass(key, null)
		if (free !== null) return this.#turn(null, free, [])

		const requests = changes.flatMap((change) => (change.kind === 'commit' ? [change.request] : []))
		await retryUnavailable(() => this.#store.put(key, encodeIntent(requests)))
		try {
			const start = performance.now()
			let seen = { pointer: '', lease: '', since: start }
			let readAt = Number.NEGATIVE_INFINITY
			while (performance.now() - start < this.#patience) {
				await new Promise((resolve) => setTimeout(resolve, LOOK + Math.random() * LOOK_SPREAD))
				const lease = await this.#lease.read()
				const now = { ...seen, lease: lease?.etag ?? '' }
				// The pointer is large, and the lease is passed on after each commit.
				if (now.lease !== seen.lease || performance.now() - readAt >= this.#leaseTime / 2) {
					readAt = performance.now()
					const pointer = await read()
					const outcomes = settled(pointer)
					if (outcomes !== null) return outcomes
					now.pointer = pointer.etag ?? ''
				}
				if (now.pointer !== seen.pointer || now.lease !== seen.lease) seen = { ...now, since: performance.now() }
				const isDead = performance.now() - seen.since >= this.#leaseTime
				const taken = await this.#take(key, lease, isDead)
				if (taken === null) continue
				// One that was named and never came must not be named again.
				if (isDead && lease?.holder?.startsWith(INTENTS) === true) await this.#store.delete([lease.holder])
				return this.#turn(key, taken, await this.#readIntents(key))
			}
		} catch (error) {
			await this.#withdraw(key)
			throw error
		}
		await this.#withdraw(key)
		throw new SQLakeError(
			'COMMIT_CONFLICT',
			`commit: expected a turn within ${this.#patience} ms, found more committers than the lake's pointer takes`,
			{
				hint: 'Nothing is lost, and it may be tried again. Flush less often, or bind the catalog Durable Object as SQLAKE_CATALOG.',
				details: { waitedMs: this.#patience },
			},
		)
	}

	/** @returns the lease's etag; null where it is another's. */
	#take(key: string, lease: ReadLease | null, isDead: boolean): Promise<string | null> | string | null {
		if (lease === null) return this.#lease.pass(key, null)
		if (lease.holder === key) return lease.etag
		return lease.holder === null || isDead ? this.#lease.pass(key, lease.etag) : null
	}

	/** @param own Key of the holder's own intent; null where he has put none. */
	#turn(own: string | null, etag: string, intents: readonly Intent[]): Turn {
		let held: string | null = etag
		let since = performance.now()
		const isFresh = () => performance.now() - since < this.#leaseTime / 3
		return {
			intents,
			renew: async () => {
				if (isFresh() || held === null) return
				held = await this.#lease.pass(own ?? 'holder', held)
				since = performance.now()
			},
			end: (done) =>
				this.#leniently(async () => {
					const handled = [...(own === null ? [] : [own]), ...done.map(({ key }) => key)]
					if (handled.length > 0) await this.#store.delete(handled)
					const { objects } = await this.#store.list({ prefix: INTENTS, limit: handled.length + 1 })
					const next = objects.find(({ key }) => !handled.includes(key))
					if (held === null) return
					const passed = next === undefined && isFresh() ? null : await this.#lease.pass(next?.key ?? null, held)
					// Free for whoever comes first, too, where the store refuses to change it again so soon.
					if (passed === null && isFresh()) await this.#lease.remove()
				}),
		}
	}

	/** The intents of others. One that does not decode is left to the one who put it, and who will have his turn. */
	async #readIntents(own: string): Promise<Intent[]> {
		const { objects } = await retryUnavailable(() => this.#store.list({ prefix: INTENTS, limit: MAX_INTENTS }))
		const keys = objects.map(({ key }) => key).filter((key) => key !== own)
		const intents = await mapLimit(keys, async (key): Promise<Intent[]> => {
			const object = await retryUnavailable(() => this.#store.get(key))
			if (object === null) return []
			try {
				return [{ key, requests: decodeIntent(object.bytes, key) }]
			} catch (error) {
				if (SQLakeError.is(error, 'LAKE_CORRUPT')) return []
				throw error
			}
		})
		return intents.flat()
	}

	#withdraw(key: string): Promise<void> {
		return this.#leniently(() => this.#store.delete([key]))
	}

	/** Tidies up as far as the store lets: a lease that stays runs out, and an intent that stays is found to be committed. */
	async #leniently(work: () => Promise<void>): Promise<void> {
		try {
			await work()
		} catch (error) {
			if (!SQLakeError.is(error, 'STORE_UNAVAILABLE')) throw error
		}
	}
}
