import { copyBytes } from '../../schema/bytes.ts'
import { compareUtf8 } from '../utf8-order.ts'
import { assertObjectKey } from './object-key.ts'
import type { ByteRange, ObjectInfo, ObjectPage, ObjectStore, PutOptions, StoredObject } from './object-store.ts'

/** Most keys a page of a listing holds, as in R2. */
const MAX_PAGE = 1000

interface MemoryObject {
	readonly bytes: Uint8Array
	readonly etag: string
}

/**
 * An object store in memory, for tests and for `createInMemoryRouter`.
 *
 * @example
 * ```ts
 * const store = new MemoryObjectStore()
 * await store.put('a', new Uint8Array([1]))
 * ```
 */
export class MemoryObjectStore implements ObjectStore {
	readonly #objects = new Map<string, MemoryObject>()
	#versions = 0

	async get(key: string, range?: ByteRange): Promise<StoredObject | null> {
		assertObjectKey(key)
		const object = this.#objects.get(key)
		if (object === undefined) return null
		const { bytes, etag } = object
		const part = range === undefined ? copyBytes(bytes) : copyBytes(bytes, range.offset, range.offset + range.length)
		return { key, size: bytes.byteLength, etag, bytes: part }
	}

	async head(key: string): Promise<ObjectInfo | null> {
		assertObjectKey(key)
		const object = this.#objects.get(key)
		return object === undefined ? null : { key, size: object.bytes.byteLength, etag: object.etag }
	}

	async put(key: string, bytes: Uint8Array, options: PutOptions = {}): Promise<ObjectInfo | null> {
		assertObjectKey(key)
		const current = this.#objects.get(key)
		if (options.ifNoneMatch !== undefined && current !== undefined) return null
		if (options.ifMatch !== undefined && current?.etag !== options.ifMatch) return null
		const etag = `m${++this.#versions}`
		this.#objects.set(key, { bytes: copyBytes(bytes), etag })
		return { key, size: bytes.byteLength, etag }
	}

	async delete(keys: readonly string[]): Promise<void> {
		for (const key of keys) this.#objects.delete(key)
	}

	async list(options: { readonly prefix: string; readonly cursor?: string; readonly limit?: number }): Promise<ObjectPage> {
		const limit = Math.min(options.limit ?? MAX_PAGE, MAX_PAGE)
		const { prefix, cursor } = options
		const keys = [...this.#objects.keys()]
			.filter((key) => key.startsWith(prefix) && (cursor === undefined || compareUtf8(key, cursor) > 0))
			.sort(compareUtf8)
		const page = keys.slice(0, limit)
		const objects: ObjectInfo[] = []
		for (const key of page) {
			const object = this.#objects.get(key)
			if (object !== undefined) objects.push({ key, size: object.bytes.byteLength, etag: object.etag })
		}
		const last = page.at(-1)
		return keys.length > page.length && last !== undefined ? { objects, cursor: last } : { objects }
	}
}
