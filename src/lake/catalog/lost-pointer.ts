/**
 * Tells a lake that lost its pointer from one that nobody has written to.
 *
 * @module
 */
import { SQLakeError } from '../../errors.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import { readOnce, retryRead } from '../storage/read-object.ts'
import { decodeLakePointer, type LakePointer, POINTER_KEY } from './lake-pointer.ts'

/** The pointer as it was read. */
export interface FoundPointer {
	readonly pointer: LakePointer
	readonly etag: string
}

/**
 * Reads the pointer. That it is missing is not taken for a new lake: a catalog puts its pointer, or its claim, before the first
 * metadata of a table, so where there is metadata there must be a pointer. Costs a new lake one listing.
 *
 * @returns null for a lake that has never had one.
 * @throws `LAKE_CORRUPT` if it has had one: as an empty lake it would let every shard deliver all of its rows anew; and for a
 *   pointer that is not what was written;
 *   `STORE_UNAVAILABLE` where the store contradicts itself, or does not answer.
 */
export function fetchPointer(store: ObjectStore): Promise<FoundPointer | null> {
	return retryRead(async () => {
		const found = await readOnce(store, POINTER_KEY, ({ bytes, etag }) => ({ pointer: decodeLakePointer(bytes), etag }))
		if (found !== null) return found
		// Other objects may lie there before the lake does, such as the manifest of the migrations.
		const { objects } = await store.list({ prefix: 'metadata/' })
		const table = objects.find(({ key }) => key.endsWith('.metadata.json'))
		if (table === undefined) return null
		if ((await store.head(POINTER_KEY)) !== null) {
			// Put meanwhile, or hidden by a read that was stale: to be read again.
			throw new SQLakeError('STORE_UNAVAILABLE', `${POINTER_KEY}: a HEAD found it there, a GET did not`)
		}
		throw new SQLakeError(
			'LAKE_CORRUPT',
			`${POINTER_KEY}: expected it, since the lake has tables such as ${table.key}, found none`,
			{
				hint: 'Restore it from a backup of the bucket. To give the history up, delete all below metadata/: shards then deliver their rows anew.',
				details: { table: table.key },
			},
		)
	})
}
