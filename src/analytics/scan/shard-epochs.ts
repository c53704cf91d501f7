/**
 * Which epoch of each shard is in force. A shard that was rewound starts a new epoch with all its rows; what earlier epochs say
 * is void, in every table: one that was empty after the rewind has no file to show it.
 *
 * @module
 */
import type { CatalogSnapshot, CatalogTable } from '../../lake/catalog/catalog.ts'
import type { MetadataCache } from '../../lake/catalog/metadata-cache.ts'
import { planTableScan } from '../../lake/catalog/table-scan.ts'
import { CHANGE_FIELDS, shardOf } from '../../lake/change-table.ts'
import type { IcebergDataFile, SnapshotId } from '../../lake/iceberg/types.ts'
import { lakeLocationOf, objectKeyOf } from '../../lake/lake-path.ts'
import { mapLimit } from '../../lake/map-limit.ts'
import { vectorValues } from '../../lake/parquet/lake-vector.ts'
import { openParquet } from '../../lake/parquet/open-parquet.ts'
import { readColumns } from '../../lake/parquet/read-columns.ts'
import type { ObjectStore } from '../../lake/storage/object-store.ts'
import { type ChangeWindow, isBeforeEnd, windowPredicate } from './change-window.ts'
import { and } from './scan-conditions.ts'

/** The first epoch of every shard. */
const FIRST_EPOCH = 1n

/** What {@link loadShardEpochs} is given. */
export interface ShardEpochsOptions {
	readonly store: ObjectStore
	readonly snapshot: CatalogSnapshot
	/** The snapshot of a table that the query reads; null where it had none. */
	readonly snapshotIdOf: (table: CatalogTable) => SnapshotId | null | undefined
	readonly window: ChangeWindow
	readonly cache: MetadataCache
	readonly signal?: AbortSignal | undefined
}

/** The newest epochs of the shards that were ever rewound. */
export class ShardEpochs {
	readonly #newest: ReadonlyMap<string, bigint>

	constructor(newest: ReadonlyMap<string, bigint>) {
		this.#newest = newest
	}

	/** Whether all rows of a file are of an epoch that is no longer in force. */
	isSuperseded(file: IcebergDataFile): boolean {
		const shard = shardOf(file)
		const upper = epochBound(file, 'upperBounds')
		const newest = shard === null ? undefined : this.#newest.get(shard)
		return newest !== undefined && upper !== undefined && upper < newest
	}

	/** Whether files that are not superseded may still hold rows of several epochs of a shard. */
	areMixed(files: readonly IcebergDataFile[]): boolean {
		return files.some((file) => {
			const shard = shardOf(file)
			// A file that does not name its shard may hold rows of any that was rewound.
			if (shard === null && this.#newest.size > 0) return true
			const newest = (shard === null ? undefined : this.#newest.get(shard)) ?? FIRST_EPOCH
			return epochBound(file, 'lowerBounds') !== newest || epochBound(file, 'upperBounds') !== newest
		})
	}

	/** The newest epoch of each shard that is beyond its first. */
	get newest(): ReadonlyMap<string, bigint> {
		return this.#newest
	}
}

/**
 * Finds the epochs in force at the moment of a query. Costs nothing for tables whose snapshots all say that they are of the
 * first epoch, which is the rule; for others it reads their manifests, and of files that do not name one shard and one epoch the rows.
 *
 * @throws as `planTableScan` and `readColumns` do.
 */
export async function loadShardEpochs(options: ShardEpochsOptions): Promise<ShardEpochs> {
	const newest = new Map<string, bigint>()
	if (options.window.kind === 'changes') return new ShardEpochs(newest)
	const note = (shard: string, epoch: bigint) => {
		if (epoch > (newest.get(shard) ?? FIRST_EPOCH)) newest.set(shard, epoch)
	}
	const predicate = and([{ op: 'gt', fieldId: CHANGE_FIELDS.epoch.id, value: FIRST_EPOCH }, windowPredicate(options.window)])
	const rewound = [...options.snapshot.tables.values()].filter((table) => mayBeRewound(table))
	const scans = await mapLimit(rewound, async (table) => {
		const snapshotId = options.snapshotIdOf(table)
		if (snapshotId === null) return []
		const { store, cache, signal } = options
		const { files } = await planTableScan({ store, table, predicate, snapshotId, cache, signal })
		return files.map((file) => ({ file, location: lakeLocationOf(table.metadata) }))
	})
	await mapLimit(scans.flat(), async ({ file, location }) => {
		const shard = shardOf(file)
		const epoch = epochBound(file, 'upperBounds')
		if (shard !== null && epoch !== undefined && epochBound(file, 'lowerBounds') === epoch) return note(shard, epoch)
		options.signal?.throwIfAborted()
		for await (const [row, at] of placesIn(file, location, options.store)) {
			if (isBeforeEnd(row[0], at, options.window)) note(...row)
		}
	})
	return new ShardEpochs(newest)
}

/** Shard and epoch of each row of a file, and its time in microseconds. */
async function* placesIn(
	file: IcebergDataFile,
	location: string,
	store: ObjectStore,
): AsyncGenerator<readonly [row: readonly [shard: string, epoch: bigint], at: bigint]> {
	const { shard, epoch, ts } = CHANGE_FIELDS
	const parquet = await openParquet(store, objectKeyOf(location, file.filePath), file.fileSizeInBytes, file.crc32)
	for await (const { columns } of readColumns({ file: parquet, columns: [shard, epoch, ts] })) {
		const [shards = [], epochs = [], times = []] = columns.map(vectorValues)
		for (const [i, name] of shards.entries()) {
			const [row, at] = [epochs[i], times[i]]
			if (typeof name === 'string' && typeof row === 'bigint' && typeof at === 'bigint') yield [[name, row], at]
		}
	}
}

/** Every commit states its epoch in its snapshot, as long as the snapshots are kept. */
function mayBeRewound({ metadata }: CatalogTable): boolean {
	const fields = metadata.schemas.flatMap((schema) => schema.fields)
	if (!fields.some(({ id, name }) => id === CHANGE_FIELDS.epoch.id && name === CHANGE_FIELDS.epoch.name)) return false
	const isComplete = metadata.snapshots.some((snapshot) => snapshot['parent-snapshot-id'] === undefined)
	return !isComplete || metadata.snapshots.some((snapshot) => snapshot.summary['sqlake.epoch'] !== String(FIRST_EPOCH))
}

function epochBound(file: IcebergDataFile, side: 'lowerBounds' | 'upperBounds'): bigint | undefined {
	const bound = file[side].get(CHANGE_FIELDS.epoch.id)
	return typeof bound === 'bigint' ? bound : undefined
}
