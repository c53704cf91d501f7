/**
 * Moments: what a caller may write, and which snapshot of a table they mean.
 *
 * @module
 */
import { SQLakeError } from '../errors.ts'
import { getCurrentSnapshot, getSnapshotAsOf, getSnapshotById, getSnapshotsInRange } from '../lake/iceberg/snapshot.ts'
import type { IcebergSnapshot, IcebergTableMetadata, SnapshotId } from '../lake/iceberg/types.ts'

/** A moment as a caller writes it: a Date, ISO 8601 text, or milliseconds since the epoch. */
export type TimeInput = Date | string | number

/** A date, or a time of day with its offset: without one it would mean another moment on every machine. */
const ISO_8601 = /^[+-]?\d{4,6}(?:-\d{2}(?:-\d{2})?)?(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2}))?$/

/** Which state of a table is wanted; at most one of the two. */
export interface TimeTravelOptions {
	readonly asOf?: TimeInput
	readonly snapshotId?: SnapshotId
}

/** The snapshot that a moment means. */
export interface TimeTravelResolution {
	/** null where the table was empty. */
	readonly snapshot: IcebergSnapshot | null
	/** Milliseconds since the epoch; null for the current state. */
	readonly at: number | null
}

/** No snapshot has the id asked for, or the one that was current at a moment is no longer kept. */
export class SnapshotNotFoundError extends SQLakeError {
	constructor(message: string, details: Readonly<Record<string, unknown>>) {
		super('SNAPSHOT_NOT_FOUND', message, {
			hint: 'Old snapshots leave a table; asOf and between read the change log, which does not depend on them.',
			details,
		})
		this.name = 'SnapshotNotFoundError'
	}
}

/**
 * A moment in milliseconds since the epoch.
 *
 * @throws `TIME_INVALID` if it is none.
 * @example
 * parseTime('2026-01-01T00:00:00Z') // 1767225600000
 */
export function parseTime(time: TimeInput): number {
	const ms = typeof time === 'string' ? (ISO_8601.test(time) ? Date.parse(time) : Number.NaN) : Number(time)
	if (Number.isFinite(ms) && Math.abs(ms) <= 8.64e15) return ms
	throw new SQLakeError('TIME_INVALID', `expected a Date, ISO 8601 text or milliseconds since the epoch, found ${String(time)}`, {
		hint: "Write '2026-01-31T12:00:00Z', a Date, or a number of milliseconds.",
	})
}

/**
 * The snapshot of a table at a moment.
 *
 * @throws `TIME_INVALID`; {@link SnapshotNotFoundError}. A moment before the table's first snapshot is no error: it was empty.
 * @example
 * resolveTimeTravel(metadata, { asOf: '2026-01-31T12:00:00Z' }).snapshot?.['snapshot-id']
 */
export function resolveTimeTravel(metadata: IcebergTableMetadata, options: TimeTravelOptions = {}): TimeTravelResolution {
	const { asOf, snapshotId } = options
	if (asOf !== undefined && snapshotId !== undefined) {
		throw new SQLakeError('TIME_INVALID', 'expected a moment or a snapshot, found both')
	}
	if (snapshotId !== undefined) {
		const snapshot = getSnapshotById(metadata, snapshotId)
		if (snapshot !== null) return { snapshot, at: snapshot['timestamp-ms'] }
		throw new SnapshotNotFoundError(`table at ${metadata.location}: found no snapshot ${snapshotId}`, {
			snapshotId: String(snapshotId),
		})
	}
	if (asOf === undefined) return { snapshot: getCurrentSnapshot(metadata), at: null }
	const at = parseTime(asOf)
	const snapshot = isPresent(metadata, at) ? getCurrentSnapshot(metadata) : getSnapshotAsOf(metadata, at)
	if (snapshot === null && !wasEmpty(metadata, at)) {
		throw new SnapshotNotFoundError(
			`table at ${metadata.location}: the snapshot of ${new Date(at).toISOString()} is no longer kept`,
			{
				at,
			},
		)
	}
	return { snapshot, at }
}

/**
 * The snapshots that became current in a range of time, oldest first.
 *
 * @param from Inclusive.
 * @param to Exclusive.
 * @throws `TIME_INVALID` if a moment is none or the range ends before it starts.
 */
export function resolveTimeRange(metadata: IcebergTableMetadata, from: TimeInput, to: TimeInput): readonly IcebergSnapshot[] {
	const range = parseTimeRange(from, to)
	return getSnapshotsInRange(metadata, range.from, isPresent(metadata, range.to) ? Number.POSITIVE_INFINITY : range.to)
}

/** A range in milliseconds. @throws `TIME_INVALID` if a moment is none or the range ends before it starts. */
export function parseTimeRange(from: TimeInput, to: TimeInput): { readonly from: number; readonly to: number } {
	const range = { from: parseTime(from), to: parseTime(to) }
	if (range.from <= range.to) return range
	throw new SQLakeError('TIME_INVALID', `expected a range that starts before it ends, found ${range.from} to ${range.to}`, {
		details: range,
	})
}

/** Milliseconds after which what was the present is so no more: longer than a query is on its way. */
const RECENT = 60_000

/** Whether a moment was the present a short time ago. */
export function recent(moment: number, now: number): boolean {
	return moment >= now - RECENT
}

/** Whether a moment means the current snapshot: it is not before the present, or was it just now, and the snapshot is of a time to come. */
function isPresent(metadata: IcebergTableMetadata, at: number): boolean {
	const now = Date.now()
	const latest = metadata['snapshot-log'].at(-1)?.['timestamp-ms'] ?? 0
	return at >= now || (recent(at, now) && latest > now)
}

/**
 * The snapshot of a table that was current when one of another table of the lake was made; null where it had none. By the version of
 * the lake, which every snapshot states: the times of two tables need not be in the order of their commits.
 *
 * @throws {@link SnapshotNotFoundError} if it is no longer kept.
 */
export function snapshotBeside(metadata: IcebergTableMetadata, other: IcebergSnapshot): IcebergSnapshot | null {
	const version = lakeVersion(other)
	const found = metadata.snapshots.findLast((snapshot) => lakeVersion(snapshot) <= version)
	if (found !== undefined) return found
	const [first] = metadata.snapshots
	if (first === undefined) return null
	// Another engine's does not state a version.
	if (!(lakeVersion(first) > version)) return resolveTimeTravel(metadata, { asOf: other['timestamp-ms'] }).snapshot
	if (first['parent-snapshot-id'] === undefined) return null
	throw new SnapshotNotFoundError(
		`table at ${metadata.location}: the snapshot of version ${version} of the lake is no longer kept`,
		{
			version,
		},
	)
}

/** NaN, which no other is at or below, for a snapshot by another engine. */
function lakeVersion({ summary }: IcebergSnapshot): number {
	return Number(summary['sqlake.lake-version'] ?? Number.NaN)
}

/** Tells an empty table from one whose early snapshots were expired. */
function wasEmpty(metadata: IcebergTableMetadata, at: number): boolean {
	const log = metadata['snapshot-log']
	if (log.some((entry) => entry['timestamp-ms'] <= at)) return false
	const first = log[0] === undefined ? undefined : getSnapshotById(metadata, log[0]['snapshot-id'])
	return first === undefined || (first !== null && first['parent-snapshot-id'] === undefined)
}
