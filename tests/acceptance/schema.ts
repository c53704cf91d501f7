import { sql } from 'drizzle-orm'
import { SQLake } from 'sqlake'
import {
	blob,
	check,
	customType,
	foreignKey,
	index,
	integer,
	numeric,
	primaryKey,
	real,
	sqliteTable,
	text,
	uniqueIndex,
} from 'sqlake/columns'

/** An amount of money in cents, kept as text such as `EUR 1234`. */
const money = customType<{ data: { currency: string; cents: number }; driverData: string }>({
	dataType: () => 'text',
	toDriver: ({ currency, cents }) => `${currency} ${cents}`,
	fromDriver: (stored) => {
		const [currency = '', cents] = stored.split(' ')
		return { currency, cents: Number(cents) }
	},
})

/** A column of every kind. */
export const samples = sqliteTable('samples', {
	id: text('id').primaryKey(),
	owner: text('owner').notNull(),
	n: integer('n'),
	flag: integer('flag', { mode: 'boolean' }),
	at: integer('at', { mode: 'timestamp' }),
	atMs: integer('at_ms', { mode: 'timestamp_ms' }),
	doc: text('doc', { mode: 'json' }).$type<unknown>(),
	mood: text('mood', { enum: ['calm', 'wild'] }),
	note: text('note'),
	ratio: real('ratio'),
	price: numeric('price'),
	priceNumber: numeric('price_number', { mode: 'number' }),
	priceBigint: numeric('price_bigint', { mode: 'bigint' }),
	bytes: blob('bytes', { mode: 'buffer' }),
	big: blob('big', { mode: 'bigint' }),
	blobDoc: blob('blob_doc', { mode: 'json' }).$type<unknown>(),
	money: money('money'),
})

/** Composite primary key, composite shard key. */
export const lines = sqliteTable(
	'lines',
	{
		tenant: integer('tenant').notNull(),
		region: text('region').notNull(),
		no: integer('no').notNull(),
		product: text('product'),
		quantity: integer('quantity').notNull().default(1),
	},
	(table) => [primaryKey({ columns: [table.tenant, table.region, table.no] })],
)

/** Lives in one shard. */
export const settings = sqliteTable('settings', { key: text('key').primaryKey(), value: text('value', { mode: 'json' }) })

export const accounts = sqliteTable(
	'accounts',
	{ id: text('id').primaryKey(), email: text('email').notNull(), age: integer('age') },
	(table) => [uniqueIndex('accounts_email').on(table.email), check('accounts_age', sql`${table.age} >= 0`)],
)

export const posts = sqliteTable(
	'posts',
	{
		id: text('id').primaryKey(),
		accountId: text('account_id').notNull(),
		title: text('title').notNull(),
		slug: text('slug').unique(),
	},
	(table) => [
		index('posts_account').on(table.accountId),
		foreignKey({ columns: [table.accountId], foreignColumns: [accounts.id] }).onDelete('cascade'),
	],
)

/** Written by the application's own trigger on `posts`. */
export const audit = sqliteTable('audit', {
	id: integer('id').primaryKey(),
	accountId: text('account_id').notNull(),
	what: text('what').notNull(),
})

/** Names that SQL must quote, columns that SQLite computes, a row that refers to another of its table. */
export const odd = sqliteTable(
	'Ödd näme',
	{
		id: integer('id').primaryKey({ autoIncrement: true }),
		owner: text('owner').notNull(),
		group: text('group'),
		quoted: integer('a"b'),
		spaced: text('with space'),
		upper: text('UPPER').default('up'),
		stored: text('stored').generatedAlwaysAs(sql`upper("group")`, { mode: 'stored' }),
		virtual: integer('virtual').generatedAlwaysAs(sql`"a""b" * 2`, { mode: 'virtual' }),
		parent: integer('parent'),
	},
	(table) => [
		foreignKey({ columns: [table.parent], foreignColumns: [table.id] })
			.onDelete('set null')
			.onUpdate('cascade'),
	],
)

function lakeIn(r2Bucket: string) {
	return SQLake({
		samples,
		lines,
		settings,
		accounts,
		posts,
		audit,
		odd,
		shard: {
			odd: 'owner',
			samples: 'owner',
			lines: ['tenant', 'region'],
			accounts: 'id',
			posts: 'accountId',
			audit: 'accountId',
		},
		global: ['settings'],
		storage: 'hybrid',
		r2Bucket,
	})
}

/** One lake for each group of scenarios that would disturb others. */
export const lakes = {
	main: lakeIn('MAIN_BUCKET'),
	empty: lakeIn('EMPTY_BUCKET'),
	faulty: lakeIn('FAULTY_BUCKET'),
	damaged: lakeIn('DAMAGED_BUCKET'),
	live: lakeIn('LIVE_BUCKET'),
}
