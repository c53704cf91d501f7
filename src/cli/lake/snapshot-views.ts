/**
 * Views of what a lake's metadata tell without a look into manifests.
 *
 * @module
 */
import { getCurrentSnapshot } from '../../lake/iceberg/snapshot.ts'
import type { IcebergSnapshot, IcebergTableMetadata } from '../../lake/iceberg/types.ts'
import { schemaVersionOf } from '../../lake/schema-log.ts'
import type { InspectedLake } from './inspect-lake.ts'
import { showBytes, showTime, type View } from './view.ts'

/** All tables, and how large they are. */
export function viewTables({ tables, location, version }: InspectedLake): View {
	const described = [...tables]
		.sort(([a], [b]) => (a < b ? -1 : 1))
		.map(([name, { metadata, metadataLocation }]) => describeTable(name, metadata, metadataLocation))
	return {
		document: { location, version, tables: described },
		columns: ['table', 'schema', 'snapshots', 'files', 'rows', 'size', 'last commit'],
		rows: described.map(({ name, schemaVersion, snapshots, files, rows, bytes, lastCommit }) => [
			name,
			schemaVersion,
			snapshots,
			files,
			rows,
			showBytes(bytes),
			lastCommit === null ? null : showTime(Date.parse(lastCommit)),
		]),
		note: `lake ${location}, version ${version}; rows are changes`,
	}
}

function describeTable(name: string, metadata: IcebergTableMetadata, metadataLocation: string) {
	const current = getCurrentSnapshot(metadata)
	return {
		name,
		schemaVersion: schemaVersionOf(metadata),
		snapshots: metadata.snapshots.length,
		files: count(current, 'total-data-files'),
		rows: count(current, 'total-records'),
		bytes: count(current, 'total-files-size'),
		lastCommit: current === null ? null : new Date(current['timestamp-ms']).toISOString(),
		metadataLocation,
	}
}

/** The snapshots of one table, or of all, newest first. */
export function viewSnapshots(tables: ReadonlyMap<string, { readonly metadata: IcebergTableMetadata }>, limit: number): View {
	const all = Array.from(tables, ([name, { metadata }]) =>
		metadata.snapshots.map((snapshot) => describeSnapshot(name, metadata, snapshot)),
	)
		.flat()
		.sort((a, b) => b.lakeVersion - a.lakeVersion || Date.parse(b.committedAt) - Date.parse(a.committedAt))
	const shown = all.slice(0, limit)
	return {
		document: { snapshots: shown, total: all.length },
		columns: [
			'committed',
			...(tables.size === 1 ? [] : ['table']),
			'snapshot',
			'operation',
			'schema',
			'files',
			'rows',
			'size',
			'rows in all',
		],
		rows: shown.map((snapshot) => [
			showTime(Date.parse(snapshot.committedAt)),
			...(tables.size === 1 ? [] : [snapshot.table]),
			snapshot.snapshotId,
			snapshot.operation,
			snapshot.schemaId,
			snapshot.addedFiles,
			snapshot.addedRows,
			showBytes(snapshot.addedBytes),
			snapshot.totalRows,
		]),
		...(all.length > shown.length ? { note: `${all.length - shown.length} older ones are not shown: --limit` } : {}),
	}
}

function describeSnapshot(table: string, metadata: IcebergTableMetadata, snapshot: IcebergSnapshot) {
	const { summary } = snapshot
	const parent = snapshot['parent-snapshot-id']
	return {
		table,
		snapshotId: String(snapshot['snapshot-id']),
		parentId: parent === undefined ? null : String(parent),
		committedAt: new Date(snapshot['timestamp-ms']).toISOString(),
		operation: summary.operation,
		schemaId: snapshot['schema-id'] ?? metadata['current-schema-id'],
		addedFiles: count(snapshot, 'added-data-files'),
		addedRows: count(snapshot, 'added-records'),
		addedBytes: count(snapshot, 'added-files-size'),
		totalRows: count(snapshot, 'total-records'),
		lakeVersion: count(snapshot, 'sqlake.lake-version'),
	}
}

function count(snapshot: IcebergSnapshot | null, key: string): number {
	return Number(snapshot?.summary[key] ?? 0)
}
