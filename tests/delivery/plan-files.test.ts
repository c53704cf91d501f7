import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { planDataFiles } from '../../src/delivery/plan-files.ts'
import { batchOf } from './table-changes.ts'

const DAY = 86_400_000
const midnight = Date.UTC(2026, 0, 2)
const ranges = (ts: readonly number[], maxRows: number) =>
	planDataFiles(batchOf(ts), { maxRows }).map(({ from, to }) => [from, to])

describe('planDataFiles', () => {
	it('writes one file for the changes of one table and day', () => {
		expect(ranges([midnight, midnight + 5, midnight + DAY - 1], 10)).toEqual([[0, 3]])
	})

	it('begins another file at midnight UTC', () => {
		expect(ranges([midnight - 2, midnight - 1, midnight, midnight + 1], 10)).toEqual([
			[0, 2],
			[2, 4],
		])
	})

	it('begins another file after the most rows a file may have', () => {
		expect(ranges([1, 2, 3, 4, 5], 2)).toEqual([
			[0, 2],
			[2, 4],
			[4, 5],
		])
	})

	it('covers every change once, in order, each file within one day and the limit', () => {
		fc.assert(
			fc.property(
				fc.array(fc.integer({ min: -5 * DAY, max: 5 * DAY }), { maxLength: 60 }),
				fc.integer({ min: 1, max: 9 }),
				(times, maxRows) => {
					const ts = times.toSorted((a, b) => a - b)
					const plans = planDataFiles(batchOf(ts), { maxRows })
					expect(plans.flatMap(({ from, to }) => ts.slice(from, to))).toEqual(ts)
					for (const { from, to } of plans) {
						expect(to - from).toBeLessThanOrEqual(maxRows)
						expect(new Set(ts.slice(from, to).map((t) => Math.floor(t / DAY))).size).toBe(1)
					}
				},
			),
		)
	})
})
