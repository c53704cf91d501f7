import {
	avg,
	avgDistinct,
	count,
	countDistinct,
	desc,
	eq,
	getTableColumns,
	gt,
	max,
	min,
	sql,
	sum,
	sumDistinct,
} from 'drizzle-orm'
import { getViewConfig, integer, sqliteView, text } from 'drizzle-orm/sqlite-core'
import { describe, expect, it } from 'vitest'
import { openLibrary } from './harness.ts'
import { books, loans, readers, towns } from './tables.ts'

const db = openLibrary('conformance-views')

const novels = sqliteView('novels').as((qb) => qb.select().from(books).where(eq(books.genre, 'novel')))
const genres = sqliteView('genres').as((qb) =>
	qb
		.select({ genre: books.genre, n: sql<number>`count(*)`.as('n') })
		.from(books)
		.groupBy(books.genre),
)
const people = sqliteView('people', {
	id: integer('id').notNull(),
	label: text('label').notNull(),
	sure: integer('sure', { mode: 'boolean' }),
}).as(sql`select id, name || '!' as label, verified as sure from ${readers}`)
const known = sqliteView('known', { id: integer('id'), name: text('name') }).existing()

async function makeViews() {
	for (const name of ['novels', 'genres', 'people', 'known']) await db.run(sql`drop view if exists ${sql.identifier(name)}`)
	for (const view of [novels, genres, people]) {
		const { query } = getViewConfig(view)
		await db.run(sql`create view ${view} as ${query?.inlineParams()}`)
	}
	await db.run(sql`create view ${known} as select id, name from ${towns}`)
}

describe('an aggregate', () => {
	const one = async (value: ReturnType<typeof sum>) => (await db.select({ value }).from(loans).get())?.value

	it('count() counts rows and values', async () => {
		const [row] = await db
			.select({ all: count(), mentors: count(readers.mentorId), towns: countDistinct(readers.townId) })
			.from(readers)
		expect(row).toEqual({ all: 4, mentors: 3, towns: 2 })
	})

	it('sum() and avg() answer text, as Drizzle decodes them', async () => {
		expect(await one(sum(loans.days))).toBe('65')
		expect(await one(avg(loans.days))).toBe('16.25')
		expect(await one(sumDistinct(loans.days))).toBe('51')
		expect(await one(avgDistinct(loans.days))).toBe('17')
	})

	it('max() and min() are decoded as the column is', async () => {
		const [row] = await db
			.select({ max: max(readers.joinedAt), min: min(books.title) })
			.from(readers)
			.fullJoin(books, sql`true`)
		expect(row).toEqual({ max: new Date('2026-01-01T00:00:00Z'), min: 'Cosmos' })
	})

	it('of no rows is null, and a count 0', async () => {
		const [row] = await db
			.select({ n: count(), s: sum(loans.day), m: max(loans.day) })
			.from(loans)
			.where(gt(loans.day, 99))
		expect(row).toEqual({ n: 0, s: null, m: null })
	})

	it('goes with groups and an order by itself', async () => {
		const rows = await db
			.select({ isbn: loans.isbn, n: count() })
			.from(loans)
			.groupBy(loans.isbn)
			.orderBy(desc(count()), loans.isbn)
		expect(rows).toEqual([
			{ isbn: 'b1', n: 2 },
			{ isbn: 'b2', n: 1 },
			{ isbn: 'b3', n: 1 },
		])
	})

	it('goes as a window', async () => {
		const rows = await db
			.select({ isbn: books.isbn, place: sql<number>`row_number() over (partition by ${books.genre} order by ${books.price})` })
			.from(books)
			.orderBy(books.isbn)
		expect(rows.map(({ place }) => place)).toEqual([2, 1, 1, 1])
	})
})

describe('a view', () => {
	it('of a query is selected from, decoded', async () => {
		await makeViews()
		expect(await db.select().from(novels).orderBy(novels.isbn)).toMatchObject([
			{ isbn: 'b1', title: 'Dune', genre: 'novel' },
			{ isbn: 'b4', title: 'Emma' },
		])
		expect(await db.select({ title: novels.title }).from(novels).where(gt(novels.price, 10))).toEqual([{ title: 'Dune' }])
	})

	it('of an aggregate', async () => {
		await makeViews()
		expect(await db.select().from(genres).orderBy(genres.genre)).toEqual([
			{ genre: 'novel', n: 2 },
			{ genre: 'poetry', n: 1 },
			{ genre: 'science', n: 1 },
		])
	})

	it('of raw SQL with columns of its own', async () => {
		await makeViews()
		expect(await db.select().from(people).where(eq(people.id, 1))).toEqual([{ id: 1, label: 'Ada!', sure: true }])
	})

	it('that exists already', async () => {
		await makeViews()
		expect(await db.select().from(known).where(eq(known.id, 2)).get()).toEqual({ id: 2, name: 'Bremen' })
	})

	it('is joined, as a table is', async () => {
		await makeViews()
		const rows = await db.select().from(loans).innerJoin(novels, eq(loans.isbn, novels.isbn)).orderBy(loans.day)
		expect(rows.map((row) => [row.loans.day, row.novels.title])).toEqual([
			[10, 'Dune'],
			[11, 'Dune'],
		])
		const left = await db
			.select({ day: loans.day, title: novels.title })
			.from(loans)
			.leftJoin(novels, eq(loans.isbn, novels.isbn))
			.orderBy(loans.day)
		expect(left[0]).toEqual({ day: 9, title: null })
	})

	it('is counted, and its columns told', async () => {
		await makeViews()
		expect(await db.$count(novels)).toBe(2)
		expect(getViewConfig(genres).name).toBe('genres')
		expect(Object.keys(getViewConfig(people).selectedFields)).toEqual(['id', 'label', 'sure'])
		expect(Object.keys(getTableColumns(books))).toContain('slug')
	})
})
