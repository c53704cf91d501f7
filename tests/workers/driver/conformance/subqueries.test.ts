import { and, avg, count, eq, gt, inArray, lt, sql, sum } from 'drizzle-orm'
import { describe, expect, it } from 'vitest'
import { openLibrary } from './harness.ts'
import { books, loans, readers } from './tables.ts'

const db = openLibrary('conformance-subqueries')

describe('a sub-query', () => {
	it('stands in FROM', async () => {
		const novels = db.select().from(books).where(eq(books.genre, 'novel')).as('novels')
		expect(await db.select({ title: novels.title }).from(novels).orderBy(novels.title)).toEqual([
			{ title: 'Dune' },
			{ title: 'Emma' },
		])
		expect(await db.select().from(novels).orderBy(novels.isbn).limit(1)).toEqual([
			{ isbn: 'b1', title: 'Dune', genre: 'novel', price: 12.5, copies: 3, slug: 'dune' },
		])
	})

	it('decodes its columns outside', async () => {
		const inner = db.select().from(readers).where(eq(readers.id, 1)).as('inner')
		expect(await db.select({ tags: inner.tags, verified: inner.verified }).from(inner)).toEqual([
			{ tags: ['early', 'fast'], verified: true },
		])
	})

	it('nests', async () => {
		const first = db
			.select({ id: readers.id, upper: sql<string>`upper(${readers.name})`.as('upper') })
			.from(readers)
			.as('first')
		const second = db.select({ id: first.id, upper: first.upper }).from(first).where(gt(first.id, 2)).as('second')
		expect(await db.select().from(second).where(lt(second.id, 4))).toEqual([{ id: 3, upper: 'CLEO' }])
	})

	it('stands in the selection', async () => {
		const n = db.select({ n: count() }).from(loans).where(eq(loans.readerId, readers.id))
		expect(
			await db
				.select({ name: readers.name, n: sql<number>`(${n})` })
				.from(readers)
				.orderBy(readers.id),
		).toEqual([
			{ name: 'Ada', n: 2 },
			{ name: 'Ben', n: 1 },
			{ name: 'Cleo', n: 1 },
			{ name: 'Dan', n: 0 },
		])
	})

	it('$count() stands in the selection', async () => {
		const rows = await db
			.select({ name: readers.name, n: db.$count(loans, eq(loans.readerId, readers.id)) })
			.from(readers)
			.where(eq(readers.id, 1))
		expect(rows).toEqual([{ name: 'Ada', n: 2 }])
	})

	it('aggregates of aggregates', async () => {
		const perGenre = db
			.select({ genre: books.genre, copies: sum(books.copies).mapWith(Number).as('copies') })
			.from(books)
			.groupBy(books.genre)
			.as('per_genre')
		expect(await db.select({ mean: avg(perGenre.copies) }).from(perGenre)).toEqual([{ mean: String(11 / 3) }])
	})
})

describe('WITH', () => {
	const rich = () => db.$with('rich').as(db.select().from(books).where(gt(books.price, 10)))

	it('names a query', async () => {
		const named = rich()
		expect(await db.with(named).select().from(named).orderBy(named.isbn)).toMatchObject([{ title: 'Dune' }, { title: 'Cosmos' }])
	})

	it('names several, which may use each other', async () => {
		const totals = db.$with('totals').as(
			db
				.select({ isbn: loans.isbn, days: sql<number>`sum(${loans.days})`.as('days') })
				.from(loans)
				.groupBy(loans.isbn),
		)
		const top = db.$with('top').as(
			db
				.select({ isbn: totals.isbn })
				.from(totals)
				.where(gt(totals.days, sql`(select avg(days) from ${totals})`)),
		)
		const rows = await db
			.with(totals, top)
			.select({ title: books.title, days: totals.days })
			.from(books)
			.innerJoin(totals, eq(books.isbn, totals.isbn))
			.where(inArray(books.isbn, sql`(select isbn from ${top})`))
			.orderBy(books.isbn)
		expect(rows).toEqual([
			{ title: 'Dune', days: 28 },
			{ title: 'Odes', days: 30 },
		])
	})

	it('names raw SQL with a selection of its own', async () => {
		const numbers = db.$with('numbers', { n: sql<number>`n`.as('n') }).as(sql`select 1 as n union all select 2`)
		expect(await db.with(numbers).select().from(numbers)).toEqual([{ n: 1 }, { n: 2 }])
	})

	it('goes with selectDistinct', async () => {
		const named = rich()
		expect(await db.with(named).selectDistinct({ genre: named.genre }).from(named).orderBy(named.genre)).toEqual([
			{ genre: 'novel' },
			{ genre: 'science' },
		])
	})

	it('goes with an update', async () => {
		const mean = db.$with('mean').as(db.select({ value: sql<number>`avg(${books.price})`.as('value') }).from(books))
		const rows = await db
			.with(mean)
			.update(books)
			.set({ copies: 100 })
			.where(gt(books.price, sql`(select value from ${mean})`))
			.returning({ title: books.title, copies: books.copies })
		expect(rows).toEqual([
			{ title: 'Dune', copies: 100 },
			{ title: 'Cosmos', copies: 100 },
		])
	})

	it('goes with a delete', async () => {
		const named = db.$with('named').as(db.select({ isbn: books.isbn }).from(books).where(eq(books.title, 'Emma')))
		const rows = await db
			.with(named)
			.delete(books)
			.where(eq(books.isbn, sql`(select isbn from ${named})`))
			.returning({ isbn: books.isbn })
		expect(rows).toEqual([{ isbn: 'b4' }])
	})

	it('goes with an insert', async () => {
		const named = db.$with('named').as(db.select({ n: count().as('n') }).from(books))
		const [row] = await db
			.with(named)
			.insert(books)
			.values({ isbn: 'b5', title: 'New', genre: 'novel', price: 1, slug: 'new', copies: sql`(select n from ${named})` })
			.returning({ copies: books.copies })
		expect(row).toEqual({ copies: 4 })
	})

	it('joins what it names', async () => {
		const borrowed = db
			.$with('borrowed')
			.as(db.select({ isbn: loans.isbn, day: loans.day }).from(loans).where(eq(loans.readerId, 1)))
		const rows = await db
			.with(borrowed)
			.select({ title: books.title, day: borrowed.day })
			.from(borrowed)
			.innerJoin(books, and(eq(books.isbn, borrowed.isbn), gt(borrowed.day, 10)))
		expect(rows).toEqual([{ title: 'Cosmos', day: 12 }])
	})

	it('recursive runs as raw SQL', async () => {
		const rows = await db.all<{ n: number }>(
			sql`with recursive counter(n) as (select 1 union all select n + 1 from counter where n < ${4}) select n from counter`,
		)
		expect(rows.map(({ n }) => n)).toEqual([1, 2, 3, 4])
	})
})
