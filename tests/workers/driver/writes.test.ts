import { eq, sql } from 'drizzle-orm'
import { describe, expect, it } from 'vitest'
import { bookmarkOf } from '../../../src/session/bookmarks.ts'
import { open } from './harness.ts'
import { countries, devices, kinds, orders, tickets, users } from './schema.ts'

const code = (value: string) => expect.objectContaining({ code: value })

describe('a write', () => {
	it('goes to the shard that its key names, and answers rows affected and its bookmark', async () => {
		const { db, shards } = open()
		const result = await db.insert(users).values({ id: 'w-1', email: 'a@b.c' })
		expect(result).toEqual({ rowsAffected: 1, lastInsertRowid: 1, bookmark: { shard: 'w-1', seq: expect.any(BigInt), epoch: 1 } })
		expect(shards.requests.map(({ shard }) => shard)).toEqual(['w-1'])
		expect(db.lastBookmark()).toEqual(result.bookmark)
		expect(db.lastBookmark('w-1')).toEqual(result.bookmark)
		expect(db.lastBookmark('other')).toBeUndefined()
	})

	it('gives rows of returning() mapped, with the bookmark beside them', async () => {
		const { db } = open()
		const createdAt = new Date('2026-01-02T03:04:05Z')
		const rows = await db.insert(users).values({ id: 'w-2', email: 'x', createdAt }).returning()
		expect(rows).toEqual([{ id: 'w-2', email: 'x', plan: 'free', createdAt }])
		expect(bookmarkOf(rows)?.shard).toBe('w-2')
		const one = await db.update(users).set({ email: 'y' }).where(eq(users.id, 'w-2')).returning({ email: users.email }).get()
		expect(one).toEqual({ email: 'y' })
		expect(bookmarkOf(one)?.shard).toBe('w-2')
	})

	it('updates and deletes within its shard only', async () => {
		const { db } = open()
		await db.insert(orders).values([
			{ id: 'o1', userId: 'w-3', amount: 1 },
			{ id: 'o2', userId: 'w-3', amount: 2 },
		])
		await db.insert(orders).values({ id: 'o1', userId: 'w-4', amount: 9 })
		expect(
			await db
				.update(orders)
				.set({ amount: sql`${orders.amount} * 10` })
				.where(eq(orders.userId, 'w-3')),
		).toMatchObject({ rowsAffected: 2 })
		expect(await db.delete(orders).where(eq(orders.userId, 'w-3'))).toMatchObject({ rowsAffected: 2 })
		expect(await db.select().from(orders).where(eq(orders.userId, 'w-4'))).toEqual([
			{ id: 'o1', userId: 'w-4', amount: 9, active: null },
		])
	})

	it('upserts through onConflictDoUpdate and onConflictDoNothing', async () => {
		const { db } = open()
		const row = { id: 'w-5', email: 'first' }
		await db.insert(users).values(row)
		await db
			.insert(users)
			.values({ ...row, email: 'second' })
			.onConflictDoUpdate({ target: users.id, set: { email: sql`excluded.email` } })
		expect(
			await db
				.insert(users)
				.values({ ...row, email: 'third' })
				.onConflictDoNothing(),
		).toMatchObject({ rowsAffected: 0, bookmark: null })
		expect(await db.select({ email: users.email }).from(users).where(eq(users.id, 'w-5'))).toEqual([{ email: 'second' }])
	})

	it('routes by the value of $defaultFn that is inserted, not by another', async () => {
		const { db, shards } = open()
		const [row] = await db.insert(tickets).values({ title: 't' }).returning()
		expect(row?.id).toBe(shards.requests[0]?.shard)
	})

	it('routes numbers as SQLite stores them', async () => {
		const { db, shards } = open()
		await db.insert(devices).values({ id: 42, name: 'd' })
		expect(await db.select().from(devices).where(eq(devices.id, 42))).toEqual([{ id: 42, name: 'd' }])
		expect(shards.requests.map(({ shard }) => shard)).toEqual(['42', '42'])
	})

	it('keeps global tables in one shard', async () => {
		const { db, shards } = open()
		await db.insert(countries).values([
			{ code: 'w1', name: 'One' },
			{ code: 'w2', name: 'Two' },
		])
		expect(await db.select().from(countries)).toHaveLength(2)
		expect(new Set(shards.requests.map(({ shard }) => shard))).toEqual(new Set(['_global']))
	})

	it('maps every kind of column there and back', async () => {
		const { db } = open()
		const row = {
			id: 1,
			owner: 'w-6',
			flag: true,
			second: new Date('2026-01-02T03:04:05Z'),
			milli: new Date('2026-01-02T03:04:05.678Z'),
			json: { a: [1, 2] },
			number: Math.PI,
			exact: 2n ** 62n + 1n,
			big: 2n ** 80n,
			bytes: Buffer.from([0, 1, 255]),
			blobJson: { b: 'ä' },
			custom: 'abc',
			token: 't',
			plain: 'p',
			touched: 3,
		}
		const [inserted] = await db.insert(kinds).values(row).returning()
		const [read] = await db.select().from(kinds).where(eq(kinds.owner, 'w-6'))
		expect(inserted).toEqual(row)
		expect(read).toEqual(row)
		const raw = await db.shard('w-6').values(sql`SELECT flag, second, milli, json, typeof(exact), typeof(big), custom FROM kinds`)
		expect(raw).toEqual([[1, 1767323045, 1767323045678, '{"a":[1,2]}', 'integer', 'blob', 'cba']])
	})

	it('inserts beyond 100 parameters as one atomic batch, conflict clause and returning included', async () => {
		const { db, shards } = open()
		const rows = Array.from({ length: 250 }, (_, i) => ({ id: `b${i}`, userId: 'w-7', amount: i, active: i % 2 === 0 }))
		const result = await db.insert(orders).values(rows)
		expect(result.rowsAffected).toBe(250)
		expect(shards.requests).toHaveLength(1)
		const statements = shards.requests[0]?.statements ?? []
		expect(statements).toHaveLength(10)
		expect(new Set(statements.map((statement) => statement.sql)).size).toBe(1)
		const again = await db
			.insert(orders)
			.values(rows.map((row) => ({ ...row, amount: row.amount + 1000 })))
			.onConflictDoUpdate({ target: orders.id, set: { amount: sql`excluded.amount + ${0.5}` } })
			.returning()
		expect(again).toHaveLength(250)
		expect(again.map((row) => row.amount)).toEqual(rows.map((row) => row.amount + 1000.5))
		expect(bookmarkOf(again)?.shard).toBe('w-7')
		// The last row fails: none is there.
		const failing = [...rows.map((row) => ({ ...row, id: `c${row.id}` })), { id: 'b0', userId: 'w-7', amount: 0 }]
		await expect(db.insert(orders).values(failing)).rejects.toThrow(code('QUERY_FAILED'))
		expect(await db.$count(orders, eq(orders.userId, 'w-7'))).toBe(250)
	})

	it('refuses what cannot be one statement within the limits', async () => {
		const { db } = open()
		const many = Array.from({ length: 10_001 }, (_, i) => `x${i}`)
		await expect(db.select().from(orders).where(sql`${orders.userId} = 'w-8' AND ${orders.id} IN ${many}`)).rejects.toThrow(
			code('STATEMENT_LIMIT'),
		)
		const rows = Array.from({ length: 40_000 }, (_, i) => ({ id: `x${i}`, userId: 'w-8', amount: i }))
		await expect(db.insert(orders).values(rows)).rejects.toThrow(code('STATEMENT_LIMIT'))
	})
})

