import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict'
import { and, asc, avg, count, desc, eq, sql as fragment, gt, isNull, like, max, or, sum } from 'drizzle-orm'
import { WorkerRouter } from 'sqlake'
import { accounts, lakes, posts, samples } from '../schema.ts'
import { deliver, open, refused, type Scenario } from './support.ts'

export const features: Readonly<Record<string, Scenario>> = {
	'the forms of the builder answer alike in the shard and in the lake': async (env) => {
		const db = open(env, 'main')
		const id = 'features'
		await db.batch([
			db.insert(accounts).values({ id, email: `${id}@example.com`, age: 30 }),
			db
				.insert(posts)
				.values([1, 2, 3, 4, 5].map((n) => ({ id: `f${n}`, accountId: id, title: `Title ${n}`, slug: n % 2 ? `s${n}` : null }))),
		])
		await deliver(env, id)
		const mine = eq(posts.accountId, id)
		const forms = (source: ReturnType<typeof db.analytics>) => [
			source.select().from(posts).where(mine).orderBy(desc(posts.id)).limit(2).offset(1),
			source
				.select({ n: count(), most: max(posts.title) })
				.from(posts)
				.where(mine),
			source
				.select()
				.from(accounts)
				.innerJoin(posts, eq(posts.accountId, accounts.id))
				.where(eq(accounts.id, id))
				.orderBy(asc(posts.id)),
			source
				.select()
				.from(accounts)
				.leftJoin(posts, and(eq(posts.accountId, accounts.id), eq(posts.id, 'none')))
				.where(eq(accounts.id, id)),
			source.select({ slug: posts.slug, n: count() }).from(posts).where(mine).groupBy(posts.slug).orderBy(posts.slug),
			source
				.selectDistinct({ has: fragment<number>`${posts.slug} IS NULL` })
				.from(posts)
				.where(mine)
				.orderBy(fragment`1`),
			source
				.select({ id: posts.id })
				.from(posts)
				.where(and(mine, or(isNull(posts.slug), like(posts.title, 'title 5'))))
				.orderBy(posts.id),
			source
				.select({ id: posts.id, upper: fragment<string>`upper(${posts.title}) || '!'` })
				.from(posts)
				.where(mine)
				.orderBy(posts.id),
			source.query.posts.findMany({ where: mine, columns: { id: true, title: true }, orderBy: desc(posts.id), limit: 3 }),
			source.query.posts.findFirst({ where: and(mine, gt(posts.id, 'f3')), orderBy: asc(posts.id) }),
			source.$count(posts, mine),
			source.select({ n: count() }).from(posts).where(mine).having(gt(count(), 99)),
			source
				.select({ total: sum(accounts.age), mean: avg(accounts.age) })
				.from(accounts)
				.where(eq(accounts.id, id)),
			source
				.select()
				.from(posts)
				.where(and(mine, eq(posts.title, fragment.placeholder('title'))))
				.prepare()
				.execute({ title: 'Title 2' }),
			source.all(fragment`SELECT id, title FROM posts WHERE account_id = ${id} ORDER BY id LIMIT 1`),
			source.get(fragment`SELECT count(*) AS n FROM posts WHERE account_id = ${id}`),
			source.values(fragment`SELECT id FROM posts WHERE account_id = ${id} ORDER BY id`),
		]
		const strong = await Promise.all(forms(db))
		const lake = await Promise.all(forms(db.analytics()))
		for (const [index, answer] of strong.entries()) deepStrictEqual(lake[index], answer, `form ${index + 1}`)
		const latest = db.$with('latest').as(db.select().from(posts).where(mine).orderBy(desc(posts.id)).limit(2))
		deepStrictEqual(await db.analytics().with(latest).select().from(latest), await db.with(latest).select().from(latest))
	},

	'inserts beyond 100 values and large answers work in one call': async (env) => {
		const db = open(env, 'main')
		const owner = 'features-many'
		const rows = Array.from({ length: 3_000 }, (_, n) => ({ id: String(n).padStart(6, '0'), owner, n, note: `row ${n}` }))
		const { rowsAffected } = await db.insert(samples).values(rows)
		deepStrictEqual(rowsAffected, rows.length)
		await deliver(env, owner)
		const mine = eq(samples.owner, owner)
		const answer = await db
			.analytics()
			.select({ id: samples.id, owner: samples.owner, n: samples.n, note: samples.note })
			.from(samples)
			.where(mine)
			.orderBy(samples.id)
		deepStrictEqual(answer, rows)
		deepStrictEqual(
			await db
				.analytics()
				.select({ total: sum(samples.n) })
				.from(samples)
				.where(mine),
			[{ total: String((2_999 * 3_000) / 2) }],
		)
	},

	'a database pinned to a shard needs no shard key: the pin is the last word': async (env) => {
		const db = open(env, 'main')
		const pinned = db.shard('features-pinned')
		await pinned.insert(samples).values({ id: 'p', owner: 'features-pinned', n: 1 })
		await pinned.update(samples).set({ n: 2 }).where(eq(samples.id, 'p'))
		deepStrictEqual(await pinned.select({ n: samples.n }).from(samples), [{ n: 2 }])
		const { bookmark } = await pinned.insert(samples).values({ id: 'q', owner: 'features-other' })
		strictEqual(bookmark?.shard, 'features-pinned')
		deepStrictEqual(await db.select().from(samples).where(eq(samples.owner, 'features-other')), [])
	},

	'a value that does not fit its column is answered as in its shard': async (env) => {
		const db = open(env, 'live')
		const { sql } = new WorkerRouter(env, { schema: lakes.live, durableObject: 'LIVE_DO' })
		const owner = 'features-misfit'
		await sql`INSERT INTO samples (id, owner, n, flag, note) VALUES ('text', ${owner}, 'forty-two', 1, 'a'), ('half', ${owner}, 1.5, 2, 'b')`.run()
		await sql`INSERT INTO samples (id, owner, note) VALUES ('invalid', ${owner}, CAST(x'ff61' AS TEXT))`.run()
		await sql`INSERT INTO samples (id, owner, n, note) VALUES ('fits', ${owner}, ${Number.NaN}, 'NaN is NULL')`.run()
		await env.LIVE_DO.get(env.LIVE_DO.idFromName(owner)).flush()
		const mine = eq(samples.owner, owner)
		const lake = db.analytics()
		const values = lake.select({ id: samples.id, n: samples.n, flag: samples.flag }).from(samples).where(mine)
		deepStrictEqual<unknown>(
			await values.orderBy(samples.id),
			await db.shard(owner).select({ id: samples.id, n: samples.n, flag: samples.flag }).from(samples).orderBy(samples.id),
		)
		const { message } = await refused('LAKE_VALUE_MISFIT', () => lake.select({ note: samples.note }).from(samples).where(mine))
		ok(/"note".*features-misfit.*invalid.*X'FF61'/.test(message), message)
		deepStrictEqual(await lake.select({ id: samples.id }).from(samples).where(mine).orderBy(samples.id), [
			{ id: 'fits' },
			{ id: 'half' },
			{ id: 'invalid' },
			{ id: 'text' },
		])
	},
}
