import { env, evictDurableObject, runInDurableObject } from 'cloudflare:test'
import { eq, inArray } from 'drizzle-orm'
import { afterEach, describe, expect, it } from 'vitest'
import { SQLakeDO } from '../../../src/do/sqlake-do.ts'
import type { ExecuteRequest } from '../../../src/driver/transport.ts'
import { faults, logged, type OwnWaysDO, orders, users } from './objects.ts'

let shards = 0
const freshName = () => `lifecycle-${shards++}`
const write = (shard: string, ...ids: string[]): ExecuteRequest => ({
	shard,
	statements: ids.map((id) => ({ sql: 'INSERT INTO users (id) VALUES (?)', params: [id] })),
	readOnly: false,
})
const read = (shard: string): ExecuteRequest => ({
	shard,
	statements: [{ sql: 'SELECT id FROM users ORDER BY id', params: [] }],
	readOnly: true,
})

afterEach(() => {
	faults.constructorThrows = false
	faults.brokenMigration = false
	logged.length = 0
})

describe('a shard', () => {
	it('keeps rows, position and capture when it is restarted', async () => {
		const shard = freshName()
		await env.SHARD_DO.getByName(shard).sqlakeExecute(write(shard, 'a'))
		await evictDurableObject(env.SHARD_DO.getByName(shard))
		const answer = await env.SHARD_DO.getByName(shard).sqlakeExecute(write(shard, 'b'))
		expect(answer).toMatchObject({ ok: true, value: { bookmark: { seq: 2n, epoch: 1 } } })
	})

	it('captures a REPLACE as delete and create after a restart, which resets the pragma it needs', async () => {
		const shard = freshName()
		await env.SHARD_DO.getByName(shard).sqlakeExecute(write(shard, 'a'))
		await evictDurableObject(env.SHARD_DO.getByName(shard))
		const statements = [{ sql: "INSERT OR REPLACE INTO users (id, plan) VALUES ('a', 'pro')", params: [] }]
		const answer = await env.SHARD_DO.getByName(shard).sqlakeExecute({ shard, statements, readOnly: false })
		expect(answer).toMatchObject({ ok: true, value: { bookmark: { seq: 3n } } })
	})

	it('sets its alarm at the first write, an interval away or up to a quarter of it earlier', async () => {
		const shard = freshName()
		const stub = env.SHARD_DO.getByName(shard)
		await stub.sqlakeExecute(read(shard))
		expect(await runInDurableObject(stub, (_, state) => state.storage.getAlarm())).toBeNull()
		await stub.sqlakeExecute(write(shard, 'a'))
		const alarm = await runInDurableObject(stub, (_, state) => state.storage.getAlarm())
		expect(alarm).toBeGreaterThan(Date.now() + 44_000)
		expect(alarm).toBeLessThanOrEqual(Date.now() + 60_000)
	})

	it('sets its alarm again after a restart that lost it', async () => {
		const shard = freshName()
		const stub = env.SHARD_DO.getByName(shard)
		await stub.sqlakeExecute(write(shard, 'a'))
		await runInDurableObject(stub, (_, state) => state.storage.deleteAlarm())
		await evictDurableObject(stub)
		const again = env.SHARD_DO.getByName(shard)
		await again.fetch('https://shard/')
		expect(await runInDurableObject(again, (_, state) => state.storage.getAlarm())).not.toBeNull()
	})

	it('tells nothing over HTTP', async () => {
		expect((await env.SHARD_DO.getByName(freshName()).fetch('https://shard/?sql=SELECT+1')).status).toBe(404)
	})

	it('answers RPC with its documented methods alone: database, settings and alarm are fields, which RPC cannot reach', () => {
		const surface = Object.getOwnPropertyNames(SQLakeDO.prototype)
		expect(surface.toSorted()).toEqual([
			'alarm',
			'applyMigrations',
			'constructor',
			'dryRunMigrations',
			'fetch',
			'flush',
			'getCDCDeadLetterEvents',
			'getCDCFlushMetrics',
			'getLastMigrationResult',
			'getMigrationStatus',
			'purgeCDCDeadLetterEvents',
			'retryCDCDeadLetterEvents',
			'rollbackMigrations',
			'sqlakeExecute',
			'sqlakeFleetMigrate',
			'sqlakeMigrate',
			'sqlakeMigrationStatus',
		])
	})

	it('tells of migrations and delivery at once inside, so that an RPC method can put them together', async () => {
		const stub = env.OWN_WAYS_DO.getByName(freshName())
		expect(await stub.getStatus()).toMatchObject({
			migrations: { state: 'current', appliedCount: 1, pendingCount: 0, applied: [{ tag: '0000_m' }], pending: [] },
			cdc: { consecutiveFailures: 0, totalFailures: 0, lastError: null, buffered: 1 },
		})
		await runInDurableObject(stub, (object: OwnWaysDO) => {
			expect(object.getLastMigrationResult()).toMatchObject({ success: true, applied: 1, migrations: ['0000_m'] })
			expect(object.getCDCDeadLetterEvents(100)).toEqual([])
			expect(object.purgeCDCDeadLetterEvents(7 * 86_400_000)).toBe(0)
			expect(object.retryCDCDeadLetterEvents({ maxRetries: 3, batchSize: 100 })).toBe(0)
		})
	})

	it('begins anew after deleteAll() under the living object', async () => {
		const shard = freshName()
		const stub = env.SHARD_DO.getByName(shard)
		await stub.sqlakeExecute(write(shard, 'a', 'b'))
		await runInDurableObject(stub, (_, state) => state.storage.deleteAll())
		expect(await stub.sqlakeExecute(read(shard))).toMatchObject({ ok: true, value: { results: [{ rows: [] }] } })
		expect(await stub.sqlakeExecute(write(shard, 'c'))).toMatchObject({ ok: true, value: { bookmark: { seq: 1n } } })
	})
})

