/**
 * Uploads data files so that a name never comes to hold other content.
 *
 * @module
 */
import { SQLakeError } from '../errors.ts'
import type { ObjectStore } from '../lake/storage/object-store.ts'
import { readObject } from '../lake/storage/read-object.ts'

const CONTENT_TYPE = 'application/vnd.apache.parquet'

/** Outcome of {@link putDataFile}. `taken`: the key holds other bytes, and keeps them. */
export type PutOutcome = 'stored' | 'taken'

/**
 * Stores a data file under a key that nobody may have used for other content. An earlier attempt, whose answer was lost, may have
 * stored the same bytes already: that counts as stored. Other bytes there may already be part of the lake, through a commit
 * that is still on its way, and so are never overwritten.
 *
 * @throws `STORE_UNAVAILABLE`
 */
export async function putDataFile(store: ObjectStore, key: string, bytes: Uint8Array): Promise<PutOutcome> {
	const put = await store.put(key, bytes, { ifNoneMatch: '*', contentType: CONTENT_TYPE })
	if (put !== null) return 'stored'
	const found = await readObject(store, key, (object) => object.bytes)
	if (found === null) {
		throw new SQLakeError('STORE_UNAVAILABLE', `object "${key}": a conditional PUT found it there, a GET did not`)
	}
	return equalBytes(found, bytes) ? 'stored' : 'taken'
}

function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
	return a.length === b.length && a.every((byte, index) => byte === b[index])
}
