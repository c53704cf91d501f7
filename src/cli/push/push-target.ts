/**
 * The bucket that a push goes to.
 *
 * @module
 */
import type { ObjectStore } from '../../lake/storage/object-store.ts'

/** A bucket that is open. */
export interface PushTarget extends AsyncDisposable {
	readonly kind: 'local' | 'remote'
	/** Name of the bucket; of its binding where it is wrangler's. */
	readonly bucket: string
	/** Where it is, for people: a URL or a directory. */
	readonly place: string
	readonly store: ObjectStore
}
