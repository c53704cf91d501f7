import { asc, desc, eq, gt, sql } from 'drizzle-orm'
import { except, intersect, union, unionAll } from 'drizzle-orm/sqlite-core'
import { describe, expect, it } from 'vitest'
import { openLibrary } from './harness.ts'
import { books, loans, readers, towns } from './tables.ts'

const db = openLibrary('conformance-set-operations')
const ids = (where = gt(readers.id, 0)) => db.select({ id: readers.id }).from(readers).where(where)
const townIds = () => db.select({ id: towns.id }).from(towns)

describe('a set operation', () => {
	it('union leaves out what is equal', async () => {
		expect(await ids().union(townIds()).orderBy(sql`1`)).toEqual([1, 2, 3, 4].map((id) => ({ id })))
		expect(await union(ids(), townIds()).orderBy(asc(sql`id`))).toEqual([1, 2, 3, 4].map((id) => ({ id })))
	})

	it('unionAll keeps it', async () => {
		expect(await ids().unionAll(townIds())).toHaveLength(7)
		expect(await unionAll(ids(), townIds(), townIds())).toHaveLength(10)
	})

	it('intersect answers what is in both', async () => {
		expect(await ids(gt(readers.id, 1)).intersect(townIds()).orderBy(asc(readers.id))).toEqual([{ id: 2 }, { id: 3 }])
		expect(await intersect(ids(), townIds(), ids(eq(readers.id, 3)))).toEqual([{ id: 3 }])
	})

	it('except answers what is in the first alone', async () => {
		expect(await ids().except(townIds())).toEqual([{ id: 4 }])
		expect(await except(ids(), townIds(), ids(eq(readers.id, 4)))).toEqual([])
	})

	it('takes a callback with the operations in it', async () => {
		const rows = await ids(eq(readers.id, 1)).union(({ except }) => except(townIds(), ids(eq(readers.id, 2))))
		expect(rows.map(({ id }) => id).sort()).toEqual([1, 3])
	})

	it('is ordered and limited as a whole', async () => {
		expect(await ids().union(townIds()).orderBy(desc(sql`id`)).limit(2)).toEqual([{ id: 4 }, { id: 3 }])
		expect(await unionAll(ids(), townIds()).orderBy(sql`id`).limit(3).offset(2)).toEqual([{ id: 2 }, { id: 2 }, { id: 3 }])
	})

	it('keeps order and limit of its parts as sub-queries', async () => {
		const last = db.select({ id: readers.id }).from(db.select().from(readers).orderBy(desc(readers.id)).limit(1).as('readers'))
		expect(await last.union(townIds()).orderBy(sql`id`)).toEqual([1, 2, 3, 4].map((id) => ({ id })))
	})

	it('decodes by the first part', async () => {
		const rows = await db
			.select({ flag: readers.verified })
			.from(readers)
			.where(eq(readers.id, 1))
			.union(db.select({ flag: readers.verified }).from(readers).where(eq(readers.id, 2)))
		expect(rows).toEqual(expect.arrayContaining([{ flag: true }, { flag: false }]))
	})

	it('stands in FROM', async () => {
		const all = unionAll(ids(), townIds()).as('all_ids')
		expect(await db.select({ n: sql<number>`count(*)` }).from(all)).toEqual([{ n: 7 }])
	})

	it('takes joins in its parts', async () => {
		const titles = db.select({ name: books.title }).from(books).innerJoin(loans, eq(loans.isbn, books.isbn))
		expect(await titles.union(db.select({ name: towns.name }).from(towns)).orderBy(sql`1`)).toEqual(
			['Aachen', 'Bremen', 'Celle', 'Cosmos', 'Dune', 'Odes'].map((name) => ({ name })),
		)
	})

	it('mixes operations from left to right', async () => {
		const rows = await ids(eq(readers.id, 1))
			.union(townIds())
			.except(ids(eq(readers.id, 2)))
			.orderBy(sql`id`)
		expect(rows).toEqual([{ id: 1 }, { id: 3 }])
	})

	it('of parts with different columns is refused', () => {
		expect(() => ids().union(db.select({ id: towns.id, name: towns.name }).from(towns) as never)).toThrow(/selected fields/)
	})
})
