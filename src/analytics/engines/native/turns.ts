/**
 * A few at a time.
 *
 * @module
 */
import type { QueryDeadline } from '../query-deadline.ts'

/** Hands out a number of turns, first come, first served. */
export class Turns {
	#free: number
	readonly #waiting: (() => void)[] = []

	/** @param count How many are out at a time. */
	constructor(count: number) {
		this.#free = count
	}

	/**
	 * Waits for a turn. @returns what gives it back, to be called once.
	 *
	 * @throws `ANALYTICS_TIMEOUT` or `ANALYTICS_ABORTED` if the turn does not come in time.
	 */
	async take(deadline: QueryDeadline): Promise<() => void> {
		if (this.#free === 0) {
			const { promise: turn, resolve } = Promise.withResolvers<void>()
			this.#waiting.push(resolve)
			await deadline.race(turn).catch((error: unknown) => {
				const place = this.#waiting.indexOf(resolve)
				if (place >= 0) this.#waiting.splice(place, 1)
				else this.#give() // It came, but too late.
				throw error
			})
		} else this.#free -= 1
		return () => this.#give()
	}

	#give(): void {
		const next = this.#waiting.shift()
		if (next === undefined) this.#free += 1
		else next()
	}
}
