/**
 * Puts a lake together from its bucket. The Worker's side and the Durable Objects' side both open it here, so that they meet in
 * one catalog.
 *
 * @module
 */
import type { Catalog } from './catalog/catalog.ts'
import type { CatalogRpc } from './catalog/catalog-rpc.ts'
import { CatalogStub } from './catalog/catalog-stub.ts'
import { CommitRoom } from './catalog/commit-room.ts'
import { R2PointerCatalog } from './catalog/r2-pointer-catalog.ts'
import { DEFAULT_LAKE_LOCATION } from './lake-path.ts'
import type { ObjectStore } from './storage/object-store.ts'
import { R2ObjectStore } from './storage/r2.ts'

/** A lake: its objects, and the catalog that says which of them count. */
export interface Lake {
	readonly store: ObjectStore
	readonly catalog: Catalog
	/** Prefix of file paths in its metadata. */
	readonly location: string
}

/** The namespace of catalog Durable Objects. */
export interface CatalogNamespace {
	getByName(name: string): CatalogRpc
}

/** What a lake is opened from. */
export interface LakeBindings {
	readonly bucket: R2Bucket
	/** Name of the bucket's binding; also the name of the lake's object in {@link LakeBindings.catalogs}. */
	readonly bucketBinding: string
	/** Where the lake's catalog object is; without it the catalog is a pointer in the bucket. */
	readonly catalogs: CatalogNamespace | undefined
	readonly location?: string
}

/** Durable Objects of one isolate are given the same binding: their commits meet by it. */
const rooms = new WeakMap<R2Bucket, CommitRoom>()

function roomOf(bucket: R2Bucket): CommitRoom {
	const room = rooms.get(bucket) ?? new CommitRoom()
	rooms.set(bucket, room)
	return room
}

/** Opens the lake in a bucket. Nothing is read before it is asked for. */
export function openLake({ bucket, bucketBinding, catalogs, location = DEFAULT_LAKE_LOCATION }: LakeBindings): Lake {
	const store = new R2ObjectStore(bucket)
	const catalog =
		catalogs === undefined
			? new R2PointerCatalog({ store, location, room: roomOf(bucket) })
			: new CatalogStub(() => catalogs.getByName(bucketBinding))
	return { store, catalog, location }
}
