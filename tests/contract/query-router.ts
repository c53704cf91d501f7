/**
 * What every router promises, wherever its shards are.
 *
 * @module
 */
import { and, eq, inArray } from 'drizzle-orm'
import { integer, real, sqliteTable, sqliteView, text } from 'drizzle-orm/sqlite-core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { drizzle, type SQLakeClient } from '../../src/driver/drizzle.ts'
import { SQLake } from '../../src/schema/database.ts'
import { type QueryRouter, setQueryRouter } from '../../src/session/query-router.ts'
import { sql as globalSql } from '../../src/session/sql.ts'

/** The tables that a router under test has; `ShardDO` of the workerd tests has the same. */
export const schema = SQLake({
	users: sqliteTable('users', {
		id: text('id').primaryKey(),
		plan: text('plan').default('free'),
		createdAt: integer('created_at', { mode: 'timestamp' }),
	}),
	orders: sqliteTable('orders', {
		id: text('id').primaryKey(),
		userId: text('user_id').notNull(),
		amount: real('amount').notNull(),
		quantity: integer('quantity'),
	}),
	shard: { users: 'id', orders: 'userId' },
})

const { users, orders } = schema.tables

/** A router under test. */
export interface RouterUnderTest {
	readonly router: QueryRouter
	readonly client: SQLakeClient<typeof schema>
	/** Delivers what waits in all shards; undefined where the lake is not asked. */
	readonly flush?: () => Promise<unknown>
	readonly close?: () => Promise<void>
}

const code = (value: string) => expect.objectContaining({ code: value })

