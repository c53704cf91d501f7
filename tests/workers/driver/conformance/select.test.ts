import {
	and,
	asc,
	between,
	desc,
	eq,
	exists,
	getTableColumns,
	gt,
	gte,
	ilike,
	inArray,
	isNotNull,
	isNull,
	like,
	lt,
	lte,
	ne,
	not,
	notBetween,
	notExists,
	notInArray,
	notLike,
	or,
	type SQL,
	sql,
} from 'drizzle-orm'
import { alias, type SQLiteSelect } from 'drizzle-orm/sqlite-core'
import { describe, expect, it } from 'vitest'
import { joinedAt, openLibrary, seed } from './harness.ts'
import { books, loans, readers, towns } from './tables.ts'

const db = openLibrary('conformance-select')
const names = async (where: SQL | undefined) =>
	(await db.select({ name: readers.name }).from(readers).where(where).orderBy(readers.id)).map(({ name }) => name)

describe('a select', () => {
	it('answers all columns, decoded', async () => {
		const [ada, ben] = await db.select().from(readers).orderBy(readers.id)
		expect(ada).toEqual({ id: 1, name: 'Ada', verified: true, tags: ['early', 'fast'], townId: 1, mentorId: null, joinedAt })
		expect(ben).toEqual({ id: 2, name: 'Ben', verified: false, tags: null, townId: 1, mentorId: 1, joinedAt })
	})

	it('answers chosen columns under the names given', async () => {
		expect(await db.select({ who: readers.name, sure: readers.verified }).from(readers).limit(1)).toEqual([
			{ who: 'Ada', sure: true },
		])
	})

	it('nests a selection as it is nested', async () => {
		const rows = await db
			.select({ id: books.isbn, about: { title: books.title, price: books.price } })
			.from(books)
			.where(eq(books.isbn, 'b1'))
		expect(rows).toEqual([{ id: 'b1', about: { title: 'Dune', price: 12.5 } }])
	})

	it('answers expressions, with and without a decoder and an alias', async () => {
		const [row] = await db
			.select({
				upper: sql<string>`upper(${readers.name})`,
				length: sql`length(${readers.name})`.mapWith(String),
				aliased: sql<number>`${readers.id} + 1`.as('next'),
				bound: sql<string>`${'bound'}`,
			})
			.from(readers)
			.where(eq(readers.id, 1))
		expect(row).toEqual({ upper: 'ADA', length: '3', aliased: 2, bound: 'bound' })
	})

	it('answers some columns of getTableColumns()', async () => {
		const { isbn, title, ...rest } = getTableColumns(books)
		expect(Object.keys(rest)).toEqual(['genre', 'price', 'copies', 'slug'])
		expect(await db.select({ isbn, title }).from(books).where(eq(isbn, 'b2'))).toEqual([{ isbn: 'b2', title: 'Odes' }])
	})

	it('answers a table within a selection', async () => {
		const [row] = await db.select({ n: sql<number>`1`, town: towns }).from(towns).where(eq(towns.id, 2))
		expect(row).toEqual({ n: 1, town: { id: 2, name: 'Bremen' } })
	})

	it('answers one row, or undefined, from get()', async () => {
		expect(await db.select().from(towns).where(eq(towns.id, 3)).get()).toEqual({ id: 3, name: 'Celle' })
		expect(await db.select().from(towns).where(eq(towns.id, 9)).get()).toBeUndefined()
	})

	it('answers arrays from values() and rows from all()', async () => {
		const query = db.select({ id: towns.id, name: towns.name }).from(towns).orderBy(towns.id).limit(1)
		expect(await query.values()).toEqual([[1, 'Aachen']])
		expect(await query.all()).toEqual([{ id: 1, name: 'Aachen' }])
	})

	it('answers nothing as an empty array', async () => {
		expect(await db.select().from(books).where(eq(books.title, 'nothing'))).toEqual([])
	})

	it('selects from raw SQL', async () => {
		expect(await db.select({ n: sql<number>`n` }).from(sql`(select 1 as n union all select 2)`)).toEqual([{ n: 1 }, { n: 2 }])
	})

	it('finds a row by a value that looks like SQL', async () => {
		const name = `'; drop table readers; --`
		await db.insert(readers).values({ name })
		expect(await names(eq(readers.name, name))).toEqual([name])
	})
})

