import { and, asc, count, desc, sql as drizzleSql, eq, inArray, or } from 'drizzle-orm'
import { alias } from 'drizzle-orm/sqlite-core'
import { beforeAll, describe, expect, it } from 'vitest'
import { NotedShards, open, SQLiteLake } from './harness.ts'
import { orders, users } from './schema.ts'

const code = (value: string) => expect.objectContaining({ code: value })
const ann = { id: 'ann', email: 'ann@x', plan: 'pro', createdAt: new Date('2026-01-01T00:00:00Z') }
const annOrders = [
	{ id: 'a1', userId: 'ann', amount: 10, active: true },
	{ id: 'a2', userId: 'ann', amount: 20, active: false },
]

beforeAll(async () => {
	const { db } = open()
	await db.batch([db.insert(users).values(ann), db.insert(orders).values(annOrders)])
	await db.insert(users).values({ id: 'bob', email: 'bob@x' })
	const lake = db.shard(SQLiteLake.shard)
	// The lake of these tests is SQLite in an object of its own; its rows belong to other shards.
	await lake.all(drizzleSql`SELECT 1`)
})

describe('a read', () => {
	it('answers a point read through where, get, all and values', async () => {
		const { db } = open()
		const query = () => db.select().from(users).where(eq(users.id, 'ann'))
		expect(await query()).toEqual([ann])
		expect(await query().get()).toEqual(ann)
		expect(await query().values()).toEqual([['ann', 'ann@x', 'pro', 1767225600]])
		expect(await db.select().from(users).where(eq(users.id, 'nobody')).get()).toBeUndefined()
	})

	it('orders, limits, groups and aggregates within a shard', async () => {
		const { db } = open()
		const mine = eq(orders.userId, 'ann')
		expect(await db.select({ id: orders.id }).from(orders).where(mine).orderBy(desc(orders.amount)).limit(1)).toEqual([
			{ id: 'a2' },
		])
		expect(
			await db
				.select({ active: orders.active, n: count() })
				.from(orders)
				.where(mine)
				.groupBy(orders.active)
				.orderBy(asc(orders.active)),
		).toEqual([
			{ active: false, n: 1 },
			{ active: true, n: 1 },
		])
		expect(await db.$count(orders, mine)).toBe(2)
	})

	it('joins tables of one shard by equal keys', async () => {
		const { db, shards } = open()
		const inner = await db
			.select()
			.from(users)
			.innerJoin(orders, eq(orders.userId, users.id))
			.where(eq(users.id, 'ann'))
			.orderBy(orders.id)
		expect(inner).toEqual(annOrders.map((order) => ({ users: ann, orders: order })))
		const left = await db.select().from(users).leftJoin(orders, eq(orders.userId, users.id)).where(eq(users.id, 'bob'))
		expect(left).toEqual([{ users: { id: 'bob', email: 'bob@x', plan: 'free', createdAt: null }, orders: null }])
		const other = alias(orders, 'other')
		const self = await db
			.select({ a: orders.id, b: other.id })
			.from(orders)
			.innerJoin(other, and(eq(other.userId, orders.userId), eq(other.amount, orders.amount)))
			.where(eq(orders.userId, 'ann'))
			.orderBy(orders.id)
		expect(self).toEqual([
			{ a: 'a1', b: 'a1' },
			{ a: 'a2', b: 'a2' },
		])
		expect(shards.requests.map(({ shard }) => shard)).toEqual(['ann', 'bob', 'ann'])
	})

	it('understands CTEs, sub-queries and set operations that pin one shard', async () => {
		const { db } = open()
		const cte = db.$with('mine').as(db.select().from(orders).where(eq(orders.userId, 'ann')))
		expect(await db.with(cte).select({ n: count() }).from(cte)).toEqual([{ n: 2 }])
		const sub = db.select().from(orders).where(eq(orders.userId, 'ann')).as('sub')
		expect(await db.select({ id: sub.id }).from(sub).orderBy(sub.id)).toEqual([{ id: 'a1' }, { id: 'a2' }])
		const one = db.select({ id: users.id }).from(users).where(eq(users.id, 'ann'))
		const two = db.select({ id: orders.id }).from(orders).where(eq(orders.userId, 'ann'))
		expect((await one.union(two)).map(({ id }) => id).sort()).toEqual(['a1', 'a2', 'ann'])
	})

	it('answers relational queries', async () => {
		const { db } = open()
		expect(await db.query.users.findFirst({ where: eq(users.id, 'ann') })).toEqual(ann)
		expect(await db.query.users.findFirst({ where: eq(users.id, 'ann'), with: { orders: { orderBy: orders.id } } })).toEqual({
			...ann,
			orders: annOrders,
		})
		expect(
			await db.query.orders.findMany({
				where: eq(orders.userId, 'ann'),
				columns: { id: true },
				with: { user: true },
				orderBy: orders.id,
			}),
		).toEqual([
			{ id: 'a1', user: ann },
			{ id: 'a2', user: ann },
		])
	})

	it('fills the placeholders of a prepared query at each execution', async () => {
		const { db, shards } = open()
		const byId = db
			.select()
			.from(users)
			.where(eq(users.id, drizzleSql.placeholder('id')))
			.prepare()
		expect(await byId.execute({ id: 'ann' })).toEqual([ann])
		expect(await byId.get({ id: 'bob' })).toMatchObject({ email: 'bob@x' })
		expect(shards.requests.map(({ shard }) => shard)).toEqual(['ann', 'bob'])
		await expect(byId.execute({})).rejects.toThrow(/placeholder "id"/)
	})

	it('runs raw SQL through db.all, get, values and run', async () => {
		const { db } = open()
		expect(await db.all(drizzleSql`SELECT id FROM ${users} WHERE ${users.id} = ${'ann'}`)).toEqual([{ id: 'ann' }])
		expect(await db.get(drizzleSql`SELECT id FROM users WHERE id = 'ann'`)).toEqual({ id: 'ann' })
		expect(await db.values(drizzleSql`SELECT id, plan FROM users WHERE id = 'ann'`)).toEqual([['ann', 'pro']])
		expect(await db.all(db.select().from(users).where(eq(users.id, 'ann')))).toHaveLength(1)
	})

	it('logs each statement with its parameters', async () => {
		const lines: unknown[] = []
		const { db } = open({ config: { logger: { logQuery: (query, params) => lines.push([query, params]) } } })
		await db.select({ id: users.id }).from(users).where(eq(users.id, 'ann'))
		expect(lines).toEqual([['select "id" from "users" where "users"."id" = ?', ['ann']]])
	})
})

