import { desc, eq, gt, inArray, lt, sql } from 'drizzle-orm'
import { describe, expect, it } from 'vitest'
import { openLibrary } from './harness.ts'
import { books, loans, readers, towns } from './tables.ts'

const db = openLibrary('conformance-update-delete')

describe('an update', () => {
	it('answers how many rows it changed', async () => {
		expect(await db.update(books).set({ copies: 0 }).where(eq(books.genre, 'novel'))).toMatchObject({ rowsAffected: 2 })
		expect(await db.update(books).set({ copies: 1 })).toMatchObject({ rowsAffected: 4 })
		expect(await db.update(books).set({ copies: 1 }).where(eq(books.isbn, 'no'))).toMatchObject({ rowsAffected: 0 })
	})

	it('answers rows from returning(), decoded', async () => {
		const rows = await db
			.update(readers)
			.set({ tags: ['x'], verified: true, joinedAt: new Date(5_000) })
			.where(eq(readers.id, 2))
			.returning()
		expect(rows).toEqual([{ id: 2, name: 'Ben', verified: true, tags: ['x'], townId: 1, mentorId: 1, joinedAt: new Date(5_000) }])
	})

	it('answers chosen columns, one row, and arrays', async () => {
		const update = () => db.update(books).set({ copies: 7 }).where(eq(books.isbn, 'b1'))
		expect(await update().returning({ n: books.copies })).toEqual([{ n: 7 }])
		expect(await update().returning({ n: books.copies }).get()).toEqual({ n: 7 })
		expect(await update().returning({ n: books.copies }).values()).toEqual([[7]])
		expect(await update().returning({ n: books.copies }).all()).toEqual([{ n: 7 }])
		expect(await update().run()).toMatchObject({ rowsAffected: 1 })
	})

	it('sets expressions, null, and the value of another column', async () => {
		const [row] = await db
			.update(readers)
			.set({ name: sql`${readers.name} || '!'`, townId: null, mentorId: sql`${readers.id}` })
			.where(eq(readers.id, 2))
			.returning({ name: readers.name, townId: readers.townId, mentorId: readers.mentorId })
		expect(row).toEqual({ name: 'Ben!', townId: null, mentorId: 2 })
	})

	it('sets what a sub-query answers', async () => {
		const loanCount = db.select({ n: sql`count(*)` }).from(loans).where(eq(loans.isbn, books.isbn))
		await db.update(books).set({ copies: sql`(${loanCount})` })
		expect(await db.select({ n: books.copies }).from(books).orderBy(books.isbn)).toEqual([{ n: 2 }, { n: 1 }, { n: 1 }, { n: 0 }])
	})

	it('leaves out what is undefined', async () => {
		const [row] = await db.update(books).set({ title: undefined, copies: 9 }).where(eq(books.isbn, 'b1')).returning()
		expect(row).toMatchObject({ title: 'Dune', copies: 9 })
	})

	it('of nothing is refused', () => {
		expect(() => db.update(books).set({})).toThrow(/No values to set/)
	})

	it('takes rows of another table with from()', async () => {
		const rows = await db
			.update(readers)
			.set({ name: sql`${readers.name} || ' of ' || ${towns.name}` })
			.from(towns)
			.where(sql`${readers.townId} = ${towns.id} and ${towns.id} = 1`)
			.returning({ name: readers.name })
		expect(rows.map(({ name }) => name).sort()).toEqual(['Ada of Aachen', 'Ben of Aachen'])
	})

	it('takes rows of joined tables with from() and a join', async () => {
		const rows = await db
			.update(loans)
			.set({ days: 0 })
			.from(readers)
			.innerJoin(towns, eq(towns.id, readers.townId))
			.where(sql`${loans.readerId} = ${readers.id} and ${towns.name} = 'Bremen'`)
			.returning({ isbn: loans.isbn })
		expect(rows).toEqual([{ isbn: 'b2' }])
	})

	it('with order and limit changes the first rows only', async () => {
		await db.update(books).set({ copies: 0 }).orderBy(desc(books.price)).limit(1)
		expect(await db.select({ isbn: books.isbn }).from(books).where(eq(books.copies, 0))).toEqual([{ isbn: 'b3' }])
	})

	it('that breaks a constraint changes nothing', async () => {
		await expect(db.update(books).set({ slug: 'same' })).rejects.toThrow(/UNIQUE/)
		expect(await db.$count(books, eq(books.slug, 'same'))).toBe(0)
	})
})

describe('a delete', () => {
	it('answers how many rows it deleted', async () => {
		expect(await db.delete(loans).where(gt(loans.day, 10))).toMatchObject({ rowsAffected: 2 })
		expect(await db.delete(loans)).toMatchObject({ rowsAffected: 2 })
		expect(await db.delete(loans)).toMatchObject({ rowsAffected: 0 })
	})

	it('answers rows from returning(), decoded', async () => {
		expect(
			await db.delete(readers).where(eq(readers.id, 4)).returning({ name: readers.name, verified: readers.verified }),
		).toEqual([{ name: 'Dan', verified: true }])
		expect(await db.delete(loans).where(eq(loans.isbn, 'b2')).returning()).toEqual([
			{ readerId: 3, isbn: 'b2', day: 9, days: 30 },
		])
	})

	it('answers one row from get() and arrays from values()', async () => {
		expect(await db.delete(loans).where(eq(loans.isbn, 'b2')).returning({ day: loans.day }).get()).toEqual({ day: 9 })
		expect(await db.delete(loans).where(eq(loans.isbn, 'b3')).returning({ day: loans.day }).values()).toEqual([[12]])
	})

	it('goes by a sub-query', async () => {
		const novels = db.select({ isbn: books.isbn }).from(books).where(eq(books.genre, 'novel'))
		expect(await db.delete(loans).where(inArray(loans.isbn, novels))).toMatchObject({ rowsAffected: 2 })
	})

	it('with order and limit deletes the first rows only', async () => {
		await db.delete(loans).orderBy(loans.day).limit(2)
		expect(await db.select({ day: loans.day }).from(loans).orderBy(loans.day)).toEqual([{ day: 11 }, { day: 12 }])
		await db.delete(loans).where(lt(loans.day, 12)).limit(5)
		expect(await db.$count(loans)).toBe(1)
	})

	it('takes what foreign keys cascade to', async () => {
		await db.update(readers).set({ mentorId: null })
		await db.delete(readers).where(eq(readers.id, 1))
		expect(await db.$count(loans, eq(loans.readerId, 1))).toBe(0)
	})

	it('that foreign keys forbid is refused', async () => {
		await expect(db.delete(books).where(eq(books.isbn, 'b1'))).rejects.toThrow(/FOREIGN KEY/)
	})
})
