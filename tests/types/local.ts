/**
 * What the types of the routers in Node promise. Nothing here runs: the compiler checks it.
 *
 * @module
 */
import { eq } from 'drizzle-orm'
import { real, text } from '../../src/columns.ts'
import { createInMemoryRouter, drizzle, LocalRouter, type QueryRouter, SQLake, setQueryRouter } from '../../src/index.ts'

const schema = SQLake({
	users: { id: text('id').primaryKey(), plan: text('plan', { enum: ['free', 'pro'] }) },
	orders: { id: text('id').primaryKey(), userId: text('user_id').notNull(), amount: real('amount').notNull() },
	shard: { users: 'id', orders: 'userId' },
})
const { users } = schema.tables

export async function routersOfNode() {
	await using router = createInMemoryRouter({ schema })
	const local: QueryRouter = new LocalRouter({ schema, db: '.sqlake/local.db', lake: '.sqlake/data', migrations: './drizzle' })
	setQueryRouter(local)
	// @ts-expect-error the schema is what SQLake() returns
	createInMemoryRouter({ schema: schema.tables })
	// @ts-expect-error in memory there is no directory
	createInMemoryRouter({ schema, db: 'somewhere' })

	const db = drizzle(router)
	const rows: { id: string; plan: 'free' | 'pro' | null }[] = await db.select().from(users).where(eq(users.id, 'ada'))
	const found = await db.query.orders.findFirst({ where: (orders, { eq }) => eq(orders.userId, 'ada') })
	const amount: number | undefined = found?.amount
	// @ts-expect-error the lake is read-only
	db.analytics().insert(users)
	const first: { n: number } | null = await router.sql<{ n: number }>`SELECT 1 AS n FROM users WHERE id = 'ada'`.first()
	const { changes, drained }: { changes: number; drained: boolean } = await router.flush()
	return { rows, amount, first, changes, drained }
}
