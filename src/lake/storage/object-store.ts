/**
 * The object store that the lake is written to. Implementations: R2, memory, a directory. One contract suite,
 * `tests/contract/object-store.ts`, runs on each.
 *
 * @module
 */

/** What a store knows of an object without its bytes. */
export interface ObjectInfo {
	readonly key: string
	/** Bytes. */
	readonly size: number
	/** Opaque; equal for equal versions. Two objects with the same bytes may have the same etag. */
	readonly etag: string
}

/** An object with its bytes, or with the range of them that was asked for. */
export interface StoredObject extends ObjectInfo {
	readonly bytes: Uint8Array
}

/** A range of bytes. */
export interface ByteRange {
	readonly offset: number
	readonly length: number
}

/** Condition of a put. `ifNoneMatch: '*'` means: only if the key does not exist. */
export interface PutOptions {
	readonly ifMatch?: string
	readonly ifNoneMatch?: '*'
	readonly contentType?: string
}

/** One page of a listing. */
export interface ObjectPage {
	readonly objects: readonly ObjectInfo[]
	/** Pass it to the next call; absent on the last page. */
	readonly cursor?: string
}

/**
 * A strongly consistent object store. A method that cannot tell whether it took effect throws `STORE_UNAVAILABLE`;
 * it never answers as if nothing had happened.
 */
export interface ObjectStore {
	/** @returns null if there is no such object. */
	get(key: string, range?: ByteRange): Promise<StoredObject | null>
	/** @returns null if there is no such object. */
	head(key: string): Promise<ObjectInfo | null>
	/** @returns null if the condition did not hold; then nothing was written. */
	put(key: string, bytes: Uint8Array, options?: PutOptions): Promise<ObjectInfo | null>
	/** Deleting what is not there is no error. */
	delete(keys: readonly string[]): Promise<void>
	/** Keys in ascending order of their UTF-8 bytes. */
	list(options: { readonly prefix: string; readonly cursor?: string; readonly limit?: number }): Promise<ObjectPage>
}
