import { env, evictDurableObject, runInDurableObject } from 'cloudflare:test'
import { describe, expect, it } from 'vitest'
import { POINTER_KEY } from '../../../src/lake/catalog/lake-pointer.ts'
import { FaultPlan } from './faults.ts'
import { drain, expectSame, expectSameState, flushUnder, shardOf } from './harness.ts'
import { type Dump, lakeOf, type SimulatedDO } from './objects.ts'
import { workload } from './workload.ts'

async function restore(name: string, dump: Dump): Promise<void> {
	await runInDurableObject(shardOf(name), (object: SimulatedDO) => object.restore(dump)).catch(() => undefined)
}

const dumpOf = (name: string): Promise<Dump> => runInDurableObject(shardOf(name), (object: SimulatedDO) => object.dump())

describe('a shard that is restored to an earlier state', () => {
	it('begins a new epoch when the lake has seen more of it', async () => {
		const name = 'rewound'
		await workload(name, 1)
		await drain(name)
		const dump = await dumpOf(name)
		await workload(name, 2)
		await drain(name)
		await restore(name, dump)
		await workload(name, 3)
		await drain(name)
		await expectSameState(name, 2n)
	})

	it('begins another when it is restored to that state again', async () => {
		const name = 'rewound-twice'
		await workload(name, 1)
		await drain(name)
		const dump = await dumpOf(name)
		for (const epoch of [2n, 3n]) {
			await workload(name, 2)
			await drain(name)
			await restore(name, dump)
			await workload(name, 3)
			await drain(name)
			await expectSameState(name, epoch)
		}
	})

	it('goes on in its epoch when the lake has seen no more of it', async () => {
		const name = 'rewound-undelivered'
		await workload(name, 1)
		await drain(name)
		const dump = await dumpOf(name)
		await workload(name, 2)
		await restore(name, dump)
		await workload(name, 3)
		await drain(name)
		await expectSameState(name, 1n)
		await expectSame(name, 'no gap, no doublet')
	})

	it('finds a flight that was recorded before the restored moment and committed after it', async () => {
		const name = 'rewound-in-flight'
		await workload(name, 1)
		// The object learns nothing of its first commit.
		await flushUnder(name, new FaultPlan([[3, 'fail-before']]))
		const dump = await dumpOf(name)
		await flushUnder(name, new FaultPlan([[9, 'kill-after']]))
		await restore(name, dump)
		await drain(name)
		await expectSame(name, 'no gap, no doublet')
	})

	it('begins a new epoch after deleteAll(), even where its new changes are as many as those delivered', async () => {
		const name = 'deleted'
		await workload(name, 1)
		await drain(name)
		await runInDurableObject(shardOf(name), (_, state) => state.storage.deleteAll())
		await evictDurableObject(shardOf(name))
		await workload(name, 1)
		await drain(name)
		await expectSameState(name, 2n)
	})

	it('begins a new epoch after deleteAll() under the living object', async () => {
		const name = 'deleted-alive'
		await workload(name, 1)
		await drain(name)
		await runInDurableObject(shardOf(name), (_, state) => state.storage.deleteAll())
		// The next call finds the object empty and starts it anew.
		await shardOf(name).getCDCFlushMetrics()
		await shardOf(name).flush()
		await workload(name, 2)
		await drain(name)
		await expectSameState(name, 2n)
	})
})

describe('a read of the catalog that is stale', () => {
	it.each([
		['the first answer of the catalog', [0]],
		['the first read of the pointer', [1]],
		['every answer of the catalog but the confirmed one', [0, 2, 4]],
		['every read of the pointer, until another write would show it', Array.from({ length: 20 }, (_, n) => 2 * n + 1)],
	])('begins no epoch: %s', async (what, points) => {
		const name = `stale ${what}`
		await workload(name, 1)
		await drain(name)
		await workload(name, 2)
		await drain(name)
		await evictDurableObject(shardOf(name))
		await workload(name, 3)
		const plan = new FaultPlan(points.map((point) => [point, 'stale']))
		await flushUnder(name, plan)
		expect(plan.calls.slice(0, 2)).toEqual(['catalog.position', 'store.get'])
		expect(plan.struck).toBeGreaterThan(0)
		await workload(name, 4)
		await drain(name)
		await expectSame(name, 'no epoch began, nothing came twice')
		await expectSameState(name, 1n)
	})

	it('does not hide that the shard was restored, even where its new changes are as many as those that it has forgotten', async () => {
		const name = 'stale-rewound'
		await workload(name, 1)
		await drain(name)
		const dump = await dumpOf(name)
		await shardOf(name).write(`INSERT INTO accounts VALUES (900, 'forgotten', 0)`)
		await drain(name)
		await restore(name, dump)
		await shardOf(name).write(`INSERT INTO accounts VALUES (901, 'new', 0)`)
		// The position as it was when the dump was taken: in step with the shard as it is now.
		const plan = new FaultPlan([[1, 'stale']])
		await flushUnder(name, plan)
		expect(plan.calls[1]).toBe('store.get')
		await drain(name)
		await expectSameState(name, 2n)
	})
})

describe('a lake that is restored to an earlier state', () => {
	it('is brought up to date in a new epoch', async () => {
		const name = 'lake-restored'
		const { store } = lakeOf(name, env)
		await workload(name, 1)
		await drain(name)
		const earlier = await store.get(POINTER_KEY)
		await workload(name, 3)
		await drain(name)
		await store.put(POINTER_KEY, earlier?.bytes ?? new Uint8Array())
		await evictDurableObject(shardOf(name))
		await workload(name, 2)
		await drain(name)
		await expectSameState(name, 2n)
		expect((await shardOf(name).getCDCFlushMetrics()).buffered).toBe(0)
	})
})
