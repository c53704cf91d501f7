import { copyFile, mkdir, readdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { describe, expect, it } from 'vitest'
import { drizzle } from '../../src/driver/drizzle.ts'
import { LocalRouter } from '../../src/local/local-router.ts'
import { createObservability } from '../../src/observability/create-observability.ts'
import { InMemoryMetrics } from '../../src/observability/in-memory-metrics.ts'
import { SQLake } from '../../src/schema/database.ts'
import { schema } from '../contract/query-router.ts'
import { openRouter, placesIn, temporaryDirectory } from './fixture.ts'

const { users, orders } = schema.tables
const code = (value: string) => expect.objectContaining({ code: value })

describe('LocalRouter', () => {
	it('touches nothing before the first query', async () => {
		const directory = await temporaryDirectory()
		const router = openRouter(directory)
		await router.close()
		expect(await readdir(directory)).toEqual([])
	})

	it('keeps rows, the change buffer and the lake over a restart', async () => {
		const directory = await temporaryDirectory()
		const first = openRouter(directory)
		await first.sql`INSERT INTO users (id) VALUES ('ada')`.run()
		await first.flush()
		await first.sql`INSERT INTO users (id) VALUES ('bob')`.run()
		await first.close()

		const second = openRouter(directory)
		expect(await second.sql`SELECT plan FROM users WHERE id = 'bob'`.first()).toEqual({ plan: 'free' })
		expect(await second.sql.analytics`SELECT id FROM users`).toEqual([{ id: 'ada' }])
		expect((await second.sql`UPDATE users SET plan = 'pro' WHERE id = 'ada'`.run()).bookmark).toMatchObject({ seq: 2n })
		await second.close()

		const third = openRouter(directory)
		expect(await third.shards()).toEqual(['ada', 'bob'])
		expect(await third.flush()).toMatchObject({ changes: 2, drained: true })
		expect(await third.flush()).toMatchObject({ changes: 0, files: 0 })
		expect(await third.sql.analytics`SELECT id, plan FROM users ORDER BY id`).toEqual([
			{ id: 'ada', plan: 'pro' },
			{ id: 'bob', plan: 'free' },
		])
	})

	it('delivers by itself once enough changes wait, or one has waited long enough', async () => {
		const directory = await temporaryDirectory()
		const router = openRouter(directory, { flush: { threshold: 2, interval: 50 } })
		const { bookmark } = await drizzle(router).insert(users).values({ id: 'ada' })
		if (bookmark === null || bookmark === undefined) throw new Error('expected a bookmark')
		expect(await router.sql.causal(bookmark)`SELECT count(*) AS n FROM users`).toEqual([{ n: 1 }])
	})

	it('sees every write in the lake where it shall flush before it asks', async () => {
		const router = openRouter(await temporaryDirectory(), { flushBeforeLakeQuery: true, fallback: 'analytics' })
		await router.sql`INSERT INTO users (id) VALUES ('ada')`.run()
		expect(await router.sql`SELECT count(*) AS n FROM users`.all()).toEqual([{ n: 1 }])
	})

	it('serves more shards than it keeps open, in any order', async () => {
		const router = openRouter(await temporaryDirectory())
		const ids = Array.from({ length: 120 }, (_, index) => `user-${index}`)
		for (let round = 0; round < 2; round++) {
			await Promise.all(
				ids.map((userId, index) =>
					drizzle(router)
						.insert(orders)
						.values({ id: `o${round}`, userId, amount: index }),
				),
			)
		}
		expect(await router.shards()).toEqual(ids.toSorted())
		expect(await router.flush()).toMatchObject({ changes: 240 })
		expect(await router.sql.analytics`SELECT count(*) AS n, count(DISTINCT user_id) AS u, sum(amount) AS s FROM orders`).toEqual([
			{ n: 240, u: 120, s: 120 * 119 },
		])
	})

	it('shares its files with other routers: no write is lost, none is delivered twice', async () => {
		const directory = await temporaryDirectory()
		const routers = [openRouter(directory), openRouter(directory), openRouter(directory)]
		const rounds = 6
		await Promise.all(
			routers.map(async (router, writer) => {
				for (let round = 0; round < rounds; round++) {
					const insert = (userId: string, part: number) =>
						drizzle(router)
							.insert(orders)
							.values({ id: `${writer}-${round}-${part}`, userId, amount: 1 })
					await Promise.all(['ada', 'bob'].flatMap((userId) => [insert(userId, 1), insert(userId, 2)]))
					if (round % 2 === writer % 2) await router.flush()
				}
			}),
		)
		const last = openRouter(directory)
		await last.flush()
		const rows = await last.sql.between(0, Date.now() + 1)`SELECT _shard, _seq, id FROM orders ORDER BY _shard, _seq`
		const expected = routers.length * rounds * 2
		for (const shard of ['ada', 'bob']) {
			const own = (rows as { _shard: string; _seq: number; id: string }[]).filter((row) => row._shard === shard)
			expect(own.map(({ _seq }) => _seq)).toEqual(Array.from({ length: expected }, (_, index) => index + 1))
			expect(new Set(own.map(({ id }) => id)).size).toBe(expected)
		}
	})

	it('writes on while the lake is out of reach, and delivers when it is back', async () => {
		const directory = await temporaryDirectory()
		const { lake } = placesIn(directory)
		await writeFile(lake, 'a file where the directory should be')
		const metrics = new InMemoryMetrics()
		const router = openRouter(directory, { observability: createObservability({ metrics }) })
		await router.sql`INSERT INTO users (id) VALUES ('ada')`.run()
		await expect(router.flush()).rejects.toThrow(code('STORE_UNAVAILABLE'))
		await router.sql`INSERT INTO users (id) VALUES ('bob')`.run()
		await rename(lake, `${lake}.txt`)
		expect(await router.flush()).toMatchObject({ changes: 2 })
		expect(await router.sql.analytics`SELECT count(*) AS n FROM users`).toEqual([{ n: 2 }])
	})

	it('refuses a file that was copied under the name of another shard', async () => {
		const directory = await temporaryDirectory()
		const { db } = placesIn(directory)
		const first = openRouter(directory)
		await first.sql`INSERT INTO users (id) VALUES ('ada')`.run()
		await first.close()
		await copyFile(join(db, 'ada.sqlite'), join(db, 'bob.sqlite'))
		const second = openRouter(directory)
		await expect(second.sql`SELECT * FROM users WHERE id = 'bob'`.all()).rejects.toThrow(code('SHARD_ID_INVALID'))
	})

	it('says so when it is used after its end, or given no schema, or a file for a directory', async () => {
		const directory = await temporaryDirectory()
		const closed = openRouter(directory)
		await closed.close()
		await expect(closed.sql`SELECT * FROM users WHERE id = 'ada'`.all()).rejects.toThrow(code('SHARD_UNAVAILABLE'))
		await expect(closed.flush()).rejects.toThrow(code('SHARD_UNAVAILABLE'))
		expect(() => Reflect.construct(LocalRouter, [{}])).toThrow(code('SCHEMA_INVALID'))
		const file = join(directory, 'file')
		await writeFile(file, '')
		const misplaced = openRouter(directory, { db: file })
		await expect(misplaced.sql`SELECT * FROM users WHERE id = 'ada'`.all()).rejects.toThrow(code('CONFIG_INVALID'))
	})
})

describe('the tables of a LocalRouter', () => {
	const journal = (...tags: string[]) =>
		JSON.stringify({ entries: tags.map((tag, idx) => ({ idx, when: 1_760_000_000_000 + idx, tag, breakpoints: true })) })
	const init = `CREATE TABLE users (id text PRIMARY KEY NOT NULL, plan text DEFAULT 'basic', created_at integer);
--> statement-breakpoint
CREATE TABLE orders (id text PRIMARY KEY NOT NULL, user_id text NOT NULL, amount real NOT NULL, quantity integer);`

	it('come from the folder of migrations, those that are added later, too', async () => {
		const directory = await temporaryDirectory()
		const migrations = join(directory, 'drizzle')
		await mkdir(join(migrations, 'meta'), { recursive: true })
		await writeFile(join(migrations, 'meta', '_journal.json'), journal('0000_init'))
		await writeFile(join(migrations, '0000_init.sql'), init)
		const first = openRouter(directory, { migrations })
		await first.sql`INSERT INTO users (id) VALUES ('ada')`.run()
		expect(await first.sql`SELECT plan FROM users WHERE id = 'ada'`.first()).toEqual({ plan: 'basic' })
		await first.close()
		await writeFile(join(migrations, 'meta', '_journal.json'), journal('0000_init', '0001_index'))
		await writeFile(join(migrations, '0001_index.sql'), 'CREATE INDEX plans ON users (plan);')
		const second = openRouter(directory, { migrations })
		expect(await second.sql.shard('ada')`SELECT name FROM sqlite_schema WHERE name = 'plans'`.all()).toHaveLength(1)
	})

	it('are not made where the folder is none of drizzle-kit, or a migration fails: the answer says why', async () => {
		const directory = await temporaryDirectory()
		const read = (migrations: string | NonNullable<ConstructorParameters<typeof LocalRouter>[0]['migrations']>) =>
			openRouter(directory, { migrations }).sql`SELECT * FROM users WHERE id = 'ada'`.all().execute()
		await expect(read(join(directory, 'none'))).rejects.toThrow(code('CONFIG_INVALID'))
		await mkdir(join(directory, 'meta'))
		await writeFile(join(directory, 'meta', '_journal.json'), '{}')
		await expect(read(directory)).rejects.toThrow(code('CONFIG_INVALID'))
		const broken = { journal: JSON.parse(journal('0000_broken')), migrations: { m0000: 'CREATE TABLE users (' } }
		await expect(read(broken)).rejects.toThrow(code('MIGRATION_PENDING'))
		await expect(read(broken)).rejects.toThrow(/no such table: users.*migration "0000_broken", statement 1 of 1/)
	})

	it('made from the schema do not follow a change of it: that takes migrations', async () => {
		const directory = await temporaryDirectory()
		const first = openRouter(directory)
		await first.sql`INSERT INTO users (id) VALUES ('ada')`.run()
		await first.close()
		const changed = SQLake({
			users: sqliteTable('users', { id: text('id').primaryKey(), age: integer('age') }),
			shard: { users: 'id' },
		})
		const second = new LocalRouter({ schema: changed, ...placesIn(directory) })
		await expect(second.sql`SELECT * FROM users WHERE id = 'ada'`.all()).rejects.toMatchObject({
			code: 'MIGRATION_FAILED',
			hint: expect.stringContaining('migrations'),
		})
		await second.close()
		const third = openRouter(directory, {
			migrations: { journal: JSON.parse(journal('0000_init')), migrations: { m0000: init } },
		})
		await expect(third.sql`SELECT * FROM users WHERE id = 'ada'`.all()).rejects.toThrow(/created from a schema/)
	})
})
