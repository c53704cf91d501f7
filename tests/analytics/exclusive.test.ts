import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { QueryDeadline } from '../../src/analytics/engines/query-deadline.ts'
import { Exclusive } from '../../src/analytics/engines/wasm/exclusive.ts'

describe('one query at a time', () => {
	beforeEach(() => void vi.useFakeTimers())
	afterEach(() => void vi.useRealTimers())

	it('lets the next one through when one is done, whatever its end', async () => {
		const order: string[] = []
		const exclusive = new Exclusive(() => order.push('abandoned'))
		const run = (name: string, ms: number, fails = false) =>
			exclusive.run(new QueryDeadline({ timeoutMs: 10_000 }), async () => {
				order.push(`${name} starts`)
				await new Promise((resolve) => setTimeout(resolve, ms))
				order.push(`${name} ends`)
				if (fails) throw new Error(name)
			})
		const all = Promise.allSettled([run('a', 100), run('b', 50, true), run('c', 10)])
		await vi.advanceTimersByTimeAsync(1000)
		expect((await all).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
		expect(order).toEqual(['a starts', 'a ends', 'b starts', 'b ends', 'c starts', 'c ends'])
	})

	it('takes the turn of a query that never comes back, once that is well past its time', async () => {
		let abandoned = 0
		const exclusive = new Exclusive(() => abandoned++)
		void exclusive.run(new QueryDeadline({ timeoutMs: 1_000 }), () => new Promise(() => {}))
		const patient = exclusive.run(new QueryDeadline({ timeoutMs: 60_000 }), async () => 'ran')
		await vi.advanceTimersByTimeAsync(2_900)
		expect(abandoned).toBe(0)
		await vi.advanceTimersByTimeAsync(200)
		await expect(patient).resolves.toBe('ran')
		expect(abandoned).toBe(1)
	})

	it('gives up waiting at its own time limit, and leaves the turn to others', async () => {
		const exclusive = new Exclusive(() => {})
		const slow = exclusive.run(new QueryDeadline({ timeoutMs: 10_000 }), () => new Promise((resolve) => setTimeout(resolve, 500)))
		const hasty = exclusive.run(new QueryDeadline({ timeoutMs: 100 }), async () => 'ran').catch((error) => error)
		const patient = exclusive.run(new QueryDeadline({ timeoutMs: 10_000 }), async () => 'ran')
		await vi.advanceTimersByTimeAsync(1_000)
		expect(await hasty).toMatchObject({ code: 'ANALYTICS_TIMEOUT' })
		await slow
		expect(await patient).toBe('ran')
	})
})
