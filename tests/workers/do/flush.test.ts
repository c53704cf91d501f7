import { env, evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { openLake } from '../../../src/lake/open-lake.ts'
import { lakeRows } from '../simulation/lake-rows.ts'
import { logged } from './objects.ts'

let shards = 0
const freshName = () => `flush-${shards++}`
const lake = openLake({ bucket: env.SQLAKE_BUCKET, bucketBinding: 'SQLAKE_BUCKET', catalogs: undefined })
const idsInLake = async (shard: string) => (await lakeRows(lake.store, lake.catalog, shard)).map(({ id }) => id)
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

async function eventually(check: () => Promise<void>): Promise<void> {
	for (let attempt = 0; ; attempt++) {
		try {
			return await check()
		} catch (error) {
			if (attempt === 40) throw error
			await pause(100)
		}
	}
}

const insertUsers = (shard: string, ...ids: string[]) => ({
	shard,
	statements: ids.map((id) => ({ sql: 'INSERT INTO users (id) VALUES (?)', params: [id] })),
	readOnly: false,
})

afterEach(() => {
	logged.length = 0
	vi.restoreAllMocks()
})

describe('the alarm', () => {
	it('delivers at once when the threshold is reached', async () => {
		const shard = freshName()
		const stub = env.OWN_WAYS_DO.getByName(shard)
		await stub.sqlakeExecute(insertUsers(shard, 'a', 'b', 'c', 'd'))
		// Well before the interval of two seconds.
		for (let attempt = 0; attempt < 15 && (await idsInLake(shard)).length === 0; attempt++) await pause(100)
		expect(await idsInLake(shard)).toEqual(['seed', 'a', 'b', 'c', 'd'])
		expect(await stub.getCDCFlushMetrics()).toMatchObject({
			buffered: 0,
			lag: 0,
			consecutiveFailures: 0,
			lastError: null,
			lastSuccess: expect.any(Number),
		})
	})

	it('delivers a single change when the interval is over', async () => {
		const shard = freshName()
		await env.OWN_WAYS_DO.getByName(shard).fetch('https://shard/')
		expect(await idsInLake(shard)).toEqual([])
		await eventually(async () => expect(await idsInLake(shard)).toEqual(['seed']))
	})

	it('comes at another moment in each of the shards that are written together, and never after the interval', async () => {
		const now = Date.now()
		const alarms = await Promise.all(
			Array.from({ length: 20 }, async () => {
				const shard = freshName()
				const stub = env.SHARD_DO.getByName(shard)
				await stub.sqlakeExecute(insertUsers(shard, 'a'))
				return (await runInDurableObject(stub, (_, state) => state.storage.getAlarm())) ?? 0
			}),
		)
		// Twenty moments within a quarter of a minute: seldom would they be this close by chance.
		expect(Math.max(...alarms) - Math.min(...alarms)).toBeGreaterThan(4_000)
		expect(Math.min(...alarms)).toBeGreaterThanOrEqual(now + 45_000)
		expect(Math.max(...alarms)).toBeLessThanOrEqual(Date.now() + 60_000)
	})

	it('does nothing when it comes twice', async () => {
		const shard = freshName()
		const stub = env.SHARD_DO.getByName(shard)
		await stub.sqlakeExecute(insertUsers(shard, 'a'))
		expect(await runDurableObjectAlarm(stub)).toBe(true)
		await runInDurableObject(stub, (object) => object.alarm())
		expect(await idsInLake(shard)).toEqual(['a'])
		expect(await runInDurableObject(stub, (_, state) => state.storage.getAlarm())).toBeNull()
	})

	it('delivers what an alarm that was lost left behind, after a restart', async () => {
		const shard = freshName()
		const stub = env.SHARD_DO.getByName(shard)
		await stub.sqlakeExecute(insertUsers(shard, 'a'))
		await runInDurableObject(stub, (_, state) => state.storage.deleteAlarm())
		await evictDurableObject(stub)
		await env.SHARD_DO.getByName(shard).fetch('https://shard/')
		expect(await runDurableObjectAlarm(env.SHARD_DO.getByName(shard))).toBe(true)
		expect(await idsInLake(shard)).toEqual(['a'])
	})

	it('is set again, later each time, while the lake cannot be reached, and writes go on', async () => {
		const shard = freshName()
		const stub = env.UNREACHABLE_DO.getByName(shard)
		await stub.sqlakeExecute(insertUsers(shard, 'a'))
		await runDurableObjectAlarm(stub)
		await runDurableObjectAlarm(stub)
		await stub.sqlakeExecute(insertUsers(shard, 'b'))
		expect(await stub.getCDCFlushMetrics()).toMatchObject({
			buffered: 2,
			consecutiveFailures: 2,
			totalFailures: 2,
			lastError: { code: 'BINDING_MISSING', message: expect.stringContaining('NO_BUCKET') },
		})
		const alarm = await runInDurableObject(stub, (_, state) => state.storage.getAlarm())
		expect(alarm).toBeGreaterThan(Date.now() + 500)
		await runInDurableObject(stub, (object) => expect(object.flush()).rejects.toMatchObject({ code: 'BINDING_MISSING' }))
	})

	it('that a subclass keeps to itself is noticed at the next write, told, and made up for', async () => {
		const shard = freshName()
		const stub = env.FORGETFUL_DO.getByName(shard)
		await stub.fetch('https://shard/')
		const real = Date.now
		vi.spyOn(Date, 'now').mockImplementation(() => real() + 20_000)
		await stub.sqlakeExecute(insertUsers(shard, 'a'))
		await eventually(async () => expect(await idsInLake(shard)).toEqual(['seed', 'a']))
		expect(logged).toContainEqual(expect.stringContaining('super.alarm()'))
	})

	it('comes in time although the clock was set back', async () => {
		const shard = freshName()
		const stub = env.SHARD_DO.getByName(shard)
		await stub.sqlakeExecute(insertUsers(shard, 'a'))
		const real = Date.now
		vi.spyOn(Date, 'now').mockImplementation(() => real() - 3_600_000)
		await stub.sqlakeExecute(insertUsers(shard, 'b'))
		const alarm = await runInDurableObject(stub, (_, state) => state.storage.getAlarm())
		expect(alarm).toBeLessThanOrEqual(real() + 60_000)
		await stub.flush()
		expect(await idsInLake(shard)).toEqual(['a', 'b'])
	})
})

describe('flush()', () => {
	it('says what it did, and does nothing on an empty buffer', async () => {
		const shard = freshName()
		const stub = env.SHARD_DO.getByName(shard)
		expect(await stub.flush()).toMatchObject({ flights: 0, changes: 0, drained: true })
		await stub.sqlakeExecute(insertUsers(shard, 'a', 'b'))
		expect(await stub.flush()).toMatchObject({ flights: 1, changes: 2, files: 1, drained: true, bytes: expect.any(Number) })
	})

	it('called several times at once delivers everything once', async () => {
		const shard = freshName()
		const stub = env.SHARD_DO.getByName(shard)
		await stub.sqlakeExecute(insertUsers(shard, 'a'))
		const first = stub.flush()
		await stub.sqlakeExecute(insertUsers(shard, 'b'))
		await Promise.all([first, stub.flush(), stub.flush()])
		expect(await idsInLake(shard)).toEqual(['a', 'b'])
	})

	it('takes shard names that are paths, emoji or long', async () => {
		for (const shard of ['../../etc', '50%/off', 'naïve 🦆', 'x'.repeat(2_000)]) {
			const stub = env.SHARD_DO.getByName(shard)
			await stub.sqlakeExecute(insertUsers(shard, shard))
			await stub.flush()
			expect(await idsInLake(shard)).toEqual([shard])
		}
	})
})
