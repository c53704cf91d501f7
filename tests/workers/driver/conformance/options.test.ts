import { env } from 'cloudflare:workers'
import { mkdir, writeFile } from 'node:fs/promises'
import { eq, sql, type Table } from 'drizzle-orm'
import { Cache, type MutationOption } from 'drizzle-orm/cache/core'
import { migrate } from 'drizzle-orm/d1/migrator'
import { integer, sqliteTable, text, withReplicas } from 'drizzle-orm/sqlite-core'
import { describe, expect, it } from 'vitest'
import { drizzle } from '../../../../src/driver/drizzle.ts'
import { SQLake } from '../../../../src/schema/database.ts'
import { sqlake } from '../../../../src/worker/workerd.ts'
import { db as schema, users } from '../../do/objects.ts'
import { openShard } from './harness.ts'

const client = sqlake(env, { schema, durableObject: 'SHARD_DO' })
const items = sqliteTable('items', { id: integer('id').primaryKey(), label: text('label') })

async function openItems(shard: string, config: Parameters<typeof openShard>[1] = {}) {
	const db = openShard(shard, config)
	await db.run(sql`create table if not exists items (id integer primary key, label text)`)
	return db
}

describe('a logger', () => {
	it('is told each statement with its values, batches included', async () => {
		const logged: [string, unknown[]][] = []
		const db = await openItems('options-logger', { logger: { logQuery: (query, params) => logged.push([query, params]) } })
		logged.length = 0
		await db.select({ id: items.id }).from(items).where(eq(items.id, 1))
		await db.batch([db.insert(items).values({ id: 1, label: 'a' }), db.run(sql`delete from items`)])
		expect(logged).toEqual([
			['select "id" from "items" where "items"."id" = ?', [1]],
			['insert into "items" ("id", "label") values (?, ?)', [1, 'a']],
			['delete from items', []],
		])
	})
})

/** Keeps answers for good, and notes what it was asked. */
class NotedCache extends Cache {
	readonly answers = new Map<string, unknown[]>()
	readonly mutations: MutationOption[] = []
	readonly kind: 'explicit' | 'all'
	constructor(kind: 'explicit' | 'all') {
		super()
		this.kind = kind
	}
	strategy() {
		return this.kind
	}
	async get(key: string) {
		return this.answers.get(key)
	}
	async put(key: string, response: unknown[]) {
		this.answers.set(key, response)
	}
	async onMutate(params: MutationOption) {
		this.mutations.push(params)
		this.answers.clear()
	}
}

describe('a cache', () => {
	const one = (database: ReturnType<typeof open>) => database.select().from(users).where(eq(users.id, 'cached'))
	const open = (cache: NotedCache) => drizzle(client, { cache })

	it('answers queries that were answered before, until a write is heard of', async () => {
		const cache = new NotedCache('all')
		const db = open(cache)
		await db.insert(users).values({ id: 'cached', plan: 'free' }).onConflictDoNothing()
		expect(await one(db)).toMatchObject([{ plan: 'free' }])
		await drizzle(client).update(users).set({ plan: 'unheard' }).where(eq(users.id, 'cached'))
		expect(await one(db)).toMatchObject([{ plan: 'free' }])
		await db.update(users).set({ plan: 'pro' }).where(eq(users.id, 'cached'))
		expect(cache.mutations.at(-1)?.tables).toEqual(['users'])
		expect(await one(db)).toMatchObject([{ plan: 'pro' }])
	})

	it('of the explicit kind is asked where $withCache() says so', async () => {
		const cache = new NotedCache('explicit')
		const db = open(cache)
		await one(db)
		expect(cache.answers.size).toBe(0)
		await one(db).$withCache()
		expect(cache.answers.size).toBe(1)
		expect(db.$cache).toBe(cache)
		await db.$cache?.invalidate({ tables: users as Table })
		expect(cache.answers.size).toBe(0)
	})

	it('is left aside in a pinned shard, where the same text has another answer', async () => {
		const cache = new NotedCache('all')
		const db = await openItems('options-cache', { cache })
		await db.insert(items).values({ id: 1, label: 'a' })
		await db.select().from(items)
		expect(cache.answers.size).toBe(0)
	})
})

