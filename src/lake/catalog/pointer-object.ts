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

/** R2 takes about one write a second of one key, and refuses more. */
const SWAP_RETRY: RetryPolicy = { attempts: 6, baseDelay: 250, maxDelay: 1000 }

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
		return retryUnavailable(async () => {
			try {
				return (await this.#put(first, { ifNoneMatch: '*' }))?.etag ?? null
			} catch (error) {
				// Where many try at once the store refuses most of them, and one has made it.
				if (!SQLakeError.is(error, 'STORE_UNAVAILABLE') || (await this.read()).etag === null) throw error
				return null
			}
		})
	}

	/**
	 * Swaps the pointer. Where it fails, or its answer is lost, the pointer is read before anything else: its nonce says whether the
	 * swap took effect. Where nothing has, the same swap is tried again. Should one take effect only later, it meets a pointer that
	 * has moved on, or makes the next one lose; then that one's successor finds the position committed.
	 *
	 * @returns whether it was won.
	 * @throws `STORE_UNAVAILABLE` where the outcome is unknown.
	 */
	async swap(next: LakePointer, etag: string): Promise<boolean> {
		for (let attempt = 1; ; attempt++) {
			try {
				if ((await this.#put(next, { ifMatch: etag })) !== null) return true
				// An earlier put may have taken effect since, also one that the store's client repeated by itself.
				return (await this.read()).pointer.nonce === next.nonce
			} catch (error) {
				if (!SQLakeError.is(error, 'STORE_UNAVAILABLE') || attempt >= SWAP_RETRY.attempts) throw error
				const read = await this.read()
				if (read.pointer.nonce === next.nonce) return true
				if (read.etag !== etag) return false
				await backOff(SWAP_RETRY, attempt)
			}
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
			if (await this.swap({ ...pointer, nonce: crypto.randomUUID() }, from)) return pointer
		}
		throw new CommitConflictError(retry.attempts)
	}

	#put(pointer: LakePointer, condition: Pick<PutOptions, 'ifMatch' | 'ifNoneMatch'>): Promise<ObjectInfo | null> {
		return this.#store.put(POINTER_KEY, encodeLakePointer(pointer), { ...condition, contentType: 'application/json' })
	}
}
