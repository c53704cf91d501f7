import { SQLakeError } from '../../errors.ts'
import type { ScanPredicate } from '../iceberg/scan-predicate.ts'
import { currentSchema } from '../iceberg/table-metadata.ts'
import type { IcebergDataFile, IcebergSchema, SnapshotId } from '../iceberg/types.ts'
import { objectKeyOf } from '../lake-path.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import { backOff, type RetryPolicy } from '../storage/retry.ts'
import type { Catalog } from './catalog.ts'
import { MetadataCache } from './metadata-cache.ts'
import { planTableScan } from './table-scan.ts'

/** What an {@link IcebergRegistry} works with: a lake, as `openLake()` opens it. */
export interface IcebergRegistryOptions {
	readonly store: ObjectStore
	readonly catalog: Catalog
	/** Prefix of file paths in the lake's metadata. */
	readonly location: string
}

/** A data file to register. */
export interface RegisterDataFileOptions {
	/** Name of the Iceberg table; it is created where the lake has none. */
	readonly table: string
	/** The schema that the file was written with, field ids included: that of a new table; an existing one must hold its fields. */
	readonly schema: IcebergSchema
	/** The file, as `createDataFile()` describes it. It is in the store already, below the lake's location. */
	readonly dataFile: IcebergDataFile
}

/** What became of a registration. */
export interface RegisterDataFileResult {
	/** `already-registered`: the table listed the file before, and nothing was written. */
	readonly status: 'registered' | 'already-registered'
	/** The snapshot that lists the file. */
	readonly snapshotId: SnapshotId
	/** Files of that snapshot. */
	readonly fileCount: number
}

/** The writer that a catalog knows registrations by, as it knows a shard. */
const WRITER = '_registry'

/** After these the file is looked for again, and registered if it is not there. */
const REPEATED: ReadonlySet<string> = new Set(['COMMIT_SEQUENCE', 'COMMIT_CONFLICT', 'STORE_UNAVAILABLE'])

const RETRY: RetryPolicy = { attempts: 10, baseDelay: 50, maxDelay: 2_000 }

/**
 * The high-level door to a lake's tables: register a data file that something else wrote, and list what is registered. Everything
 * goes through the {@link Catalog}, so that deliveries of shards and registrations do not disturb each other.
 *
 * @example
 * ```ts
 * const registry = createIcebergRegistry(openLake({ bucket: env.SQLAKE_BUCKET, bucketBinding: 'SQLAKE_BUCKET', catalogs: undefined }))
 * await registry.registerDataFile({ table: 'imports', schema, dataFile })
 * const files = await registry.dataFiles('imports')
 * ```
 */
export class IcebergRegistry {
	readonly #options: IcebergRegistryOptions
	readonly #cache = new MetadataCache()

	constructor(options: IcebergRegistryOptions) {
		this.#options = options
	}

	/** The names of the lake's tables, in order. */
	async tables(): Promise<string[]> {
		return [...(await this.#options.catalog.load()).tables.keys()].sort()
	}

	/**
	 * The data files that the current snapshot of a table lists, each with the table's schema, by which `filterDataFiles()` finds its
	 * columns. Empty for a table that there is not.
	 *
	 * @param predicate - leaves out files that hold no row for which it is true
	 */
	async dataFiles(table: string, predicate?: ScanPredicate): Promise<IcebergDataFile[]> {
		return (await this.#list(table, predicate)).files
	}

	/**
	 * Adds a file to a table, once however often it is called for the same path.
	 *
	 * @throws `LAKE_CORRUPT` for a file that is not in the store, has another size, or lies outside the lake; `SCHEMA_EVOLUTION` for
	 *   one that does not fit the table; `COMMIT_CONFLICT` when others won too often; `STORE_UNAVAILABLE`
	 */
	async registerDataFile({ table, schema, dataFile }: RegisterDataFileOptions): Promise<RegisterDataFileResult> {
		const { catalog } = this.#options
		const { schema: _own, ...file } = dataFile
		await this.#assertStored(file)
		for (let attempt = 1, isOwn = false; ; attempt++) {
			// The position comes first: whoever registers after it was read takes the place that it leads to.
			const position = await catalog.position(WRITER)
			const { files, snapshotId } = await this.#list(table)
			if (snapshotId !== null && files.some(({ filePath }) => filePath === file.filePath)) {
				return { status: isOwn ? 'registered' : 'already-registered', snapshotId, fileCount: files.length }
			}
			if (attempt > RETRY.attempts) {
				throw new SQLakeError('COMMIT_CONFLICT', `file "${file.filePath}": others came first ${RETRY.attempts} times`)
			}
			if (attempt > 1) await backOff(RETRY, attempt - 1)
			const seq = (position?.seq ?? 0) + 1
			const commitId = `${WRITER}:${file.filePath}`
			const place = { shard: WRITER, epoch: position?.epoch ?? 1, fromSeq: seq, toSeq: seq, watermark: Date.now() }
			try {
				// `duplicate`: another registration took the place. What became of this one the next look tells.
				isOwn =
					(await catalog.commit({ commitId, ...place, appends: [{ table, schema, dataFiles: [file] }] })).status === 'committed'
			} catch (error) {
				if (!SQLakeError.is(error) || !REPEATED.has(error.code)) throw error
				isOwn = error.code === 'STORE_UNAVAILABLE'
			}
		}
	}

	async #list(table: string, predicate?: ScanPredicate) {
		const { store, catalog } = this.#options
		const found = (await catalog.load()).tables.get(table)
		if (found === undefined) return { files: [], snapshotId: null }
		const { files, snapshotId } = await planTableScan({ store, table: found, predicate, cache: this.#cache })
		const schema = currentSchema(found.metadata)
		return { files: files.map((file) => ({ ...file, schema })), snapshotId }
	}

	/** A table must not list what nobody can read. */
	async #assertStored({ filePath, fileSizeInBytes }: IcebergDataFile): Promise<void> {
		const { store, location } = this.#options
		const info = await store.head(objectKeyOf(location, filePath))
		if (info?.size === fileSizeInBytes) return
		const found = info === null ? 'none' : `one of ${info.size}`
		throw new SQLakeError('LAKE_CORRUPT', `file "${filePath}": expected ${fileSizeInBytes} bytes in the store, found ${found}`, {
			hint: 'put the file before it is registered',
			details: { path: filePath, expected: fileSizeInBytes, found: info?.size ?? null },
		})
	}
}

/** Makes a registry over a lake. */
export function createIcebergRegistry(options: IcebergRegistryOptions): IcebergRegistry {
	return new IcebergRegistry(options)
}
