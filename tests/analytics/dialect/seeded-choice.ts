/** Choices that follow from a seed. */
export class SeededChoice {
	#state: number

	constructor(seed: number) {
		this.#state = seed
	}

	pick<T>(items: readonly T[]): T {
		return items[this.below(items.length)] as T
	}

	/** A whole number from 0 to before the limit: mulberry32. */
	below(limit: number): number {
		this.#state = (this.#state + 0x6d2b79f5) | 0
		let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
		t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
		return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * limit)
	}
}
