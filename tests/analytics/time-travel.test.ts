import { describe, expect, it } from 'vitest'
import {
	parseTime,
	resolveTimeRange,
	resolveTimeTravel,
	SnapshotNotFoundError,
	snapshotBeside,
} from '../../src/analytics/time-travel.ts'
import { SQLakeError } from '../../src/errors.ts'
import type { IcebergTableMetadata } from '../../src/lake/iceberg/types.ts'

const snapshot = (id: number, ts: number, parent?: number) => ({
	'snapshot-id': id,
	'sequence-number': id,
	'timestamp-ms': ts,
	'manifest-list': `m${id}`,
	summary: { operation: 'append' as const },
	...(parent === undefined ? {} : { 'parent-snapshot-id': parent }),
})
const table = (snapshots: readonly ReturnType<typeof snapshot>[]): IcebergTableMetadata => ({
	'format-version': 2,
	'table-uuid': 'uuid',
	location: 's3://lake/t',
	'last-sequence-number': 3,
	'last-updated-ms': 3000,
	'last-column-id': 1,
	'current-schema-id': 0,
	schemas: [],
	'default-spec-id': 0,
	'partition-specs': [],
	'last-partition-id': 999,
	'default-sort-order-id': 0,
	'sort-orders': [],
	properties: {},
	'current-snapshot-id': snapshots.at(-1)?.['snapshot-id'] ?? -1,
	snapshots,
	'snapshot-log': snapshots.map((each) => ({ 'snapshot-id': each['snapshot-id'], 'timestamp-ms': each['timestamp-ms'] })),
	'metadata-log': [],
	refs: {},
})
const whole = table([snapshot(1, 1000), snapshot(2, 2000, 1), snapshot(3, 3000, 2)])
const expired = table([snapshot(2, 2000, 1), snapshot(3, 3000, 2)])

describe('finding the snapshot of a moment', () => {
	it('is the last one that was made by then', () => {
		expect(resolveTimeTravel(whole, { asOf: 2999 }).snapshot?.['snapshot-id']).toBe(2)
		expect(resolveTimeTravel(whole, { asOf: new Date(3000) }).snapshot?.['snapshot-id']).toBe(3)
		expect(resolveTimeTravel(whole).snapshot?.['snapshot-id']).toBe(3)
	})

	it('is none before the first, and an error where the first is gone', () => {
		expect(resolveTimeTravel(whole, { asOf: 999 })).toEqual({ snapshot: null, at: 999 })
		expect(() => resolveTimeTravel(expired, { asOf: 1999 })).toThrow(SnapshotNotFoundError)
	})

	it('is the current one for a moment that is not before the present, whatever times snapshots claim', () => {
		const now = Date.now()
		const jumped = table([snapshot(1, now - 3_600_000), snapshot(2, now + 3_600_000, 1)])
		for (const asOf of [now - 5_000, now, now + 60_000]) {
			expect(resolveTimeTravel(jumped, { asOf }).snapshot?.['snapshot-id']).toBe(2)
			expect(resolveTimeRange(jumped, 0, asOf)).toHaveLength(2)
		}
		expect(resolveTimeTravel(jumped, { asOf: now - 600_000 }).snapshot?.['snapshot-id']).toBe(1)
		expect(resolveTimeRange(jumped, 0, now - 600_000)).toHaveLength(1)
	})

	it('is, beside one of another table, the last one that the lake had then, in whatever order their times are', () => {
		const at = (version: number, ts: number, parent?: number) => {
			const own = snapshot(version, ts, parent)
			return { ...own, summary: { ...own.summary, 'sqlake.lake-version': String(version) } }
		}
		const other = table([at(3, 5_000), at(5, 5_000, 3), at(7, 9_000, 5)])
		const beside = (version: number, ts: number) => snapshotBeside(other, at(version, ts))?.['snapshot-id']
		expect([beside(2, 9_999), beside(4, 9_999), beside(6, 1_000), beside(8, 1_000)]).toEqual([undefined, 3, 5, 7])
		expect(() => snapshotBeside(table([at(5, 5_000, 3)]), at(4, 9_999))).toThrow(SnapshotNotFoundError)
		expect(snapshotBeside(whole, at(4, 2_500))?.['snapshot-id']).toBe(2)
		expect(snapshotBeside(table([]), at(4, 2_500))).toBeNull()
	})

	it('finds a snapshot by its id, or says that there is none', () => {
		expect(resolveTimeTravel(whole, { snapshotId: 2n })).toMatchObject({ at: 2000 })
		const error = (() => {
			try {
				return resolveTimeTravel(whole, { snapshotId: 9 })
			} catch (thrown) {
				return thrown
			}
		})()
		expect(SQLakeError.is(error, 'SNAPSHOT_NOT_FOUND')).toBe(true)
	})

	it('lists the snapshots of a range, from inclusive, to exclusive', () => {
		expect(resolveTimeRange(whole, 1000, 3000).map((each) => each['snapshot-id'])).toEqual([1, 2])
		expect(() => resolveTimeRange(whole, 3000, 1000)).toThrow(/starts before it ends/)
	})

	it('refuses what is no moment', () => {
		for (const time of ['yesterday', '2026-01-01T12:00:00', Number.NaN, new Date('x'), '']) {
			expect(() => parseTime(time)).toThrow(expect.objectContaining({ code: 'TIME_INVALID' }))
		}
		expect(parseTime('2026-01-01T12:00:00+01:00')).toBe(Date.UTC(2026, 0, 1, 11))
	})
})
