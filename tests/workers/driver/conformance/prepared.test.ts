import { and, eq, gt, inArray, like, sql } from 'drizzle-orm'
import { describe, expect, it } from 'vitest'
import { openLibrary } from './harness.ts'
import { books, kinds, loans, readers, towns } from './tables.ts'

const db = openLibrary('conformance-prepared')

describe('a prepared query', () => {
	it('runs as often as it is executed', async () => {
		const prepared = db.select({ id: towns.id }).from(towns).orderBy(towns.id).prepare()
		expect(await prepared.execute()).toEqual([{ id: 1 }, { id: 2 }, { id: 3 }])
		await db.delete(towns).where(eq(towns.id, 2))
		expect(await prepared.all()).toEqual([{ id: 1 }, { id: 3 }])
		expect(await prepared.get()).toEqual({ id: 1 })
		expect(await prepared.values()).toEqual([[1], [3]])
	})

	it('takes a placeholder in a condition', async () => {
		const prepared = db
			.select({ name: readers.name })
			.from(readers)
			.where(eq(readers.id, sql.placeholder('id')))
			.prepare()
		expect(await prepared.execute({ id: 1 })).toEqual([{ name: 'Ada' }])
		expect(await prepared.execute({ id: 3 })).toEqual([{ name: 'Cleo' }])
		expect(await prepared.get({ id: 9 })).toBeUndefined()
	})

	it('binds what fills a placeholder of a condition as it is, booleans as 0 and 1', async () => {
		const prepared = db
			.select({ id: readers.id })
			.from(readers)
			.where(and(eq(readers.verified, sql.placeholder('sure')), gt(readers.joinedAt, sql.placeholder('since'))))
			.orderBy(readers.id)
			.prepare()
		expect(await prepared.execute({ sure: true, since: Date.parse('2025-01-01') / 1000 })).toEqual([{ id: 1 }, { id: 4 }])
		expect(await prepared.execute({ sure: true, since: Date.parse('2027-01-01') / 1000 })).toEqual([])
	})

	it('takes placeholders in limit and offset', async () => {
		const prepared = db
			.select({ id: readers.id })
			.from(readers)
			.orderBy(readers.id)
			.limit(sql.placeholder('limit'))
			.offset(sql.placeholder('offset'))
			.prepare()
		expect(await prepared.execute({ limit: 2, offset: 1 })).toEqual([{ id: 2 }, { id: 3 }])
		expect(await prepared.execute({ limit: 1, offset: 3 })).toEqual([{ id: 4 }])
	})

	it('takes placeholders in a list, in like() and in raw SQL', async () => {
		const prepared = db
			.select({ id: readers.id })
			.from(readers)
			.where(
				and(
					inArray(readers.id, [sql.placeholder('a'), sql.placeholder('b')]),
					like(readers.name, sql.placeholder('like')),
					sql`${readers.id} > ${sql.placeholder('more')}`,
				),
			)
			.prepare()
		expect(await prepared.execute({ a: 1, b: 2, like: '%e%', more: 0 })).toEqual([{ id: 2 }])
	})

	it('takes a placeholder in the selection', async () => {
		const prepared = db
			.select({ label: sql<string>`${sql.placeholder('label')}` })
			.from(towns)
			.limit(1)
			.prepare()
		expect(await prepared.execute({ label: 'hello' })).toEqual([{ label: 'hello' }])
	})

	it('takes placeholders in a join and in a sub-query', async () => {
		const long = db
			.select({ isbn: loans.isbn })
			.from(loans)
			.where(gt(loans.days, sql.placeholder('days')))
			.as('long')
		const prepared = db
			.select({ title: books.title })
			.from(books)
			.innerJoin(long, and(eq(long.isbn, books.isbn), gt(books.price, sql.placeholder('price'))))
			.prepare()
		expect(await prepared.execute({ days: 20, price: 1 })).toEqual([{ title: 'Odes' }])
		expect(await prepared.execute({ days: 20, price: 100 })).toEqual([])
	})

	it('inserts what fills its placeholders, encoded', async () => {
		const prepared = db
			.insert(kinds)
			.values({
				id: sql.placeholder('id'),
				flag: sql.placeholder('flag'),
				json: sql.placeholder('json'),
				custom: sql.placeholder('custom'),
			})
			.returning({ id: kinds.id, flag: kinds.flag, json: kinds.json, custom: kinds.custom })
			.prepare()
		expect(await prepared.execute({ id: 1, flag: true, json: { a: 1 }, custom: 'abc' })).toEqual([
			{ id: 1, flag: true, json: { a: 1 }, custom: 'abc' },
		])
		expect(await prepared.execute({ id: 2, flag: null, json: null, custom: null })).toEqual([
			{ id: 2, flag: null, json: null, custom: null },
		])
	})

	it('inserts several rows', async () => {
		const prepared = db
			.insert(towns)
			.values([
				{ id: sql.placeholder('a'), name: 'A' },
				{ id: sql.placeholder('b'), name: sql.placeholder('name') },
			])
			.prepare()
		expect(await prepared.run({ a: 10, b: 11, name: 'B' })).toMatchObject({ rowsAffected: 2 })
		expect(await db.select().from(towns).where(eq(towns.id, 11))).toEqual([{ id: 11, name: 'B' }])
	})

	it('updates with a placeholder in set() and where()', async () => {
		const prepared = db
			.update(books)
			.set({ copies: sql`${sql.placeholder('copies')}` })
			.where(eq(books.isbn, sql.placeholder('isbn')))
			.returning({ copies: books.copies })
			.prepare()
		expect(await prepared.execute({ copies: 42, isbn: 'b2' })).toEqual([{ copies: 42 }])
	})

	it('deletes with a placeholder', async () => {
		const prepared = db
			.delete(loans)
			.where(eq(loans.readerId, sql.placeholder('id')))
			.prepare()
		expect(await prepared.run({ id: 1 })).toMatchObject({ rowsAffected: 2 })
	})

	it('runs a set operation', async () => {
		const prepared = db
			.select({ id: readers.id })
			.from(readers)
			.where(eq(readers.id, sql.placeholder('id')))
			.union(
				db
					.select({ id: towns.id })
					.from(towns)
					.where(eq(towns.id, sql.placeholder('town'))),
			)
			.prepare()
		expect(await prepared.execute({ id: 4, town: 1 })).toEqual([{ id: 1 }, { id: 4 }])
	})

	it('names the placeholder that was left out', async () => {
		const prepared = db
			.select()
			.from(towns)
			.where(eq(towns.id, sql.placeholder('which')))
			.prepare()
		await expect(prepared.execute()).rejects.toThrow(/which/)
	})

	it('runs at once many times', async () => {
		const prepared = db
			.select({ id: towns.id })
			.from(towns)
			.where(eq(towns.id, sql.placeholder('id')))
			.prepare()
		const found = await Promise.all([1, 2, 3, 1].map((id) => prepared.get({ id })))
		expect(found).toEqual([1, 2, 3, 1].map((id) => ({ id })))
	})

	it('shows its SQL', () => {
		const query = db.select({ id: towns.id }).from(towns).where(eq(towns.id, 7))
		expect(query.toSQL()).toEqual({ sql: 'select "id" from "towns" where "towns"."id" = ?', params: [7] })
	})
})
