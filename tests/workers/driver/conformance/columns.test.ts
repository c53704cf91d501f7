import { eq, getTableColumns, getTableName, sql } from 'drizzle-orm'
import { getTableConfig, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { describe, expect, it } from 'vitest'
import { joinedAt, openLibrary } from './harness.ts'
import { kinds, loans, readers } from './tables.ts'

const db = openLibrary('conformance-columns')

/** Writes a value of one column and answers it as Drizzle reads it, with SQLite's type and the stored value. */
async function roundTrip<K extends keyof typeof kinds.$inferInsert>(property: K, value: (typeof kinds.$inferInsert)[K]) {
	const column = getTableColumns(kinds)[property]
	await db.insert(kinds).values({ id: 1, [property]: value })
	const [row] = await db.select().from(kinds)
	const [stored] = await db.values<[string, unknown]>(sql`select typeof(${column}), ${column} from ${kinds}`)
	return { read: row?.[property as keyof typeof row], type: stored?.[0], stored: stored?.[1] }
}

describe('a column', () => {
	it('of booleans stores 1 and 0', async () => {
		expect(await roundTrip('flag', true)).toEqual({ read: true, type: 'integer', stored: 1 })
		await db.update(kinds).set({ flag: false })
		expect(await db.select({ flag: kinds.flag }).from(kinds)).toEqual([{ flag: false }])
	})

	it('of timestamps stores seconds', async () => {
		const date = new Date('2026-02-03T04:05:06Z')
		expect(await roundTrip('second', date)).toEqual({ read: date, type: 'integer', stored: date.getTime() / 1000 })
	})

	it('of timestamps in milliseconds keeps them', async () => {
		const date = new Date('2026-02-03T04:05:06.789Z')
		expect(await roundTrip('milli', date)).toEqual({ read: date, type: 'integer', stored: date.getTime() })
	})

	it('of timestamps takes moments before 1970', async () => {
		const date = new Date('1912-06-23T00:00:00Z')
		expect((await roundTrip('second', date)).read).toEqual(date)
	})

	it.each([{ a: [1, 'ü', null] }, [1, 2], 'text', 0, false])('of JSON text keeps %j', async (value) => {
		expect(await roundTrip('json', value)).toEqual({ read: value, type: 'text', stored: JSON.stringify(value) })
	})

	it.each([{ a: 'ü' }, [1, [2]]])('of JSON in a blob keeps %j', async (value) => {
		expect(await roundTrip('blobJson', value)).toMatchObject({ read: value, type: 'blob' })
	})

	it('of an enum keeps its text', async () => {
		expect(await roundTrip('state', 'closed')).toEqual({ read: 'closed', type: 'text', stored: 'closed' })
	})

	it.each(['', "it's", 'a\nb', '👩‍👩‍👧', '日本'])('of text keeps %j', async (value) => {
		expect((await roundTrip('state', value as 'open')).read).toBe(value)
	})

	it.each([0, -1.5, Math.PI, 1e300, 5e-324])('of reals keeps %d', async (value) => {
		expect(await roundTrip('number', value)).toEqual({ read: value, type: 'real', stored: value })
	})

	it('of numerics answers text', async () => {
		expect(await roundTrip('exact', '12.5')).toMatchObject({ read: '12.5', type: 'real' })
	})

	it('of numerics as numbers answers numbers', async () => {
		expect((await roundTrip('exactNumber', 99)).read).toBe(99)
	})

	it.each([1n, 2n ** 53n + 1n, -(2n ** 63n), 2n ** 63n - 1n])('of numerics as bigints keeps %d', async (value) => {
		expect(await roundTrip('exactBig', value)).toMatchObject({ read: value, type: 'integer' })
	})

	it('of bytes keeps them', async () => {
		const { read, type } = await roundTrip('bytes', Buffer.from([0, 1, 254, 255]))
		expect(type).toBe('blob')
		expect(Buffer.isBuffer(read)).toBe(true)
		expect([...(read as Buffer)]).toEqual([0, 1, 254, 255])
	})

	it('of bytes keeps none of them', async () => {
		const { read, type } = await roundTrip('bytes', Buffer.alloc(0))
		expect([type, (read as Buffer).byteLength]).toEqual(['blob', 0])
	})

	it('of bigints in a blob keeps any size', async () => {
		expect(await roundTrip('big', 2n ** 200n + 1n)).toMatchObject({ read: 2n ** 200n + 1n, type: 'blob' })
	})

	it('of a custom type is mapped there and back', async () => {
		expect(await roundTrip('custom', 'abc')).toEqual({ read: 'abc', type: 'text', stored: 'cba' })
		expect(await db.select({ id: kinds.id }).from(kinds).where(eq(kinds.custom, 'abc'))).toEqual([{ id: 1 }])
	})

	it('that is NULL is null in every mode', async () => {
		await db.insert(kinds).values({ id: 1, constant: null, now: null, made: null, touched: null })
		const [row] = await db.select().from(kinds)
		expect(new Set(Object.values({ ...row, id: null }))).toEqual(new Set([null]))
	})
})

describe('a default', () => {
	it('of a constant, of SQL and of functions stands where a row leaves the column out', async () => {
		const [row] = await db.insert(kinds).values({ id: 1, number: 2, short: 'abc' }).returning()
		expect(row).toMatchObject({ constant: 'given', now: 'SQL', made: 'made', touched: expect.any(Number) })
	})

	it('gives way to a value, null included', async () => {
		const [row] = await db.insert(kinds).values({ id: 1, constant: null, made: 'mine' }).returning()
		expect(row).toMatchObject({ constant: null, made: 'mine' })
	})

	it('of SQL is decoded as the column is', async () => {
		const [row] = await db.insert(readers).values({ name: 'New' }).returning()
		expect(row).toEqual({
			id: expect.any(Number),
			name: 'New',
			verified: false,
			tags: null,
			townId: null,
			mentorId: null,
			joinedAt,
		})
	})

	it('of an autoincrement key is the next number, which lastInsertRowid tells', async () => {
		const { lastInsertRowid } = await db.insert(readers).values({ name: 'New' })
		const [row] = await db.select({ id: readers.id }).from(readers).where(eq(readers.name, 'New'))
		expect(row?.id).toBe(lastInsertRowid)
		expect(row?.id).toBeGreaterThan(4)
	})

	it('$onUpdate() answers anew at each update, and not where the value is given', async () => {
		const [inserted] = await db.insert(kinds).values({ id: 1 }).returning({ touched: kinds.touched })
		const [updated] = await db.update(kinds).set({ number: 1 }).returning({ touched: kinds.touched })
		expect(updated?.touched).toBe((inserted?.touched ?? 0) + 1)
		const [given] = await db.update(kinds).set({ touched: 99 }).returning({ touched: kinds.touched })
		expect(given?.touched).toBe(99)
	})
})

describe('a generated column', () => {
	it('is computed at insert and at update, virtual or stored', async () => {
		const [row] = await db.insert(kinds).values({ id: 1, number: 2, short: 'abc' }).returning()
		expect(row).toMatchObject({ doubled: 4, stored: 'ABC' })
		expect(await db.update(kinds).set({ number: 5, short: 'x' }).returning({ d: kinds.doubled, s: kinds.stored })).toEqual([
			{ d: 10, s: 'X' },
		])
	})

	it('can be asked for', async () => {
		await db.insert(kinds).values({ id: 1, number: 2 })
		expect(await db.select({ id: kinds.id }).from(kinds).where(eq(kinds.doubled, 4))).toEqual([{ id: 1 }])
	})
})

describe("a table's description", () => {
	it('tells name, keys, foreign keys and indexes', () => {
		expect(getTableName(loans)).toBe('loans')
		const { primaryKeys, foreignKeys } = getTableConfig(loans)
		expect(primaryKeys[0]?.columns.map(({ name }) => name)).toEqual(['reader_id', 'isbn'])
		expect(foreignKeys).toHaveLength(2)
	})

	it('holds for a table of any name', async () => {
		const odd = sqliteTable('odd "table" [x]', { id: integer('the id').primaryKey(), select: text('select') })
		await db.run(sql`create table "odd ""table"" [x]" ("the id" integer primary key, "select" text)`)
		const quoted = sqliteTable('order', { id: integer('id').primaryKey(), group: text('group') })
		await db.run(sql`create table ${quoted} (id integer primary key, "group" text)`)
		await db.insert(quoted).values({ id: 1, group: 'g' })
		expect(await db.select().from(quoted)).toEqual([{ id: 1, group: 'g' }])
		expect(getTableConfig(odd).name).toBe('odd "table" [x]')
		await db.run(sql`drop table ${quoted}`)
	})
})