describe('a condition', () => {
	it.each<[string, SQL | undefined, string[]]>([
		['eq', eq(readers.name, 'Ben'), ['Ben']],
		['ne', ne(readers.name, 'Ben'), ['Ada', 'Cleo', 'Dan']],
		['eq of a boolean', eq(readers.verified, true), ['Ada', 'Dan']],
		['eq of a date', eq(readers.joinedAt, joinedAt), ['Ada', 'Ben', 'Cleo', 'Dan']],
		['eq of JSON', eq(readers.tags, ['early', 'fast']), ['Ada']],
		['eq of columns', eq(readers.townId, readers.mentorId), ['Ben']],
		['gt', gt(readers.id, 3), ['Dan']],
		['gte', gte(readers.id, 3), ['Cleo', 'Dan']],
		['lt', lt(readers.id, 2), ['Ada']],
		['lte', lte(readers.id, 2), ['Ada', 'Ben']],
		['isNull', isNull(readers.townId), ['Dan']],
		['isNotNull', isNotNull(readers.mentorId), ['Ben', 'Cleo', 'Dan']],
		['inArray', inArray(readers.id, [1, 4, 9]), ['Ada', 'Dan']],
		['inArray of nothing', inArray(readers.id, []), []],
		['notInArray', notInArray(readers.id, [1, 4]), ['Ben', 'Cleo']],
		['notInArray of nothing', notInArray(readers.id, []), ['Ada', 'Ben', 'Cleo', 'Dan']],
		['between', between(readers.id, 2, 3), ['Ben', 'Cleo']],
		['notBetween', notBetween(readers.id, 2, 3), ['Ada', 'Dan']],
		['like', like(readers.name, '%e%'), ['Ben', 'Cleo']],
		['notLike', notLike(readers.name, '%e%'), ['Ada', 'Dan']],
		['not', not(eq(readers.id, 1)), ['Ben', 'Cleo', 'Dan']],
		['and', and(gt(readers.id, 1), lt(readers.id, 3)), ['Ben']],
		['or', or(eq(readers.id, 1), eq(readers.name, 'Dan')), ['Ada', 'Dan']],
		['and with parts left out', and(undefined, eq(readers.id, 1), undefined), ['Ada']],
		['no condition', and(undefined), ['Ada', 'Ben', 'Cleo', 'Dan']],
		['raw SQL', sql`${readers.name} glob 'C*'`, ['Cleo']],
		['raw SQL in and()', and(sql`${readers.id} > 1`, sql`${readers.id} < ${3}`), ['Ben']],
		['a column of JSON', sql`json_extract(${readers.tags}, '$[0]') = 'early'`, ['Ada']],
	])('by %s finds its rows', async (_, where, found) => {
		expect(await names(where)).toEqual(found)
	})

	it('by a list of a sub-query finds its rows', async () => {
		const borrowers = db.select({ id: loans.readerId }).from(loans).where(eq(loans.isbn, 'b1'))
		expect(await names(inArray(readers.id, borrowers))).toEqual(['Ada', 'Ben'])
		expect(await names(notInArray(readers.id, borrowers))).toEqual(['Cleo', 'Dan'])
	})

	it('by exists() and notExists() finds its rows', async () => {
		const borrowed = db.select({ one: sql`1` }).from(loans).where(eq(loans.readerId, readers.id))
		expect(await names(exists(borrowed))).toEqual(['Ada', 'Ben', 'Cleo'])
		expect(await names(notExists(borrowed))).toEqual(['Dan'])
	})

	it('by a comparison with a sub-query finds its rows', async () => {
		const other = alias(books, 'other')
		const average = db.select({ value: sql`avg(${other.price})` }).from(other)
		expect(
			await db
				.select({ title: books.title })
				.from(books)
				.where(gt(books.price, sql`(${average})`)),
		).toEqual([{ title: 'Dune' }, { title: 'Cosmos' }])
	})

	it('that SQLite does not know is its error, with the cause', async () => {
		await expect(db.select().from(readers).where(ilike(readers.name, 'a%'))).rejects.toMatchObject({
			code: 'QUERY_FAILED',
			message: expect.stringContaining('ilike'),
		})
	})
})

