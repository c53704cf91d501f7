import { messageOf, SQLakeError } from '../../errors.ts'
import { assertObjectKey } from './object-key.ts'
import type { ByteRange, ObjectInfo, ObjectPage, ObjectStore, PutOptions, StoredObject } from './object-store.ts'
import { assertBody } from './read-object.ts'

/** Most keys that R2 deletes in one call. */
const MAX_DELETE = 1000

/**
 * The object store over an R2 binding. R2 is strongly consistent, and a conditional put is its compare-and-swap.
 *
 * @example
 * ```ts
 * const store = new R2ObjectStore(env.SQLAKE_BUCKET)
 * ```
 */
export class R2ObjectStore implements ObjectStore {
	readonly #bucket: R2Bucket

	/** @param bucket The binding, such as `env.SQLAKE_BUCKET`. */
	constructor(bucket: R2Bucket) {
		this.#bucket = bucket
	}

	async get(key: string, range?: ByteRange): Promise<StoredObject | null> {
		assertObjectKey(key)
		// R2 refuses an empty range and one that starts beyond the end (with 10039; local R2 with another error): here both are no bytes.
		if (range !== undefined && range.length === 0) return withoutBytes(await this.head(key))
		try {
			const object = await this.#bucket.get(key, range === undefined ? {} : { range })
			if (object === null) return null
			const bytes = new Uint8Array(await object.arrayBuffer())
			assertBody(object, bytes.byteLength, range)
			return { ...infoOf(object), bytes }
		} catch (error) {
			if (SQLakeError.is(error)) throw error
			const info = range === undefined ? null : await this.head(key)
			if (range !== undefined && info !== null && range.offset >= info.size) return withoutBytes(info)
			throw unavailable('get', key, error)
		}
	}

	async head(key: string): Promise<ObjectInfo | null> {
		assertObjectKey(key)
		try {
			const object = await this.#bucket.head(key)
			return object === null ? null : infoOf(object)
		} catch (error) {
			throw unavailable('head', key, error)
		}
	}

	async put(key: string, bytes: Uint8Array, options: PutOptions = {}): Promise<ObjectInfo | null> {
		assertObjectKey(key)
		const onlyIf: R2Conditional = {}
		if (options.ifMatch !== undefined) onlyIf.etagMatches = options.ifMatch
		if (options.ifNoneMatch !== undefined) onlyIf.etagDoesNotMatch = options.ifNoneMatch
		try {
			const object = await this.#bucket.put(key, bytes, {
				...(options.ifMatch === undefined && options.ifNoneMatch === undefined ? {} : { onlyIf }),
				...(options.contentType === undefined ? {} : { httpMetadata: { contentType: options.contentType } }),
			})
			return object === null ? null : infoOf(object)
		} catch (error) {
			throw unavailable('put', key, error)
		}
	}

	async delete(keys: readonly string[]): Promise<void> {
		for (let start = 0; start < keys.length; start += MAX_DELETE) {
			const part = keys.slice(start, start + MAX_DELETE)
			try {
				await this.#bucket.delete(part)
			} catch (error) {
				throw unavailable('delete', part[0] ?? '', error)
			}
		}
	}

	async list(options: { readonly prefix: string; readonly cursor?: string; readonly limit?: number }): Promise<ObjectPage> {
		try {
			const page = await this.#bucket.list({
				prefix: options.prefix,
				...(options.cursor === undefined ? {} : { cursor: options.cursor }),
				...(options.limit === undefined ? {} : { limit: options.limit }),
			})
			const objects = page.objects.map(infoOf)
			return page.truncated ? { objects, cursor: page.cursor } : { objects }
		} catch (error) {
			throw unavailable('list', options.prefix, error)
		}
	}
}

function infoOf(object: R2Object): ObjectInfo {
	return { key: object.key, size: object.size, etag: object.etag }
}

function withoutBytes(info: ObjectInfo | null): StoredObject | null {
	return info === null ? null : { ...info, bytes: new Uint8Array(0) }
}

/** R2 ends its messages with a number in brackets: `get: The requested range is not satisfiable (10039)`. */
function errorCode(error: unknown): number | undefined {
	const match = /\((\d+)\)$/.exec(messageOf(error))
	return match === null ? undefined : Number(match[1])
}

function unavailable(operation: string, key: string, cause: unknown): SQLakeError {
	return new SQLakeError('STORE_UNAVAILABLE', `R2 ${operation} of "${key}" failed: ${messageOf(cause)}`, {
		cause,
		hint: 'R2 may be throttling or unreachable; the request may or may not have taken effect.',
		details: { operation, key, r2Code: errorCode(cause) ?? null },
	})
}
