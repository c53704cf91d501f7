/** A small seeded generator (mulberry32): the same seed gives the same run everywhere. */
export class Random {
	#state: number

	constructor(seed: number) {
		this.#state = seed >>> 0
	}

	/** From 0, below 1. */
	next(): number {
		this.#state = (this.#state + 0x6d2b79f5) >>> 0
		let t = this.#state
		t = Math.imul(t ^ (t >>> 15), t | 1)
		t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
		return ((t ^ (t >>> 14)) >>> 0) / 4294967296
	}

	/** A whole number from 0, below `end`. */
	below(end: number): number {
		return Math.floor(this.next() * end)
	}

	chance(probability: number): boolean {
		return this.next() < probability
	}

	pick<T>(items: readonly T[]): T {
		const item = items[this.below(items.length)]
		if (item === undefined) throw new Error('pick from an empty list')
		return item
	}

	/** Picks by weight. */
	weighted<T>(items: readonly (readonly [weight: number, item: T])[]): T {
		let left = this.next() * items.reduce((sum, [weight]) => sum + weight, 0)
		for (const [weight, item] of items) {
			left -= weight
			if (left < 0) return item
		}
		return this.pick(items)[1]
	}
}
