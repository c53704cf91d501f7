/**
 * What a schema's types promise. Nothing here runs: the compiler checks it.
 *
 * @module
 */
import { blob, customType, integer, numeric, primaryKey, real, sqliteTable, text } from '../../src/columns.ts'
import {
	type InferInsert,
	type InferSelect,
	type ShardConfig,
	SQLake,
	type SQLakeConfig,
	type SQLakeDatabase,
	type StorageMode,
	type TableRef,
} from '../../src/schema/index.ts'

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
function assertType<T extends true>(): T | undefined {
	return undefined
}

const money = customType<{ data: bigint; driverData: number }>({ dataType: () => 'integer' })

const db = SQLake({
	users: {
		id: text('id').primaryKey(),
		email: text('email').notNull(),
		plan: text('plan', { enum: ['free', 'pro'] }).default('free'),
		createdAt: integer('created_at', { mode: 'timestamp' }),
		settings: text({ mode: 'json' }).$type<{ dark: boolean }>(),
		active: integer({ mode: 'boolean' }).notNull().default(true),
		avatar: blob({ mode: 'buffer' }),
		big: blob({ mode: 'bigint' }),
		exact: numeric(),
		credit: money().notNull(),
	},
	orders: { id: text('id').primaryKey(), userId: text('user_id').notNull(), amount: real('amount').notNull() },
	items: sqliteTable('order_items', { userId: text().notNull(), orderId: text().notNull(), n: integer().notNull() }, (t) => [
		primaryKey({ columns: [t.userId, t.orderId, t.n] }),
	]),
	plans: { id: integer().primaryKey() },
	shard: { users: 'id', orders: 'userId', items: ['userId', 'orderId'] },
	global: ['plans'],
	storage: 'hybrid',
	cdc: true,
	r2Bucket: 'SQLAKE_BUCKET',
	variantColumn: '_row',
})

// Rows infer as Drizzle's own tables do.
const users = sqliteTable('users', {
	id: text('id').primaryKey(),
	email: text('email').notNull(),
	plan: text('plan', { enum: ['free', 'pro'] }).default('free'),
	createdAt: integer('created_at', { mode: 'timestamp' }),
	settings: text({ mode: 'json' }).$type<{ dark: boolean }>(),
	active: integer({ mode: 'boolean' }).notNull().default(true),
	avatar: blob({ mode: 'buffer' }),
	big: blob({ mode: 'bigint' }),
	exact: numeric(),
	credit: money().notNull(),
})
assertType<Equal<typeof db.tables.users.$inferSelect, typeof users.$inferSelect>>()
assertType<Equal<typeof db.tables.users.$inferInsert, typeof users.$inferInsert>>()
assertType<Equal<InferSelect<typeof db.tables.users>, typeof users.$inferSelect>>()
assertType<Equal<InferInsert<typeof db.tables.users>, typeof users.$inferInsert>>()
assertType<Equal<InferSelect<typeof db.tables.users>['plan'], 'free' | 'pro' | null>>()
assertType<Equal<InferSelect<typeof db.tables.users>['credit'], bigint>>()
assertType<Equal<InferSelect<typeof db.tables.items>, { userId: string; orderId: string; n: number }>>()
assertType<Equal<InferInsert<typeof db.tables.plans>, { id?: number | undefined }>>()

// Options are no tables, and the tables keep their names.
assertType<Equal<keyof typeof db.tables, 'users' | 'orders' | 'items' | 'plans'>>()
assertType<Equal<(typeof db.tables.orders)['_']['name'], 'orders'>>()
assertType<Equal<(typeof db.tables.items)['_']['name'], 'order_items'>>()
assertType<Equal<(typeof db.tables.orders.userId)['_']['name'], 'user_id'>>()
assertType<Equal<TableRef<typeof db, 'orders'>, typeof db.tables.orders>>()

// Any database is an SQLakeDatabase, whatever its tables.
export const any: SQLakeDatabase = db
export const mode: StorageMode = db.storage

// A table's row may not be read as another's.
// @ts-expect-error orders have no email
export const email: string = ({} as InferSelect<typeof db.tables.orders>).email
// @ts-expect-error amount is required
export const order: InferInsert<typeof db.tables.orders> = { id: 'o', userId: 'u' }

const t = { id: text().primaryKey(), userId: text('user_id') }

// A composite key of a column record, readonly or not, and a definition spread from parts.
SQLake({ t, shard: { t: ['id', 'userId'] } })
SQLake({ ...{ t }, shard: { t: 'userId' } as const })
// No options at all but global.
SQLake({ t, global: ['t'] })
// A definition may stand apart from its use.
const definition = { t, shard: { t: 'id' } } as const
SQLake(definition)
export const config: SQLakeConfig = { t, shard: { t: 'id' }, storage: 'columns' }
export const shard: ShardConfig<{ t: typeof t }> = { t: ['userId', 'id'] }

// @ts-expect-error the shard column must exist
SQLake({ t, shard: { t: 'nope' } })
// @ts-expect-error the property of the column, not its name in SQL
SQLake({ t, shard: { t: 'user_id' } })
// @ts-expect-error every part of a composite key must exist
SQLake({ t, shard: { t: ['id', 'nope'] } })
// @ts-expect-error no column of another kind of table either
SQLake({ t: sqliteTable('t', t), shard: { t: 'nope' } })
// @ts-expect-error the table must exist
SQLake({ t, global: ['u'] })
// @ts-expect-error a storage mode that does not exist
SQLake({ t, shard: { t: 'id' }, storage: 'rows' })
// @ts-expect-error cdc is on or off
SQLake({ t, shard: { t: 'id' }, cdc: 'yes' })
// @ts-expect-error no option of that name
SQLake({ t, shard: { t: 'id' }, r2bucket: 'LAKE' })
// @ts-expect-error not a column
SQLake({ t: { id: 'text' }, global: ['t'] })
// @ts-expect-error not an object
SQLake('t')
// @ts-expect-error tables cannot be replaced
db.tables.users = users