describe('order, limit and distinct', () => {
	it('order by columns, directions and expressions', async () => {
		const titles = async (...order: (SQL | typeof books.title)[]) =>
			(
				await db
					.select({ title: books.title })
					.from(books)
					.orderBy(...order)
			).map(({ title }) => title)
		expect(await titles(asc(books.title))).toEqual(['Cosmos', 'Dune', 'Emma', 'Odes'])
		expect(await titles(desc(books.title))).toEqual(['Odes', 'Emma', 'Dune', 'Cosmos'])
		expect(await titles(asc(books.genre), desc(books.price))).toEqual(['Dune', 'Emma', 'Odes', 'Cosmos'])
		expect(await titles(sql`${books.price} * ${books.copies} desc`)).toEqual(['Emma', 'Cosmos', 'Dune', 'Odes'])
	})

	it('order by an alias through a callback', async () => {
		const rows = await db
			.select({ title: books.title, worth: sql<number>`${books.price} * ${books.copies}`.as('worth') })
			.from(books)
			.orderBy(({ worth }) => desc(worth))
			.limit(1)
		expect(rows).toEqual([{ title: 'Emma', worth: 46.25 }])
	})

	it('limit and offset', async () => {
		const page = db.select({ id: readers.id }).from(readers).orderBy(readers.id)
		expect(await page.limit(2)).toEqual([{ id: 1 }, { id: 2 }])
		expect(await db.select({ id: readers.id }).from(readers).orderBy(readers.id).limit(2).offset(1)).toEqual([
			{ id: 2 },
			{ id: 3 },
		])
		expect(await db.select({ id: readers.id }).from(readers).limit(0)).toEqual([])
		expect(await db.select({ id: readers.id }).from(readers).limit(-1)).toHaveLength(4)
	})

	it('selectDistinct leaves out what is equal', async () => {
		expect(await db.selectDistinct({ genre: books.genre }).from(books).orderBy(books.genre)).toEqual([
			{ genre: 'novel' },
			{ genre: 'poetry' },
			{ genre: 'science' },
		])
		expect(await db.selectDistinct().from(towns)).toHaveLength(3)
	})

	it('group by with having', async () => {
		const rows = await db
			.select({ genre: books.genre, n: sql<number>`count(*)` })
			.from(books)
			.groupBy(books.genre)
			.having(({ n }) => gt(n, 1))
		expect(rows).toEqual([{ genre: 'novel', n: 2 }])
		const grouped = await db
			.select({ genre: books.genre, copies: books.copies, n: sql<number>`count(*)` })
			.from(books)
			.groupBy(books.genre, books.copies)
		expect(grouped).toHaveLength(4)
	})
})

describe('a dynamic select', () => {
	const paged = <T extends SQLiteSelect>(query: T, page: number) => query.limit(2).offset(page * 2)

	it('takes its parts from functions', async () => {
		const query = db.select({ id: readers.id }).from(readers).orderBy(readers.id).$dynamic()
		expect(await paged(query, 1)).toEqual([{ id: 3 }, { id: 4 }])
	})

	it('takes a second condition in place of the first', async () => {
		const query = db.select({ id: readers.id }).from(readers).where(eq(readers.id, 1)).$dynamic()
		expect(await query.where(eq(readers.id, 2))).toEqual([{ id: 2 }])
	})
})

it('the seed is what each test finds', async () => {
	expect(await db.$count(readers)).toBe(seed.readers.length)
})
