import { relations, sql } from 'drizzle-orm'
import {
	type AnySQLiteColumn,
	blob,
	customType,
	foreignKey,
	integer,
	numeric,
	primaryKey,
	real,
	sqliteTable,
	text,
	uniqueIndex,
} from 'drizzle-orm/sqlite-core'

/** A library: tables that the SQLake schema does not know, as a test-suite of Drizzle's own would bring them. */
export const readers = sqliteTable('readers', {
	id: integer('id').primaryKey({ autoIncrement: true }),
	name: text('name').notNull(),
	verified: integer('verified', { mode: 'boolean' }).notNull().default(false),
	tags: text('tags', { mode: 'json' }).$type<string[]>(),
	townId: integer('town_id'),
	mentorId: integer('mentor_id').references((): AnySQLiteColumn => readers.id),
	joinedAt: integer('joined_at', { mode: 'timestamp' }).notNull().default(sql`1767225600`),
})

export const towns = sqliteTable('towns', { id: integer('id').primaryKey(), name: text('name').notNull() })

export const books = sqliteTable(
	'books',
	{
		isbn: text('isbn').primaryKey(),
		title: text('title').notNull(),
		genre: text('genre', { enum: ['novel', 'poetry', 'science'] }).notNull(),
		price: real('price').notNull(),
		copies: integer('copies').notNull().default(1),
		slug: text('slug').notNull(),
	},
	(table) => [uniqueIndex('books_slug').on(table.slug)],
)

export const loans = sqliteTable(
	'loans',
	{
		readerId: integer('reader_id')
			.notNull()
			.references(() => readers.id, { onDelete: 'cascade' }),
		isbn: text('isbn').notNull(),
		day: integer('day').notNull(),
		days: integer('days').notNull().default(14),
	},
	(table) => [
		primaryKey({ columns: [table.readerId, table.isbn] }),
		foreignKey({ columns: [table.isbn], foreignColumns: [books.isbn] }),
	],
)

/** Stored upside down, so that a value that skipped its mapping shows. */
export const reversed = customType<{ data: string; driverData: string }>({
	dataType: () => 'text',
	toDriver: (value) => [...value].reverse().join(''),
	fromDriver: (value) => [...value].reverse().join(''),
})

let ticks = 0

export const kinds = sqliteTable('kinds', {
	id: integer('id').primaryKey(),
	flag: integer('flag', { mode: 'boolean' }),
	second: integer('second', { mode: 'timestamp' }),
	milli: integer('milli', { mode: 'timestamp_ms' }),
	json: text('json', { mode: 'json' }).$type<unknown>(),
	state: text('state', { enum: ['open', 'closed'] }),
	short: text('short', { length: 8 }),
	number: real('number'),
	exact: numeric('exact'),
	exactNumber: numeric('exact_number', { mode: 'number' }),
	exactBig: numeric('exact_big', { mode: 'bigint' }),
	bytes: blob('bytes', { mode: 'buffer' }),
	big: blob('big', { mode: 'bigint' }),
	blobJson: blob('blob_json', { mode: 'json' }).$type<unknown>(),
	custom: reversed('custom'),
	constant: text('constant').default('given'),
	now: text('now').default(sql`(upper('sql'))`),
	made: text('made').$defaultFn(() => 'made'),
	touched: integer('touched').$onUpdateFn(() => ++ticks),
	doubled: real('doubled').generatedAlwaysAs(sql`number * 2`, { mode: 'virtual' }),
	stored: text('stored').generatedAlwaysAs(sql`upper(short)`, { mode: 'stored' }),
})

export const readersRelations = relations(readers, ({ one, many }) => ({
	town: one(towns, { fields: [readers.townId], references: [towns.id] }),
	mentor: one(readers, { fields: [readers.mentorId], references: [readers.id], relationName: 'mentorship' }),
	pupils: many(readers, { relationName: 'mentorship' }),
	loans: many(loans),
}))
export const townsRelations = relations(towns, ({ many }) => ({ readers: many(readers) }))
export const booksRelations = relations(books, ({ many }) => ({ loans: many(loans) }))
export const loansRelations = relations(loans, ({ one }) => ({
	reader: one(readers, { fields: [loans.readerId], references: [readers.id] }),
	book: one(books, { fields: [loans.isbn], references: [books.isbn] }),
}))

/** What makes the tables, in the order of their foreign keys. */
export const ddl = [
	sql`create table ${towns} (id integer primary key, name text not null)`,
	sql`create table ${readers} (
		id integer primary key autoincrement, name text not null, verified integer not null default 0, tags text, town_id integer,
		mentor_id integer references readers(id), joined_at integer not null default 1767225600)`,
	sql`create table ${books} (
		isbn text primary key, title text not null, genre text not null, price real not null, copies integer not null default 1,
		slug text not null)`,
	sql`create unique index books_slug on books (slug)`,
	sql`create table ${loans} (
		reader_id integer not null references readers(id) on delete cascade, isbn text not null references books(isbn),
		day integer not null, days integer not null default 14, primary key (reader_id, isbn))`,
	sql`create table ${kinds} (
		id integer primary key, flag integer, second integer, milli integer, json text, state text, short text(8), number real,
		exact numeric, exact_number numeric, exact_big numeric, bytes blob, big blob, blob_json blob, custom text,
		constant text default 'given', now text default (upper('sql')), made text, touched integer,
		doubled real generated always as (number * 2) virtual, stored text generated always as (upper(short)) stored)`,
]
