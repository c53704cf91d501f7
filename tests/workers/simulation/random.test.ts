import { evictDurableObject } from 'cloudflare:test'
import fc from 'fast-check'
import { describe, it } from 'vitest'
import { testRuns, testSeed } from '../../support/test-seed.ts'
import { FaultPlan, faultKinds } from './faults.ts'
import { drain, expectSame, flushUnder, shardOf } from './harness.ts'

/** Every statement succeeds whatever is in the tables. */
const statement = fc.oneof(
	fc.tuple(fc.nat(20), fc.integer()).map(([id, n]) => `INSERT OR REPLACE INTO accounts VALUES (${id}, 'o${n}', ${n}.25)`),
	fc.tuple(fc.nat(20), fc.nat(20)).map(([id, n]) => `INSERT OR IGNORE INTO entries VALUES ('${id}', ${n}, NULL)`),
	fc.tuple(fc.nat(20), fc.nat(9)).map(([id, n]) => `UPDATE accounts SET balance = ${n} WHERE id >= ${id}`),
	fc.nat(20).map((id) => `UPDATE OR IGNORE entries SET id = id || 'x', note = 'moved' WHERE account = ${id}`),
	fc.nat(20).map((id) => `DELETE FROM accounts WHERE id % 7 = ${id} % 7`),
	fc.nat(20).map((id) => `DELETE FROM entries WHERE account < ${id}`),
)

const step = fc.oneof(
	{
		weight: 4,
		arbitrary: fc.record({
			kind: fc.constant('write' as const),
			statements: fc.array(statement, { minLength: 1, maxLength: 4 }),
		}),
	},
	{
		weight: 3,
		arbitrary: fc.record({
			kind: fc.constant('flush' as const),
			faults: fc.array(fc.tuple(fc.nat(25), fc.constantFrom(...faultKinds)), { maxLength: 3 }),
		}),
	},
	{ weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const) }) },
)

let run = 0

describe('random writes, faults and restarts', () => {
	it('leave every change in the lake once, in order', { timeout: testRuns(180_000) }, async () => {
		await fc.assert(
			fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 14 }), async (steps) => {
				const name = `random-${run++}`
				const plans: FaultPlan[] = []
				for (const current of steps) {
					if (current.kind === 'write') await shardOf(name).write(...current.statements)
					else if (current.kind === 'restart') await evictDurableObject(shardOf(name)).catch(() => undefined)
					else {
						const plan = new FaultPlan(current.faults)
						plans.push(plan)
						await flushUnder(name, plan)
					}
				}
				await drain(name)
				await Promise.all(plans.flatMap((plan) => plan.late))
				await drain(name)
				await expectSame(name, name)
			}),
			{ seed: testSeed('random writes, faults and restarts'), numRuns: testRuns(12), endOnFailure: true },
		)
	})
})