describe('a read that names no one shard', () => {
	it('is refused with a hint to analytics()', async () => {
		const { db } = open()
		await expect(db.select().from(users)).rejects.toThrow(code('ROUTE_NO_SHARD'))
		await expect(db.select().from(users)).rejects.toMatchObject({ hint: expect.stringContaining('.analytics()') })
		await expect(db.$count(users)).rejects.toThrow(code('ROUTE_NO_SHARD'))
		await expect(
			db
				.select()
				.from(users)
				.where(inArray(users.id, ['ann', 'bob'])),
		).rejects.toThrow(code('ROUTE_MULTIPLE_SHARDS'))
	})

	it('is not taken for pinned where raw SQL breaks out of an and()', async () => {
		const { db } = open()
		await expect(
			db
				.select()
				.from(users)
				.where(and(eq(users.id, 'ann'), drizzleSql`1 = 1 or 1 = 1`)),
		).rejects.toThrow(code('ROUTE_NO_SHARD'))
		await expect(
			db
				.select()
				.from(users)
				.where(or(eq(users.id, 'ann'), eq(users.plan, 'pro'))),
		).rejects.toThrow(code('ROUTE_NO_SHARD'))
		const statement = db.select().from(users).where(eq(users.id, 'ann')).getSQL().append(drizzleSql` or 1 = 1`)
		await expect(db.all(statement)).rejects.toThrow(code('ROUTE_NO_SHARD'))
	})

	it('goes to the lake with the fallback', async () => {
		const { db, lake } = open({ fallback: 'analytics' })
		expect(await db.select().from(users)).toEqual([])
		expect(lake.requests.map(({ moment }) => moment)).toEqual([{ kind: 'current' }])
	})
})