/** Runs the suite; each test gets a router of its own, and shards that no other test uses. */
export function queryRouterContract(
	name: string,
	open: () => Promise<RouterUnderTest>,
	options: { readonly lake: boolean },
): void {
	describe(name, () => {
		let opened: RouterUnderTest
		let test = 0
		/** A shard of this test's own. */
		const shard = (id: string) => `${id}-${test}`
		const sql = () => globalSql.with(opened.router)
		const db = () => drizzle(opened.client)

		beforeEach(async () => {
			test++
			opened = await open()
		})
		afterEach(async () => {
			setQueryRouter(null)
			await opened.close?.()
		})

		it('runs the global template', async () => {
			setQueryRouter(opened.router)
			const id = shard('ada')
			await globalSql`INSERT INTO users (id) VALUES (${id})`.run()
			expect(await globalSql`SELECT id, plan FROM users WHERE id = ${id}`.first()).toEqual({ id, plan: 'free' })
		})

		it('reads what was written, in the shard that the statement pins', async () => {
			const [ada, bob] = [shard('ada'), shard('bob')]
			await db()
				.insert(users)
				.values({ id: ada, createdAt: new Date(86_400_000) })
			await db().insert(orders).values({ id: 'o1', userId: ada, amount: 1.5, quantity: 2 })
			await db().insert(orders).values({ id: 'o1', userId: bob, amount: 2 })
			expect(await db().select().from(users).where(eq(users.id, ada))).toEqual([
				{ id: ada, plan: 'free', createdAt: new Date(86_400_000) },
			])
			expect(await sql()`SELECT amount, quantity FROM orders WHERE user_id = ${ada}`.all()).toEqual([
				{ amount: 1.5, quantity: 2 },
			])
			expect(await db().shard(bob).select().from(orders)).toMatchObject([{ userId: bob, amount: 2 }])
			const returned = await db().update(orders).set({ amount: 3 }).where(eq(orders.userId, ada)).returning()
			expect(returned).toEqual([{ id: 'o1', userId: ada, amount: 3, quantity: 2 }])
			expect((await db().delete(orders).where(eq(orders.userId, ada))).rowsAffected).toBe(1)
			expect(await db().select().from(orders).where(eq(orders.userId, ada))).toEqual([])
		})

		it('gives every write its bookmark: positions grow within a shard, and each shard has its own', async () => {
			const [ada, bob] = [shard('ada'), shard('bob')]
			const write = async (id: string) =>
				(await db().insert(orders).values({ id: crypto.randomUUID(), userId: id, amount: 1 })).bookmark
			const [first, second, other] = [await write(ada), await write(ada), await write(bob)]
			expect(first).toEqual({ shard: ada, seq: 1n, epoch: 1 })
			expect(second).toEqual({ shard: ada, seq: 2n, epoch: 1 })
			expect(other).toEqual({ shard: bob, seq: 1n, epoch: 1 })
			const unchanged = await sql()`UPDATE orders SET amount = amount WHERE user_id = ${ada} AND id = 'none'`.run()
			expect(unchanged).toMatchObject({ rowsAffected: 0, bookmark: null })
		})

		it('answers a write with what JSON can hold, and with the names that D1 has', async () => {
			const id = shard('json')
			const result = await db().insert(users).values({ id })
			const json = await Response.json(result).json()
			expect(json).toEqual({ rowsAffected: 1, lastInsertRowid: 1, bookmark: { shard: id, seq: 1, epoch: 1 } })
			expect(result.bookmark).toEqual({ shard: id, seq: 1n, epoch: 1 })
			expect(structuredClone(result.bookmark)).toEqual({ shard: id, seq: 1n, epoch: 1 })
			expect(result).toMatchObject({ success: true, results: [], meta: { changes: 1, last_row_id: 1, changed_db: true } })
			const batch = await db().batch([db().update(users).set({ plan: 'pro' }).where(eq(users.id, id))])
			expect(JSON.parse(JSON.stringify(batch))).toMatchObject([{ bookmark: { seq: 2 } }])
		})

		it('keeps a batch together: all or nothing', async () => {
			const id = shard('ada')
			const insert = (order: string) => db().insert(orders).values({ id: order, userId: id, amount: 1 })
			await db().batch([insert('a'), insert('b')])
			await expect(db().batch([insert('c'), insert('a')])).rejects.toThrow(code('QUERY_FAILED'))
			expect(await sql()`SELECT id FROM orders WHERE user_id = ${id} ORDER BY id`.values()).toEqual([['a'], ['b']])
		})

		it('binds values as a Durable Object does', async () => {
			const id = shard('ada')
			const classes = await sql().shard(id)`SELECT typeof(${1}) AS number, typeof(${1n}) AS bigint, typeof(${'1'}) AS text,
				typeof(${new Uint8Array([1])}) AS bytes, typeof(${null}) AS missing, "no such column" AS quoted`.first()
			expect(classes).toEqual({
				number: 'real',
				bigint: 'integer',
				text: 'text',
				bytes: 'blob',
				missing: 'null',
				quoted: 'no such column',
			})
			await sql()`INSERT INTO users (id, plan) VALUES (${id}, ${5})`.run()
			expect(await sql()`SELECT plan FROM users WHERE id = ${id}`.first()).toEqual({ plan: '5.0' })
			const big = 2n ** 62n + 1n
			await sql()`INSERT INTO orders (id, user_id, amount, quantity) VALUES ('big', ${id}, 1, ${big})`.run()
			expect(await sql()`SELECT CAST(quantity AS TEXT) AS q FROM orders WHERE user_id = ${id}`.first()).toEqual({
				q: String(big),
			})
			const bytes = await sql().shard(id)`SELECT x'0102' AS bytes`.first()
			expect(new Uint8Array((bytes as { bytes: ArrayBuffer }).bytes)).toEqual(new Uint8Array([1, 2]))
		})

		it('takes more values than a Durable Object binds, in lists, in CASE and in relational queries', async () => {
			const id = shard('many')
			await db().insert(users).values({ id })
			const rows = Array.from({ length: 300 }, (_, i) => ({ id: `o${i}`, userId: id, amount: i + 0.25, quantity: i }))
			await db().insert(orders).values(rows)
			const odd = rows.filter((_, i) => i % 2 === 1 || i > 200)
			const own = eq(orders.userId, id)
			const ids = odd.map((row) => row.id)
			const found = await db()
				.select({ id: orders.id })
				.from(orders)
				.where(and(own, inArray(orders.id, ids)))
			expect(found.map((row) => row.id).sort()).toEqual(ids.toSorted())
			const amounts = odd.map((row) => row.amount)
			const related = await db().query.orders.findMany({ where: and(own, inArray(orders.amount, amounts)) })
			expect(related.map((row) => row.id).sort()).toEqual(ids.toSorted())
			const cases = sql().join(rows.map((row) => globalSql`WHEN ${row.id} THEN ${BigInt(row.quantity * 2)}`))
			await db()
				.update(orders)
				.set({ quantity: globalSql`CASE ${orders.id} ${cases} END` })
				.where(own)
			const doubled = await db().select().from(orders).where(own)
			expect(doubled.every((row) => row.quantity === Math.floor(row.amount) * 2)).toBe(true)
			const list = sql().join(
				rows.map((row) => globalSql`${row.id}`),
				globalSql`, `,
			)
			const typed = await sql()`SELECT count(*) AS n FROM orders WHERE user_id = ${id} AND id IN (${list})`.first()
			expect(typed).toEqual({ n: 300 })
			const removed = await db()
				.delete(orders)
				.where(and(own, inArray(orders.id, ids)))
			expect(removed.rowsAffected).toBe(ids.length)
		})

		it('goes by the tables behind a view: in the shard that they pin, and on the lake', async () => {
			const [ada, bob] = [shard('ada'), shard('bob')]
			const pro = sqliteView('pro_users').as((qb) => qb.select().from(users).where(eq(users.plan, 'pro')))
			for (const id of [ada, bob]) {
				await db().insert(users).values({ id, plan: 'pro' })
				await db().insert(orders).values({ id: 'o', userId: id, amount: 1 })
			}
			expect(await db().select({ id: pro.id, plan: pro.plan }).from(pro).where(eq(pro.id, ada))).toEqual([
				{ id: ada, plan: 'pro' },
			])
			const joined = db().select({ order: orders.id, user: pro.id }).from(orders).innerJoin(pro, eq(pro.id, orders.userId))
			expect(await joined.where(eq(orders.userId, bob))).toEqual([{ order: 'o', user: bob }])
			await db().update(users).set({ plan: 'free' }).where(eq(users.id, bob))
			const left = db().select().from(orders).leftJoin(pro, eq(pro.id, orders.userId))
			expect(await left.where(eq(orders.userId, bob))).toMatchObject([{ orders: { id: 'o' }, pro_users: null }])
			await expect(db().select().from(pro)).rejects.toThrow(code('ROUTE_NO_SHARD'))
			if (opened.flush === undefined) return
			await opened.flush()
			expect(
				await db()
					.analytics()
					.select({ id: pro.id })
					.from(pro)
					.where(inArray(pro.id, [ada, bob])),
			).toEqual([{ id: ada }])
		})

		it('refuses what pins no shard, and what pins several; nothing is written', async () => {
			const [ada, bob] = [shard('ada'), shard('bob')]
			await expect(db().select().from(users)).rejects.toThrow(code('ROUTE_NO_SHARD'))
			await expect(sql()`SELECT * FROM users`.all()).rejects.toMatchObject({ hint: expect.stringContaining('.analytics') })
			await expect(db().delete(orders).where(eq(orders.id, 'x'))).rejects.toThrow(code('ROUTE_NO_SHARD'))
			await expect(
				db()
					.insert(users)
					.values([{ id: ada }, { id: bob }]),
			).rejects.toThrow(code('ROUTE_MULTIPLE_SHARDS'))
			for (const id of [ada, bob]) expect(await sql()`SELECT id FROM users WHERE id = ${id}`.all()).toEqual([])
		})

		it('splits an INSERT over several shards where that is asked for, and says what happened in each', async () => {
			const [ada, bob, cyd] = [shard('ada'), shard('bob'), shard('cyd')]
			const rows = [ada, bob, ada].map((userId, i) => ({ id: `o${i}`, userId, amount: i }))
			const { rowsAffected, bookmark, shards } = await db().insert(orders, { split: true }).values(rows)
			expect({ rowsAffected, bookmark }).toEqual({ rowsAffected: 3, bookmark: null })
			expect(shards).toEqual([
				{ shard: ada, rowsAffected: 2, lastInsertRowid: 2, bookmark: { shard: ada, seq: expect.any(BigInt), epoch: 1 } },
				{ shard: bob, rowsAffected: 1, lastInsertRowid: 1, bookmark: { shard: bob, seq: expect.any(BigInt), epoch: 1 } },
			])
			for (const id of [ada, bob]) {
				const stored = await db().select().from(orders).where(eq(orders.userId, id)).orderBy(orders.id)
				expect(stored.map((order) => order.id)).toEqual(id === ada ? ['o0', 'o2'] : ['o1'])
			}
			const returned = await sql()`INSERT INTO orders (user_id, id, amount) VALUES (${cyd}, 'o3', 1), (${ada}, 'o3', 2)
				ON CONFLICT (id) DO UPDATE SET amount = ${7n} RETURNING user_id, amount`.all({ split: true })
			expect(returned).toEqual([
				{ user_id: cyd, amount: 1 },
				{ user_id: ada, amount: 2 },
			])
			const single = await sql()`INSERT INTO users (id) VALUES (${ada})`.run({ split: true })
			expect(single).toMatchObject({ rowsAffected: 1, bookmark: { shard: ada } })
			expect(single.shards).toBeUndefined()
		})

		it('says of a split INSERT that failed in one shard what became of the others', async () => {
			const [ada, bob] = [shard('ada'), shard('bob')]
			await db().insert(users).values({ id: bob })
			const rejected = await sql()`INSERT INTO users (id) VALUES (${ada}), (${bob})`.run({ split: true }).then(
				() => null,
				(error: unknown) => error,
			)
			expect(rejected).toMatchObject({
				code: 'SPLIT_INCOMPLETE',
				cause: { code: 'QUERY_FAILED' },
				details: {
					shards: [
						{ shard: ada, outcome: 'written', rowsAffected: 1, seq: 1, epoch: 1 },
						{ shard: bob, outcome: 'not written', rowsAffected: 0, error: { code: 'QUERY_FAILED' } },
					],
				},
			})
			expect(await db().select().from(users).where(eq(users.id, ada))).toHaveLength(1)
			const moving = db()
				.insert(orders, { split: true })
				.values([
					{ id: 'a', userId: ada, amount: 1 },
					{ id: 'b', userId: bob, amount: 1 },
				])
				.onConflictDoUpdate({ target: orders.id, set: { userId: ada } })
			await expect(moving).rejects.toThrow(code('ROUTE_SHARD_KEY_CHANGE'))
			await expect(sql()`DELETE FROM users WHERE id IN (${ada}, ${bob})`.run({ split: true })).rejects.toThrow(
				code('ROUTE_MULTIPLE_SHARDS'),
			)
		})

		it('refuses what goes by the places of columns where they stand elsewhere in the shard', async () => {
			const [ada, bob] = [shard('ada'), shard('bob')]
			const insert = (id: string) => sql()`INSERT INTO orders VALUES (${'o1'}, ${id}, ${1}, ${2n})`.run()
			expect(await insert(bob)).toMatchObject({ rowsAffected: 1 })
			await db().shard(ada).run('ALTER TABLE orders ADD COLUMN extra TEXT')
			await expect(insert(ada)).rejects.toMatchObject({
				code: 'ROUTE_COLUMN_ORDER',
				message: expect.stringContaining('extra'),
				hint: expect.stringContaining('name the columns'),
			})
			await sql()`INSERT INTO orders (id, user_id, amount, quantity) VALUES (${'o1'}, ${ada}, ${1}, ${2n})`.run()
			const byName =
				await sql()`SELECT id FROM (SELECT * FROM orders) AS o WHERE user_id = ${ada} AND EXISTS (SELECT * FROM orders WHERE user_id = ${ada})`
			expect(await byName.values()).toEqual([['o1']])
			const byPlace = sql()`WITH o(a, b, c, d) AS (SELECT * FROM orders) SELECT a FROM o WHERE b = ${ada}`
			await expect(byPlace.all()).rejects.toThrow(code('ROUTE_COLUMN_ORDER'))
		})

		it('answers bad input with typed errors', async () => {
			const id = shard('ada')
			await expect(sql()`SELEC 1`.all()).rejects.toThrow(code('SQL_PARSE'))
			await expect(sql()`SELECT * FROM nowhere WHERE id = 1`.all()).rejects.toThrow(code('ROUTE_UNKNOWN_TABLE'))
			await expect(sql()`SELECT missing FROM users WHERE id = ${id}`.all()).rejects.toThrow(code('QUERY_FAILED'))
			const hint = expect.objectContaining({
				hint: expect.stringContaining('in SQL the column is "user_id": userId is its property'),
			})
			await expect(sql().shard(id)`SELECT orders.userId FROM orders`.all()).rejects.toThrow(hint)
			await expect(sql()`SELECT userId FROM orders WHERE user_id = ${id}`.all()).rejects.toThrow(hint)
			if (options.lake) {
				const joined = sql().analytics`SELECT users.id FROM users LEFT JOIN orders ON users.id = orders.userId`
				await expect(joined).rejects.toThrow(hint)
			}
			await expect(sql()`INSERT INTO users (id) VALUES (${null})`.run()).rejects.toThrow(code('ROUTE_SHARD_KEY_NULL'))
			await expect(sql()`INSERT INTO users (id) VALUES (${''})`.run()).rejects.toThrow(code('ROUTE_SHARD_KEY_NULL'))
			await expect(sql()`INSERT INTO orders (id, user_id) VALUES ('a', ${id})`.run()).rejects.toThrow(code('QUERY_FAILED'))
			await expect(sql().shard(id)`SELECT * FROM _cdc_buffer`.all()).rejects.toMatchObject({ code: expect.any(String) })
			await expect(sql().shard(id)`PRAGMA foreign_keys = OFF`.run()).rejects.toMatchObject({ code: expect.any(String) })
			await expect(sql()`SELECT ${1} FROM users WHERE id = ${undefined}`.all()).rejects.toThrow(/parameter 2:.*undefined/)
			await expect(sql().analytics`SELECT ${undefined} FROM users`).rejects.toThrow(/parameter 1:.*undefined/)
			await expect(sql()`SELECT ${new Date()} FROM users WHERE id = ${id}`.all()).rejects.toThrow(code('VALUE_UNSUPPORTED'))
		})

		it('takes changes of a pinned shard, but none that are temporary or of sqlake itself', async () => {
			const id = shard('ada')
			const change = (text: string) => db().shard(id).run(globalSql.raw(text))
			await change('CREATE TABLE temp_own (temp)')
			await change('CREATE VIEW own_view AS SELECT temp.temp FROM temp_own AS temp')
			await change(
				'CREATE TRIGGER own_trigger AFTER INSERT ON temp_own BEGIN DELETE FROM temp_own WHERE EXISTS (SELECT temp.temp FROM temp_own AS temp); END',
			)
			const body = 'AFTER INSERT ON users BEGIN DELETE FROM users; END'
			for (const text of [
				`CREATE TEMP TRIGGER t ${body}`,
				`create /* no */ temporary -- no\n trigger t ${body}`,
				`CREATE TRIGGER temp.t ${body}`,
				`CREATE TRIGGER IF NOT EXISTS "Temp".t ${body}`,
				'CREATE TEMP TABLE t (a)',
				'CREATE TABLE temp . t (a)',
				"CREATE TABLE 'temp'.t (a)",
				'CREATE TEMP VIEW v AS SELECT 1',
				'CREATE VIEW [temp].v AS SELECT 1',
				'CREATE INDEX temp.i ON users (plan)',
				'CREATE VIRTUAL TABLE temp.f USING fts5(a)',
				'DROP TABLE IF EXISTS temp.t',
				'ALTER TABLE `TEMP`.t ADD COLUMN b',
			]) {
				await expect(change(text), text).rejects.toThrow(code('ROUTE_UNSUPPORTED'))
			}
			for (const text of [
				'CREATE TRIGGER t AFTER INSERT ON _cdc_buffer BEGIN SELECT 1; END',
				'CREATE TRIGGER t AFTER INSERT ON users BEGIN DELETE FROM "_CDC_buffer"; END',
				'CREATE TRIGGER _cdc_t AFTER INSERT ON users BEGIN SELECT 1; END',
				'CREATE VIEW v AS SELECT * FROM main._cdc_buffer',
				'CREATE INDEX i ON [_sqlake_layouts] (status)',
				'ALTER TABLE users RENAME TO _cf_users',
				"CREATE VIRTUAL TABLE f USING fts5(a, content='_cdc_buffer')",
				'DROP TABLE _cdc_buffer',
			]) {
				await expect(change(text), text).rejects.toThrow(code('QUERY_FAILED'))
			}
			for (const text of [
				'PRAGMA writable_schema = ON',
				"ATTACH 'x' AS y",
				'DETACH temp',
				'VACUUM',
				'REINDEX',
				'ANALYZE',
				'BEGIN',
				'COMMIT',
				'SAVEPOINT s',
			]) {
				await expect(change(text), text).rejects.toThrow(code('ROUTE_UNSUPPORTED'))
			}
			await db().insert(users).values({ id })
			const names = await sql().shard(id)`SELECT name FROM sqlite_schema WHERE name LIKE '%own%' ORDER BY 1`.values()
			expect(names).toEqual([['own_trigger'], ['own_view'], ['temp_own']])
			expect(await sql().shard(id)`SELECT count(*) AS n FROM users`.first()).toEqual({ n: 1 })
		})

		it('keeps shards apart whatever their names are', async () => {
			const names = ['a/b', '../a', '.', '%41', 'A', 'a', 'con', '🙂', "it's", 'x'.repeat(1_000)].map((id) => shard(id))
			for (const id of names) await db().insert(users).values({ id, plan: id })
			for (const id of names) expect(await db().shard(id).select({ plan: users.plan }).from(users)).toEqual([{ plan: id }])
		})

		it('explains where a query goes', async () => {
			const id = shard('ada')
			const plan = await sql()`SELECT * FROM users WHERE id = ${id}`.explain()
			expect(plan).toMatchObject({ route: 'shard', shard: id })
			const other = shard('bob')
			const split = await sql()`INSERT INTO users (id) VALUES (${id}), (${other})`.explain({ split: true })
			expect(split).toMatchObject({ route: 'shards', shard: null, shards: [id, other] })
		})

		if (!options.lake) return
		const flush = async () => opened.flush?.()

		it('answers on an empty lake with no rows', async () => {
			expect(await db().analytics().select().from(users)).toEqual([])
			expect(await sql().analytics`SELECT count(*) AS n FROM orders`).toEqual([{ n: 0 }])
		})

		it('asks all shards through the lake, as they are after updates and deletes', async () => {
			for (const [index, id] of ['ada', 'bob', 'cyd'].entries()) {
				await db()
					.insert(users)
					.values({ id, plan: index === 0 ? 'pro' : 'free', createdAt: new Date(index * 1000) })
				await db()
					.insert(orders)
					.values([
						{ id: 'o1', userId: id, amount: index },
						{ id: 'o2', userId: id, amount: 10 },
					])
			}
			await flush()
			await db().update(orders).set({ amount: 100 }).where(eq(orders.userId, 'bob'))
			await db().delete(users).where(eq(users.id, 'cyd'))
			await flush()
			expect(await db().analytics().select().from(users).orderBy(users.id)).toEqual([
				{ id: 'ada', plan: 'pro', createdAt: new Date(0) },
				{ id: 'bob', plan: 'free', createdAt: new Date(1000) },
			])
			expect(
				await sql().analytics`SELECT u.plan, sum(o.amount) AS total FROM users u JOIN orders o ON o.user_id = u.id
					GROUP BY u.plan ORDER BY u.plan`,
			).toEqual([
				{ plan: 'free', total: 200 },
				{ plan: 'pro', total: 10 },
			])
			await expect(sql().analytics`DELETE FROM users`).rejects.toThrow(code('READ_ONLY'))
			const duckdb = { dialect: 'duckdb' } as const
			const listed = sql().analytics`FROM orders SELECT list(amount ORDER BY amount)::VARCHAR AS amounts WHERE amount > ${0}`
			expect(await listed.all(duckdb)).toEqual([{ amounts: expect.stringMatching(/^\[.*10\.0.*\]$/) }])
			await expect(sql().analytics`DELETE FROM users`.all(duckdb)).rejects.toThrow(code('READ_ONLY'))
			await expect(sql().analytics`FROM 'x.csv'`.all(duckdb)).rejects.toThrow(code('DIALECT_UNSUPPORTED'))
			expect(await sql().analytics`SELECT count(*) AS n FROM users`.explain()).toMatchObject({ route: 'lake', shard: null })
		})

		it('answers as of a moment, and with the changes between two', async () => {
			const start = await laterThanNow()
			await db().insert(users).values({ id: 'ada' })
			await flush()
			const middle = await laterThanNow()
			await db().update(users).set({ plan: 'pro' }).where(eq(users.id, 'ada'))
			await db().delete(users).where(eq(users.id, 'ada'))
			await flush()
			const end = await laterThanNow()
			expect(await sql().asOf(start - 1)`SELECT id FROM users`).toEqual([])
			expect(await db().asOf(middle).select({ plan: users.plan }).from(users)).toEqual([{ plan: 'free' }])
			expect(await sql().asOf(end)`SELECT id FROM users`).toEqual([])
			const changes = await sql().between(start, end)`SELECT _op, _shard, _seq, plan FROM users ORDER BY _seq`
			expect(changes).toEqual([
				{ _op: 'c', _shard: 'ada', _seq: 1, plan: 'free' },
				{ _op: 'u', _shard: 'ada', _seq: 2, plan: 'pro' },
				{ _op: 'd', _shard: 'ada', _seq: 3, plan: 'pro' },
			])
			expect(await sql().between(start, middle)`SELECT count(*) AS n FROM users`).toEqual([{ n: 1 }])
		})

		it('sees a write in the lake once it was delivered', async () => {
			const { bookmark } = await db().insert(users).values({ id: 'ada' })
			if (bookmark === null || bookmark === undefined) throw new Error('expected a bookmark')
			await flush()
			expect(await sql().causal(bookmark)`SELECT count(*) AS n FROM users`).toEqual([{ n: 1 }])
			expect(await opened.client.connection.position('ada')).toMatchObject({ epoch: 1, seq: 1 })
		})
	})
}

/** A moment that no write before it shares. */
async function laterThanNow(): Promise<number> {
	const now = Date.now()
	while (Date.now() <= now + 1) await new Promise((resolve) => setTimeout(resolve, 1))
	return now + 1
}
