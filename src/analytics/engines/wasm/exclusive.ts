/**
 * One at a time, with a way out when the one before will never be done.
 *
 * @module
 */
import type { QueryDeadline } from '../query-deadline.ts'

/** Milliseconds that a query may be over its time before those that wait take it for dead. */
const GRACE_MS = 2_000

interface Holder {
	readonly deadline: QueryDeadline
	readonly done: Promise<void>
}

/**
 * Lets queries through one by one. A Worker may cancel a request in the middle of an await, and nothing of it ever runs again,
 * not even a `finally`: so who waits takes the turn of a holder that is well past its own deadline.
 */
export class Exclusive {
	#holder: Holder | undefined
	readonly #onAbandoned: () => void

	/** @param onAbandoned Called when a holder is taken for dead; what it held must not be used again. */
	constructor(onAbandoned: () => void) {
		this.#onAbandoned = onAbandoned
	}

	/** @throws What `work` throws; `ANALYTICS_TIMEOUT` or `ANALYTICS_ABORTED` if the turn does not come in time. */
	async run<T>(deadline: QueryDeadline, work: () => Promise<T>): Promise<T> {
		for (let holder = this.#holder; holder !== undefined; holder = this.#holder) {
			await deadline.race(doneOrAfter(holder.done, holder.deadline.expiresAt + GRACE_MS - Date.now()))
			if (this.#holder === holder && Date.now() >= holder.deadline.expiresAt + GRACE_MS) {
				this.#holder = undefined
				this.#onAbandoned()
			}
		}
		const { promise, resolve } = Promise.withResolvers<void>()
		const self: Holder = { deadline, done: promise }
		this.#holder = self
		try {
			return await work()
		} finally {
			if (this.#holder === self) this.#holder = undefined
			resolve()
		}
	}
}

/** Resolves with the promise, or after a time; leaves no timer behind once the promise is done. */
async function doneOrAfter(done: Promise<void>, ms: number): Promise<void> {
	const { promise: late, resolve } = Promise.withResolvers<void>()
	const timer = setTimeout(resolve, Math.max(0, ms))
	try {
		await Promise.race([done, late])
	} finally {
		clearTimeout(timer)
	}
}
