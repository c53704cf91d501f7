/**
 * Reading an object without taking its body on faith: a connection that breaks, a proxy or a cache may bring other bytes than
 * those that are stored.
 *
 * @module
 */
import { SQLakeError } from '../../errors.ts'
import type { ByteRange, ObjectInfo, ObjectStore, StoredObject } from './object-store.ts'
import { retryUnavailable } from './retry.ts'

/** What makes of a body what the caller wants; throws `LAKE_CORRUPT` where it is not what it should be. */
export type DecodeBody<T> = (object: StoredObject) => T | Promise<T>

/**
 * Reads an object, or a range of it. A body of another length than the store itself states, and one that does not decode, is
 * dropped and read again before it counts: what is stored may be sound.
 *
 * @returns null if there is no such object.
 * @throws `STORE_UNAVAILABLE`, naming the object, for a body that keeps coming short or long; what `decode` throws.
 */
export function readObject<T>(store: ObjectStore, key: string, decode: DecodeBody<T>, range?: ByteRange): Promise<T | null> {
	return retryRead(() => readOnce(store, key, decode, range))
}

/** As {@link readObject}, at the first attempt: for what repeats more than the read itself. */
export async function readOnce<T>(store: ObjectStore, key: string, decode: DecodeBody<T>, range?: ByteRange): Promise<T | null> {
	const object = await store.get(key, range)
	if (object === null) return null
	assertBody(object, object.bytes.byteLength, range)
	return decode(object)
}

/** Repeats a read that the store failed; one that brought what cannot be right once, at once. @throws what the last attempt threw */
export function retryRead<T>(read: () => Promise<T>): Promise<T> {
	return retryUnavailable(async () => {
		try {
			return await read()
		} catch (error) {
			if (!SQLakeError.is(error, 'LAKE_CORRUPT')) throw error
			return await read()
		}
	})
}

/**
 * Checks the length of a body against what the store says of its object.
 *
 * @throws `STORE_UNAVAILABLE` if it is another.
 */
export function assertBody({ key, size }: Pick<ObjectInfo, 'key' | 'size'>, length: number, range?: ByteRange): void {
	const offset = Math.min(range?.offset ?? 0, size)
	const expected = Math.min(range?.length ?? size, size - offset)
	if (length === expected) return
	throw new SQLakeError(
		'STORE_UNAVAILABLE',
		`object "${key}": expected ${expected} of its ${size} bytes from ${offset} on, found ${length}`,
		{
			hint: 'the body was cut on its way: try again',
			details: { key, expected, found: length },
		},
	)
}
