import { SQLakeError } from '../../errors.ts'
import type { ObjectInfo, ObjectStore, PutOptions } from '../storage/object-store.ts'
import { backOff, type RetryPolicy, retryUnavailable } from '../storage/retry.ts'
import { CommitConflictError } from './commit-conflict-error.ts'
import { assertPointer, emptyPointer, encodeLakePointer, type LakePointer, POINTER_KEY } from './lake-pointer.ts'
import { fetchPointer } from './lost-pointer.ts'

/** The pointer as it was read; `etag` is null where there is none yet. */
export interface ReadPointer {
	readonly pointer: LakePointer
	readonly etag: string | null
}

/** What became of a swap; `unknown` where its answer was lost, and it had not taken effect when the pointer was read again. */
export type Swap = { readonly kind: 'won' | 'lost' } | { readonly kind: 'unknown'; readonly error: unknown }

/** The one object of a lake that changes, {@link POINTER_KEY}: it is replaced by compare-and-swap only. */
export class PointerObject {
	readonly #store: ObjectStore
	readonly #location: string

	/** @param location Prefix of the lake's paths. */
	constructor(store: ObjectStore, location: string) {
		this.#store = store
		this.#location = location
	}

	/** @throws `LAKE_CORRUPT` for a lake that lost its pointer; `CONFIG_INVALID` for another lake's; `STORE_UNAVAILABLE`. */
	async read(): Promise<ReadPointer> {
		const read = await fetchPointer(this.#store)
		if (read === null) return { pointer: emptyPointer(this.#location), etag: null }
		assertPointer(read.pointer, { owner: { kind: 'pointer' }, location: this.#location })
		return read
	}

	/**
	 * Puts the first pointer, of a lake without tables: before any metadata, so that a lake whose pointer was lost can be told from
	 * one that nobody has written to.
	 *
	 * @returns its etag; null where there is one already.
	 */
	async create(): Promise<string | null> {
		const first = { ...emptyPointer(this.#location), nonce: crypto.randomUUID() }
		const info = await retryUnavailable(() => this.#put(first, { ifNoneMatch: '*' }))
		return info?.etag ?? null
	}

	/**
	 * Swaps the pointer. Where the answer is lost the pointer is read before anything else: it says whether the swap took effect.
	 * Should it take effect only later, it meets a pointer that has moved on, or makes the next attempt lose; then that attempt's
	 * successor finds the position committed.
	 *
	 * @throws `STORE_UNAVAILABLE` if the pointer cannot be read either: the outcome is unknown.
	 */
	async swap(next: LakePointer, etag: string): Promise<Swap> {
		try {
			return { kind: (await this.#put(next, { ifMatch: etag })) === null ? 'lost' : 'won' }
		} catch (error) {
			if (!SQLakeError.is(error, 'STORE_UNAVAILABLE')) throw error
			const { pointer } = await this.read()
			return pointer.nonce === next.nonce ? { kind: 'won' } : { kind: 'unknown', error }
		}
	}

	/**
	 * Reads the pointer for sure: it is swapped for itself, which succeeds only where what was read is what is there. A read alone
	 * may be answered by a cache, or by a replica that is behind.
	 *
	 * @throws `COMMIT_CONFLICT` when others won the swap too often; what {@link read} and {@link swap} throw.
	 */
	async confirm(retry: RetryPolicy): Promise<LakePointer> {
		for (let attempt = 1; attempt <= retry.attempts; attempt++) {
			if (attempt > 1) await backOff(retry, attempt - 1)
			const { pointer, etag } = await this.read()
			const from = etag ?? (await this.create())
			if (from === null) continue
			// That it could be created says that there was none.
			if (etag === null) return pointer
			const swap = await this.swap({ ...pointer, nonce: crypto.randomUUID() }, from)
			if (swap.kind === 'won') return pointer
		}
		throw new CommitConflictError(retry.attempts)
	}

	#put(pointer: LakePointer, condition: Pick<PutOptions, 'ifMatch' | 'ifNoneMatch'>): Promise<ObjectInfo | null> {
		return this.#store.put(POINTER_KEY, encodeLakePointer(pointer), { ...condition, contentType: 'application/json' })
	}
}
