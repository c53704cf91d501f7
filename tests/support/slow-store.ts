import { SQLakeError } from '../../src/errors.ts'
import { MemoryObjectStore } from '../../src/lake/storage/memory.ts'
import type { ByteRange, ObjectInfo, ObjectStore, PutOptions, StoredObject } from '../../src/lake/storage/object-store.ts'

/** How slow a {@link SlowStore} is; in milliseconds. */
export interface SlowStoreOptions {
	readonly read: number
	readonly write: number
	/** Between two writes of one key; those that come sooner are refused, as R2 does. */
	readonly distance: number
}

/** About what R2 takes from a Worker nearby. */
export const R2_LATENCIES: SlowStoreOptions = { read: 40, write: 90, distance: 1_000 }

/** A store in memory with the latencies of one far away, and its limit of writes of one key. Counts what it was asked for. */
export class SlowStore implements ObjectStore {
	readonly #store = new MemoryObjectStore()
	readonly #options: SlowStoreOptions
	readonly #written = new Map<string, number>()
	readonly calls = { get: 0, head: 0, put: 0, list: 0, delete: 0, refused: 0 }
	/** Keys that were put, in order. */
	readonly puts: string[] = []

	constructor(options: SlowStoreOptions = R2_LATENCIES) {
		this.#options = options
	}

	async get(key: string, range?: ByteRange): Promise<StoredObject | null> {
		this.calls.get++
		await this.#pause(this.#options.read)
		return this.#store.get(key, range)
	}

	async head(key: string): Promise<ObjectInfo | null> {
		this.calls.head++
		await this.#pause(this.#options.read)
		return this.#store.head(key)
	}

	async put(key: string, bytes: Uint8Array, options?: PutOptions): Promise<ObjectInfo | null> {
		this.calls.put++
		await this.#pause(this.#options.write / 2)
		const now = performance.now()
		if (now - (this.#written.get(key) ?? Number.NEGATIVE_INFINITY) < this.#options.distance) {
			this.calls.refused++
			throw new SQLakeError('STORE_UNAVAILABLE', `put of "${key}": too many writes of this key`)
		}
		const info = await this.#store.put(key, bytes, options)
		if (info !== null) {
			this.#written.set(key, now)
			this.puts.push(key)
		}
		await this.#pause(this.#options.write / 2)
		return info
	}

	async delete(keys: readonly string[]): Promise<void> {
		this.calls.delete++
		await this.#pause(this.#options.write)
		await this.#store.delete(keys)
	}

	async list(options: Parameters<ObjectStore['list']>[0]): ReturnType<ObjectStore['list']> {
		this.calls.list++
		await this.#pause(this.#options.read)
		return this.#store.list(options)
	}

	/** Half to one and a half of the time. */
	#pause(ms: number): Promise<void> {
		return new Promise((resolve) => setTimeout(resolve, ms * (0.5 + Math.random())))
	}
}
