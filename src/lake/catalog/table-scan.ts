import { SQLakeError } from '../../errors.ts'
import { partitionSpecById, typedPartitionFields } from '../iceberg/partition-spec.ts'
import { manifestMayMatch, planScan } from '../iceberg/scan-planner.ts'
import { ALWAYS_TRUE, type ScanPredicate } from '../iceberg/scan-predicate.ts'
import { getCurrentSnapshot, getSnapshotById } from '../iceberg/snapshot.ts'
import type { IcebergDataFile, IcebergManifest, IcebergTableMetadata, SnapshotId } from '../iceberg/types.ts'
import { lakeLocationOf } from '../lake-path.ts'
import { mapLimit } from '../map-limit.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import type { CatalogTable } from './catalog.ts'
import type { MetadataCache } from './metadata-cache.ts'
import { MetadataReader, type ReadTally } from './metadata-reader.ts'

/** What {@link planTableScan} is given. */
export interface TableScanOptions {
	readonly store: ObjectStore
	readonly table: CatalogTable
	/** Rows that are wanted; all where absent. */
	readonly predicate?: ScanPredicate | undefined
	/** The snapshot to read; the current one where absent. */
	readonly snapshotId?: SnapshotId | undefined
	/** Kept between scans by the caller, so that manifests are read once. */
	readonly cache?: MetadataCache | undefined
	/** Its reason is thrown between reads once it is aborted. */
	readonly signal?: AbortSignal | undefined
}

/** The files that a scan has to read. */
export interface TableScan {
	readonly files: readonly IcebergDataFile[]
	/** Live files of the snapshot that hold no matching row. */
	readonly pruned: number
	/** null for a table without a snapshot. */
	readonly snapshotId: SnapshotId | null
	/** Bytes of manifest lists and manifests that came from the store, not from the cache. */
	readonly bytesRead: number
}

/**
 * Plans the scan of a table: reads the snapshot's manifest list, the manifests that may list a matching file, and chooses the
 * files that may hold a matching row. The object key of a file is `objectKeyOf(lakeLocationOf(table.metadata), file.filePath)`.
 *
 * @throws `SNAPSHOT_NOT_FOUND` if the table has no such snapshot; `LAKE_CORRUPT` if a file is missing, does not decode, or the
 *   snapshot has delete files, which sqlake neither writes nor applies; `STORE_UNAVAILABLE`.
 */
export async function planTableScan(options: TableScanOptions): Promise<TableScan> {
	const { store, table, predicate = ALWAYS_TRUE, cache, signal } = options
	const { metadata } = table
	const snapshot = options.snapshotId === undefined ? getCurrentSnapshot(metadata) : getSnapshotById(metadata, options.snapshotId)
	if (snapshot === null) {
		if (options.snapshotId === undefined) return { files: [], pruned: 0, snapshotId: null, bytesRead: 0 }
		throw new SQLakeError('SNAPSHOT_NOT_FOUND', `table at ${metadata.location}: found no snapshot ${options.snapshotId}`, {
			hint: 'Old snapshots leave the table; db.asOf() reads the change log, which does not depend on them.',
			details: { snapshotId: String(options.snapshotId) },
		})
	}
	const reader = new MetadataReader({ store, location: lakeLocationOf(metadata), cache })
	const tally: ReadTally = { bytesRead: 0 }
	signal?.throwIfAborted()
	const manifests = await reader.readManifestList(snapshot['manifest-list'], metadata, tally)
	const kept = manifests.filter(
		(manifest) => isData(manifest, metadata) && manifestMayMatch(manifest, predicate, fieldsOf(manifest, metadata)),
	)
	const plans = await mapLimit(kept, async (manifest) => {
		signal?.throwIfAborted()
		const entries = await reader.readManifest(manifest, metadata, tally)
		return planScan({ entries, predicate, partition: fieldsOf(manifest, metadata) })
	})
	const live = manifests.reduce((sum, manifest) => sum + manifest.addedFilesCount + manifest.existingFilesCount, 0)
	const seen = kept.reduce((sum, manifest) => sum + manifest.addedFilesCount + manifest.existingFilesCount, 0)
	return {
		files: plans.flatMap((plan) => plan.files),
		pruned: plans.reduce((sum, plan) => sum + plan.pruned, live - seen),
		snapshotId: snapshot['snapshot-id'],
		bytesRead: tally.bytesRead,
	}
}

function fieldsOf(manifest: IcebergManifest, metadata: IcebergTableMetadata) {
	return typedPartitionFields(partitionSpecById(metadata, manifest.partitionSpecId), metadata.schemas)
}

/** Rows that a delete file removes would be answered as if they were there: refuse. */
function isData(manifest: IcebergManifest, metadata: IcebergTableMetadata): boolean {
	if (manifest.content === 'data') return true
	throw new SQLakeError(
		'LAKE_CORRUPT',
		`table at ${metadata.location}: expected data files only, found a manifest of delete files`,
		{
			hint: 'Another engine deleted rows by merge-on-read; rewrite the data files there.',
			details: { manifest: manifest.manifestPath },
		},
	)
}
