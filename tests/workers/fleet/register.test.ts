import { env, runInDurableObject } from 'cloudflare:test'
import { describe, expect, it } from 'vitest'
import type { ShardReport } from '../../../src/fleet/fleet.ts'
import { ShardRegister } from '../../../src/fleet/register.ts'
import { RolloutPlan } from '../../../src/fleet/rollout-plan.ts'

/** A register whose rows read and written are counted, as they are billed. */
function countedRegister({ sql }: DurableObjectStorage) {
	const cost = { read: 0, written: 0 }
	const exec: SqlStorage['exec'] = (query, ...values) => {
		const cursor = sql.exec(query, ...values)
		const rows = cursor.toArray()
		cost.read += cursor.rowsRead
		cost.written += cursor.rowsWritten
		return rows as never
	}
	const register = new ShardRegister({ exec })
	const costOf = (run: () => unknown) => {
		Object.assign(cost, { read: 0, written: 0 })
		run()
		return { ...cost }
	}
	return { register, costOf }
}

const reportOf = (i: number, report: Partial<ShardReport> = {}): ShardReport => ({
	shard: `tenant-${i}`,
	binding: 'USER_DO',
	version: '0001_a',
	state: 'current',
	lastError: null,
	...report,
})

describe('the register of a large fleet', () => {
	it('writes a row for a report that says nothing new and three for one that does, and reads no more than it shows', async () => {
		await runInDurableObject(env.PLAIN_DO.getByName('register'), (_, { storage }) => {
			const { register, costOf } = countedRegister(storage)
			const shards = 20_000
			storage.transactionSync(() => {
				for (let i = 0; i < shards; i++) register.report(reportOf(i, i % 100 === 0 ? { state: 'pending', version: null } : {}), i)
			})
			expect(costOf(() => register.report(reportOf(7), 1))).toEqual({ read: 2, written: 1 })
			expect(costOf(() => register.report(reportOf(7, { version: '0002_b' }), 1))).toMatchObject({ written: 3 })
			expect(costOf(() => register.page({ limit: 50 })).read).toBeLessThanOrEqual(51)
			expect(costOf(() => register.page({ limit: 50, state: 'pending' })).read).toBeLessThanOrEqual(102)
			expect(costOf(() => register.page({ limit: 50, version: '0001_a' })).read).toBeLessThanOrEqual(102)
			expect(costOf(() => register.summary()).read).toBeLessThanOrEqual(shards + 10)
		})
	})

	it('plans a roll-out over a fleet by one statement, and settles shards at a few rows each', async () => {
		await runInDurableObject(env.PLAIN_DO.getByName('plan'), (_, { storage }) => {
			const register = new ShardRegister(storage.sql)
			const plan = new RolloutPlan(storage)
			storage.transactionSync(() => {
				for (let i = 0; i < 5_000; i++) register.report(reportOf(i), i)
			})
			expect(plan.start({ canary: 1 }, '0002_b', 1)).toMatchObject({ total: 5_000, waveShards: 5_000 })
			const tasks = plan.claim(0, 100)
			expect(new Set(tasks.map(({ shard }) => shard)).size).toBe(100)
			expect(tasks.map(({ shard }) => shard)).not.toEqual(Array.from({ length: 100 }, (_, i) => reportOf(i).shard))
			for (const task of tasks) plan.settle(task, { status: 'migrated' })
			for (const task of tasks) plan.settle(task, { status: 'failed', shard: task.shard, message: 'late' })
			expect(plan.last()).toMatchObject({ migrated: 100, failed: 0, waveLeft: 4_900, reached: 100 })
		})
	})
})
