/**
 * Tells a lake that lost its pointer from one that nobody has written to.
 *
 * @module
 */
import { SQLakeError } from '../../errors.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import { POINTER_KEY } from './lake-pointer.ts'
import { retryUnavailable } from './retry.ts'

/**
 * Checks that a lake without a pointer has never had one: a catalog puts its pointer, or its claim, before the first metadata of a
 * table. Costs a new lake one listing.
 *
 * @returns false where another has put the pointer meanwhile: read it again.
 * @throws `LAKE_CORRUPT` if it has had one: as an empty lake it would let every shard deliver all of its rows anew.
 */
export async function wasNeverWritten(store: ObjectStore): Promise<boolean> {
	// Other objects may lie there before the lake does, such as the manifest of the migrations.
	const { objects } = await retryUnavailable(() => store.list({ prefix: 'metadata/' }))
	const table = objects.find(({ key }) => key.endsWith('.metadata.json'))
	if (table === undefined) return true
	if ((await retryUnavailable(() => store.head(POINTER_KEY))) !== null) return false
	throw new SQLakeError(
		'LAKE_CORRUPT',
		`${POINTER_KEY}: expected it, since the lake has tables such as ${table.key}, found none`,
		{
			hint: 'Restore it from a backup of the bucket. To give the history up, delete all below metadata/: shards then deliver their rows anew.',
			details: { table: table.key },
		},
	)
}