describe('withReplicas()', () => {
	it('reads from a replica and writes to the primary', async () => {
		const primary = await openItems('options-primary')
		const replica = await openItems('options-replica')
		await replica.insert(items).values({ id: 1, label: 'replica' })
		const db = withReplicas(primary, [replica])
		await db.insert(items).values({ id: 1, label: 'primary' })
		const label = db.$with('label').as(db.select({ label: items.label }).from(items))
		expect(await db.select().from(items)).toEqual([{ id: 1, label: 'replica' }])
		expect(await db.selectDistinct({ label: items.label }).from(items)).toEqual([{ label: 'replica' }])
		expect(await db.with(label).select().from(label)).toEqual([{ label: 'replica' }])
		expect(await db.$count(items)).toBe(1)
		expect(await db.query.towns.findMany().catch((error: Error) => error.message)).toContain('no such table')
		expect(await db.$primary.select().from(items)).toEqual([{ id: 1, label: 'primary' }])
		expect(await db.update(items).set({ label: 'changed' }).returning()).toEqual([{ id: 1, label: 'changed' }])
		expect(await db.all(sql`select label from items`)).toEqual([{ label: 'changed' }])
		expect(await db.delete(items)).toMatchObject({ rowsAffected: 1 })
		expect(await db.$replicas[0]?.$count(items)).toBe(1)
		expect(await db.$primary.batch([db.$primary.select().from(items)])).toEqual([[]])
	})

	it('keeps what sqlake adds to a database', async () => {
		const primary = drizzle(client)
		const db = withReplicas(primary, [primary])
		const id = 'options-replicas'
		const [, found] = await db.batch([
			db.insert(users).values({ id, plan: 'free' }).onConflictDoNothing(),
			db.select().from(users).where(eq(users.id, id)),
		])
		expect(found).toMatchObject([{ id }])
		expect(await db.shard(id).select().from(users)).toMatchObject([{ id }])
		expect(db.lastBookmark(id)).toMatchObject({ shard: id })
		for (const lake of [db.analytics(), db.asOf(0), db.snapshot(1), db.between(0, 1), db.causal({ shard: id, seq: 1n })]) {
			expect(() => Reflect.get(lake, 'insert').call(lake)).toThrow(expect.objectContaining({ code: 'READ_ONLY' }))
		}
	})
})

describe('casing', () => {
	const people = sqliteTable('people', { id: integer().primaryKey(), firstName: text(), madeAt: integer({ mode: 'timestamp' }) })

	it('names columns that have no name of their own', async () => {
		const db = drizzle(client, { casing: 'snake_case', schema: { people } }).shard('options-casing')
		await db.run(sql`create table people (id integer primary key, first_name text, made_at integer)`)
		const row = { id: 1, firstName: 'Ada', madeAt: new Date(1_000) }
		expect(await db.insert(people).values(row).returning()).toEqual([row])
		expect(
			await db.update(people).set({ firstName: 'Eve' }).where(eq(people.firstName, 'Ada')).returning({ n: people.firstName }),
		).toEqual([{ n: 'Eve' }])
		expect(await db.select().from(people).where(eq(people.firstName, 'Eve'))).toEqual([{ ...row, firstName: 'Eve' }])
		expect(await db.query.people.findFirst()).toEqual({ ...row, firstName: 'Eve' })
		expect(db.select({ n: people.firstName }).from(people).toSQL().sql).toBe('select "first_name" from "people"')
		const plain = drizzle(client).shard('options-casing')
		expect(plain.select({ n: people.firstName }).from(people).toSQL().sql).toBe('select "firstName" from "people"')
	})

	it('is refused where it would rename a column of the schema', () => {
		const own = SQLake({
			notes: { id: text('id').primaryKey(), madeAt: integer() },
			shard: { notes: 'id' },
			r2Bucket: schema.r2Bucket,
		})
		const other = sqlake(env, { schema: own, durableObject: 'SHARD_DO' })
		expect(() => drizzle(other, { casing: 'snake_case' })).toThrow(
			expect.objectContaining({ code: 'SCHEMA_INVALID', message: expect.stringContaining('"made_at"') }),
		)
		expect(() => drizzle(other, { casing: 'camelCase' })).not.toThrow()
	})
})

describe('a schema of tables that SQLake() does not know', () => {
	it('may have a table of a name that it does know, and takes its place', async () => {
		const own = { users: sqliteTable('users_of_mine', { id: integer('id').primaryKey(), nick: text('nick') }) }
		const db = drizzle(client, { schema: own }).shard('options-schema')
		await db.run(sql`create table users_of_mine (id integer primary key, nick text)`)
		await db.insert(own.users).values({ id: 1, nick: 'ada' })
		const found: { id: number; nick: string | null } | undefined = await db.query.users.findFirst()
		expect(found).toEqual({ id: 1, nick: 'ada' })
	})
})

describe("Drizzle's migrator for D1", () => {
	it('applies what drizzle-kit generated, each file once, to a pinned shard', async () => {
		const folder = '/tmp/migrations'
		// The object's own migrations are in Drizzle's table already, and Drizzle goes by the newest.
		const config = { migrationsFolder: folder, migrationsTable: 'beside' }
		const write = async (...files: string[]) => {
			await mkdir(`${folder}/meta`, { recursive: true })
			const entries = files.map((_, idx) => ({ idx, version: '6', when: 1_000 + idx, tag: `${idx}_m`, breakpoints: true }))
			await writeFile(`${folder}/meta/_journal.json`, JSON.stringify({ version: '7', dialect: 'sqlite', entries }))
			for (const [idx, text] of files.entries()) await writeFile(`${folder}/${idx}_m.sql`, text)
		}
		const first = 'create table made (id integer primary key);\n--> statement-breakpoint\ninsert into made values (1)'
		const db = openShard('options-migrate')
		await write(first)
		await migrate(db, config)
		await migrate(db, config)
		await write(first, 'alter table made add column note text')
		await migrate(db, config)
		expect(await db.all(sql`select * from made`)).toEqual([{ id: 1, note: null }])
		expect(await db.all(sql`select count(*) as n from beside`)).toEqual([{ n: 2 }])
	})
})
