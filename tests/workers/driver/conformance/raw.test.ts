import { and, eq, gt, sql } from 'drizzle-orm'
import { describe, expect, it } from 'vitest'
import { users as captured } from '../../do/objects.ts'
import { openLibrary, openShard } from './harness.ts'
import { books, loans, readers, towns } from './tables.ts'

const db = openLibrary('conformance-raw')
const code = (value: string) => expect.objectContaining({ code: value })

describe('raw SQL', () => {
	it('all() answers rows as objects, columns as SQLite names them', async () => {
		expect(await db.all(sql`select id, name as "Name" from ${towns} order by id limit ${1}`)).toEqual([{ id: 1, Name: 'Aachen' }])
	})

	it('get() answers the first row, or undefined', async () => {
		expect(await db.get(sql`select name from towns order by id desc`)).toEqual({ name: 'Celle' })
		expect(await db.get(sql`select name from towns where id = 9`)).toBeUndefined()
	})

	it('values() answers arrays, names that are equal included', async () => {
		expect(await db.values(sql`select 1 as a, 2 as a, null`)).toEqual([[1, 2, null]])
	})

	it('run() answers what was written', async () => {
		expect(await db.run(sql`insert into towns (id, name) values (${7}, ${'Goslar'})`)).toEqual({
			rowsAffected: 1,
			lastInsertRowid: 7,
			bookmark: null,
		})
		expect(await db.run(sql`update towns set name = name || '!'`)).toMatchObject({ rowsAffected: 4 })
		expect(await db.run(sql`delete from towns where id > ${1}`)).toMatchObject({ rowsAffected: 3 })
	})

	it('takes text alone', async () => {
		expect(await db.all('select count(*) as n from towns')).toEqual([{ n: 3 }])
		expect(await db.get('select 1 as one')).toEqual({ one: 1 })
	})

	it('takes a builder', async () => {
		expect(await db.all(db.select({ id: towns.id }).from(towns).where(eq(towns.id, 1)))).toEqual([{ id: 1 }])
	})

	it('takes tables, columns, identifiers, lists, fragments and text as it is', async () => {
		const where = sql`${towns.id} in (${sql.join([sql`${1}`, sql`${3}`], sql`, `)})`
		const rows = await db.all(
			sql`select ${sql.identifier('name')} from ${towns} where ${where} order by ${towns.id} ${sql.raw('desc')}`,
		)
		expect(rows).toEqual([{ name: 'Celle' }, { name: 'Aachen' }])
	})

	it('can be grown', async () => {
		const query = sql`select name from towns`
		query.append(sql` where id = ${2}`)
		expect(await db.all(query)).toEqual([{ name: 'Bremen' }])
	})

	it('with RETURNING answers rows', async () => {
		expect(await db.all(sql`insert into towns (name) values ('X'), ('Y') returning name`)).toEqual([{ name: 'X' }, { name: 'Y' }])
	})

	it('that SQLite refuses is an error with its message', async () => {
		await expect(db.run(sql`select * from no_such_table`)).rejects.toThrow(/no such table: no_such_table/)
		await expect(db.all(sql`selec 1`)).rejects.toThrow(code('SQL_PARSE'))
	})
})

describe('$count()', () => {
	it('counts a table, a condition, a sub-query', async () => {
		expect(await db.$count(books)).toBe(4)
		expect(await db.$count(books, and(eq(books.genre, 'novel'), gt(books.price, 10)))).toBe(1)
		expect(await db.$count(db.select().from(loans).where(eq(loans.readerId, 1)).as('own'))).toBe(2)
	})

	it('counts anew each time it is awaited', async () => {
		const count = db.$count(towns)
		expect(await count).toBe(3)
		await db.insert(towns).values({ id: 9, name: 'Jena' })
		expect(await count).toBe(4)
	})
})

describe('a batch', () => {
	it('answers each query in its own form', async () => {
		const answers = await db.batch([
			db.insert(towns).values({ id: 9, name: 'Jena' }).returning({ id: towns.id }),
			db.insert(towns).values({ id: 10, name: 'Kiel' }),
			db.select({ id: towns.id }).from(towns).where(gt(towns.id, 8)).orderBy(towns.id),
			db.query.towns.findFirst({ where: (table, { eq }) => eq(table.id, 10) }),
			db.update(towns).set({ name: 'Jena!' }).where(eq(towns.id, 9)).returning(),
			db.delete(towns).where(eq(towns.id, 10)),
			db.all(sql`select name from towns where id = 9`),
			db.get(sql`select 1 as one`),
			db.values(sql`select 1, 2`),
			db.run(sql`delete from towns where id = 9`),
		])
		expect(answers).toMatchObject([
			[{ id: 9 }],
			{ rowsAffected: 1, lastInsertRowid: 10 },
			[{ id: 9 }, { id: 10 }],
			{ id: 10, name: 'Kiel' },
			[{ id: 9, name: 'Jena!' }],
			{ rowsAffected: 1 },
			[{ name: 'Jena!' }],
			{ one: 1 },
			[[1, 2]],
			{ rowsAffected: 1 },
		])
	})

	it('decodes joins and nested selections', async () => {
		const [rows] = await db.batch([
			db
				.select({ name: readers.name, town: towns })
				.from(readers)
				.leftJoin(towns, eq(readers.townId, towns.id))
				.orderBy(readers.id),
		])
		expect(rows[0]).toEqual({ name: 'Ada', town: { id: 1, name: 'Aachen' } })
		expect(rows[3]).toEqual({ name: 'Dan', town: null })
	})

	it('is all or nothing', async () => {
		const clash = db.insert(towns).values({ id: 1, name: 'again' })
		await expect(db.batch([db.delete(loans), clash])).rejects.toThrow(/UNIQUE/)
		expect(await db.$count(loans)).toBe(4)
	})
})

