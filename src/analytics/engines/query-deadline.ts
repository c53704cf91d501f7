/**
 * The time a query may take, and its caller's wish to go on.
 *
 * @module
 */
import { SQLakeError } from '../../errors.ts'
import type { EngineLimits } from '../query-engine.ts'

/** When a query must be over. */
export class QueryDeadline {
	readonly #limits: EngineLimits
	/** Milliseconds since the epoch. */
	readonly expiresAt: number

	constructor(limits: EngineLimits) {
		this.#limits = limits
		this.expiresAt = (limits.startedAt ?? Date.now()) + limits.timeoutMs
	}

	/** Milliseconds left; 0 when none are. */
	get remainingMs(): number {
		return Math.max(0, this.expiresAt - Date.now())
	}

	/** @throws `ANALYTICS_TIMEOUT` when the time is over, `ANALYTICS_ABORTED` when the caller gave up. */
	check(): void {
		const { signal } = this.#limits
		if (signal?.aborted) {
			throw new SQLakeError('ANALYTICS_ABORTED', 'the query was aborted by its caller', { cause: signal.reason })
		}
		if (Date.now() >= this.expiresAt) throw this.timedOut()
	}

	/** The error of a query whose time is over. */
	timedOut(): SQLakeError {
		const { timeoutMs } = this.#limits
		return new SQLakeError('ANALYTICS_TIMEOUT', `the query took longer than its ${timeoutMs} ms`, {
			hint: 'Narrow the shards or the time, read fewer columns, or pass a longer timeoutMs.',
			details: { timeoutMs },
		})
	}

	/**
	 * Lets the event loop turn, then checks. A Worker's clock stands still until then, and a signal cannot fire.
	 *
	 * @throws as {@link check} does.
	 */
	async yield(): Promise<void> {
		await new Promise((resolve) => setTimeout(resolve, 0))
		this.check()
	}

	/**
	 * Waits for something, for as long as the query may take.
	 *
	 * @throws as {@link check} does, or what the promise is rejected with. The promise itself goes on.
	 */
	async race<T>(promise: Promise<T>): Promise<T> {
		promise.catch(() => {}) // Who has given up waiting does not hear how it ends.
		this.check()
		const { signal } = this.#limits
		const { promise: over, resolve } = Promise.withResolvers<void>()
		const onAbort = () => resolve()
		const timer = setTimeout(onAbort, this.remainingMs)
		signal?.addEventListener('abort', onAbort)
		try {
			const winner = await Promise.race([promise.then((value) => ({ value })), over]).catch((error: unknown) => {
				// Who passes the signal on is rejected with its reason; it means the same.
				if (signal?.aborted) this.check()
				throw error
			})
			if (winner !== undefined) return winner.value
			this.check()
			throw this.timedOut()
		} finally {
			clearTimeout(timer)
			signal?.removeEventListener('abort', onAbort)
		}
	}
}
