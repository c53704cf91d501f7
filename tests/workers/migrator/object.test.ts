import { env, evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { afterEach, describe, expect, it } from 'vitest'
import type { ExecuteResponse } from '../../../src/driver/transport.ts'
import { type Envelope, SQLakeError } from '../../../src/errors.ts'
import { manifestOfMigrations } from './manifests.ts'
import { addAge, deployed, initial, type MigratingDO, schemaAfter, schemaBefore } from './objects.ts'

const down = {
	up: addAge,
	down: 'CREATE TABLE __old_users (id text PRIMARY KEY NOT NULL, email text); INSERT INTO __old_users SELECT id, email FROM users; DROP TABLE users; ALTER TABLE __old_users RENAME TO users;',
	losses: ['column "users"."age"'],
}
const before = { schema: schemaBefore, migrations: manifestOfMigrations(initial) }
const after = { schema: schemaAfter, migrations: manifestOfMigrations(initial, down) }

afterEach(() => {
	Object.assign(deployed, before, { policy: 'on-start', inConstructor: null })
})

let objects = 0

/** An object with its rows, and what a test does with it. */
class Subject {
	readonly name = `migrating-${objects++}`

	get stub(): DurableObjectStub<MigratingDO> {
		return env.MIGRATING_DO.getByName(this.name)
	}

	/** Runs statements as the driver does. */
	async execute(...statements: string[]): Promise<Envelope<ExecuteResponse>> {
		return this.stub.sqlakeExecute({
			shard: this.name,
			statements: statements.map((sql) => ({ sql, params: [] })),
			readOnly: false,
		}) as Promise<Envelope<ExecuteResponse>>
	}

	async rows(query: string): Promise<unknown> {
		const answer = await this.execute(query)
		return answer.ok ? answer.value.results[0]?.rows : answer.error
	}

	/** Deploys other code, which restarts the object. */
	async deploy(code: Partial<typeof deployed>): Promise<void> {
		Object.assign(deployed, code)
		await evictDurableObject(this.stub)
	}

	async status() {
		return this.stub.getMigrationStatus()
	}

	/** The error that a call ends with, within the object: workerd reports one that crosses RPC as uncaught besides. */
	async failureOf(call: (instance: MigratingDO) => Promise<unknown>): Promise<unknown> {
		return runInDurableObject(this.stub, async (instance: MigratingDO) => {
			try {
				return await call(instance)
			} catch (error) {
				return SQLakeError.is(error) ? error.toJSON() : error
			}
		})
	}

	/** Lets the time of a retry come. */
	async makeDue(): Promise<void> {
		await runInDurableObject(this.stub, (_, { storage }) => {
			storage.sql.exec(
				"UPDATE _sqlake_migrator SET value = json_set(value, '$.failure.retryAt', json_extract(value, '$.failure.retryAt') - 1000000)",
			)
		})
		await evictDurableObject(this.stub)
	}
}

/** An object on the first version, with a user and a post. */
async function subject(email = "'e'"): Promise<Subject> {
	const object = new Subject()
	await object.execute(`INSERT INTO users VALUES ('u', ${email})`, "INSERT INTO posts VALUES ('p', 'u')")
	return object
}

describe('an object that is restarted with new migrations', () => {
	it('has them before the first request, and its children', async () => {
		const object = await subject()
		await object.deploy(after)
		expect(await object.rows('SELECT * FROM users')).toEqual([['u', 'e', 18]])
		expect(await object.rows('SELECT * FROM posts')).toEqual([['p', 'u']])
		expect(await object.status()).toMatchObject({ state: 'current', appliedCount: 2 })
		expect(await object.stub.getLastMigrationResult()).toMatchObject({ migrations: ['0001_m1'], version: '0001_m1' })
		expect(await runInDurableObject(object.stub, (_, { storage }) => [...storage.sql.exec('PRAGMA foreign_keys').raw()])).toEqual(
			[[1]],
		)
	})

	it('has them in the constructor of a subclass, too', async () => {
		const object = await subject()
		await object.deploy({ ...after, inConstructor: 'SELECT id, age FROM users' })
		expect(await runInDurableObject(object.stub, (instance: MigratingDO) => instance.seen)).toEqual([{ id: 'u', age: 18 }])
		expect(await object.rows('SELECT * FROM posts')).toEqual([['p', 'u']])
		expect(await runInDurableObject(object.stub, (_, { storage }) => [...storage.sql.exec('PRAGMA foreign_keys').raw()])).toEqual(
			[[1]],
		)
	})

	it('goes on in its epoch, and delivers each change as the version it was written under', async () => {
		const object = await subject()
		await object.deploy(after)
		await object.execute("UPDATE users SET age = 40 WHERE id = 'u'")
		const answer = await object.execute("INSERT INTO posts VALUES ('q', 'u')")
		expect(answer).toMatchObject({ ok: true, value: { bookmark: { epoch: 1 } } })
		expect(await object.stub.flush()).toMatchObject({ drained: true, deadLetters: 0 })
	})

	it('begins anew with all of them after deleteAll()', async () => {
		const object = await subject()
		await object.deploy(after)
		await object.rows('SELECT 1')
		await runInDurableObject(object.stub, (_, state) => state.storage.deleteAll())
		expect(await object.rows('SELECT * FROM users')).toEqual([])
		expect(await object.execute("INSERT INTO users VALUES ('v', 'e', 1)")).toMatchObject({ ok: true })
		expect(await object.status()).toMatchObject({ state: 'current', appliedCount: 2 })
	})
})

describe('an object whose migration fails', () => {
	it('stays on its version: it reads, writes what the migration does not touch, and says why', async () => {
		const object = await subject('NULL')
		await object.deploy(after)
		expect(await object.rows('SELECT id, email FROM users')).toEqual([['u', null]])
		expect(await object.execute("INSERT INTO posts VALUES ('q', 'u')")).toMatchObject({
			ok: true,
			value: { bookmark: { epoch: 1 } },
		})
		expect(await object.execute("UPDATE users SET email = 'x'")).toMatchObject({
			ok: false,
			error: {
				code: 'MIGRATION_PENDING',
				message: expect.stringMatching(/a write to table "users" has to wait; migration "0001_m1", statement 3 of 6: NOT NULL/),
			},
		})
		expect(await object.status()).toMatchObject({
			state: 'failed',
			pending: ['0001_m1'],
			attempts: 1,
			lastError: { code: 'MIGRATION_FAILED', tag: '0001_m1' },
		})
		expect(await object.stub.flush()).toMatchObject({ drained: true, deadLetters: 0 })
	})

	it('refuses a statement that names a new column in double quotes, which SQLite would answer with the name', async () => {
		const object = await subject('NULL')
		await object.deploy(after)
		expect(await object.rows('select "id", "age" from "users"')).toMatchObject({
			code: 'MIGRATION_PENDING',
			message: expect.stringContaining('table "users": expected the column "age", found none'),
		})
		expect(await object.rows('SELECT age FROM users')).toMatchObject({
			code: 'MIGRATION_PENDING',
			message: expect.stringContaining('no such column: age'),
		})
		expect(await object.rows('select "id" from "posts"')).toEqual([['p']])
	})

	it('is not tried again before its time, however often it is restarted and asked', async () => {
		const object = await subject('NULL')
		await object.deploy(after)
		for (let round = 0; round < 3; round++) {
			await object.rows('SELECT 1')
			await evictDurableObject(object.stub)
		}
		const { attempts, retryAt } = await object.status()
		expect(attempts).toBe(1)
		expect(await runInDurableObject(object.stub, (_, state) => state.storage.getAlarm())).toBe(retryAt)
	})

	it('is tried again by its alarm, and waits longer', async () => {
		const object = await subject('NULL')
		await object.deploy(after)
		await object.rows('SELECT 1')
		await new Promise((resolve) => setTimeout(resolve, 1_200))
		await runDurableObjectAlarm(object.stub)
		const { attempts, retryAt, lastError } = await object.status()
		expect(attempts).toBe(2)
		expect((retryAt ?? 0) - (lastError?.at ?? 0)).toBe(2_000)
	})

	it('goes on by itself once its data are repaired', async () => {
		const object = await subject('NULL')
		await object.deploy(after)
		await object.rows('SELECT 1')
		await runInDurableObject(object.stub, (_, { storage }) => {
			storage.sql.exec("UPDATE users SET email = 'repaired'")
		})
		await object.makeDue()
		expect(await object.rows('SELECT * FROM users')).toEqual([['u', 'repaired', 18]])
		expect(await object.rows('SELECT * FROM posts')).toEqual([['p', 'u']])
		expect(await object.status()).toMatchObject({ state: 'current', lastError: null, attempts: 0, retryAt: null })
		expect(await object.execute("UPDATE users SET age = 1 WHERE id = 'u'")).toMatchObject({ ok: true })
	})

	it('can be migrated at once on request, and tells the failure', async () => {
		const object = await subject('NULL')
		await object.deploy(after)
		expect(await object.failureOf((instance) => instance.applyMigrations())).toMatchObject({ code: 'MIGRATION_FAILED' })
		const answer = await object.stub.sqlakeMigrate(object.name, {})
		expect(answer).toMatchObject({ ok: false, error: { code: 'MIGRATION_FAILED', details: { tag: '0001_m1', statement: 3 } } })
		expect(await object.status()).toMatchObject({ attempts: 3 })
	})
})

describe('an object that waits for a roll-out', () => {
	it('stays where it is, and takes writes, until it is told', async () => {
		const object = await subject()
		await object.deploy({ ...after, policy: 'rollout' })
		expect(await object.status()).toMatchObject({ state: 'pending', pending: ['0001_m1'] })
		expect(await object.execute("UPDATE users SET email = 'x' WHERE id = 'u'")).toMatchObject({ ok: true })
		expect(await object.rows('select "age" from "users"')).toMatchObject({ code: 'MIGRATION_PENDING' })
		expect(await object.stub.sqlakeMigrate(object.name, { target: '0001_m1' })).toMatchObject({
			ok: true,
			value: { migrations: ['0001_m1'], version: '0001_m1' },
		})
		expect(await object.rows('select "age" from "users"')).toEqual([[18]])
		expect(await object.rows('SELECT * FROM posts')).toEqual([['p', 'u']])
	})

	it('begins with the newest version where it is new', async () => {
		Object.assign(deployed, after, { policy: 'rollout' })
		const object = new Subject()
		expect(await object.rows('SELECT age FROM users')).toEqual([])
		expect(await object.status()).toMatchObject({ state: 'current', appliedCount: 2 })
	})
})

describe('an object that is rolled back', () => {
	it('is held there over restarts, until it is told to go on', async () => {
		const object = await subject()
		await object.deploy(after)
		expect(await object.failureOf((instance) => instance.rollbackMigrations('0000_m0'))).toMatchObject({
			code: 'MIGRATION_IRREVERSIBLE',
		})
		expect(await object.stub.rollbackMigrations('0000_m0', { acceptDataLoss: true })).toMatchObject({ migrations: ['0001_m1'] })
		await evictDurableObject(object.stub)
		expect(await object.status()).toMatchObject({ state: 'held', pending: ['0001_m1'] })
		expect(await object.rows('SELECT * FROM users')).toEqual([['u', 'e']])
		expect(await object.rows('SELECT * FROM posts')).toEqual([['p', 'u']])
		expect(await object.execute("UPDATE users SET email = 'x'")).toMatchObject({ ok: true, value: { bookmark: { epoch: 1 } } })
		expect(await object.stub.applyMigrations()).toMatchObject({ migrations: ['0001_m1'] })
		expect(await object.rows('SELECT * FROM users')).toEqual([['u', 'x', 18]])
	})

	it('is no longer held once the code has not the migration any more', async () => {
		const object = await subject()
		await object.deploy(after)
		await object.stub.rollbackMigrations('0000_m0', { acceptDataLoss: true })
		await object.deploy(before)
		expect(await object.status()).toMatchObject({ state: 'current', appliedCount: 1 })
	})
})

describe('an object whose database is not what the code expects', () => {
	it('reads and refuses writes where it is ahead, and is itself again with the right code', async () => {
		const object = await subject()
		await object.deploy(after)
		await object.rows('SELECT 1')
		await object.deploy(before)
		expect(await object.rows('SELECT id FROM users')).toEqual([['u']])
		expect(await object.execute("INSERT INTO posts VALUES ('q', 'u')")).toMatchObject({
			ok: false,
			error: { code: 'MIGRATION_AHEAD', message: expect.stringContaining('takes no writes') },
		})
		expect(await object.status()).toMatchObject({ state: 'ahead', lastError: { code: 'MIGRATION_AHEAD' } })
		await object.deploy(after)
		expect(await object.execute("INSERT INTO posts VALUES ('q', 'u')")).toMatchObject({
			ok: true,
			value: { bookmark: { epoch: 1 } },
		})
	})

	it('reads and refuses writes where a migration was edited', async () => {
		const object = await subject()
		await object.deploy({ migrations: manifestOfMigrations(initial.replace('email', 'mail')) })
		expect(await object.rows('SELECT * FROM users')).toEqual([['u', 'e']])
		expect(await object.execute('DELETE FROM users')).toMatchObject({ ok: false, error: { code: 'MIGRATION_CHECKSUM' } })
		expect(await object.status()).toMatchObject({ state: 'invalid', lastError: { tag: '0000_m0' } })
	})

	it('reads and refuses writes where the manifest itself is wrong', async () => {
		const object = await subject()
		const [first] = before.migrations.migrations
		if (first === undefined) throw new Error('a migration')
		await object.deploy({ migrations: { ...before.migrations, migrations: [{ ...first, sql: 'SELECT 1' }] } })
		expect(await object.rows('SELECT * FROM users')).toEqual([['u', 'e']])
		expect(await object.execute('DELETE FROM users')).toMatchObject({ ok: false, error: { code: 'MIGRATION_CHECKSUM' } })
		expect(await object.status()).toMatchObject({ state: 'invalid', lastError: { code: 'MIGRATION_CHECKSUM' } })
		expect(await object.failureOf((instance) => instance.applyMigrations())).toMatchObject({ code: 'MIGRATION_CHECKSUM' })
	})
})

describe('a dry run of an object', () => {
	it('tells the statements, and leaves no trace in tables or capture', async () => {
		const object = await subject()
		await object.deploy({ ...after, policy: 'rollout' })
		const look = () =>
			runInDurableObject(object.stub, (_, { storage }) => [
				[...storage.sql.exec('SELECT * FROM sqlite_schema').raw()],
				[...storage.sql.exec('SELECT * FROM _cdc_buffer').raw()],
				[...storage.sql.exec('PRAGMA foreign_keys').raw()],
			])
		const trace = await look()
		const plan = await object.stub.dryRunMigrations()
		expect(plan).toMatchObject({ direction: 'up', migrations: [{ tag: '0001_m1' }], error: null })
		expect(plan.migrations[0]?.statements).toHaveLength(6)
		expect(await look()).toEqual(trace)
		expect(await object.status()).toMatchObject({ state: 'pending' })
	})
})

describe('an object that dies in the middle of a migration', () => {
	it('tries once more at once, then waits, and never loses what it had', async () => {
		const object = await subject()
		await object.deploy({ ...after, policy: 'rollout' })
		await object.rows('SELECT 1')
		// As if the process had ended during an attempt.
		const die = (times: number) =>
			runInDurableObject(object.stub, async (_, { storage }) => {
				const begun = { tag: '0001_m1', checksum: after.migrations.migrations[1]?.checksum, times }
				storage.sql.exec(
					"INSERT OR REPLACE INTO _sqlake_migrator (key, value) VALUES ('state', ?)",
					JSON.stringify({ begun, failure: null, held: false, lastResult: null }),
				)
				await storage.sync()
			})
		await die(2)
		await object.deploy({ policy: 'on-start' })
		expect(await object.status()).toMatchObject({
			state: 'failed',
			attempts: 2,
			lastError: { message: expect.stringContaining('the process ended 2 times meanwhile') },
		})
		expect(await object.rows('SELECT * FROM users')).toEqual([['u', 'e']])
		await die(1)
		await evictDurableObject(object.stub)
		expect(await object.status()).toMatchObject({ state: 'current' })
		expect(await object.rows('SELECT * FROM posts')).toEqual([['p', 'u']])
	})
})
