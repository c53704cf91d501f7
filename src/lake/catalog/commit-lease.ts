import { SQLakeError } from '../../errors.ts'
import { isRecord } from '../../schema/is-record.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import { retryUnavailable } from '../storage/retry.ts'

/** Key of the lease. */
export const LEASE_KEY = 'commits/lease.json'

/** A lease as it was read; `holder` is null where it was given back. */
export interface ReadLease {
	readonly holder: string | null
	readonly etag: string
}

/**
 * Who makes the next commit to a lake that several write to: one object, replaced by compare-and-swap. It saves work and protects
 * nothing, which is the pointer's own swap to do: two that hold it at once, since one was taken for dead, only work in vain.
 *
 * Clocks are never compared: a waiting committer measures how long he himself has seen nothing move.
 */
export class CommitLease {
	readonly #store: ObjectStore

	constructor(store: ObjectStore) {
		this.#store = store
	}

	/** @returns null where nobody holds it. */
	async read(): Promise<ReadLease | null> {
		const object = await retryUnavailable(() => this.#store.get(LEASE_KEY))
		if (object === null) return null
		const found = parse(object.bytes)
		return { holder: isRecord(found) && typeof found.holder === 'string' ? found.holder : null, etag: object.etag }
	}

	/**
	 * Takes the lease, or gives it to another.
	 *
	 * @param holder null gives it back.
	 * @param etag Of the lease that it replaces; null where there is none.
	 * @returns the etag; null where another was faster, or where the store does not tell, as when many try at once: the next read does.
	 */
	async pass(holder: string | null, etag: string | null): Promise<string | null> {
		// Equal bytes would have equal etags, and a lease that was renewed could not be told from one that was left.
		const bytes = new TextEncoder().encode(JSON.stringify({ holder, nonce: crypto.randomUUID() }))
		const condition = etag === null ? ({ ifNoneMatch: '*' } as const) : { ifMatch: etag }
		try {
			return (await this.#store.put(LEASE_KEY, bytes, { ...condition, contentType: 'application/json' }))?.etag ?? null
		} catch (error) {
			if (!SQLakeError.is(error, 'STORE_UNAVAILABLE')) throw error
			return null
		}
	}

	/** Ends a lease that is certainly the caller's own: a delete has no condition. */
	async remove(): Promise<void> {
		await this.#store.delete([LEASE_KEY])
	}
}

/** A lease that does not decode is as good as none. */
function parse(bytes: Uint8Array): unknown {
	try {
		return JSON.parse(new TextDecoder().decode(bytes))
	} catch {
		return null
	}
}
