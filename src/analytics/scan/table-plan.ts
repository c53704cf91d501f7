/**
 * Which files of a table a query reads, and what is to be done with their rows.
 *
 * @module
 */
import type { CatalogTable } from '../../lake/catalog/catalog.ts'
import type { MetadataCache } from '../../lake/catalog/metadata-cache.ts'
import { planTableScan } from '../../lake/catalog/table-scan.ts'
import { CHANGE_FIELDS, shardOf } from '../../lake/change-table.ts'
import { dataFileMayMatch } from '../../lake/iceberg/scan-planner.ts'
import type { ScanPredicate } from '../../lake/iceberg/scan-predicate.ts'
import type { IcebergDataFile, SnapshotId } from '../../lake/iceberg/types.ts'
import type { ObjectStore } from '../../lake/storage/object-store.ts'
import { strayShardsOf } from '../../lake/stray-shards.ts'
import { type ChangeWindow, reachesOut, windowPredicate } from './change-window.ts'
import { and, changePredicate, keyPredicate, shardPredicate, withoutBefore } from './scan-conditions.ts'
import type { ShardEpochs } from './shard-epochs.ts'
import type { TableUse } from './statement-tables.ts'

/** What to read of one table. */
export interface TablePlan {
	readonly use: TableUse
	readonly catalogTable: CatalogTable | null
	/** Every row of these files is a row of the result, moments aside. */
	readonly plain: readonly IcebergDataFile[]
	/** The changes in these files must be merged. */
	readonly merged: readonly IcebergDataFile[]
	/** Whether `merged` holds updates, which may have changed keys. */
	readonly hasUpdates: boolean
	/** Whether `merged` holds changes of more than one epoch of a shard. */
	readonly mixedEpochs: boolean
	/** Whether the files hold changes outside of the window. */
	readonly cut: boolean
	readonly window: ChangeWindow
	/** null where the table has no snapshot. */
	readonly snapshotId: SnapshotId | null
	readonly pruned: number
	readonly bytesRead: number
}

/** What {@link planTable} is given. */
export interface TablePlanOptions {
	readonly store: ObjectStore
	readonly use: TableUse
	/** null for a table that nothing was written to. */
	readonly catalogTable: CatalogTable | null
	/** null: the table had none at the moment asked for. Absent: the current one. */
	readonly snapshotId?: SnapshotId | null
	readonly window: ChangeWindow
	readonly epochs: ShardEpochs
	readonly cache: MetadataCache
	readonly signal?: AbortSignal | undefined
}

/**
 * Plans one table. First the files of the shards and the time that matter are found; they decide which epoch of each shard is in
 * force. Only then may a key leave files out: the rows of another key can be what shows that a shard was rewound.
 *
 * @throws as `planTableScan` does.
 */
export async function planTable(options: TablePlanOptions): Promise<TablePlan> {
	const { use, catalogTable, snapshotId, window, store, cache, signal } = options
	const base = { use, window, catalogTable, hasUpdates: false, mixedEpochs: false, cut: false, plain: [], merged: [] }
	if (catalogTable === null || snapshotId === null) return { ...base, snapshotId: null, pruned: 0, bytesRead: 0 }
	const scan = await planTableScan({
		store,
		table: catalogTable,
		predicate: and([shardPredicate(use, strayShardsOf(catalogTable.metadata)), windowPredicate(window)]),
		snapshotId,
		cache,
		signal,
	})
	const common = {
		...base,
		snapshotId: scan.snapshotId,
		bytesRead: scan.bytesRead,
		cut: scan.files.some((file) => reachesOut(file, window)),
	}
	if (window.kind === 'changes') {
		const plain = scan.files.filter((file) => mayMatch(file, changePredicate(use)))
		return { ...common, plain, pruned: scan.pruned + scan.files.length - plain.length }
	}

	const inForce = scan.files.filter((file) => !options.epochs.isSuperseded(file))
	if (options.epochs.areMixed(inForce)) {
		// Only the rows can tell which of them are in force, so that all are needed.
		const pruned = scan.pruned + scan.files.length - inForce.length
		return { ...common, merged: inForce, hasUpdates: inForce.some(holdsUpdates), mixedEpochs: true, pruned }
	}
	const predicate = keyPredicate(use)
	const kept = inForce.filter((file) => mayMatch(file, holdsUpdates(file) ? predicate : withoutBefore(predicate)))
	const shardsToMerge = new Set(kept.filter((file) => !holdsInsertsOnly(file)).map(shardOf))
	// A file whose shard is not known may belong to any.
	const mergeAll = shardsToMerge.has(null)
	const needsMerge = (file: IcebergDataFile) => mergeAll || shardOf(file) === null || shardsToMerge.has(shardOf(file))
	const merged = kept.filter(needsMerge)
	return {
		...common,
		plain: kept.filter((file) => !needsMerge(file)),
		merged,
		hasUpdates: merged.some(holdsUpdates),
		pruned: scan.pruned + scan.files.length - kept.length,
	}
}

/** Whether a file may hold rescued values: its other bounds then do not tell of all values. */
export function holdsRescued(file: IcebergDataFile): boolean {
	const nulls = file.nullValueCounts.get(CHANGE_FIELDS.rescued.id)
	return nulls !== undefined && nulls < file.recordCount
}

function mayMatch(file: IcebergDataFile, predicate: ScanPredicate): boolean {
	return holdsRescued(file) || dataFileMayMatch(file, predicate, [])
}

function holdsInsertsOnly(file: IcebergDataFile): boolean {
	const { id } = CHANGE_FIELDS.op
	return file.lowerBounds.get(id) === 'c' && file.upperBounds.get(id) === 'c'
}

function holdsUpdates(file: IcebergDataFile): boolean {
	const upper = file.upperBounds.get(CHANGE_FIELDS.op.id)
	return typeof upper !== 'string' || upper >= 'u'
}
