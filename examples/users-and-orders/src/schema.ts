import { integer, real, SQLake, text } from 'sqlake'

export const db = SQLake({
	users: {
		id: text('id').primaryKey(),
		email: text('email').notNull(),
		name: text('name'),
		plan: text('plan').default('free'),
	},
	orders: {
		id: text('id').primaryKey(),
		userId: text('user_id').notNull(),
		amount: real('amount').notNull(),
		status: text('status').default('pending'),
		createdAt: integer('created_at'),
	},
	shard: {
		users: 'id',
		orders: 'userId',
	},
	storage: 'hybrid',
	r2Bucket: 'SQLAKE_BUCKET',
})

export type User = typeof db.tables.users.$inferSelect
export type Order = typeof db.tables.orders.$inferSelect
