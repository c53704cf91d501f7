/**
 * Tells a lake that lost its pointer from one that nobody has written to.
 *
 * @module
 */
import { SQLakeError } from '../../errors.ts'
import { lakePath } from '../lake-path.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import { POINTER_KEY } from './lake-pointer.ts'
import type { MetadataReader } from './metadata-reader.ts'
import { retryUnavailable } from './retry.ts'

/** Pages of the listing that are looked at: 8,000 keys. */
const MAX_PAGES = 8

/**
 * Checks that a lake without a pointer has never had one. Files alone prove nothing: a first commit that failed leaves some. But a
 * table whose metadata follows earlier metadata was committed once. Costs a new lake one listing.
 *
 * @throws `LAKE_CORRUPT` if it has had one: as an empty lake it would let every shard deliver all of its rows anew.
 */
export async function assertNeverWritten(store: ObjectStore, reader: MetadataReader, location: string): Promise<void> {
	let cursor: string | undefined
	for (let pages = 0; pages < MAX_PAGES; pages++) {
		const options = { prefix: 'metadata/', ...(cursor === undefined ? {} : { cursor }) }
		const page = await retryUnavailable(() => store.list(options))
		// The largest of a page has the longest history.
		const [file] = page.objects.filter(({ key }) => key.endsWith('.metadata.json')).sort((a, b) => b.size - a.size)
		if (file !== undefined) {
			const path = lakePath(location, file.key)
			const metadata = await retryUnavailable(() => reader.readTableMetadata(path))
			// Where another has just made the first commits, the pointer is there by now.
			const wasCommitted = metadata['metadata-log'].length > 0 && (await store.head(POINTER_KEY)) === null
			if (wasCommitted) throw lost(path)
		}
		if (page.cursor === undefined) return
		cursor = page.cursor
	}
}

function lost(path: string): SQLakeError {
	return new SQLakeError('LAKE_CORRUPT', `${POINTER_KEY}: expected it, since the lake holds tables such as ${path}, found none`, {
		hint: 'Restore the object from a backup of the bucket; it names the current metadata of every table.',
		details: { metadata: path },
	})
}