describe('a write that names no one shard', () => {
	it('is refused with the table and its shard column in the message', async () => {
		const { db } = open()
		await expect(db.update(orders).set({ amount: 1 })).rejects.toThrow(/"orders".*"user_id"/)
		await expect(db.update(orders).set({ amount: 1 })).rejects.toThrow(code('ROUTE_NO_SHARD'))
		await expect(db.delete(orders).where(eq(orders.id, 'o1'))).rejects.toThrow(code('ROUTE_NO_SHARD'))
		await expect(db.run(sql`DELETE FROM orders`)).rejects.toThrow(code('ROUTE_NO_SHARD'))
	})

	it('is refused where its rows belong to several', async () => {
		const { db, shards } = open()
		const rows = [
			{ id: 'm-1', email: '1' },
			{ id: 'm-2', email: '2' },
		]
		await expect(db.insert(users).values(rows)).rejects.toThrow(code('ROUTE_MULTIPLE_SHARDS'))
		await expect(db.delete(users).where(sql`${users.id} IN ('m-1', 'm-2')`)).rejects.toThrow(code('ROUTE_MULTIPLE_SHARDS'))
		expect(shards.requests).toEqual([])
	})

	it('is refused where the key is NULL or empty', async () => {
		const { db } = open()
		await expect(db.insert(users).values({ id: '', email: '1' })).rejects.toThrow(code('ROUTE_SHARD_KEY_NULL'))
		await expect(db.insert(orders).values({ id: 'x', userId: null as never, amount: 1 })).rejects.toThrow(
			code('ROUTE_SHARD_KEY_NULL'),
		)
		await expect(db.insert(orders).values({ id: 'x', amount: 1 } as never)).rejects.toThrow(code('ROUTE_SHARD_KEY_NULL'))
	})

	it('is refused where it would change the key', async () => {
		const { db } = open()
		await expect(db.update(users).set({ id: 'b' }).where(eq(users.id, 'a'))).rejects.toThrow(code('ROUTE_SHARD_KEY_CHANGE'))
	})
})