describe('this.sql', () => {
	it('binds values, answers rows, and counts what it wrote', async () => {
		await runInDurableObject(env.OWN_WAYS_DO.getByName(freshName()), (object: OwnWaysDO) =>
			object.locally((sql) => {
				sql`DELETE FROM users`
				const bytes = new Uint8Array([1, 0, 2])
				expect(sql`INSERT INTO users (id, plan) VALUES (${"o'hara"}, ${null}), ('b', 'pro')`.run()).toMatchObject({
					rowsAffected: 2,
				})
				expect([...sql`SELECT id, plan FROM users ORDER BY id`]).toEqual([
					{ id: 'b', plan: 'pro' },
					{ id: "o'hara", plan: null },
				])
				expect(sql`SELECT typeof(${1n}), typeof(${true}), typeof(${1.5}), hex(${bytes})`.values()).toEqual([
					['integer', 'integer', 'real', '010002'],
				])
				expect(sql`SELECT id FROM users WHERE id = ${'nobody'}`.first()).toBeNull()
				expect(() => sql`SELECT ${new Date() as never}`).toThrow(expect.objectContaining({ code: 'VALUE_UNSUPPORTED' }))
				expect(() => sql`SELECT ${1}, ${undefined}`).toThrow(/parameter 2:.*undefined/)
				expect(() => sql`SELECT * FROM nowhere`).toThrow(expect.objectContaining({ code: 'QUERY_FAILED' }))
			}),
		)
	})

	it('captures a table that it creates and the changes after it', async () => {
		await runInDurableObject(env.OWN_WAYS_DO.getByName(freshName()), async (object: OwnWaysDO) => {
			const before = (await object.getCDCFlushMetrics()).buffered
			object.locally((sql) => {
				sql`ALTER TABLE users ADD COLUMN note text`
				sql`UPDATE users SET plan = 'free'`
			})
			expect((await object.getCDCFlushMetrics()).buffered).toBe(before + 1)
		})
	})
})

