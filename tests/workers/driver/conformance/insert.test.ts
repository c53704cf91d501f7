import { eq, gt, sql } from 'drizzle-orm'
import { QueryBuilder } from 'drizzle-orm/sqlite-core'
import { describe, expect, it } from 'vitest'
import { joinedAt, openLibrary } from './harness.ts'
import { books, kinds, loans, readers, towns } from './tables.ts'

const db = openLibrary('conformance-insert')
const emma = { isbn: 'b4', title: 'Emma', genre: 'novel', price: 9.25, copies: 5, slug: 'emma' } as const
const fresh = { isbn: 'b5', title: 'Fresh', genre: 'novel', price: 1, slug: 'fresh' } as const

describe('an insert', () => {
	it('answers rows affected, the last rowid, and no bookmark for a table that is not captured', async () => {
		const result = await db.insert(towns).values([
			{ id: 7, name: 'Goslar' },
			{ id: 8, name: 'Halle' },
		])
		expect(result).toEqual({ rowsAffected: 2, lastInsertRowid: 8, bookmark: null })
	})

	it('answers whole rows from returning()', async () => {
		expect(
			await db
				.insert(readers)
				.values({ name: 'Eve', tags: ['new'] })
				.returning(),
		).toEqual([{ id: expect.any(Number), name: 'Eve', verified: false, tags: ['new'], townId: null, mentorId: null, joinedAt }])
	})

	it('answers chosen columns and expressions from returning()', async () => {
		const rows = await db
			.insert(towns)
			.values([{ id: 9, name: 'Jena' }])
			.returning({ name: towns.name, shout: sql<string>`upper(${towns.name})` })
		expect(rows).toEqual([{ name: 'Jena', shout: 'JENA' }])
	})

	it('answers one row from returning().get(), arrays from values()', async () => {
		expect(await db.insert(towns).values({ id: 9, name: 'Jena' }).returning().get()).toEqual({ id: 9, name: 'Jena' })
		expect(await db.insert(towns).values({ id: 10, name: 'Kiel' }).returning().values()).toEqual([[10, 'Kiel']])
		expect(await db.insert(towns).values({ id: 11, name: 'Lahr' }).returning().all()).toEqual([{ id: 11, name: 'Lahr' }])
		expect(await db.insert(towns).values({ id: 12, name: 'Mainz' }).run()).toMatchObject({ rowsAffected: 1 })
	})

	it('takes rows with different columns', async () => {
		const rows = await db
			.insert(readers)
			.values([{ name: 'X' }, { name: 'Y', verified: true, townId: 2 }, { name: 'Z', mentorId: 1 }])
			.returning({ name: readers.name, verified: readers.verified, townId: readers.townId, mentorId: readers.mentorId })
		expect(rows).toEqual([
			{ name: 'X', verified: false, townId: null, mentorId: null },
			{ name: 'Y', verified: true, townId: 2, mentorId: null },
			{ name: 'Z', verified: false, townId: null, mentorId: 1 },
		])
	})

	it('takes expressions as values', async () => {
		const [row] = await db
			.insert(towns)
			.values({ id: sql`(select max(id) + 1 from towns)`, name: sql`upper(${'ulm'})` })
			.returning()
		expect(row).toEqual({ id: 4, name: 'ULM' })
	})

	it('of a row that is all defaults', async () => {
		expect(await db.insert(kinds).values({}).returning({ constant: kinds.constant, now: kinds.now })).toEqual([
			{ constant: 'given', now: 'SQL' },
		])
		expect(await db.insert(kinds).values([{}, {}])).toMatchObject({ rowsAffected: 2 })
	})

	it('of no rows is refused', () => {
		expect(() => db.insert(towns).values([])).toThrow(/at least one value/)
	})

	it('of a great many rows is one atomic write', async () => {
		const many = Array.from({ length: 700 }, (_, i) => ({ id: 100 + i, name: `t${i}` }))
		expect(await db.insert(towns).values(many)).toMatchObject({ rowsAffected: 700 })
		const clash = [...many.map(({ id, name }) => ({ id: id + 700, name })), { id: 1, name: 'again' }]
		await expect(db.insert(towns).values(clash)).rejects.toMatchObject({ code: 'QUERY_FAILED' })
		expect(await db.$count(towns, gt(towns.id, 799))).toBe(0)
		expect(
			await db
				.insert(towns)
				.values(many.map(({ id, name }) => ({ id: id + 700, name })))
				.returning(),
		).toHaveLength(700)
	})

	it('that breaks a constraint is SQLite’s error', async () => {
		await expect(db.insert(loans).values({ readerId: 1, isbn: 'nothing', day: 1 })).rejects.toThrow(/FOREIGN KEY/)
		await expect(db.insert(books).values({ ...fresh, slug: 'emma' })).rejects.toThrow(/UNIQUE constraint failed: books.slug/)
		await expect(db.insert(towns).values({ name: null } as never)).rejects.toThrow(/NOT NULL constraint failed: towns.name/)
	})
})

