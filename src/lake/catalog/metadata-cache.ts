/**
 * A bounded cache of decoded metadata. Metadata files, manifest lists and manifests never change under their name, so an entry
 * is never stale; the least recently used go first.
 */
export class MetadataCache {
	readonly #entries = new Map<string, { readonly value: unknown; readonly weight: number }>()
	readonly #maxBytes: number
	#bytes = 0

	/** @param maxBytes Bound on the encoded size of what is held; decoded it is several times that. */
	constructor(maxBytes: number = 8 * 1024 * 1024) {
		this.#maxBytes = maxBytes
	}

	/** Encoded size of what is held, in bytes. */
	get bytes(): number {
		return this.#bytes
	}

	get(path: string): unknown {
		const entry = this.#entries.get(path)
		if (entry === undefined) return undefined
		this.#entries.delete(path)
		this.#entries.set(path, entry)
		return entry.value
	}

	/** @param weight Encoded size in bytes. What alone exceeds the bound is not kept. */
	set(path: string, value: unknown, weight: number): void {
		const previous = this.#entries.get(path)
		if (previous !== undefined) {
			this.#bytes -= previous.weight
			this.#entries.delete(path)
		}
		if (weight > this.#maxBytes) return
		this.#entries.set(path, { value, weight })
		this.#bytes += weight
		for (const [oldest, { weight: freed }] of this.#entries) {
			if (this.#bytes <= this.#maxBytes) return
			this.#entries.delete(oldest)
			this.#bytes -= freed
		}
	}
}
