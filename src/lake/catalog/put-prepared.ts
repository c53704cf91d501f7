import { mapLimit } from '../map-limit.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import { retryUnavailable } from '../storage/retry.ts'
import type { PreparedObject } from './prepare-commit.ts'

/**
 * Puts the files of a commit, before anything points to them. Their names are their own, so that a put may be repeated, and what a
 * failed commit leaves behind is an orphan at worst.
 *
 * @throws `STORE_UNAVAILABLE` once the attempts are used up.
 */
export async function putPrepared(store: ObjectStore, objects: readonly PreparedObject[]): Promise<void> {
	await mapLimit(objects, ({ key, bytes, contentType }) => retryUnavailable(() => store.put(key, bytes, { contentType })))
}
