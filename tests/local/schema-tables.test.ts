import { sql } from 'drizzle-orm'
import { check, index, integer, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core'
import { describe, expect, it } from 'vitest'
import { createInMemoryRouter } from '../../src/local/in-memory-router.ts'
import { LocalRouter } from '../../src/local/local-router.ts'
import { SQLake } from '../../src/schema/database.ts'
import { placesIn, temporaryDirectory } from './fixture.ts'

/** Commas and semicolons where drizzle-kit joins and splits its statements. */
const schema = SQLake({
	notes: sqliteTable(
		'notes',
		{
			id: text('id').primaryKey(),
			state: text('state').notNull().default('open; or, not'),
			body: text('body').default(sql`(coalesce('a;b', 'c,d'))`),
			size: integer('size').notNull().default(1),
			short: text('short').generatedAlwaysAs(sql`substr("state", 1, 4)`),
		},
		(table) => [
			check('size; is, positive', sql`"size" > 0 AND "state" NOT IN ('x;y', 'z')`),
			index('by; lower, state').on(sql`lower(coalesce("state", ';'))`),
			uniqueIndex('open_only').on(table.id, table.size).where(sql`"state" IN ('open; or, not', 'b')`),
		],
	),
	shard: { notes: 'id' },
})

const routers = {
	createInMemoryRouter: async () => createInMemoryRouter({ schema }),
	LocalRouter: async () => new LocalRouter({ schema, ...placesIn(await temporaryDirectory()) }),
}

describe.each(Object.entries(routers))('%s without migrations', (_, open) => {
	it('makes the tables, checks and indexes that the schema says, whatever characters are in them', async () => {
		await using router = await open()
		await router.sql`INSERT INTO notes (id) VALUES ('ada')`.run()
		expect(await router.sql`SELECT * FROM notes WHERE id = 'ada'`.all()).toEqual([
			{ id: 'ada', state: 'open; or, not', body: 'a;b', size: 1, short: 'open' },
		])
		await expect(router.sql`INSERT INTO notes (id, size) VALUES ('ben', 0)`.run()).rejects.toThrow(/size; is, positive/)
		await expect(router.sql`INSERT INTO notes (id, state) VALUES ('cleo', 'x;y')`.run()).rejects.toThrow(/CHECK/)
	})
})

it('a schema that SQLite does not take is refused as `sqlake generate` refuses it', async () => {
	const table = sqliteTable('t', { id: text('id').primaryKey() }, () => [check('c', sql`nowhere > 1`)])
	await using router = createInMemoryRouter({ schema: SQLake({ t: table, shard: { t: 'id' } }) })
	await expect(router.sql`SELECT * FROM t WHERE id = 'ada'`.all()).rejects.toMatchObject({
		code: 'MIGRATION_INVALID',
		message: expect.stringContaining('nowhere'),
	})
})
