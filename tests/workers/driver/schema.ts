import { relations } from 'drizzle-orm'
import { blob, customType, integer, numeric, real, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { SQLake } from '../../../src/schema/index.ts'

/** Stored upside down, so that a value that skipped its mapping shows. */
export const reversed = customType<{ data: string; driverData: string }>({
	dataType: () => 'text',
	toDriver: (value) => [...value].reverse().join(''),
	fromDriver: (value) => [...value].reverse().join(''),
})

const kinds = sqliteTable('kinds', {
	id: integer('id').primaryKey(),
	owner: text('owner').notNull(),
	flag: integer('flag', { mode: 'boolean' }),
	second: integer('second', { mode: 'timestamp' }),
	milli: integer('milli', { mode: 'timestamp_ms' }),
	json: text('json', { mode: 'json' }).$type<{ a: number[] }>(),
	number: real('number'),
	exact: numeric('exact', { mode: 'bigint' }),
	big: blob('big', { mode: 'bigint' }),
	bytes: blob('bytes', { mode: 'buffer' }),
	blobJson: blob('blob_json', { mode: 'json' }).$type<{ b: string }>(),
	custom: reversed('custom'),
	token: text('token').$defaultFn(() => crypto.randomUUID()),
	plain: text('plain').default('given'),
	touched: integer('touched').$onUpdate(() => 7),
})

export const schema = SQLake({
	users: {
		id: text('id').primaryKey(),
		email: text('email').notNull(),
		plan: text('plan').default('free'),
		createdAt: integer('created_at', { mode: 'timestamp' }),
	},
	orders: {
		id: text('id').primaryKey(),
		userId: text('user_id').notNull(),
		amount: real('amount').notNull(),
		active: integer('active', { mode: 'boolean' }),
	},
	devices: { id: integer('id').primaryKey(), name: text('name') },
	tickets: {
		id: text('id')
			.primaryKey()
			.$defaultFn(() => crypto.randomUUID()),
		title: text('title').notNull(),
	},
	countries: { code: text('code').primaryKey(), name: text('name').notNull() },
	kinds,
	shard: { users: 'id', orders: 'userId', devices: 'id', tickets: 'id', kinds: 'owner' },
	global: ['countries'],
})

export const { users, orders, devices, tickets, countries } = schema.tables
export { kinds }

export const usersRelations = relations(users, ({ many }) => ({ orders: many(orders) }))
export const ordersRelations = relations(orders, ({ one }) => ({
	user: one(users, { fields: [orders.userId], references: [users.id] }),
}))

/** The same tables in SQL. */
export const ddl = [
	`CREATE TABLE users (id TEXT PRIMARY KEY, email TEXT NOT NULL, plan TEXT DEFAULT 'free', created_at INTEGER)`,
	`CREATE TABLE orders (id TEXT PRIMARY KEY, user_id TEXT NOT NULL, amount REAL NOT NULL, active INTEGER)`,
	`CREATE TABLE devices (id INTEGER PRIMARY KEY, name TEXT)`,
	`CREATE TABLE tickets (id TEXT PRIMARY KEY, title TEXT NOT NULL)`,
	`CREATE TABLE countries (code TEXT PRIMARY KEY, name TEXT NOT NULL)`,
	`CREATE TABLE kinds (id INTEGER PRIMARY KEY, owner TEXT NOT NULL, flag INTEGER, second INTEGER, milli INTEGER, json TEXT,
		number REAL, exact NUMERIC, big BLOB, bytes BLOB, blob_json BLOB, custom TEXT, token TEXT, plain TEXT DEFAULT 'given', touched INTEGER)`,
]
