import { env, evictDurableObject, runInDurableObject } from 'cloudflare:test'
import { afterEach, describe, expect, it } from 'vitest'
import type { Rollout } from '../../../src/fleet/fleet.ts'
import { createFleetClient } from '../../../src/worker/create-fleet-client.ts'
import { deployed, fleetOf, releases, TAGS } from './objects.ts'

const [INIT, UNIQUE, INDEX] = TAGS

let fleets = 0

/** A fleet of its own, and the ways to it. */
function openFleet(kind = 'fleet') {
	const prefix = `${kind}${fleets++}`
	const fleet = createFleetClient({ SQLAKE_CATALOG: env.CATALOG_DO }, { schema: fleetOf(prefix) })
	const nameOf = (name: string) => `${prefix}:${name}`
	const stub = (name: string) => env.FLEET_DO.getByName(nameOf(name))
	const execute = (name: string, sql: string, readOnly = false) =>
		stub(name).sqlakeExecute({ shard: nameOf(name), statements: [{ sql, params: [] }], readOnly })
	const insert = (name: string, ...emails: string[]) =>
		execute(name, `INSERT INTO users (id, email) VALUES ${emails.map((email, i) => `('${i}', '${email}')`).join(', ')}`)
	const registered = async (name: string, isThere: (version: string | null) => boolean = () => true) => {
		await until(async () =>
			(await fleet.shards()).shards.some(({ shard, version }) => shard === nameOf(name) && isThere(version)),
		)
		return (await fleet.shards()).shards.find(({ shard }) => shard === nameOf(name))
	}
	const finished = async (id: string): Promise<Rollout> => {
		await until(async () => (await fleet.rollout(id)).state !== 'running')
		return fleet.rollout(id)
	}
	/** A new release: objects start anew. */
	const deploy = async (release: (typeof releases)[keyof typeof releases], ...names: string[]) => {
		deployed.release = release
		for (const name of names) await evictDurableObject(stub(name))
	}
	return { fleet, nameOf, stub, execute, insert, registered, finished, deploy }
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
	const end = Date.now() + 25_000
	while (!(await isSo())) {
		if (Date.now() > end) throw new Error('waited in vain')
		await new Promise((resolve) => setTimeout(resolve, 25))
	}
}

afterEach(() => {
	deployed.release = releases.first
})

describe('a shard', { timeout: 30_000 }, () => {
	it('registers itself with its first request, and then is quiet', async () => {
		const { insert, execute, registered, nameOf } = openFleet()
		await insert('a', 'x')
		const shard = await registered('a')
		expect(shard).toEqual({
			shard: nameOf('a'),
			binding: 'FLEET_DO',
			version: INIT,
			state: 'current',
			lastError: null,
			lastSeen: expect.any(Number),
		})
		for (let i = 0; i < 5; i++) await execute('a', 'SELECT 1', true)
		await new Promise((resolve) => setTimeout(resolve, 400))
		expect((await registered('a'))?.lastSeen).toBe(shard?.lastSeen)
	})

	it('tells what a deploy and a migration make of it', async () => {
		const { insert, execute, registered, deploy, stub } = openFleet()
		await insert('a', 'x')
		await registered('a')
		await deploy(releases.second, 'a')
		await execute('a', 'SELECT 1', true)
		await until(async () => (await registered('a'))?.state === 'pending')
		await stub('a').applyMigrations()
		expect(await registered('a', (version) => version === UNIQUE)).toMatchObject({ state: 'current' })
	})

	it('answers as ever where the catalog object does not listen', async () => {
		const { insert, execute, stub } = openFleet('deaf')
		expect(await insert('a', 'x')).toMatchObject({ ok: true })
		await new Promise((resolve) => setTimeout(resolve, 400))
		expect(await execute('a', 'SELECT email FROM users', true)).toMatchObject({
			ok: true,
			value: { results: [{ rows: [['x']] }] },
		})
		expect(
			await runInDurableObject(stub('a'), (_, { storage }) =>
				storage.sql.exec("SELECT * FROM _sqlake_object WHERE key = 'report'").toArray(),
			),
		).toEqual([])
	})

	it('that nobody knew of goes to the version that the fleet was brought to', async () => {
		const { fleet, insert, execute, registered, finished, deploy, nameOf } = openFleet()
		for (const name of ['known', 'forgotten']) {
			await insert(name, 'x')
			await registered(name)
		}
		await fleet.forgetShard(nameOf('forgotten'))
		await deploy(releases.third, 'known', 'forgotten')
		const { id } = await fleet.startRollout({ target: UNIQUE })
		expect(await finished(id)).toMatchObject({ state: 'done', total: 1 })
		expect(await execute('forgotten', 'SELECT 1', true)).toMatchObject({ ok: true })
		expect(await registered('forgotten', (version) => version === UNIQUE)).toMatchObject({ state: 'pending' })
	})

	it('registers, and is reached, under a name that the platform does not tell its object', async () => {
		const shard = 'ü'.repeat(700)
		const fleet = createFleetClient({ SQLAKE_CATALOG: env.CATALOG_DO }, { schema: fleetOf() })
		const statements = [{ sql: "INSERT INTO users VALUES ('1', 'x')", params: [] }]
		const stub = env.FLEET_DO.getByName(shard)
		expect(await stub.sqlakeExecute({ shard, statements, readOnly: false })).toMatchObject({ ok: true })
		await until(async () => (await fleet.summary()).shards === 1)
		expect((await fleet.shards()).shards).toMatchObject([{ shard, binding: 'FLEET_DO' }])
		deployed.release = releases.second
		await evictDurableObject(stub)
		await fleet.startRollout()
		await until(async () => (await fleet.rollout('1')).state === 'done')
		expect((await fleet.shard(shard)).status).toMatchObject({ state: 'current', appliedCount: 2 })
	})
})

