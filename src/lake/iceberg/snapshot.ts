/**
 * Finding snapshots (Iceberg specification, "Snapshots" and "Point in Time Reads").
 *
 * @module
 */
import type { IcebergSnapshot, IcebergTableMetadata, SnapshotId } from './types.ts'

/** Ids are 63 bits in the specification; sqlake's own stay below 2^53, so that a JSON parser that knows only doubles keeps them. */
export function newSnapshotId(): number {
	const [high = 0, low = 0] = crypto.getRandomValues(new Uint32Array(2))
	return (high & 0x1fffff) * 2 ** 32 + low || 1
}

/** Tells whether two ids are one, whichever of number and bigint they are. */
export function sameSnapshot(a: SnapshotId, b: SnapshotId): boolean {
	return a === b || (typeof a !== typeof b && BigInt(a) === BigInt(b))
}

/** @returns null for a table that nothing was ever written to. */
export function getCurrentSnapshot(metadata: IcebergTableMetadata): IcebergSnapshot | null {
	const id = metadata['current-snapshot-id']
	return id === undefined || id === -1 ? null : getSnapshotById(metadata, id)
}

/** @returns null if the table has no snapshot of that id, or no longer. */
export function getSnapshotById(metadata: IcebergTableMetadata, id: SnapshotId): IcebergSnapshot | null {
	return metadata.snapshots.find((snapshot) => sameSnapshot(snapshot['snapshot-id'], id)) ?? null
}

/**
 * The snapshot that was current at a moment.
 *
 * @param moment Milliseconds since the epoch.
 * @returns null if the table was empty then, or the snapshot is no longer kept.
 */
export function getSnapshotAsOf(metadata: IcebergTableMetadata, moment: number): IcebergSnapshot | null {
	const entry = metadata['snapshot-log'].findLast((candidate) => candidate['timestamp-ms'] <= moment)
	return entry === undefined ? null : getSnapshotById(metadata, entry['snapshot-id'])
}

/**
 * The snapshots that became current in a range of time, oldest first.
 *
 * @param from Milliseconds, inclusive.
 * @param to Milliseconds, exclusive.
 */
export function getSnapshotsInRange(metadata: IcebergTableMetadata, from: number, to: number): readonly IcebergSnapshot[] {
	return metadata['snapshot-log']
		.filter((entry) => entry['timestamp-ms'] >= from && entry['timestamp-ms'] < to)
		.flatMap((entry) => getSnapshotById(metadata, entry['snapshot-id']) ?? [])
}
