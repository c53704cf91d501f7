/** A map that forgets what was used longest ago once it holds more than `limit` entries. */
export class LruCache<TKey, TValue> {
	readonly #entries = new Map<TKey, TValue>()
	readonly #limit: number

	/** @param limit - how many entries are kept */
	constructor(limit: number) {
		this.#limit = limit
	}

	/** The entry of `key`, made by `make` where there is none. An error of `make` is thrown and nothing is kept. */
	get(key: TKey, make: () => TValue): TValue {
		const found = this.#entries.get(key)
		if (found !== undefined) {
			this.#entries.delete(key)
			this.#entries.set(key, found)
			return found
		}
		const made = make()
		this.#entries.set(key, made)
		if (this.#entries.size > this.#limit) {
			for (const oldest of this.#entries.keys()) {
				this.#entries.delete(oldest)
				break
			}
		}
		return made
	}
}
