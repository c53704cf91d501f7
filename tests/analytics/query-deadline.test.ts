import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { QueryDeadline } from '../../src/analytics/engines/query-deadline.ts'

describe('the time of a query', () => {
	beforeEach(() => void vi.useFakeTimers({ now: 1_000_000 }))
	afterEach(() => void vi.useRealTimers())

	it('runs from when the query began, which may be before now', () => {
		const deadline = new QueryDeadline({ timeoutMs: 1_000, startedAt: 999_400 })
		expect(deadline.expiresAt).toBe(1_000_400)
		expect(deadline.remainingMs).toBe(400)
		expect(() => deadline.check()).not.toThrow()
		vi.advanceTimersByTime(400)
		expect(deadline.remainingMs).toBe(0)
		expect(() => deadline.check()).toThrow(expect.objectContaining({ code: 'ANALYTICS_TIMEOUT', details: { timeoutMs: 1_000 } }))
	})

	it('runs from now where nothing else is said', () => {
		expect(new QueryDeadline({ timeoutMs: 1_000 }).expiresAt).toBe(1_001_000)
	})

	it('ends a wait when it is over, or when the caller gives up, and lets through what came before', async () => {
		const controller = new AbortController()
		const deadline = new QueryDeadline({ timeoutMs: 1_000, startedAt: 999_900, signal: controller.signal })
		await expect(deadline.race(Promise.resolve('in time'))).resolves.toBe('in time')
		const late = deadline.race(new Promise(() => {})).catch((error: unknown) => error)
		await vi.advanceTimersByTimeAsync(900)
		expect(await late).toMatchObject({ code: 'ANALYTICS_TIMEOUT' })
		const aborted = new QueryDeadline({ timeoutMs: 1_000, signal: controller.signal })
		const given = aborted.race(new Promise(() => {})).catch((error: unknown) => error)
		controller.abort()
		expect(await given).toMatchObject({ code: 'ANALYTICS_ABORTED' })
	})
})
