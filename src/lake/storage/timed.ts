import { SQLakeError } from '../../errors.ts'
import type { ByteRange, ObjectInfo, ObjectPage, ObjectStore, PutOptions, StoredObject } from './object-store.ts'

/** Milliseconds that a call may take by default: far beyond a slow one, and short enough for an alarm to try again. */
export const STORE_CALL_TIMEOUT = 30_000

/**
 * A store whose calls end: one that hangs becomes `STORE_UNAVAILABLE` after a while. Its outcome is unknown then; it may still
 * take effect later.
 *
 * @example
 * ```ts
 * const store = new TimedObjectStore(new R2ObjectStore(env.SQLAKE_BUCKET))
 * ```
 */
export class TimedObjectStore implements ObjectStore {
	readonly #store: ObjectStore
	readonly #timeout: number

	/** @param timeout Milliseconds for each call. */
	constructor(store: ObjectStore, timeout: number = STORE_CALL_TIMEOUT) {
		this.#store = store
		this.#timeout = timeout
	}

	get(key: string, range?: ByteRange): Promise<StoredObject | null> {
		return this.#limit('get', key, this.#store.get(key, range))
	}

	head(key: string): Promise<ObjectInfo | null> {
		return this.#limit('head', key, this.#store.head(key))
	}

	put(key: string, bytes: Uint8Array, options?: PutOptions): Promise<ObjectInfo | null> {
		return this.#limit('put', key, this.#store.put(key, bytes, options))
	}

	delete(keys: readonly string[]): Promise<void> {
		return this.#limit('delete', keys[0] ?? '', this.#store.delete(keys))
	}

	list(options: { readonly prefix: string; readonly cursor?: string; readonly limit?: number }): Promise<ObjectPage> {
		return this.#limit('list', options.prefix, this.#store.list(options))
	}

	async #limit<T>(operation: string, key: string, call: Promise<T>): Promise<T> {
		let timer: ReturnType<typeof setTimeout> | undefined
		const expiry = new Promise<never>((_resolve, reject) => {
			timer = setTimeout(() => {
				reject(
					new SQLakeError(
						'STORE_UNAVAILABLE',
						`${operation} of "${key}": expected an answer within ${this.#timeout} ms, found none`,
						{
							hint: 'The store hangs; the request may or may not take effect.',
							details: { operation, key, timeout: this.#timeout },
						},
					),
				)
			}, this.#timeout)
		})
		try {
			return await Promise.race([call, expiry])
		} finally {
			clearTimeout(timer)
		}
	}
}
