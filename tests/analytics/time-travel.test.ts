import { describe, expect, it } from 'vitest'
import { parseTime, resolveTimeRange, resolveTimeTravel, SnapshotNotFoundError } from '../../src/analytics/time-travel.ts'
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
