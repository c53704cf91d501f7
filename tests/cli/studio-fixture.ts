import { relations } from 'drizzle-orm'
import { blob, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'

/** A table with what Drizzle Studio asks about: a default that code makes, a BLOB, an integer. */
export const people = sqliteTable('people', {
	id: text('id')
		.primaryKey()
		.$defaultFn(() => 'made by code'),
	name: text('name'),
	age: integer('age'),
	photo: blob('photo'),
})

export const pets = sqliteTable('pets', { id: text('id').primaryKey(), ownerId: text('owner_id').references(() => people.id) })

export const studioTables = { people, pets }

export const studioRelations = {
	peopleRelations: relations(people, ({ many }) => ({ animals: many(pets) })),
	petsRelations: relations(pets, ({ one }) => ({ owner: one(people, { fields: [pets.ownerId], references: [people.id] }) })),
}

/** The table with two rows. */
export const studioSetup = [
	'CREATE TABLE people (id text PRIMARY KEY NOT NULL, name text, age integer, photo blob)',
	"INSERT INTO people VALUES ('ada', 'Ada', 36, x'00ff'), ('bob', NULL, -1, NULL)",
]
