import { env } from 'cloudflare:test'
import { describe, expect, it } from 'vitest'
import { FaultPlan } from './faults.ts'
import { drain, expectSame, flushUnder, shardOf } from './harness.ts'
import { workload } from './workload.ts'

describe('a catalog object that many shards commit to', () => {
	it('takes them all at once, each once and in order', async () => {
		const names = Array.from({ length: 8 }, (_, n) => `durable-rival-${n}`)
		await Promise.all(names.map((name) => workload(name, 1)))
		await Promise.all(names.map((name) => drain(name)))
		await Promise.all(names.map((name) => workload(name, 2)))
		await Promise.all(names.map((name) => drain(name)))
		for (const name of names) await expectSame(name, name)
	})

	it.each(['fail-before', 'fail-after', 'hang-after', 'late', 'kill-before', 'kill-after'] as const)(
		'%s at every call to it: nothing is lost, nothing comes twice, order is kept',
		{ timeout: 60_000 },
		async (kind) => {
			const free = new FaultPlan()
			await workload(`durable-free-${kind}`, 1)
			await flushUnder(`durable-free-${kind}`, free)
			await expectSame(`durable-free-${kind}`, 'without a fault')
			for (const point of free.calls.keys()) {
				const name = `durable-${kind}-${point}`
				const plan = new FaultPlan([[point, kind]])
				await workload(name, 1)
				await flushUnder(name, plan)
				// A machine that is slow may end a flush that waits shortly before its fault.
				if (!plan.hangs) expect(plan.struck, name).toBe(1)
				await workload(name, 2)
				await drain(name)
				await Promise.all(plan.late)
				await drain(name)
				await expectSame(name, `${kind} at call ${point}, ${plan.calls[point]}`)
			}
		},
	)
})

describe('a store that refuses every conditional put for a while', () => {
	it('keeps the flight until it is taken', async () => {
		const name = 'storm'
		await workload(name, 1)
		const storm = new FaultPlan(Array.from({ length: 200 }, (_, call) => [call, 'refuse'] as const))
		await flushUnder(name, storm)
		expect(storm.struck).toBeGreaterThan(1)
		expect((await shardOf(name).getCDCFlushMetrics()).consecutiveFailures).toBe(1)
		await workload(name, 2)
		await drain(name)
		await expectSame(name, 'after the storm')
	})

	it('does not overwrite a file that a dead attempt may have committed', async () => {
		const name = 'taken'
		await workload(name, 1)
		await flushUnder(name, new FaultPlan([[4, 'fail-before']]))
		// Somebody else's bytes under the names of the attempt.
		const { keys } = Object.groupBy((await env.SQLAKE_BUCKET.list({ prefix: `simulation/${name}/data/` })).objects, () => 'keys')
		for (const { key } of keys ?? []) await env.SQLAKE_BUCKET.put(key, 'other bytes')
		expect(keys?.length).toBeGreaterThan(0)
		await drain(name)
		await expectSame(name, 'under new names')
		for (const { key } of keys ?? []) expect(await (await env.SQLAKE_BUCKET.get(key))?.text()).toBe('other bytes')
	})
})