describe('a shard that fails in a roll-out', { timeout: 30_000 }, () => {
	it('serves reads, tries again by itself, and goes no further than the roll-out', async () => {
		const { fleet, insert, execute, registered, finished, deploy, stub, nameOf } = openFleet()
		await insert('a', 'same', 'same')
		await registered('a')
		await deploy(releases.third, 'a')
		const { id } = await fleet.startRollout({ target: UNIQUE })
		expect(await finished(id)).toMatchObject({ state: 'stopped', reason: expect.stringContaining('UNIQUE constraint failed') })
		expect(await fleet.shard(nameOf('a'))).toMatchObject({
			shard: { state: 'failed', version: INIT, lastError: { code: 'MIGRATION_FAILED', tag: UNIQUE } },
			status: { state: 'failed', attempts: 1 },
		})
		expect(await execute('a', 'SELECT count(*) FROM users', true)).toMatchObject({ ok: true })
		await runInDurableObject(stub('a'), (_, { storage }) => void storage.sql.exec('UPDATE users SET email = id'))
		expect(await registered('a', (version) => version === UNIQUE)).toMatchObject({ state: 'pending', lastError: null })
		expect((await stub('a').getMigrationStatus()).pending).toEqual([INDEX])
		await fleet.resume(id)
		expect(await finished(id)).toMatchObject({ state: 'done', migrated: 1 })
	})

	it('is held by the roll-back: what failed is not tried again', async () => {
		const { fleet, insert, registered, finished, deploy, stub } = openFleet()
		await insert('a', 'same', 'same')
		await insert('b', 'x')
		for (const name of ['a', 'b']) await registered(name)
		await deploy(releases.second, 'a', 'b')
		const { id } = await fleet.startRollout({ canary: 1 })
		expect(await finished(id)).toMatchObject({ state: 'stopped', migrated: 1, failed: 1 })
		const back = await fleet.rollback(id, { canary: 1, acceptDataLoss: true })
		expect(await finished(back.id)).toMatchObject({ state: 'done', migrated: 2 })
		await runInDurableObject(stub('a'), (_, { storage }) => void storage.sql.exec('UPDATE users SET email = id'))
		await new Promise((resolve) => setTimeout(resolve, 1_300))
		expect(await stub('a').getMigrationStatus()).toMatchObject({ state: 'held', appliedCount: 1, retryAt: null })
		expect((await fleet.summary()).states).toMatchObject({ held: 2 })
	})

	it('that never came as far as a way down leads has nothing to undo', async () => {
		const { fleet, insert, registered, deploy, finished, nameOf } = openFleet()
		await insert('a', 'x')
		await registered('a')
		await deploy(releases.third, 'a')
		const { id } = await fleet.startRollout({ direction: 'down', target: UNIQUE })
		expect(await finished(id)).toMatchObject({ state: 'done', migrated: 1 })
		expect((await fleet.shard(nameOf('a'))).shard).toMatchObject({ version: INIT, state: 'pending' })
	})
})
