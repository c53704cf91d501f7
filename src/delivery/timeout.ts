/**
 * A limit on calls to the store and the catalog, which may hang.
 *
 * @module
 */
import { SQLakeError } from '../errors.ts'

/**
 * Waits for `call` at most `limit` milliseconds. A call that runs out of time may still take effect later: its outcome is unknown.
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
