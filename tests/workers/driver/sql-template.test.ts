import { eq, is, SQL } from 'drizzle-orm'
import { afterEach, describe, expect, it } from 'vitest'
import { ConnectionRouter, getQueryRouter, setQueryRouter } from '../../../src/session/query-router.ts'
import { sql } from '../../../src/session/sql.ts'
import { open } from './harness.ts'
import { orders, users } from './schema.ts'

const code = (value: string) => expect.objectContaining({ code: value })

function routed() {
	const opened = open()
	const router = new ConnectionRouter(opened.connection)
	return { ...opened, router, sql: sql.with(router) }
}

afterEach(() => setQueryRouter(null))

describe('the sql template', () => {
	it('runs in the shard that the statement pins', async () => {
		const { sql, shards } = routed()
		const id = 't-1'
		const written = await sql`INSERT INTO users (id, email) VALUES (${id}, ${'e'})`.run()
		expect(written).toEqual({ rowsAffected: 1, lastInsertRowid: 1, bookmark: { shard: id, seq: expect.any(BigInt), epoch: 1 } })
		expect(await sql<{ id: string }>`SELECT id, plan FROM users WHERE id = ${id}`.first()).toEqual({ id, plan: 'free' })
		expect(await sql`SELECT id FROM users WHERE id = ${id}`.all()).toEqual([{ id }])
		expect(await sql`SELECT id, email FROM users WHERE id = ${id}`.values()).toEqual([[id, 'e']])
		expect(await sql`SELECT id FROM users WHERE id = ${'none'}`.first()).toBeNull()
		expect(shards.requests.map(({ shard }) => shard)).toEqual([id, id, id, id, 'none'])
	})

	it('is a fragment of Drizzle: embedded, joined, named and filled', async () => {
		const { db, sql } = routed()
		await db.insert(users).values({ id: 't-2', email: 'Up@Case' })
		expect(is(sql`1`, SQL)).toBe(true)
		const rows = await db
			.select({ lower: sql<string>`lower(${users.email})`, n: sql<number>`${1} + 1`.mapWith(Number).as('n') })
			.from(users)
			.where(sql`${eq(users.id, 't-2')} and ${sql.join([sql.raw('1 = 1'), sql`${2} = 2`], sql` and `)}`)
		expect(rows).toEqual([{ lower: 'up@case', n: 2 }])
		const named = sql`SELECT ${sql.identifier('email')} FROM ${users} WHERE ${users.id} = ${sql.placeholder('id')} ${sql.empty()}`
		expect(await named.first({ placeholders: { id: 't-2' } })).toEqual({ email: 'Up@Case' })
		expect(await sql.raw(`SELECT email FROM users WHERE id = 't-2'`).all()).toEqual([{ email: 'Up@Case' }])
	})

	it('binds values, never writes them into the text', async () => {
		const { sql } = routed()
		const evil = `x' OR '1'='1`
		expect(await sql`SELECT id FROM users WHERE id = ${evil}`.all()).toEqual([])
		const kinds = await sql.shard(
			't-3',
		)`SELECT typeof(${1}) AS a, typeof(${1n}) AS b, typeof(${true}) AS c, typeof(${'1'}) AS d, typeof(${null}) AS e,
			typeof(${new Uint8Array([1])}) AS f, CAST(${2n ** 62n + 1n} AS TEXT) AS g`.first()
		expect(kinds).toEqual({ a: 'real', b: 'integer', c: 'integer', d: 'text', e: 'null', f: 'blob', g: '4611686018427387905' })
	})

	it('refuses values that no storage class holds', async () => {
		const { sql } = routed()
		for (const value of [new Date(), {}, Symbol('s'), () => 1, 2n ** 64n]) {
			await expect(sql`SELECT ${value} FROM users WHERE id = 'a'`.all()).rejects.toThrow(code('VALUE_UNSUPPORTED'))
		}
	})

	it('says so without a router, and keeps routers apart', async () => {
		await expect(sql`SELECT 1`.all()).rejects.toThrow(code('NO_ROUTER'))
		expect(() => getQueryRouter()).toThrow(/setQueryRouter/)
		const [a, b] = [routed(), routed()]
		setQueryRouter(a.router)
		const first = sql`SELECT id FROM users WHERE id = 'x'`.all().execute()
		setQueryRouter(b.router)
		const second = sql`SELECT id FROM users WHERE id = 'y'`.all().execute()
		await Promise.all([first, second, a.sql`SELECT id FROM users WHERE id = 'z'`.all()])
		expect(a.shards.requests.map(({ shard }) => shard)).toEqual(['x', 'z'])
		expect(b.shards.requests.map(({ shard }) => shard)).toEqual(['y'])
	})

	it('sends its lake forms to the lake, awaited or run', async () => {
		const { sql, lake, shards } = routed()
		expect(await sql.analytics`SELECT count(*) AS n FROM users`).toEqual([{ n: 0 }])
		expect(await sql.asOf(5)`SELECT count(*) AS n FROM users`.first()).toEqual({ n: 0 })
		expect(await sql.between(1, 2)`SELECT 1 AS one`.values()).toEqual([[1]])
		expect(await sql.snapshot(3n)`SELECT 1 AS one`).toEqual([{ one: 1 }])
		expect(lake.requests.map(({ moment }) => moment.kind)).toEqual(['current', 'asOf', 'between', 'snapshot'])
		await expect(sql.analytics`DELETE FROM users WHERE id = 'a'`).rejects.toThrow(code('READ_ONLY'))
		expect(shards.requests).toEqual([])
	})

	it('maps rows to further queries: bounded, in order, equal ones once', async () => {
		const { db, sql, shards } = routed()
		await db.insert(users).values({ id: 't-5', email: 'five' })
		await db.insert(orders).values(Array.from({ length: 20 }, (_, i) => ({ id: `t${i}`, userId: 't-5', amount: i })))
		shards.requests.length = 0
		const found = await sql<{
			id: string
			user_id: string
		}>`SELECT id, user_id FROM orders WHERE user_id = ${'t-5'} ORDER BY amount`.map(
			(order) => sql<{ email: string }>`SELECT email FROM users WHERE id = ${order.user_id}`.first(),
			{ concurrency: 4 },
		)
		expect(found).toEqual(Array.from({ length: 20 }, () => ({ email: 'five' })))
		expect(shards.requests).toHaveLength(2)
		const writes = await sql`SELECT id FROM orders WHERE user_id = ${'t-5'}`.map(() =>
			sql`UPDATE users SET plan = 'x' WHERE id = 't-5'`.run(),
		)
		expect(writes).toHaveLength(20)
		expect(shards.requests).toHaveLength(23)
	})

	it('reports SQL that does not parse with its position, and an unknown table by name', async () => {
		const { sql } = routed()
		await expect(sql`SELEC 1`.all()).rejects.toThrow(code('SQL_PARSE'))
		await expect(sql`SELECT * FROM nowhere WHERE id = 1`.all()).rejects.toThrow(code('ROUTE_UNKNOWN_TABLE'))
	})
})
