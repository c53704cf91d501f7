import { describe, expect, it } from 'vitest'
import { forEachLimited } from '../../../src/delivery/for-each-limited.ts'
import { FaultPlan, faultKinds } from './faults.ts'
import { drain, expectSame, flushUnder } from './harness.ts'
import { workload } from './workload.ts'

describe('a fault at every point of a flush', () => {
	it.each(faultKinds)('%s: nothing is lost, nothing comes twice, order is kept', { timeout: 180_000 }, async (kind) => {
		const free = new FaultPlan()
		await workload(`free-${kind}`, 1)
		await flushUnder(`free-${kind}`, free)
		await expectSame(`free-${kind}`, 'without a fault')
		expect(free.calls.length).toBeGreaterThan(20)

		await forEachLimited(free.calls.keys(), 4, async (point) => {
			const name = `${kind}-${point}`
			const plan = new FaultPlan([[point, kind]])
			await workload(name, 1)
			await flushUnder(name, plan)
			// A machine that is slow may end a flush that waits shortly before its fault.
			if (!plan.hangs) expect(plan.struck, `${kind} at call ${point}`).toBe(1)
			await workload(name, 2)
			await drain(name)
			await Promise.all(plan.late)
			await drain(name)
			await expectSame(name, `${kind} at call ${point}, ${plan.calls[point]}`)
		})
	})
})
