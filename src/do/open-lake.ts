/**
 * The lake that a Worker's bindings lead to.
 *
 * @module
 */

import type { Catalog } from '../lake/catalog/catalog.ts'
import { R2PointerCatalog } from '../lake/catalog/r2-pointer-catalog.ts'
import { DEFAULT_LAKE_LOCATION } from '../lake/lake-path.ts'
import type { ObjectStore } from '../lake/storage/object-store.ts'
import { R2ObjectStore } from '../lake/storage/r2.ts'
import { bucketOf } from './worker-env.ts'

/** A lake to deliver to. */
export interface Lake {
	readonly store: ObjectStore
	readonly catalog: Catalog
	/** Prefix of file paths in its metadata. */
	readonly location: string
}

/**
 * The lake in the bucket: its catalog is the Durable Object bound as `SQLAKE_CATALOG`, or without one a pointer in the bucket.
 *
 * @param bucketBinding name of the bucket in env
 * @throws `BINDING_MISSING`
 */
export function openLake(env: object, bucketBinding: string): Lake {
	const store = new R2ObjectStore(bucketOf(env, bucketBinding))
	const location = DEFAULT_LAKE_LOCATION
	return { store, catalog: new R2PointerCatalog({ store, location }), location }
}
