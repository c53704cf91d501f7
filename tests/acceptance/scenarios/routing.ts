import { deepStrictEqual, ok } from 'node:assert/strict'
import { count, eq, inArray } from 'drizzle-orm'
import { drizzle, getQueryRouter, setQueryRouter, sql, sqlake, WorkerRouter } from 'sqlake'
import { accounts, lakes, posts, samples } from '../schema.ts'
import { clientOf, deliver, open, refused, type Scenario } from './support.ts'

export const routing: Readonly<Record<string, Scenario>> = {
	'the global template needs a router, and takes one': async (env) => {
		setQueryRouter(null)
		await refused('NO_ROUTER', () => sql`SELECT 1`.first())
		await refused('NO_ROUTER', () => getQueryRouter())
		const error = await refused('NO_ROUTER', () => sql.analytics`SELECT 1 AS one`)
		ok(error.message.includes('setQueryRouter'))
		setQueryRouter(new WorkerRouter(env, { schema: lakes.main, durableObject: 'MAIN_DO' }))
		try {
			const id = 'routing-template'
			await sql`INSERT INTO accounts (id, email) VALUES (${id}, ${`${id}@example.com`})`.run()
			deepStrictEqual(await sql`SELECT id, age FROM accounts WHERE id = ${id}`.first(), { id, age: null })
			deepStrictEqual(await sql`SELECT id FROM accounts WHERE id = ${id}`.values(), [[id]])
			deepStrictEqual(await sql`SELECT id FROM accounts WHERE id = ${id} AND email = 'x'`.first(), null)
			deepStrictEqual(
				await sql`SELECT id FROM accounts WHERE id = ${id}`.map(({ id }) =>
					sql`SELECT email FROM accounts WHERE id = ${id}`.first(),
				),
				[{ email: `${id}@example.com` }],
			)
		} finally {
			setQueryRouter(null)
		}
	},

	'all forms of a lake query answer alike': async (env) => {
		const db = open(env, 'main')
		const router = new WorkerRouter(env, { schema: lakes.main, durableObject: 'MAIN_DO' })
		const id = 'routing-forms'
		await db.insert(accounts).values({ id, email: `${id}@example.com`, age: 7 })
		const at = await deliver(env, id)
		const expected = [{ id, email: `${id}@example.com`, age: 7 }]
		const where = eq(accounts.id, id)
		const iso = new Date(at).toISOString()
		const answers = await Promise.all([
			db.analytics().select().from(accounts).where(where),
			db.select().from(accounts).where(where).analytics(),
			db.select().from(accounts).analytics().where(where),
			db.asOf(at).select().from(accounts).where(where),
			db.asOf(new Date(at)).select().from(accounts).where(where),
			db.select().from(accounts).where(where).asOf(iso),
			db.analytics().select().from(accounts).where(where).all(),
			db.analytics().query.accounts.findMany({ where }),
			router.sql.analytics`SELECT * FROM accounts WHERE id = ${id}`,
			router.sql.analytics`SELECT * FROM accounts WHERE id = ${id}`.all(),
			router.sql.asOf(iso)`SELECT * FROM accounts WHERE id = ${id}`,
			sql.with(router).analytics`SELECT * FROM ${accounts} WHERE ${where}`,
		])
		for (const [index, answer] of answers.entries()) deepStrictEqual(answer, expected, `form ${index + 1}`)
		deepStrictEqual(await db.analytics().select().from(accounts).where(where).get(), expected[0])
		deepStrictEqual(await router.sql.analytics`SELECT * FROM accounts WHERE id = ${id}`.first(), expected[0])
		deepStrictEqual(
			await db
				.analytics()
				.select({ name: accounts.id, posts: count(posts.id) })
				.from(accounts)
				.leftJoin(posts, eq(posts.accountId, accounts.id))
				.where(where)
				.groupBy(accounts.id),
			[{ name: id, posts: 0 }],
		)
		const { tables } = await clientOf(env, 'main').catalog.load()
		const snapshot = tables.get('accounts_changes')?.metadata['current-snapshot-id']
		ok(snapshot !== undefined && snapshot !== null)
		deepStrictEqual(await db.snapshot(snapshot).select().from(accounts).where(where), expected)
		deepStrictEqual(await router.sql.snapshot(String(snapshot))`SELECT * FROM accounts WHERE id = ${id}`, expected)
	},

	'a query says where it runs and why': async (env) => {
		const { sql: run } = new WorkerRouter(env, { schema: lakes.main, durableObject: 'MAIN_DO' })
		const db = open(env, 'main')
		await db.insert(accounts).values({ id: 'routing-explain', email: 'explain@example.com' })
		await deliver(env, 'routing-explain')
		const shard = await run`SELECT * FROM accounts WHERE id = ${'routing-explain'}`.explain()
		deepStrictEqual([shard.route, shard.shard, shard.lake], ['shard', 'routing-explain', null])
		ok(shard.reason.length > 0)
		const lake = await run.analytics`SELECT * FROM accounts WHERE id = ${'routing-explain'}`.explain()
		deepStrictEqual([lake.route, lake.shard], ['lake', null])
		ok((lake.lake?.filesKept ?? 0) >= 1 && Object.keys(lake.lake?.snapshots ?? {}).length >= 1)
	},

	'databases over the lake refuse writes': async (env) => {
		const db = open(env, 'main')
		const values = { id: 'routing-write', email: 'never' }
		for (const [name, lake] of Object.entries({
			analytics: db.analytics(),
			asOf: db.asOf(Date.now()),
			between: db.between(0, Date.now()),
			snapshot: db.snapshot(1n),
			causal: db.causal({ shard: 'x', seq: 1n }),
		})) {
			const writable = lake as unknown as typeof db
			await refused('READ_ONLY', () => writable.insert(accounts).values(values))
			await refused('READ_ONLY', () => writable.update(accounts).set({ email: name }).where(eq(accounts.id, 'x')))
			await refused('READ_ONLY', () => writable.delete(accounts).where(eq(accounts.id, 'x')))
			await refused('READ_ONLY', () => writable.run('DELETE FROM accounts'))
		}
		const { sql: run } = new WorkerRouter(env, { schema: lakes.main, durableObject: 'MAIN_DO' })
		await refused('READ_ONLY', () => run.analytics`DELETE FROM accounts WHERE id = ${'x'}`)
		await refused('READ_ONLY', () => run.analytics`INSERT INTO accounts (id, email) VALUES (${'x'}, ${'y'})`.run())
		await refused('READ_ONLY', () => run.asOf(Date.now())`DROP TABLE accounts`)
		await refused('READ_ONLY', () => db.analytics().all('DELETE FROM accounts'))
	},

	'concurrent requests with other env objects and other lakes do not disturb each other': async (env) => {
		const twin = { ...env }
		const [here, there, other] = [
			open(env, 'main'),
			drizzle(sqlake(twin, { schema: lakes.main, durableObject: 'MAIN_DO' })),
			drizzle(sqlake({ ...env }, { schema: lakes.empty, durableObject: 'EMPTY_DO' })),
		]
		const owners = Array.from({ length: 12 }, (_, index) => `concurrent-${index}`)
		await Promise.all(
			owners.map((owner, index) => (index % 2 ? here : there).insert(samples).values({ id: owner, owner, n: index })),
		)
		await Promise.all(owners.map((owner) => deliver(env, owner)))
		const answers = await Promise.all([
			...owners.map((owner) => here.analytics().select({ n: samples.n }).from(samples).where(eq(samples.owner, owner))),
			...owners.map((owner) => there.analytics().select({ n: samples.n }).from(samples).where(eq(samples.owner, owner))),
		])
		deepStrictEqual(
			answers.map((rows) => rows[0]?.n),
			[...owners.keys(), ...owners.keys()],
		)
		deepStrictEqual(await other.analytics().select().from(samples).where(inArray(samples.owner, owners)), [])
	},
}
