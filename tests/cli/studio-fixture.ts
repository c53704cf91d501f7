import { blob, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { SQLake } from '../../src/schema/database.ts'

/** A table with what Drizzle Studio asks about: a default that code makes, a BLOB, an integer. */
export const people = sqliteTable('people', {
	id: text('id')
		.primaryKey()
		.$defaultFn(() => 'made by code'),
	name: text('name'),
	age: integer('age'),
	photo: blob('photo'),
})

export const studioTables = { people }

/** The same table as a project's, a shard for each person. */
export const studioSchema = SQLake({ people, shard: { people: 'id' } })

/** The table with two rows. */
export const studioSetup = [
	'CREATE TABLE people (id text PRIMARY KEY NOT NULL, name text, age integer, photo blob)',
	"INSERT INTO people VALUES ('ada', 'Ada', 36, x'00ff'), ('bob', NULL, -1, NULL)",
]
