import { describe, expect, it } from 'vitest'
import { forEachLimited } from '../../../src/delivery/for-each-limited.ts'
import { FaultPlan, faultKinds } from './faults.ts'
import { drain, expectSame, flushUnder, shardOf } from './harness.ts'

/** Changes of two tables: several flights of several files each, with every kind of change. */
async function workload(name: string, round: number): Promise<void> {
	const shard = shardOf(name)
	const id = (n: number) => round * 100 + n
	for (let n = 0; n < 3; n++) {
		await shard.write(
			`INSERT INTO accounts VALUES (${id(n)}, 'owner ${n}', ${n}.5)`,
			`INSERT INTO entries VALUES ('${id(n)}', ${id(n)}, NULL), ('${id(n)}b', ${id(n)}, 'note')`,
		)
	}
	await shard.write(`UPDATE accounts SET balance = balance + 1`, `DELETE FROM entries WHERE note IS NULL`)
	await shard.write(`UPDATE entries SET id = id || '!'`, `INSERT OR REPLACE INTO accounts VALUES (${id(0)}, 'replaced', 0)`)
}

describe('a fault at every point of a flush', () => {
	it.each(faultKinds)('%s: nothing is lost, nothing comes twice, order is kept', { timeout: 60_000 }, async (kind) => {
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
			expect(plan.struck, `${kind} at call ${point}`).toBe(1)
			await workload(name, 2)
			await drain(name)
			await Promise.all(plan.late)
			await drain(name)
			await expectSame(name, `${kind} at call ${point}, ${plan.calls[point]}`)
		})
	})
})
