import { env, evictDurableObject, runInDurableObject } from 'cloudflare:test'
import { afterEach, describe, expect, it } from 'vitest'
import type { Fleet, Rollout, ShardReport } from '../../../src/fleet/fleet.ts'
import { createFleetClient } from '../../../src/worker/create-fleet-client.ts'

let catalogs = 0
let current = ''
/** A fleet of its own for each test. */
function openFleet() {
	current = `fleet-${catalogs++}`
	const bucket = current
	const fleet = createFleetClient({ SQLAKE_CATALOG: env.CATALOG_DO }, { schema: { r2Bucket: bucket } })
	const object = () => env.CATALOG_DO.getByName(bucket)
	const report = (shard: string, binding: string | null = 'TALLY_DO') =>
		object().sqlakeFleetReport({ shard, binding, version: '0000_init', state: 'pending', lastError: null } satisfies ShardReport)
	return { fleet, object, report, add: (...shards: string[]) => Promise.all(shards.map((shard) => report(shard))) }
}

const names = (count: number, prefix: string) => Array.from({ length: count }, (_, i) => `${prefix}-${catalogs}-${i}`)
const calls = (shard: string) => env.TALLY_DO.getByName(shard).calls()

async function finished(fleet: Fleet, id = '1'): Promise<Rollout> {
	for (const end = Date.now() + 25_000; Date.now() < end; ) {
		const rollout = await fleet.rollout(id)
		if (rollout.state !== 'running') return rollout
		await new Promise((resolve) => setTimeout(resolve, 25))
	}
	throw new Error(`roll-out ${id} does not end: ${JSON.stringify(await fleet.rollout(id))}`)
}

afterEach(async () => {
	// A roll-out that a failed test has left would go on under the next one.
	await runInDurableObject(env.CATALOG_DO.getByName(current), (_, state) => state.storage.deleteAlarm())
})

describe('the catalog object', { timeout: 30_000 }, () => {
	it('carries a roll-out out by its alarm, waking shards by their names', async () => {
		const { fleet, add } = openFleet()
		const shards = names(40, 's')
		await add(...shards)
		expect(await fleet.startRollout({ waveSize: 10 })).toMatchObject({ target: '0001_a', state: 'running', total: 40 })
		expect(await finished(fleet)).toMatchObject({ state: 'done', migrated: 40, failed: 0 })
		for (const shard of shards) expect(await calls(shard)).toEqual(['0001_a'])
		expect(await fleet.summary()).toMatchObject({ versions: [{ version: '0001_a', shards: 40 }] })
	})

	it.each(['evicted', 'aborted'])('goes on where it was when it is %s in the middle, again and again', async (how) => {
		const { fleet, add, object } = openFleet()
		const shards = names(60, 'slow')
		await add(...shards)
		await fleet.startRollout({ canary: 0.2, waveSize: 20, concurrency: 4 })
		for (let death = 0; death < 4; death++) {
			await new Promise((resolve) => setTimeout(resolve, 35))
			if (how === 'evicted') await evictDurableObject(object())
			else await runInDurableObject(object(), (_, state) => state.abort('a deploy')).catch(() => {})
			// Whatever calls the object next wakes it, and it looks for what it was doing.
			await fleet.summary()
		}
		expect(await finished(fleet)).toMatchObject({ state: 'done', total: 60, migrated: 60, failed: 0, remaining: 0 })
		const counts = await Promise.all(shards.map(async (shard) => (await calls(shard)).length))
		expect(counts.every((count) => count >= 1)).toBe(true)
		// Only what was under way is called again: no more than run at the same time, for each death.
		expect(counts.reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(60 + 4 * 4)
	})

	it('sets its alarm again where a restart has lost it', async () => {
		const { fleet, add, object } = openFleet()
		await add(...names(3, 's'))
		await fleet.startRollout()
		await runInDurableObject(object(), (_, state) => state.storage.deleteAlarm())
		await evictDurableObject(object())
		expect(await finished(fleet)).toMatchObject({ state: 'done', migrated: 3 })
	})

	it('counts a shard that does not answer in time as failed, and passes over it once it has got there', async () => {
		const { fleet, add, report } = openFleet()
		const [shard = ''] = names(1, 'hang')
		await add(shard, ...names(3, 's'))
		await fleet.startRollout({ canary: 1, timeoutMs: 200, failureThreshold: 0 })
		const stopped = await finished(fleet)
		expect(stopped).toMatchObject({ state: 'stopped', failed: 1 })
		expect(stopped.reason).toMatch(/did not answer within 200 ms/)
		await report(shard)
		await fleet.resume('1')
		expect(await finished(fleet)).toMatchObject({ state: 'done', migrated: 4, failed: 0 })
	})

	it('calls a shard again that was reset during the call', async () => {
		const { fleet, add } = openFleet()
		const [shard = ''] = names(1, 'reset')
		await add(shard)
		await fleet.startRollout({ failureThreshold: 0 })
		expect(await finished(fleet)).toMatchObject({ state: 'done', migrated: 1 })
		expect(await calls(shard)).toHaveLength(2)
	})

	it('says of each shard why it could not be called', async () => {
		const { fleet, add, report } = openFleet()
		await add(...names(2, 'throw'))
		await report('elsewhere', 'NO_SUCH_DO')
		await report('no-shard', 'PLAIN_DO')
		await fleet.startRollout({ canary: 1, failureThreshold: 1, target: '0001_a' })
		expect(await finished(fleet)).toMatchObject({ state: 'done', failed: 4 })
		const { failures } = await fleet.summary()
		expect(failures.map(({ message, shards }) => [message, shards])).toEqual([
			['the Durable Object did not answer: broken', 2],
			[expect.stringContaining('a namespace of Durable Objects named NO_SUCH_DO'), 1],
			[expect.stringContaining('sqlakeFleetMigrate'), 1],
		])
	})

	it('reaches a shard whose name is longer than the platform tells its object', async () => {
		const { fleet, add } = openFleet()
		const shard = `${'ä'.repeat(900)}-${catalogs}`
		await add(shard)
		await fleet.startRollout()
		expect(await finished(fleet)).toMatchObject({ state: 'done', migrated: 1 })
		expect(await calls(shard)).toEqual(['0001_a'])
	})

	it('still commits and tells positions while a roll-out runs', async () => {
		const { fleet, add, object } = openFleet()
		await add(...names(30, 'slow'))
		await fleet.startRollout({ canary: 1, concurrency: 2 })
		expect(await object().sqlakeCatalogPosition('nobody')).toEqual({ ok: true, value: null })
		expect((await fleet.rollout('1')).state).toBe('running')
		expect(await finished(fleet)).toMatchObject({ state: 'done' })
	})

	it('refuses a report that is none', async () => {
		const { object } = openFleet()
		for (const report of [null, {}, { shard: '', binding: null, version: null, state: 'current', lastError: null }]) {
			expect(await object().sqlakeFleetReport(report as never)).toMatchObject({ ok: false, error: { code: 'RPC_INVALID' } })
		}
	})
})
