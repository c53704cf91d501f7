import { SQLakeError } from '../../errors.ts'
import { decodeManifest } from '../iceberg/manifest.ts'
import { decodeManifestList } from '../iceberg/manifest-list.ts'
import { decodeTableMetadata } from '../iceberg/metadata-json.ts'
import { partitionSpecById } from '../iceberg/partition-spec.ts'
import type { IcebergManifest, IcebergManifestEntry, IcebergTableMetadata } from '../iceberg/types.ts'
import { objectKeyOf } from '../lake-path.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import { readObject } from '../storage/read-object.ts'
import { assertSum } from '../summed-name.ts'
import { MetadataCache } from './metadata-cache.ts'

/** Counts what a read took from the store. */
export interface ReadTally {
	bytesRead: number
}

/** Reads Iceberg's files from a lake's store, each at most once while the cache holds it. */
export class MetadataReader {
	readonly #store: ObjectStore
	readonly #location: string
	readonly #cache: MetadataCache

	/** @param location Prefix of the lake's paths. */
	constructor(options: { readonly store: ObjectStore; readonly location: string; readonly cache?: MetadataCache | undefined }) {
		this.#store = options.store
		this.#location = options.location
		this.#cache = options.cache ?? new MetadataCache()
	}

	/** @throws `LAKE_CORRUPT` if the file is missing, is not what was written or does not decode; `STORE_UNAVAILABLE`. */
	readTableMetadata(path: string, tally?: ReadTally): Promise<IcebergTableMetadata> {
		return this.#read(path, tally, async (bytes) => decodeTableMetadata(bytes, path))
	}

	/** @throws `LAKE_CORRUPT` if the file is missing, is not what was written or does not decode; `STORE_UNAVAILABLE`. */
	readManifestList(path: string, table: IcebergTableMetadata, tally?: ReadTally): Promise<readonly IcebergManifest[]> {
		return this.#read(path, tally, (bytes) => decodeManifestList(bytes, { name: path, table }))
	}

	/** @throws `LAKE_CORRUPT` if the file is missing, is not what was written or does not decode; `STORE_UNAVAILABLE`. */
	readManifest(
		manifest: IcebergManifest,
		table: IcebergTableMetadata,
		tally?: ReadTally,
	): Promise<readonly IcebergManifestEntry[]> {
		const spec = partitionSpecById(table, manifest.partitionSpecId)
		return this.#read(manifest.manifestPath, tally, (bytes) => decodeManifest(bytes, { manifest, schemas: table.schemas, spec }))
	}

	/** Remembers what was just written, so that the next commit need not read it. */
	remember(path: string, decoded: unknown, bytes: number): void {
		this.#cache.set(path, decoded, bytes)
	}

	async #read<T>(path: string, tally: ReadTally | undefined, decode: (bytes: Uint8Array) => Promise<T>): Promise<T> {
		const cached = this.#cache.get(path)
		// Only this class fills the cache, and a path is only ever read as one kind of file.
		if (cached !== undefined) return cached as T
		const read = await readObject(this.#store, objectKeyOf(this.#location, path), async ({ bytes }) => {
			assertSum(path, bytes)
			return { decoded: await decode(bytes), length: bytes.byteLength }
		})
		if (read === null) {
			throw new SQLakeError('LAKE_CORRUPT', `file "${path}": expected it in the object store, found none`, {
				hint: 'A file that table metadata refers to was deleted.',
				details: { path },
			})
		}
		if (tally !== undefined) tally.bytesRead += read.length
		this.#cache.set(path, read.decoded, read.length)
		return read.decoded
	}
}
