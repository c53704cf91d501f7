import { and, eq, gt, isNull, sql } from 'drizzle-orm'
import { alias } from 'drizzle-orm/sqlite-core'
import { describe, expect, it } from 'vitest'
import { openLibrary } from './harness.ts'
import { books, loans, readers, towns } from './tables.ts'

const db = openLibrary('conformance-joins')

describe('a join', () => {
	it('inner: answers an object for each table', async () => {
		const rows = await db.select().from(loans).innerJoin(books, eq(loans.isbn, books.isbn)).orderBy(loans.day).limit(1)
		expect(rows).toEqual([
			{
				loans: { readerId: 3, isbn: 'b2', day: 9, days: 30 },
				books: { isbn: 'b2', title: 'Odes', genre: 'poetry', price: 8, copies: 1, slug: 'odes' },
			},
		])
	})

	it('left: answers null for the side that is missing', async () => {
		const rows = await db.select().from(readers).leftJoin(towns, eq(readers.townId, towns.id)).orderBy(readers.id)
		expect(rows.map((row) => row.towns)).toEqual([
			{ id: 1, name: 'Aachen' },
			{ id: 1, name: 'Aachen' },
			{ id: 2, name: 'Bremen' },
			null,
		])
	})

	it('right: answers null for the first side', async () => {
		const rows = await db.select().from(readers).rightJoin(towns, eq(readers.townId, towns.id)).where(eq(towns.id, 3))
		expect(rows).toEqual([{ readers: null, towns: { id: 3, name: 'Celle' } }])
	})

	it('full: answers null on either side', async () => {
		const rows = await db.select().from(readers).fullJoin(towns, eq(readers.townId, towns.id))
		expect(rows).toHaveLength(5)
		expect(rows.filter((row) => row.readers === null)).toEqual([{ readers: null, towns: { id: 3, name: 'Celle' } }])
		expect(rows.filter((row) => row.towns === null).map((row) => row.readers?.name)).toEqual(['Dan'])
	})

	it('cross: answers every pair', async () => {
		expect(await db.select().from(towns).crossJoin(books)).toHaveLength(12)
	})

	it('of three tables keeps them apart though names of columns are equal', async () => {
		const rows = await db
			.select()
			.from(loans)
			.innerJoin(readers, eq(loans.readerId, readers.id))
			.leftJoin(towns, eq(readers.townId, towns.id))
			.where(and(eq(loans.isbn, 'b1'), eq(readers.id, 2)))
		expect(rows).toMatchObject([{ loans: { isbn: 'b1' }, readers: { id: 2, name: 'Ben' }, towns: { id: 1, name: 'Aachen' } }])
	})

	it('of a table with itself goes by aliases', async () => {
		const mentor = alias(readers, 'mentor')
		const rows = await db.select().from(readers).leftJoin(mentor, eq(readers.mentorId, mentor.id)).orderBy(readers.id)
		expect(rows.map((row) => [row.readers.name, row.mentor?.name ?? null])).toEqual([
			['Ada', null],
			['Ben', 'Ada'],
			['Cleo', 'Ada'],
			['Dan', 'Cleo'],
		])
	})

	it('answers chosen columns flat', async () => {
		const rows = await db
			.select({ reader: readers.name, town: towns.name })
			.from(readers)
			.leftJoin(towns, eq(readers.townId, towns.id))
			.where(gt(readers.id, 2))
			.orderBy(readers.id)
		expect(rows).toEqual([
			{ reader: 'Cleo', town: 'Bremen' },
			{ reader: 'Dan', town: null },
		])
	})

	it('answers a nested object as null where all of it is missing', async () => {
		const rows = await db
			.select({ id: readers.id, town: { id: towns.id, name: towns.name } })
			.from(readers)
			.leftJoin(towns, eq(readers.townId, towns.id))
			.orderBy(readers.id)
		expect(rows.at(-1)).toEqual({ id: 4, town: null })
		expect(rows[0]).toEqual({ id: 1, town: { id: 1, name: 'Aachen' } })
	})

	it('answers whole tables within a selection', async () => {
		const rows = await db
			.select({ town: towns, reader: readers.name, shout: sql<string>`upper(${towns.name})` })
			.from(readers)
			.leftJoin(towns, eq(readers.townId, towns.id))
			.orderBy(readers.id)
			.limit(1)
		expect(rows).toEqual([{ town: { id: 1, name: 'Aachen' }, reader: 'Ada', shout: 'AACHEN' }])
	})

	it('finds what has no counterpart', async () => {
		const rows = await db
			.select({ title: books.title })
			.from(books)
			.leftJoin(loans, eq(loans.isbn, books.isbn))
			.where(isNull(loans.isbn))
		expect(rows).toEqual([{ title: 'Emma' }])
	})

	it('joins a sub-query', async () => {
		const counts = db
			.select({ isbn: loans.isbn, n: sql<number>`count(*)`.as('n') })
			.from(loans)
			.groupBy(loans.isbn)
			.as('counts')
		const rows = await db.select().from(books).innerJoin(counts, eq(books.isbn, counts.isbn)).orderBy(books.isbn)
		expect(rows.map((row) => [row.books.title, row.counts.n])).toEqual([
			['Dune', 2],
			['Odes', 1],
			['Cosmos', 1],
		])
	})

	it('left of a sub-query answers null where it has no row', async () => {
		const sub = db.select().from(loans).where(eq(loans.readerId, 1)).as('sub')
		const rows = await db.select().from(books).leftJoin(sub, eq(books.isbn, sub.isbn)).orderBy(books.isbn)
		expect(rows.map((row) => row.sub?.day ?? null)).toEqual([10, null, 12, null])
	})

	it('joins a fragment of raw SQL', async () => {
		const rows = await db
			.select({ name: readers.name, n: sql<number>`x.n` })
			.from(readers)
			.innerJoin(sql`(select 7 as n) as x`, sql`true`)
			.where(eq(readers.id, 1))
		expect(rows).toEqual([{ name: 'Ada', n: 7 }])
	})

	it('decodes columns of every joined table', async () => {
		const mentor = alias(readers, 'mentor')
		const [row] = await db
			.select({ mentor: { tags: mentor.tags, verified: mentor.verified, joinedAt: mentor.joinedAt } })
			.from(readers)
			.innerJoin(mentor, eq(readers.mentorId, mentor.id))
			.where(eq(readers.id, 2))
		expect(row?.mentor).toEqual({ tags: ['early', 'fast'], verified: true, joinedAt: new Date('2026-01-01T00:00:00Z') })
	})
})