describe('this.db', () => {
	it('is a Drizzle database whose changes are captured, a transaction as one', async () => {
		const stub = env.OWN_WAYS_DO.getByName(freshName())
		await runInDurableObject(stub, async (object: OwnWaysDO) => {
			const createdAt = new Date(1_767_225_600_000)
			object.locally((_, db) => {
				db.insert(users).values({ id: 'a', createdAt }).run()
				expect(db.select().from(users).where(eq(users.id, 'a')).get()).toEqual({ id: 'a', plan: 'free', createdAt })
				expect(db.query.users.findFirst({ where: eq(users.id, 'a') }).sync()).toMatchObject({ id: 'a' })
				const ids = Array.from({ length: 250 }, (_, i) => `${i}`).concat('a')
				expect(db.select({ id: users.id }).from(users).where(inArray(users.id, ids)).all()).toEqual([{ id: 'a' }])
				db.transaction((tx) => {
					tx.insert(orders).values({ id: 'o1', userId: 'a', amount: 1.5 }).run()
					tx.insert(orders).values({ id: 'o2', userId: 'a', amount: 2.5 }).run()
				})
				expect(() =>
					db.transaction((tx) => {
						tx.insert(orders).values({ id: 'o3', userId: 'a', amount: 3 }).run()
						throw new Error('rolled back')
					}),
				).toThrow('rolled back')
			})
			expect((await object.getCDCFlushMetrics()).buffered).toBe(4)
		})
	})
})

describe('a subclass', () => {
	it('has its constructor, with this.sql, its fetch and its methods', async () => {
		const shard = freshName()
		const stub = env.OWN_WAYS_DO.getByName(shard)
		expect(await (await stub.fetch('https://shard/')).text()).toBe(`hello from ${shard}`)
		expect(await stub.sqlakeExecute(read(shard))).toMatchObject({ ok: true, value: { results: [{ rows: [['seed']] }] } })
		expect(await stub.upgrade('seed')).toBe('pro')
	})

	it('shares the alarm: both moments are kept, and each finds its own', async () => {
		const stub = env.OWN_WAYS_DO.getByName(freshName())
		const soon = Date.now() + 60
		await stub.remindAt(soon)
		expect(await runInDurableObject(stub, (_, state) => state.storage.getAlarm())).toBe(soon)
		await new Promise((resolve) => setTimeout(resolve, 300))
		const [reminders, alarm] = await runInDurableObject(stub, async (object: OwnWaysDO, state) => [
			object.reminders,
			await state.storage.getAlarm(),
		])
		expect(reminders).toBe(1)
		// The seed row still waits for its own moment.
		expect(alarm).toBeGreaterThan(Date.now())
	})

	it('whose constructor throws recovers once it does not', async () => {
		const shard = freshName()
		faults.constructorThrows = true
		await expect(env.THROWING_DO.getByName(shard).fetch('https://shard/')).rejects.toThrow('the subclass cannot start')
		faults.constructorThrows = false
		expect(await env.THROWING_DO.getByName(shard).sqlakeExecute(write(shard, 'a'))).toMatchObject({ ok: true })
	})

	it('whose migration fails answers the typed error, keeps its other methods, and starts after a repair', async () => {
		const shard = freshName()
		faults.brokenMigration = true
		const stub = env.THROWING_DO.getByName(shard)
		expect(await stub.sqlakeExecute(read(shard))).toMatchObject({
			ok: false,
			error: {
				code: 'MIGRATION_PENDING',
				message: expect.stringMatching(/no such table: users.*migration "0000_m", statement 1/),
			},
		})
		expect(await (await stub.fetch('https://shard/')).text()).toBe('alive')
		faults.brokenMigration = false
		await evictDurableObject(stub)
		expect(await env.THROWING_DO.getByName(shard).sqlakeExecute(read(shard))).toMatchObject({ ok: true })
	})
})
