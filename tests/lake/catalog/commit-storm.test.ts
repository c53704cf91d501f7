import { describe, expect, it } from 'vitest'
import { commitStorm, percentile } from '../../support/commit-storm.ts'

/** As R2's, shortened: the storm is over in seconds. */
const store = { read: 4, write: 9, distance: 100 }

describe('many shards that commit to one pointer at the same time', { timeout: 120_000 }, () => {
	it.each([
		{ shards: 500, isolates: 1 },
		{ shards: 500, isolates: 20 },
		{ shards: 120, isolates: 120 },
	])('$shards in $isolates isolates: each change once, soon, and nearly no work in vain', async ({ shards, isolates }) => {
		const interval = 5_000
		const figures = await commitStorm({ shards, isolates, interval, flushes: 2, store, atOnce: true })
		expect(figures.delivered).toEqual(figures.expected)
		expect(figures.expected).toHaveLength(2 * shards)
		expect(figures.metadataSets).toBeLessThanOrEqual(1.5)
		expect(percentile(figures.lags, 0.99)).toBeLessThanOrEqual(3)
	})

	it('are not held up by a clock that is set forward and back', async () => {
		const clock = Date.now
		let offset = 0
		const jumps = setInterval(() => {
			offset = Math.round((Math.random() - 0.5) * 86_400_000)
		}, 20)
		Date.now = () => clock() + offset
		try {
			const figures = await commitStorm({ shards: 60, isolates: 6, interval: 2_000, flushes: 2, store, atOnce: true })
			expect(figures.delivered).toEqual(figures.expected)
			expect(percentile(figures.lags, 1)).toBeLessThanOrEqual(5)
		} finally {
			clearInterval(jumps)
			Date.now = clock
		}
	})

	it('that are more than the store takes are told so, and all get through in the end', async () => {
		const figures = await commitStorm({
			shards: 60,
			isolates: 60,
			interval: 500,
			flushes: 2,
			store: { ...store, distance: 300 },
			atOnce: true,
			patience: 600,
		})
		expect(figures.delivered).toEqual(figures.expected)
		expect(figures.conflicts).toBeGreaterThan(0)
		expect(figures.metadataSets).toBeLessThanOrEqual(1.5)
	})
})
