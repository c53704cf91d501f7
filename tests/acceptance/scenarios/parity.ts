import { deepStrictEqual, ok } from 'node:assert/strict'
import { and, asc, eq, exists, sql as fragment, inArray, notExists, relations } from 'drizzle-orm'
import { unionAll } from 'drizzle-orm/sqlite-core'
import { drizzle, type LakeTag, SQLakeError, WorkerRouter } from 'sqlake'
import { accounts, lakes, posts } from '../schema.ts'
import { clientOf, deliver, open, type Scenario } from './support.ts'

const accountRelations = relations(accounts, ({ many }) => ({ posts: many(posts) }))
const postRelations = relations(posts, ({ one }) => ({
	account: one(accounts, { fields: [posts.accountId], references: [accounts.id] }),
}))

export const parity: Readonly<Record<string, Scenario>> = {
	'relational queries, unions and sub-queries answer alike in the shard and in the lake': async (env) => {
		const db = drizzle(clientOf(env, 'main'), { schema: { accountRelations, postRelations } })
		const id = 'parity-relations'
		await db.batch([
			db.insert(accounts).values({ id, email: `${id}@example.com`, age: 1 }),
			db
				.insert(posts)
				.values([1, 2, 3].map((n) => ({ id: `r${n}`, accountId: id, title: `It's ${n} "🧊"`, slug: n === 2 ? null : `r-${n}` }))),
		])
		await deliver(env, id)
		const mine = eq(posts.accountId, id)
		const forms = (source: ReturnType<typeof db.analytics>) => [
			source.query.accounts.findFirst({ where: eq(accounts.id, id), with: { posts: { where: mine, orderBy: asc(posts.id) } } }),
			source.query.posts.findMany({ where: mine, orderBy: asc(posts.id), with: { account: { columns: { email: true } } } }),
			unionAll(
				source
					.select({ id: posts.id })
					.from(posts)
					.where(and(mine, eq(posts.id, 'r1'))),
				source
					.select({ id: posts.id })
					.from(posts)
					.where(and(mine, eq(posts.id, 'r3'))),
			),
			source
				.select({ id: accounts.id })
				.from(accounts)
				.where(and(eq(accounts.id, id), exists(source.select({ one: fragment`1` }).from(posts).where(mine)))),
			source
				.select({ id: accounts.id })
				.from(accounts)
				.where(and(eq(accounts.id, id), notExists(source.select({ one: fragment`1` }).from(posts).where(mine)))),
			source
				.select({ id: posts.id })
				.from(posts)
				.where(and(mine, inArray(posts.id, source.select({ id: posts.id }).from(posts).where(mine).limit(1).orderBy(posts.id)))),
		]
		const strong = await Promise.allSettled(forms(db))
		const lake = await Promise.allSettled(forms(db.analytics()))
		deepStrictEqual(strong.filter(({ status }) => status === 'rejected').length, 0)
		for (const [index, answer] of strong.entries()) {
			deepStrictEqual(lake[index], answer, `form ${index + 1}`)
		}
		deepStrictEqual(
			lake.map(({ status }) => status),
			lake.map(() => 'fulfilled'),
		)
	},

	'expressions of the template answer alike in the shard and in the lake, or are refused': async (env) => {
		const { sql } = new WorkerRouter(env, { schema: lakes.main, durableObject: 'MAIN_DO' })
		const db = open(env, 'main')
		const id = 'parity-expressions'
		await db.batch([
			db.insert(accounts).values({ id, email: 'E@x.org', age: 7 }),
			db.insert(posts).values([
				{ id: 'x1', accountId: id, title: 'Alpha', slug: null },
				{ id: 'x2', accountId: id, title: 'beta', slug: 'b' },
				{ id: 'x3', accountId: id, title: 'Gamma ß', slug: '' },
			]),
		])
		await deliver(env, id)
		const different: string[] = []
		const refusals: string[] = []
		for (const text of [
			'age / 2, age % 4, -age / 2, age / 0, age * 1.0 / 2, 7 / 2.0, 1e3 FROM accounts',
			"age || 'x', 'a' || NULL, 1 || 2, 1.0 || '' FROM accounts",
			"age = '7', '7' = age, age < 'a', email = 'e@x.org', email LIKE 'e@%', email GLOB 'E*' FROM accounts",
			'typeof(age), typeof(email), typeof(NULL), typeof(age / 2.0), typeof(age + 1) FROM accounts',
			"substr(email, 2, 2), substr(email, -3), instr(email, '@'), length(email), upper('ß'), lower('Ä'), trim('  a ') FROM accounts",
			"round(2.5), round(-2.5), round(1.005, 2), abs(-3), max(1, 2, 3), min('a', 1), coalesce(NULL, age) FROM accounts",
			"CAST('12abc' AS INTEGER), CAST(1.9 AS INTEGER), CAST('x' AS REAL), CAST(3 AS TEXT) FROM accounts",
			"date(0, 'unixepoch'), strftime('%Y-%m', 1790000000, 'unixepoch'), datetime('2024-02-29', '+1 year'), julianday('2000-01-01') FROM accounts",
			"json_extract('{\"a\":[1,2]}', '$.a[1]'), '{\"a\":\"x\"}' ->> 'a', '{\"a\":\"x\"}' -> 'a', json_array(1, 'a', NULL) FROM accounts",
			"iif(age > 5, 'old', 'young'), nullif(age, 7), ifnull(NULL, 'n'), age IN (1, 7), age BETWEEN 1 AND 7, age IS NOT NULL FROM accounts",
			"printf('%05.1f|%s', age, email), hex('ab'), quote(email), char(65, 66), unicode('A'), replace(email, 'x', 'y') FROM accounts",
			'CASE WHEN age THEN 1 ELSE 0 END, NOT age, age AND 0, age & 3, age << 2, ~age, NULL AND 0 FROM accounts',
			"1 = 1.0, 'a' < 'B', x'61' = 'a', 9007199254740993, 1 / 3.0, 1e400, -0.0 FROM accounts",
		])
			await compare(`SELECT ${text} WHERE id = '${id}'`)
		for (const text of [
			'SELECT id, slug FROM posts WHERE account_id = ? ORDER BY slug, id',
			'SELECT id FROM posts WHERE account_id = ? ORDER BY slug DESC, title',
			'SELECT title FROM posts WHERE account_id = ? ORDER BY title COLLATE NOCASE DESC',
			"SELECT slug, count(*), count(slug), group_concat(title, '-') FROM posts WHERE account_id = ? GROUP BY slug ORDER BY slug",
			'SELECT sum(length(title)), total(length(slug)), avg(length(title)), max(title), min(slug) FROM posts WHERE account_id = ?',
			'SELECT title, row_number() OVER (ORDER BY title) AS n, lag(title) OVER (ORDER BY title) FROM posts WHERE account_id = ? ORDER BY n',
			"WITH t AS (SELECT title FROM posts WHERE account_id = ?) SELECT count(*) FROM t WHERE title > 'b'",
			'SELECT p.id, a.age FROM posts p JOIN accounts a ON a.id = p.account_id WHERE p.account_id = ? ORDER BY 1 DESC LIMIT 1 OFFSET 1',
			"SELECT count(DISTINCT slug), count(*) FILTER (WHERE slug <> '') FROM posts WHERE account_id = ?",
			"SELECT id FROM posts WHERE account_id = ? AND slug IS NOT 'b' ORDER BY id",
		])
			await compare(text)
		deepStrictEqual(different, [])
		// Whether json_extract() gives text or a number depends on the document, which a column of the lake cannot.
		ok(refusals.length <= 1, refusals.join('\n'))

		async function compare(text: string): Promise<void> {
			const params = text.includes('?') ? text.split('?') : null
			const ask = (tag: LakeTag | typeof sql) =>
				params === null
					? tag`${fragment.raw(text)}`.values()
					: tag`${fragment.raw(params[0] ?? '')}${id}${fragment.raw(params[1] ?? '')}`.values()
			const strong = await ask(sql)
			try {
				const lake = await ask(sql.analytics)
				if (shown(lake) !== shown(strong)) different.push(`${text}: the shard ${shown(strong)}, the lake ${shown(lake)}`)
			} catch (error) {
				if (SQLakeError.is(error, 'DIALECT_UNSUPPORTED')) refusals.push(`${text}: ${error.message}`)
				else different.push(`${text}: ${String(error)} ${SQLakeError.is(error) ? error.code : ''}`)
			}
		}
	},
}

function shown(value: unknown): string {
	return JSON.stringify(value, (_, part: unknown) => {
		if (typeof part === 'bigint') return `${part}n`
		if (Object.is(part, -0)) return '-0'
		return typeof part === 'number' && !Number.isFinite(part) ? String(part) : part
	})
}
