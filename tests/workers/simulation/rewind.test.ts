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