describe('a change of the shard’s own tables', () => {
	it('makes, alters and drops tables, indexes and views, and answers that no row was affected', async () => {
		const nothing = { rowsAffected: 0, lastInsertRowid: null, bookmark: null }
		await db.insert(towns).values({ id: 20, name: 'Trier' })
		expect(await db.run(sql`create table notes (id integer primary key, body text)`)).toEqual(nothing)
		expect(await db.run(sql`alter table notes add column starred integer default 0`)).toEqual(nothing)
		await db.run(sql`create index notes_starred on notes (starred)`)
		await db.run(sql`create view starred as select * from notes where starred`)
		await db.run(sql`insert into notes (body, starred) values ('a', 1), ('b', 0)`)
		expect(await db.all(sql`select body from starred`)).toEqual([{ body: 'a' }])
		expect(await db.all(sql`select name from sqlite_schema where tbl_name = 'notes' order by name`)).toEqual([
			{ name: 'notes' },
			{ name: 'notes_starred' },
		])
		await db.run(sql`drop view starred`)
		expect(await db.run(sql`drop table if exists notes`)).toEqual(nothing)
		await expect(db.all(sql`select * from notes`)).rejects.toThrow(/no such table/)
	})

	it('goes in a batch, and is rolled back with it', async () => {
		await expect(
			db.batch([db.run(sql`create table passing (id integer)`), db.run(sql`insert into towns (id, name) values (1, 'again')`)]),
		).rejects.toThrow(/UNIQUE/)
		await expect(db.all(sql`select * from passing`)).rejects.toThrow(/no such table/)
		await db.batch([db.run(sql`create table passing (id integer)`), db.run(sql`insert into passing values (1)`)])
		expect(await db.all(sql`select * from passing`)).toEqual([{ id: 1 }])
		await db.run(sql`drop table passing`)
	})

	it('fires triggers of its own', async () => {
		await db.run(sql`create table log (what text)`)
		await db.run(
			sql`create trigger towns_log after insert on towns begin insert into log values (case when 1 then new.name end); end;`,
		)
		expect(await db.insert(towns).values({ id: 9, name: 'Jena' })).toMatchObject({ rowsAffected: 1 })
		expect(await db.all(sql`select what from log`)).toEqual([{ what: 'Jena' }])
		await db.run(sql`drop trigger towns_log`)
		await db.run(sql`drop table log`)
	})

	it('leaves capture of the schema’s tables as it was', async () => {
		const shard = 'conformance-captured'
		const own = openShard(shard)
		await own.run(sql`create table beside (id integer primary key)`)
		const first = await own.insert(captured).values({ id: shard })
		expect(first.bookmark).toMatchObject({ shard, seq: 1n })
		expect((await own.run(sql`insert into beside values (1)`)).bookmark).toBeNull()
		await own.run(sql`alter table users add column nick text`)
		await own.run(sql`drop table beside`)
		const second = await own.update(captured).set({ plan: 'pro' })
		expect(second.bookmark).toMatchObject({ shard, seq: 2n })
	})

	it('is refused unless the database is pinned', async () => {
		const { drizzle } = await import('../../../../src/driver/drizzle.ts')
		const { sqlake } = await import('../../../../src/worker/workerd.ts')
		const { env } = await import('cloudflare:workers')
		const { db: schema } = await import('../../do/objects.ts')
		const unpinned = drizzle(sqlake(env, { schema, durableObject: 'SHARD_DO' }))
		await expect(unpinned.run(sql`create table x (id integer)`)).rejects.toMatchObject({
			code: 'ROUTE_UNSUPPORTED',
			hint: expect.stringContaining('db.shard(id)'),
		})
		await expect(unpinned.select().from(towns)).rejects.toThrow(code('ROUTE_UNKNOWN_TABLE'))
		await expect(unpinned.insert(towns).values({ id: 1, name: 'x' })).rejects.toThrow(code('ROUTE_UNKNOWN_TABLE'))
	})

	it.each([
		sql`drop table _cdc_buffer`,
		sql`create table _cdc_mine (id integer)`,
		sql`alter table towns rename to _sqlake_towns`,
		sql`create trigger t after insert on towns begin delete from _cdc_buffer; end`,
		sql`select * from _cf_METADATA`,
		sql`create view v as select * from "_SQLAKE_object"`,
		sql`create trigger t after insert on towns begin select 1; end; drop table _cdc_buffer`,
	])('is refused for the tables of sqlake and of the platform', async (statement) => {
		await expect(db.run(statement)).rejects.toThrow(
			expect.objectContaining({ code: expect.stringMatching(/^(QUERY_FAILED|SQL_PARSE)$/) }),
		)
	})

	it.each([sql`pragma foreign_keys = off`, sql`vacuum`, sql`begin`, sql`attach 'x' as y`])('is no setting', async (statement) => {
		await expect(db.run(statement)).rejects.toThrow(code('ROUTE_UNSUPPORTED'))
	})
})

describe('a transaction from outside', () => {
	it('is refused, with what to do instead', async () => {
		await expect(db.transaction(async (tx) => tx.select().from(towns))).rejects.toMatchObject({
			code: 'TRANSACTION_UNSUPPORTED',
			hint: expect.stringContaining('batch'),
		})
	})
})