describe('an insert of a query', () => {
	it('takes a select builder', async () => {
		await db.insert(towns).select(db.select({ id: sql<number>`${towns.id} + 10`.as('id'), name: towns.name }).from(towns))
		expect(await db.$count(towns)).toBe(6)
	})

	it('takes a callback', async () => {
		const rows = await db
			.insert(towns)
			.select((qb) =>
				qb
					.select({ id: sql<number>`${towns.id} + 20`.as('id'), name: towns.name })
					.from(towns)
					.where(eq(towns.id, 1)),
			)
			.returning()
		expect(rows).toEqual([{ id: 21, name: 'Aachen' }])
	})

	it('takes a query builder of its own, and raw SQL', async () => {
		const qb = new QueryBuilder()
		await db.insert(towns).select(
			qb
				.select({ id: sql<number>`${towns.id} + 30`.as('id'), name: towns.name })
				.from(towns)
				.where(eq(towns.id, 2)),
		)
		await db.insert(towns).select(sql`select 40, 'Nauen'`)
		await db.insert(towns).select(() => sql`select 41, 'Oppeln'`)
		expect(await db.select().from(towns).where(gt(towns.id, 30)).orderBy(towns.id)).toEqual([
			{ id: 32, name: 'Bremen' },
			{ id: 40, name: 'Nauen' },
			{ id: 41, name: 'Oppeln' },
		])
	})

	it('of other columns than the table’s is refused', () => {
		expect(() => db.insert(towns).select(db.select({ name: towns.name }).from(towns) as never)).toThrow(/same/)
	})
})

describe('an upsert', () => {
	const title = async (isbn: string) =>
		(await db.select({ title: books.title }).from(books).where(eq(books.isbn, isbn)).get())?.title

	it('onConflictDoNothing() keeps the row', async () => {
		expect(
			await db
				.insert(books)
				.values({ ...emma, title: 'Other' })
				.onConflictDoNothing(),
		).toMatchObject({ rowsAffected: 0 })
		expect(await title('b4')).toBe('Emma')
	})

	it('onConflictDoNothing() of a target lets other conflicts fail', async () => {
		const values = { ...fresh, slug: 'emma' }
		await db.insert(books).values(values).onConflictDoNothing({ target: books.slug })
		expect(await title('b5')).toBeUndefined()
		await expect(db.insert(books).values(values).onConflictDoNothing({ target: books.isbn })).rejects.toThrow(/UNIQUE/)
	})

	it('onConflictDoNothing() answers the rows that were inserted', async () => {
		expect(await db.insert(books).values([emma, fresh]).onConflictDoNothing().returning({ isbn: books.isbn })).toEqual([
			{ isbn: 'b5' },
		])
	})

	it('onConflictDoUpdate() sets values', async () => {
		const rows = await db
			.insert(books)
			.values(emma)
			.onConflictDoUpdate({ target: books.isbn, set: { title: 'Changed', copies: sql`${books.copies} + 1` } })
			.returning({ title: books.title, copies: books.copies })
		expect(rows).toEqual([{ title: 'Changed', copies: 6 }])
	})

	it('onConflictDoUpdate() reads what was to be inserted', async () => {
		await db
			.insert(books)
			.values([{ ...emma, title: 'Excluded' }, fresh])
			.onConflictDoUpdate({ target: books.slug, set: { title: sql`excluded.title` } })
		expect([await title('b4'), await title('b5')]).toEqual(['Excluded', 'Fresh'])
	})

	it('onConflictDoUpdate() goes by a composite key', async () => {
		await db
			.insert(loans)
			.values({ readerId: 1, isbn: 'b1', day: 99 })
			.onConflictDoUpdate({ target: [loans.readerId, loans.isbn], set: { day: 99 } })
		expect(await db.select({ day: loans.day }).from(loans).where(eq(loans.day, 99))).toHaveLength(1)
	})

	it('setWhere decides which row is updated', async () => {
		const upsert = (least: number) =>
			db
				.insert(books)
				.values(emma)
				.onConflictDoUpdate({ target: books.isbn, set: { title: 'Many' }, setWhere: gt(books.copies, least) })
		expect(await upsert(5)).toMatchObject({ rowsAffected: 0 })
		expect(await upsert(4)).toMatchObject({ rowsAffected: 1 })
		expect(await title('b4')).toBe('Many')
	})

	it('targetWhere names a partial index', async () => {
		await db.run(sql`create unique index if not exists towns_name on towns (name) where id > 0`)
		await db
			.insert(towns)
			.values({ id: 50, name: 'Celle' })
			.onConflictDoUpdate({ target: towns.name, targetWhere: sql`id > 0`, set: { name: 'Celle an der Aller' } })
		expect(await db.select().from(towns).where(eq(towns.id, 3))).toEqual([{ id: 3, name: 'Celle an der Aller' }])
		await db.run(sql`drop index towns_name`)
	})

	it('several conflict clauses are tried in turn', async () => {
		const insert = (values: typeof books.$inferInsert) =>
			db
				.insert(books)
				.values(values)
				.onConflictDoUpdate({ target: books.isbn, set: { title: 'by isbn' } })
				.onConflictDoUpdate({ target: books.slug, set: { title: 'by slug' } })
		await insert({ ...fresh, isbn: 'b1' })
		await insert({ ...fresh, slug: 'emma' })
		expect([await title('b1'), await title('b4')]).toEqual(['by isbn', 'by slug'])
	})
})
