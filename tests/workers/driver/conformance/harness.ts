import { env } from 'cloudflare:workers'
import { beforeEach } from 'vitest'
import { drizzle, type SQLakeDrizzleConfig } from '../../../../src/driver/drizzle.ts'
import { sqlake } from '../../../../src/worker/workerd.ts'
import { db as schema } from '../../do/objects.ts'
import * as tables from './tables.ts'
import { books, ddl, kinds, loans, readers, towns } from './tables.ts'

const { ddl: _, reversed: __, ...relational } = tables

/** The database of a shard: a real SQLakeDO whose schema has other tables than those of these tests. */
export function openShard(shard: string, config: SQLakeDrizzleConfig = {}) {
	const client = sqlake(env, { schema, durableObject: 'SHARD_DO' })
	return drizzle(client, { ...config, schema: relational }).shard(shard)
}

/** The rows that each test starts from. */
export const seed = {
	towns: [
		{ id: 1, name: 'Aachen' },
		{ id: 2, name: 'Bremen' },
		{ id: 3, name: 'Celle' },
	],
	readers: [
		{ id: 1, name: 'Ada', verified: true, tags: ['early', 'fast'], townId: 1, mentorId: null },
		{ id: 2, name: 'Ben', townId: 1, mentorId: 1 },
		{ id: 3, name: 'Cleo', townId: 2, mentorId: 1 },
		{ id: 4, name: 'Dan', verified: true, townId: null, mentorId: 3 },
	],
	books: [
		{ isbn: 'b1', title: 'Dune', genre: 'novel', price: 12.5, copies: 3, slug: 'dune' },
		{ isbn: 'b2', title: 'Odes', genre: 'poetry', price: 8, copies: 1, slug: 'odes' },
		{ isbn: 'b3', title: 'Cosmos', genre: 'science', price: 20, copies: 2, slug: 'cosmos' },
		{ isbn: 'b4', title: 'Emma', genre: 'novel', price: 9.25, copies: 5, slug: 'emma' },
	],
	loans: [
		{ readerId: 1, isbn: 'b1', day: 10 },
		{ readerId: 1, isbn: 'b3', day: 12, days: 7 },
		{ readerId: 2, isbn: 'b1', day: 11 },
		{ readerId: 3, isbn: 'b2', day: 9, days: 30 },
	],
} as const

/** The moment that readers join by default. */
export const joinedAt = new Date('2026-01-01T00:00:00Z')

/** Opens a shard with the library in it, which each test finds as {@link seed} says. */
export function openLibrary(shard: string, config: SQLakeDrizzleConfig = {}) {
	const db = openShard(shard, config)
	let made = false
	beforeEach(async () => {
		if (!made) for (const statement of ddl) await db.run(statement)
		made = true
		await db.batch([
			db.delete(loans),
			db.update(readers).set({ mentorId: null }),
			db.delete(readers),
			db.delete(books),
			db.delete(towns),
			db.delete(kinds),
			db.insert(towns).values([...seed.towns]),
			db.insert(readers).values(seed.readers.map((reader) => ({ ...reader, tags: 'tags' in reader ? [...reader.tags] : null }))),
			db.insert(books).values([...seed.books]),
			db.insert(loans).values([...seed.loans]),
		])
	})
	return db
}
