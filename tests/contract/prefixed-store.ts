import type {
	ByteRange,
	ObjectInfo,
	ObjectPage,
	ObjectStore,
	PutOptions,
	StoredObject,
} from '../../src/lake/storage/object-store.ts'

/** A part of a store as a store of its own, so that tests that share a bucket do not meet. */
export class PrefixedStore implements ObjectStore {
	readonly #store: ObjectStore
	readonly #prefix: string

	constructor(store: ObjectStore, prefix: string) {
		this.#store = store
		this.#prefix = prefix
	}

	async get(key: string, range?: ByteRange): Promise<StoredObject | null> {
		const object = await this.#store.get(this.#prefix + key, range)
		return object === null ? null : { ...object, key }
	}

	async head(key: string): Promise<ObjectInfo | null> {
		const info = await this.#store.head(this.#prefix + key)
		return info === null ? null : { ...info, key }
	}

	async put(key: string, bytes: Uint8Array, options?: PutOptions): Promise<ObjectInfo | null> {
		const info = await this.#store.put(this.#prefix + key, bytes, options)
		return info === null ? null : { ...info, key }
	}

	delete(keys: readonly string[]): Promise<void> {
		return this.#store.delete(keys.map((key) => this.#prefix + key))
	}

	async list(options: { readonly prefix: string; readonly cursor?: string; readonly limit?: number }): Promise<ObjectPage> {
		const page = await this.#store.list({ ...options, prefix: this.#prefix + options.prefix })
		return { ...page, objects: page.objects.map((info) => ({ ...info, key: info.key.slice(this.#prefix.length) })) }
	}
}
