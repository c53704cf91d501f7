import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type FlushState, LAST_RETRY, nextFlushAt, retryDelay, SOON } from '../../src/delivery/flush-policy.ts'

const policy = { threshold: 1_000, interval: 60_000 }
const now = 1_767_225_600_000
const calm: FlushState = { buffered: 1, oldestAt: now, consecutiveFailures: 0, lastFailureAt: 0 }

describe('nextFlushAt', () => {
	it('asks for no flush when nothing waits', () => {
		expect(nextFlushAt(policy, { ...calm, buffered: 0 }, now, 0)).toBeNull()
	})

	it('lets the oldest change wait for the interval at most', () => {
		expect(nextFlushAt(policy, { ...calm, oldestAt: now - 20_000 }, now, 0)).toBe(now + 40_000)
	})

	it('flushes at once when the threshold is reached', () => {
		expect(nextFlushAt(policy, { ...calm, buffered: 1_000 }, now, 0)).toBe(now + SOON)
		expect(nextFlushAt(policy, { ...calm, buffered: 999 }, now, 0)).toBe(now + 60_000)
	})

	it('flushes soon, and never in the past, when the interval is over', () => {
		expect(nextFlushAt(policy, { ...calm, oldestAt: now - 600_000 }, now, 0)).toBe(now + SOON)
	})

	it('does not wait longer than the interval when the clock went backwards', () => {
		expect(nextFlushAt(policy, { ...calm, oldestAt: now + 86_400_000 }, now, 0)).toBe(now + 60_000)
	})

	it('backs off after failures, even beyond the threshold', () => {
		const failing = { buffered: 5_000, oldestAt: now - 600_000, consecutiveFailures: 3, lastFailureAt: now }
		expect(nextFlushAt(policy, failing, now, 0)).toBe(now + 2_000)
		expect(nextFlushAt(policy, { ...failing, consecutiveFailures: 40 }, now, 0.999)).toBeLessThanOrEqual(now + LAST_RETRY)
	})

	it('always lies after now and at most one interval or retry away', () => {
		fc.assert(
			fc.property(
				fc.record({
					buffered: fc.integer({ min: 1, max: 10_000 }),
					oldestAt: fc.integer({ min: now - 1e9, max: now + 1e9 }),
					consecutiveFailures: fc.nat(60),
					lastFailureAt: fc.integer({ min: now - 1e9, max: now + 1e9 }),
				}),
				fc.double({ min: 0, max: 0.999, noNaN: true }),
				(state, spread) => {
					const at = nextFlushAt(policy, state, now, spread) ?? 0
					expect(at).toBeGreaterThan(now)
					expect(at).toBeLessThanOrEqual(now + Math.max(policy.interval, LAST_RETRY))
				},
			),
		)
	})
})

describe('the flushes of shards that are written together', () => {
	const spread = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
	const waiting = fc.integer({ min: now - policy.interval, max: now })

	it('come up to a quarter of the interval early, and never late', () => {
		fc.assert(
			fc.property(waiting, spread, (oldestAt, each) => {
				const at = nextFlushAt(policy, { ...calm, oldestAt }, now, each) ?? 0
				expect(at).toBeGreaterThanOrEqual(Math.max(now + SOON, oldestAt + 45_000))
				expect(at).toBeLessThanOrEqual(Math.max(now + SOON, oldestAt + 60_000))
			}),
		)
	})

	it('are evenly spread over that quarter', () => {
		const at = Array.from({ length: 500 }, (_, n) => (nextFlushAt(policy, calm, now, n / 500) ?? 0) - now)
		for (let second = 45; second < 60; second++) {
			const together = at.filter((each) => each >= second * 1000 && each < (second + 1) * 1000)
			expect(together.length).toBeLessThan(500 / 15 + 2)
		}
	})
})

describe('retryDelay', () => {
	it('doubles with each failure and stays in the upper half of its bound', () => {
		expect([1, 2, 3, 4].map((failures) => retryDelay(failures, 0))).toEqual([500, 1_000, 2_000, 4_000])
		expect(retryDelay(100, 0)).toBe(LAST_RETRY / 2)
	})
})
