import { SQLakeError } from '../../errors.ts'
import type { ObjectStore } from './object-store.ts'

/** Milliseconds that a call may take by default: far beyond a slow one, and short enough for an alarm to try again. */
export const STORE_CALL_TIMEOUT = 20_000

/**
 * A store whose calls fail when they take too long. A call that hangs would otherwise hold up everything that waits for it, such
 * as every commit behind it in the queue of a catalog.
 *
 * @param limit milliseconds
 * @throws each method `STORE_UNAVAILABLE` when the time is over: whether it took effect is unknown
 */
export function timedStore(store: ObjectStore, limit: number): ObjectStore {
	return {
		get: (key, range) => withTimeout(`GET ${key}`, limit, () => store.get(key, range)),
		head: (key) => withTimeout(`HEAD ${key}`, limit, () => store.head(key)),
		put: (key, bytes, options) => withTimeout(`PUT ${key}`, limit, () => store.put(key, bytes, options)),
		delete: (keys) => withTimeout(`DELETE of ${keys.length} objects`, limit, () => store.delete(keys)),
		list: (options) => withTimeout(`LIST ${options.prefix}`, limit, () => store.list(options)),
	}
}

/**
 * Waits for `call` at most `limit` milliseconds. A call that runs out of time may still take effect later.
 *
 * @throws `STORE_UNAVAILABLE` when the time is over.
 */
export async function withTimeout<T>(what: string, limit: number, call: () => Promise<T>): Promise<T> {
	let timer: ReturnType<typeof setTimeout> | undefined
	const timeout = new Promise<never>((_, reject) => {
		timer = setTimeout(() => {
			reject(
				new SQLakeError('STORE_UNAVAILABLE', `${what}: no answer within ${limit} ms; whether it took effect is unknown`, {
					details: { what, limit },
				}),
			)
		}, limit)
	})
	try {
		return await Promise.race([call(), timeout])
	} finally {
		clearTimeout(timer)
	}
}