describe('a database pinned to a shard', () => {
	it('takes statements without a key', async () => {
		const { db } = open()
		await db.insert(orders).values([
			{ id: 'p1', userId: 'p-1', amount: 1 },
			{ id: 'p2', userId: 'p-1', amount: 2 },
		])
		const updated = await db.shard('p-1').update(orders).set({ amount: 5 })
		expect(updated).toMatchObject({ rowsAffected: 2, bookmark: { shard: 'p-1' } })
		expect(await db.shard('p-1').select().from(orders)).toHaveLength(2)
		expect(db.lastBookmark('p-1')).toEqual(updated.bookmark)
	})

	it('keeps a row whose key names another shard, which routed queries do not find', async () => {
		const { db } = open()
		const pinned = db.shard('p-2')
		expect(await pinned.insert(users).values({ id: 'p-3', email: 'x' })).toMatchObject({ bookmark: { shard: 'p-2' } })
		await pinned.run(sql`INSERT INTO users (id, email) VALUES ('p-4', 'y')`)
		expect(await pinned.select({ id: users.id }).from(users).orderBy(users.id)).toEqual([{ id: 'p-3' }, { id: 'p-4' }])
		expect(await db.select().from(users).where(eq(users.id, 'p-3'))).toEqual([])
	})
})

describe('a batch', () => {
	it('runs queries of every kind in one shard and answers each in its own form', async () => {
		const { db, shards } = open()
		const answer = await db.batch([
			db.insert(users).values({ id: 'ba-1', email: 'e' }),
			db.insert(orders).values({ id: 'ba', userId: 'ba-1', amount: 2 }).returning(),
			db.select({ email: users.email }).from(users).where(eq(users.id, 'ba-1')),
			db.all(sql`SELECT count(*) AS n FROM orders WHERE user_id = 'ba-1'`),
			db.query.users.findFirst({ where: eq(users.id, 'ba-1') }),
			db.run(sql`UPDATE users SET plan = 'pro' WHERE id = 'ba-1'`),
		])
		expect(answer).toMatchObject([
			{ rowsAffected: 1 },
			[{ id: 'ba', userId: 'ba-1', amount: 2, active: null }],
			[{ email: 'e' }],
			[{ n: 1 }],
			{ id: 'ba-1', email: 'e', plan: 'free', createdAt: null },
			{ rowsAffected: 1 },
		])
		expect(shards.requests).toHaveLength(1)
		expect(bookmarkOf(answer)?.shard).toBe('ba-1')
	})

	it('is all or nothing', async () => {
		const { db } = open()
		const row = { id: 'ba-2', email: 'e' }
		await expect(db.batch([db.insert(users).values(row), db.insert(users).values(row)])).rejects.toThrow(code('QUERY_FAILED'))
		expect(await db.select().from(users).where(eq(users.id, 'ba-2'))).toEqual([])
	})

	it('is refused for several shards and for the lake', async () => {
		const { db, shards } = open({ fallback: 'analytics' })
		const [a, b] = [db.insert(users).values({ id: 'ba-3', email: 'e' }), db.insert(users).values({ id: 'ba-4', email: 'e' })]
		await expect(db.batch([a, b])).rejects.toThrow(code('ROUTE_MULTIPLE_SHARDS'))
		await expect(db.batch([a, db.select().from(users)])).rejects.toThrow(code('ROUTE_MULTIPLE_SHARDS'))
		expect(shards.requests).toEqual([])
	})
})

describe('a transaction from outside', () => {
	it('is refused with a pointer to the Durable Object', async () => {
		const { db } = open()
		await expect(db.transaction(async () => 1)).rejects.toThrow(code('TRANSACTION_UNSUPPORTED'))
	})
})
