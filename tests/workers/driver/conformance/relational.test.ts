import { and, asc, desc, eq, exists, gt, like, sql } from 'drizzle-orm'
import { describe, expect, it } from 'vitest'
import { joinedAt, openLibrary } from './harness.ts'
import { loans, readers } from './tables.ts'

const db = openLibrary('conformance-relational')

describe('a relational query', () => {
	it('finds many rows, decoded', async () => {
		const rows = await db.query.readers.findMany()
		expect(rows).toHaveLength(4)
		expect(rows[0]).toEqual({ id: 1, name: 'Ada', verified: true, tags: ['early', 'fast'], townId: 1, mentorId: null, joinedAt })
	})

	it('finds the first row, or undefined', async () => {
		expect(await db.query.towns.findFirst({ orderBy: (towns, { desc }) => desc(towns.id) })).toEqual({ id: 3, name: 'Celle' })
		expect(await db.query.towns.findFirst({ where: (towns, { eq }) => eq(towns.id, 9) })).toBeUndefined()
	})

	it('brings one row along', async () => {
		const rows = await db.query.readers.findMany({ columns: { name: true }, with: { town: true }, orderBy: readers.id })
		expect(rows.map(({ town }) => town)).toEqual([
			{ id: 1, name: 'Aachen' },
			{ id: 1, name: 'Aachen' },
			{ id: 2, name: 'Bremen' },
			null,
		])
	})

	it('brings many rows along', async () => {
		const rows = await db.query.readers.findMany({
			columns: { id: true },
			with: { loans: { columns: { isbn: true }, orderBy: loans.day } },
			orderBy: asc(readers.id),
		})
		expect(rows).toEqual([
			{ id: 1, loans: [{ isbn: 'b1' }, { isbn: 'b3' }] },
			{ id: 2, loans: [{ isbn: 'b1' }] },
			{ id: 3, loans: [{ isbn: 'b2' }] },
			{ id: 4, loans: [] },
		])
	})

	it('brings rows along several levels deep, through a table between', async () => {
		const row = await db.query.towns.findFirst({
			where: (towns, { eq }) => eq(towns.name, 'Aachen'),
			with: {
				readers: {
					columns: { name: true },
					orderBy: (readers, { asc }) => asc(readers.id),
					with: { loans: { columns: {}, with: { book: { columns: { title: true } } }, orderBy: loans.day } },
				},
			},
		})
		expect(row).toEqual({
			id: 1,
			name: 'Aachen',
			readers: [
				{ name: 'Ada', loans: [{ book: { title: 'Dune' } }, { book: { title: 'Cosmos' } }] },
				{ name: 'Ben', loans: [{ book: { title: 'Dune' } }] },
			],
		})
	})

	it('relates a table to itself, both ways', async () => {
		const ada = await db.query.readers.findFirst({
			where: eq(readers.id, 1),
			columns: { name: true },
			with: {
				mentor: true,
				pupils: { columns: { name: true }, orderBy: readers.id, with: { mentor: { columns: { name: true } } } },
			},
		})
		expect(ada).toEqual({
			name: 'Ada',
			mentor: null,
			pupils: [
				{ name: 'Ben', mentor: { name: 'Ada' } },
				{ name: 'Cleo', mentor: { name: 'Ada' } },
			],
		})
	})

	it('decodes the columns of what it brings along', async () => {
		const ben = await db.query.readers.findFirst({ where: eq(readers.id, 2), with: { mentor: true } })
		expect(ben?.mentor).toEqual({
			id: 1,
			name: 'Ada',
			verified: true,
			tags: ['early', 'fast'],
			townId: 1,
			mentorId: null,
			joinedAt,
		})
	})

	it('leaves columns out', async () => {
		const row = await db.query.readers.findFirst({
			columns: { tags: false, joinedAt: false, mentorId: false },
			orderBy: readers.id,
		})
		expect(row).toEqual({ id: 1, name: 'Ada', verified: true, townId: 1 })
	})

	it('filters what it brings along', async () => {
		const rows = await db.query.readers.findMany({
			columns: { name: true },
			where: (readers, { lt }) => lt(readers.id, 3),
			orderBy: readers.id,
			with: { loans: { columns: { isbn: true }, where: (loans, { gt }) => gt(loans.day, 10) } },
		})
		expect(rows).toEqual([
			{ name: 'Ada', loans: [{ isbn: 'b3' }] },
			{ name: 'Ben', loans: [{ isbn: 'b1' }] },
		])
	})

	it('limits and offsets, outside and inside', async () => {
		const rows = await db.query.readers.findMany({
			columns: { id: true },
			orderBy: desc(readers.id),
			limit: 2,
			offset: 2,
			with: { loans: { columns: { isbn: true }, orderBy: desc(loans.day), limit: 1 } },
		})
		expect(rows).toEqual([
			{ id: 2, loans: [{ isbn: 'b1' }] },
			{ id: 1, loans: [{ isbn: 'b3' }] },
		])
	})

	it('adds expressions of its own', async () => {
		const row = await db.query.readers.findFirst({
			columns: { name: true },
			where: eq(readers.id, 1),
			extras: { shout: sql<string>`upper(${readers.name})`.as('shout') },
			with: {
				loans: {
					columns: {},
					extras: (loans, { sql }) => ({ end: sql<number>`${loans.day} + ${loans.days}`.as('end') }),
					orderBy: loans.day,
				},
			},
		})
		expect(row).toEqual({ name: 'Ada', shout: 'ADA', loans: [{ end: 24 }, { end: 19 }] })
	})

	it('takes conditions with operators and sub-queries', async () => {
		const rows = await db.query.readers.findMany({
			columns: { name: true },
			where: and(
				like(readers.name, '%e%'),
				exists(
					db
						.select({ one: sql`1` })
						.from(loans)
						.where(and(eq(loans.readerId, readers.id), gt(loans.days, 20))),
				),
			),
		})
		expect(rows).toEqual([{ name: 'Cleo' }])
	})

	it('can be prepared, with placeholders outside and inside', async () => {
		const prepared = db.query.readers
			.findMany({
				columns: { name: true },
				where: (readers, { eq }) => eq(readers.id, sql.placeholder('id')),
				limit: sql.placeholder('limit'),
				with: { loans: { columns: { isbn: true }, where: (loans, { gte }) => gte(loans.day, sql.placeholder('day')) } },
			})
			.prepare()
		expect(await prepared.execute({ id: 1, limit: 5, day: 12 })).toEqual([{ name: 'Ada', loans: [{ isbn: 'b3' }] }])
		expect(await prepared.execute({ id: 2, limit: 5, day: 99 })).toEqual([{ name: 'Ben', loans: [] }])
	})

	it('findFirst() can be prepared', async () => {
		const prepared = db.query.books.findFirst({ where: (books, { eq }) => eq(books.isbn, sql.placeholder('isbn')) }).prepare()
		expect(await prepared.execute({ isbn: 'b2' })).toMatchObject({ title: 'Odes' })
		expect(await prepared.execute({ isbn: 'b9' })).toBeUndefined()
	})

	it('shows its SQL', () => {
		expect(db.query.towns.findMany().toSQL().sql).toMatch(/^select .* from "towns"/)
	})

	it('goes in a batch', async () => {
		const [many, first] = await db.batch([
			db.query.towns.findMany({ orderBy: (towns, { asc }) => asc(towns.id) }),
			db.query.towns.findFirst({ where: (towns, { eq }) => eq(towns.id, 3), with: { readers: true } }),
		])
		expect(many).toHaveLength(3)
		expect(first).toEqual({ id: 3, name: 'Celle', readers: [] })
	})
})