describe('the lake', () => {
	it('answers analytics, asOf, snapshot and between on the database and on a select', async () => {
		const { db, lake, shards } = open()
		const at = new Date('2026-01-01T00:00:00Z')
		await db.analytics().select().from(users)
		await db.asOf(at).select().from(users)
		await db.asOf('2026-01-01').select().from(users)
		await db.snapshot(9007199254740993n).select().from(users)
		await db.select().from(users).analytics()
		await db.select().from(users).where(eq(users.plan, 'pro')).asOf(at.getTime())
		await db.select().from(users).snapshot('7')
		expect(lake.requests.map(({ moment }) => moment)).toEqual([
			{ kind: 'current' },
			{ kind: 'asOf', at: at.getTime() },
			{ kind: 'asOf', at: at.getTime() },
			{ kind: 'snapshot', id: 9007199254740993n },
			{ kind: 'current' },
			{ kind: 'asOf', at: at.getTime() },
			{ kind: 'snapshot', id: 7n },
		])
		expect(shards.requests).toEqual([])
	})

	it('maps rows as a shard would', async () => {
		const { db } = open()
		const lakeShard = new NotedShards({ execute: () => Promise.reject(new Error('unused')) })
		expect(lakeShard.requests).toEqual([])
		const [row] = await db
			.analytics()
			.select({ at: drizzleSql<number>`${1}`.mapWith(users.createdAt), flag: drizzleSql`${0}`.mapWith(orders.active) })
			.from(drizzleSql`(SELECT 1)`)
		expect(row).toEqual({ at: new Date(1000), flag: false })
	})

	it('adds the change columns to full rows of between', async () => {
		const { db, lake } = open()
		const [from, to] = ['2026-01-01', '2026-01-02']
		await db
			.between(from, to)
			.select()
			.from(orders)
			.catch(() => {})
		await db
			.select()
			.from(orders)
			.where(eq(orders.userId, 'ann'))
			.between(from, to)
			.catch(() => {})
		await db
			.select()
			.from(users)
			.innerJoin(orders, eq(orders.userId, users.id))
			.between(from, to)
			.catch(() => {})
		await db.between(from, to).select({ id: orders.id }).from(orders)
		const texts = lake.requests.map(({ statement }) => statement.sql)
		const added = '"orders"."_op" as "_op", "orders"."_shard" as "_shard", "orders"."_seq" as "_seq", "orders"."_ts" as "_ts"'
		expect(texts[0]).toBe(`select "id", "user_id", "amount", "active", ${added} from "orders"`)
		expect(texts[1]).toBe(`select "id", "user_id", "amount", "active", ${added} from "orders" where "orders"."user_id" = ?`)
		expect(texts[2]).toContain('"users"."_op" as "_op"')
		expect(texts[3]).toBe('select "id" from "orders"')
	})

	it('leaves the builder it was made from as it was', async () => {
		const { db, lake } = open()
		const query = db.select().from(users).where(eq(users.id, 'ann'))
		const [past, now] = await Promise.all([query.asOf(1), query])
		expect(past).toEqual([])
		expect(now).toEqual([ann])
		expect(lake.requests).toHaveLength(1)
	})

	it('refuses writes at run time as its types do', async () => {
		const { db, lake } = open()
		const lakeDb = db.analytics() as unknown as typeof db
		for (const write of [
			() => lakeDb.insert(users),
			() => lakeDb.update(users),
			() => lakeDb.delete(users),
			() => lakeDb.run(drizzleSql`SELECT 1`),
			() => lakeDb.with().insert(users),
		]) {
			expect(write).toThrow(code('READ_ONLY'))
		}
		await expect(lakeDb.all(drizzleSql`DELETE FROM users WHERE id = 'ann'`)).rejects.toThrow(code('READ_ONLY'))
		expect(lake.requests).toEqual([])
	})

	it('refuses moments that cannot be understood', () => {
		const { db } = open()
		for (const moment of ['yesterday', '2026-13-01', '2026-01-01T00:00', Number.NaN, new Date('no')]) {
			expect(() => db.asOf(moment)).toThrow(code('TIME_INVALID'))
		}
		expect(() => db.between(2, 1)).toThrow(code('TIME_INVALID'))
		expect(() => db.snapshot(1.5)).toThrow(code('TIME_INVALID'))
	})

	it('waits for the write of a bookmark, and no longer than told', async () => {
		let seq = 0
		const { db, lake } = open({ position: () => ({ epoch: 2, seq: seq++ }) })
		await db.causal({ shard: 'ann', seq: 2n }).select().from(users)
		expect(seq).toBe(3)
		expect(lake.requests).toHaveLength(1)
		await expect(db.causal({ shard: 'ann', seq: 99n }, { timeoutMs: 10 }).select().from(users)).rejects.toThrow(
			code('CAUSAL_TIMEOUT'),
		)
		await expect(db.causal({ shard: 'ann', seq: 1n, epoch: 1 }).select().from(users)).rejects.toThrow(code('HISTORY_REWOUND'))
		// The lake has as many changes of the shard, but of the epoch before.
		await expect(db.causal({ shard: 'ann', seq: 1n, epoch: 3 }, { timeoutMs: 10 }).select().from(users)).rejects.toThrow(
			code('CAUSAL_TIMEOUT'),
		)
		expect(lake.requests).toHaveLength(1)
	})
})

describe('explain', () => {
	it('says where a select runs, and what the lake reads for it', async () => {
		const { db } = open()
		expect(await db.select().from(users).where(eq(users.id, 'ann')).explain()).toMatchObject({
			route: 'shard',
			shard: 'ann',
			lake: null,
		})
		expect(await db.select().from(users).analytics().explain()).toMatchObject({
			route: 'lake',
			shard: null,
			lake: { filesKept: 1, filesPruned: 2 },
		})
	})
})
