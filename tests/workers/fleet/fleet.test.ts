import { env, evictDurableObject, runInDurableObject } from 'cloudflare:test'
import { describe, expect, it } from 'vitest'
import type { Fleet, Rollout } from '../../../src/fleet/fleet.ts'
import { createFleetClient } from '../../../src/worker/create-fleet-client.ts'
import { deployed, fleetOf, releases, TAGS } from './objects.ts'

const SHARDS = 1_000
/** Three in a hundred. */
const isBad = (index: number) => index % 33 === 5 && index < 990

const [INIT, UNIQUE] = TAGS
const shards = Array.from({ length: SHARDS }, (_, index) => `crowd:${index}`)
const bad = shards.filter((_, index) => isBad(index))
const stub = (shard: string) => env.FLEET_DO.getByName(shard)

async function execute(shard: string, sql: string, readOnly = true): Promise<unknown[][]> {
	const envelope = await stub(shard).sqlakeExecute({ shard, statements: [{ sql, params: [] }], readOnly })
	if (!envelope.ok) throw new Error(`${envelope.error.code}: ${envelope.error.message}`)
	return envelope.value.results[0]?.rows as unknown[][]
}

/** Some at a time, as a Worker's requests would come. */
async function each<T>(items: readonly string[], work: (item: string) => Promise<T>): Promise<T[]> {
	const results: T[] = []
	for (let start = 0; start < items.length; start += 50)
		results.push(...(await Promise.all(items.slice(start, start + 50).map(work))))
	return results
}

async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
	const end = Date.now() + 180_000
	while (!(await isSo())) {
		if (Date.now() > end) throw new Error(`waited in vain until ${what}`)
		await new Promise((resolve) => setTimeout(resolve, 50))
	}
}

async function finished(fleet: Fleet, id: string): Promise<Rollout> {
	await until(`roll-out ${id} ends`, async () => (await fleet.rollout(id)).state !== 'running')
	return fleet.rollout(id)
}

/** What the objects themselves have: the version, and everything that was written. */
async function contents() {
	const found = await each(shards, (shard) =>
		runInDurableObject(stub(shard), (_, { storage }) => ({
			tags: Array.from(storage.sql.exec<{ tag: string }>('SELECT tag FROM _sqlake_migrations ORDER BY rowid'), ({ tag }) => tag),
			emails: Array.from(storage.sql.exec<{ email: string }>('SELECT email FROM users ORDER BY id'), ({ email }) => email),
			buffered: storage.sql.exec<{ n: number }>('SELECT count(*) AS n FROM _cdc_buffer').one().n,
		})),
	)
	return new Map(found.map((content, index) => [shards[index] ?? '', content]))
}

describe('a fleet of 1,000 Durable Objects', () => {
	it('is rolled forward, stops at the threshold, is repaired, goes on, and is rolled back, and loses nothing', {
		timeout: 240_000,
	}, async () => {
		const fleet = createFleetClient({ SQLAKE_CATALOG: env.CATALOG_DO }, { schema: fleetOf('crowd') })

		// An application in use: every shard has rows, and 3% have an email twice.
		await each(shards, (shard) => {
			const second = bad.includes(shard) ? 'a@example.com' : 'b@example.com'
			return execute(shard, `INSERT INTO users (id, email) VALUES ('1', 'a@example.com'), ('2', '${second}')`, false)
		})
		await until('all shards are registered', async () => (await fleet.summary()).shards === SHARDS)
		expect(await fleet.summary()).toMatchObject({ versions: [{ version: INIT, shards: SHARDS }], states: { current: SHARDS } })

		// A deploy resets the objects. They sleep until somebody calls.
		deployed.release = releases.second
		await each(shards, (shard) => evictDurableObject(stub(shard)))

		const begun = await fleet.startRollout({ canary: 0.05, waveSize: 200, failureThreshold: 0.02 })
		expect(begun).toMatchObject({ target: UNIQUE, total: SHARDS })
		const stopped = await finished(fleet, begun.id)
		expect(stopped.state).toBe('stopped')
		expect(stopped.reason).toMatch(/UNIQUE constraint failed: users\.email/)
		const halfway = await fleet.summary()
		expect(halfway.versions).toEqual([
			{ version: UNIQUE, shards: stopped.migrated },
			{ version: INIT, shards: SHARDS - stopped.migrated },
		])
		expect(halfway.failures).toMatchObject([{ message: expect.stringContaining('UNIQUE'), shards: stopped.failed }])
		const { shards: failed } = await fleet.shards({ state: 'failed' })
		expect(failed).toHaveLength(stopped.failed)
		for (const { shard, version, lastError } of failed) {
			expect(bad).toContain(shard)
			expect({ version, code: lastError?.code }).toEqual({ version: INIT, code: 'MIGRATION_FAILED' })
			// Reads go on.
			expect(await execute(shard, 'SELECT count(*) FROM users')).toEqual([[2]])
		}

		// The repair.
		await each(bad, (shard) =>
			runInDurableObject(stub(shard), (_, { storage }) => {
				storage.sql.exec("UPDATE users SET email = 'repaired@example.com' WHERE id = '2'")
			}),
		)
		await fleet.resume(begun.id)
		expect(await finished(fleet, begun.id)).toMatchObject({ state: 'done', migrated: SHARDS, failed: 0, reason: null })
		expect(await fleet.summary()).toMatchObject({
			versions: [{ version: UNIQUE, shards: SHARDS }],
			states: { current: SHARDS },
			failures: [],
			released: { version: UNIQUE },
		})
		const forward = await contents()
		for (const [shard, { tags, emails }] of forward) {
			expect(tags).toEqual([INIT, UNIQUE])
			expect(emails).toEqual(['a@example.com', bad.includes(shard) ? 'repaired@example.com' : 'b@example.com'])
		}
		await expect(execute('crowd:1', "INSERT INTO users VALUES ('3', 'a@example.com', NULL)", false)).rejects.toThrow('UNIQUE')

		// And back. It loses a column, which has to be said.
		const back = await fleet.rollback(begun.id, { canary: 0.01, concurrency: 20 })
		expect(back).toMatchObject({ direction: 'down', target: INIT, total: SHARDS, rollbackOf: begun.id })
		const refused = await finished(fleet, back.id)
		expect(refused).toMatchObject({ state: 'stopped', migrated: 0, reason: expect.stringContaining('destroys') })
		await fleet.resume(back.id, { acceptDataLoss: true })
		expect(await finished(fleet, back.id)).toMatchObject({ state: 'done', migrated: SHARDS, failed: 0 })
		expect(await fleet.summary()).toMatchObject({ versions: [{ version: INIT, shards: SHARDS }], states: { held: SHARDS } })
		for (const [shard, { tags, emails, buffered }] of await contents()) {
			expect(tags).toEqual([INIT])
			expect(emails).toEqual(forward.get(shard)?.emails)
			expect(buffered).toBeGreaterThanOrEqual(forward.get(shard)?.buffered ?? 0)
		}
	})
})
