/**
 * What the driver's types promise. Nothing here runs: the compiler checks it.
 *
 * @module
 */

import { and, count, eq, relations } from 'drizzle-orm'
import type { DrizzleD1Database } from 'drizzle-orm/d1'
import { migrate } from 'drizzle-orm/d1/migrator'
import { type BaseSQLiteDatabase, type SQLiteSelect, withReplicas } from 'drizzle-orm/sqlite-core'
import { createDuckDBServiceClient } from '../../src/analytics/service/duckdb-service-client.ts'
import { integer, real, sqliteTable, text } from '../../src/columns.ts'
import type { LakeTransport } from '../../src/driver/transport.ts'
import {
	type Bookmark,
	bookmarkOf,
	drizzle,
	type RunResult,
	SQLake,
	type SQLakeDrizzle,
	type SQLQuery,
	sql,
	sqlake,
	WorkerRouter,
} from '../../src/index.ts'

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
function assertType<T extends true>(): T | undefined {
	return undefined
}

const schema = SQLake({
	users: {
		id: text('id').primaryKey(),
		plan: text('plan', { enum: ['free', 'pro'] }),
		createdAt: integer('created_at', { mode: 'timestamp' }),
	},
	orders: { id: text('id').primaryKey(), userId: text('user_id').notNull(), amount: real('amount').notNull() },
	shard: { users: 'id', orders: 'userId' },
})
const { users, orders } = schema.tables
const usersRelations = relations(users, ({ many }) => ({ orders: many(orders) }))

type User = typeof users.$inferSelect
type Order = typeof orders.$inferSelect
interface Changes {
	_op: 'c' | 'u' | 'd'
	_shard: string
	_seq: bigint
	_ts: number
}
type Simplify<T> = { [K in keyof T]: T[K] } & {}

export async function selects(env: object) {
	const db = drizzle(sqlake(env, { schema }))

	const rows = await db.select().from(users).where(eq(users.id, 'a')).orderBy(users.plan).limit(1)
	assertType<Equal<typeof rows, User[]>>()

	const one = await db.select({ id: users.id, n: count() }).from(users).get()
	assertType<Equal<typeof one, { id: string; n: number } | undefined>>()

	const joined = await db.select().from(users).leftJoin(orders, eq(orders.userId, users.id)).where(eq(users.id, 'a'))
	assertType<Equal<typeof joined, { users: User; orders: Order | null }[]>>()

	const past = await db
		.select()
		.from(users)
		.where(and(eq(users.plan, 'pro')))
		.orderBy(users.id)
		.asOf('2026-01-01T00:00:00Z')
	assertType<Equal<typeof past, User[]>>()
	const later = await db.select().from(users).analytics().where(eq(users.plan, 'pro')).limit(3)
	assertType<Equal<typeof later, User[]>>()
	const grouped = await db.select({ plan: users.plan, n: count() }).from(users).groupBy(users.plan).snapshot(1n)
	assertType<Equal<typeof grouped, { plan: 'free' | 'pro' | null; n: number }[]>>()

	const changes = await db.select().from(users).where(eq(users.plan, 'pro')).between(1, 2)
	assertType<Equal<Simplify<(typeof changes)[number]>, Simplify<User & Changes>>>()
	const sameChanges = await db.between(1, 2).select().from(users).orderBy(users.id).limit(2)
	assertType<Equal<Simplify<(typeof sameChanges)[number]>, Simplify<User & Changes>>>()
	const ids = await db.between(1, 2).select({ id: users.id }).from(users)
	assertType<Equal<typeof ids, { id: string }[]>>()

	const prepared = db
		.select()
		.from(users)
		.where(eq(users.id, sql.placeholder('id')))
		.prepare()
	const executed = await prepared.execute({ id: 'a' })
	assertType<Equal<typeof executed, User[]>>()

	// @ts-expect-error: a column that the table does not have
	users.nothing
	// @ts-expect-error: a value of another type
	eq(users.createdAt, 'yesterday') satisfies { never: never }
}

export async function writes(env: object) {
	const db = drizzle(sqlake(env, { schema }))
	const run = await db.insert(users).values({ id: 'a' })
	assertType<Equal<typeof run, RunResult>>()
	assertType<Equal<typeof run.bookmark, Bookmark | null>>()
	const returned = await db.update(users).set({ plan: 'pro' }).where(eq(users.id, 'a')).returning({ plan: users.plan })
	assertType<Equal<typeof returned, { plan: 'free' | 'pro' | null }[]>>()
	bookmarkOf(returned) satisfies Bookmark | undefined
	const batch = await db.batch([db.insert(users).values({ id: 'a' }), db.select().from(users).where(eq(users.id, 'a'))])
	assertType<Equal<typeof batch, [RunResult, User[]]>>()
	await db.shard('a').delete(orders)

	// @ts-expect-error: `id` is required
	db.insert(users).values({ plan: 'pro' })
	// @ts-expect-error: not one of the enum
	db.update(users).set({ plan: 'gold' })
}

/** What `db.shard()` answers is the same database; a schema of its own may bring tables that `SQLake()` does not know. */
export async function pinned(env: object) {
	const notes = sqliteTable('notes', { id: integer('id').primaryKey(), body: text('body') })
	const db = drizzle(sqlake(env, { schema }), { schema: { notes }, casing: 'snake_case' }).shard('a')
	const inserted = await db.insert(notes).values({ body: 'b' }).returning()
	assertType<Equal<typeof inserted, { id: number; body: string | null }[]>>()
	const found = await db.query.notes.findMany({ columns: { body: true } })
	assertType<Equal<typeof found, { body: string | null }[]>>()
	const first = await db.delete(notes).where(eq(notes.id, 1)).orderBy(notes.id).limit(1).returning({ id: notes.id }).get()
	assertType<Equal<typeof first, { id: number } | undefined>>()
	const upserted = await db
		.insert(users)
		.values({ id: 'a' })
		.onConflictDoUpdate({ target: users.id, set: { plan: 'pro' } })
	assertType<Equal<typeof upserted, RunResult>>()
	const users2 = sqliteTable('users2', { id: integer('id').primaryKey() })
	const replaced = await drizzle(sqlake(env, { schema }), { schema: { users: users2 } }).query.users.findFirst()
	assertType<Equal<typeof replaced, { id: number } | undefined>>()

	const insert = db.insert(users).values({ id: 'a' })
	// @ts-expect-error: not one of the enum
	insert.onConflictDoUpdate({ target: users.id, set: { plan: 'gold' } })
	// @ts-expect-error: generated by SQLite, but a number
	db.insert(notes).values({ id: 'one' })
	// @ts-expect-error: a table that neither schema has
	db.query.nothing
	// @ts-expect-error: no such way to write names
	drizzle(sqlake(env, { schema }), { casing: 'kebab-case' })
}

export async function readOnly(env: object) {
	const lake = drizzle(sqlake(env, { schema })).analytics()
	const rows = await lake.select().from(users)
	assertType<Equal<typeof rows, User[]>>()
	const found = await lake.query.users.findFirst()
	assertType<Equal<typeof found, User | undefined>>()
	await lake.$count(users)
	const cte = lake.$with('c').as(lake.select().from(users))
	await lake.with(cte).select().from(cte)

	// @ts-expect-error: the lake is read-only
	lake.insert
	// @ts-expect-error: the lake is read-only
	lake.update
	// @ts-expect-error: the lake is read-only
	lake.delete
	// @ts-expect-error: the lake is read-only
	lake.run
	// @ts-expect-error: the lake is read-only
	lake.transaction
	// @ts-expect-error: the lake is read-only
	lake.with(cte).insert
	// @ts-expect-error: a moment is chosen once
	lake.asOf
}

export async function relational(env: object) {
	const db = drizzle(sqlake(env, { schema }), { schema: { usersRelations } })
	const found = await db.query.users.findMany({ where: eq(users.id, 'a'), with: { orders: { columns: { amount: true } } } })
	assertType<Equal<Simplify<(typeof found)[number]>, Simplify<User & { orders: { amount: number }[] }>>>()
	found[0]?.orders[0]?.amount satisfies number | undefined
}

export async function template(env: object) {
	const { sql: own } = new WorkerRouter(env, { schema })
	const first = await own<User>`SELECT * FROM users WHERE id = ${'a'}`.first()
	assertType<Equal<typeof first, User | null>>()
	const untyped = await sql.analytics`SELECT 1`
	assertType<Equal<typeof untyped, Record<string, unknown>[]>>()
	const typed = await sql.asOf(new Date())<{ n: number }>`SELECT count(*) AS n FROM users`
	assertType<Equal<typeof typed, { n: number }[]>>()
	const run = await sql`UPDATE users SET plan = 'pro' WHERE id = 'a'`.run()
	assertType<Equal<typeof run, RunResult>>()
	const mapped = await own<User>`SELECT * FROM users WHERE id = 'a'`.map((user) =>
		own<Order>`SELECT * FROM orders WHERE user_id = ${user.id}`.all(),
	)
	assertType<Equal<typeof mapped, Order[][]>>()
	const fragment: SQLQuery<number> = sql<number>`1`
	const selected = await drizzle(sqlake(env, { schema })).select({ n: fragment }).from(users)
	assertType<Equal<typeof selected, { n: number }[]>>()
}

/** What helpers ask for, as people write it: `any`. */
type Any = ReturnType<typeof JSON.parse>

/** The database fits where a helper takes any SQLite database, and its select where a helper takes a dynamic select. */
export async function helpers(db: SQLakeDrizzle<typeof schema>) {
	const takesAny = (any: BaseSQLiteDatabase<'async', Any, Any>) => any.select().from(users)
	const takesOwn = <T extends Record<string, unknown>>(own: BaseSQLiteDatabase<'async', RunResult, T>) => own.$count(users)
	const takesUnknown = (any: BaseSQLiteDatabase<'sync' | 'async', unknown, Record<string, unknown>>) => any
	const takesD1 = (d1: DrizzleD1Database<Any>) => d1.batch([d1.select().from(users)])
	const takesD1Of = (d1: DrizzleD1Database<Record<string, unknown>>) => d1.run('SELECT 1')
	const paged = <T extends SQLiteSelect>(query: T) => query.limit(1)
	await takesAny(db)
	await takesOwn(db)
	takesUnknown(db)
	await takesD1(db)
	const result = await takesD1Of(db)
	assertType<Equal<typeof result.meta.changes, number>>()
	await migrate(db.shard('a'), { migrationsFolder: './drizzle' })
	return paged(db.select().from(users).$dynamic())
}

export async function replicas(env: object) {
	const primary = drizzle(sqlake(env, { schema }))
	const db = withReplicas(primary, [primary])
	const rows = await db.select().from(users).where(eq(users.id, 'a'))
	assertType<Equal<typeof rows, User[]>>()
	const shared = await db.analytics().select().from(users)
	assertType<Equal<typeof shared, User[]>>()
	await db.shard('a').batch([db.insert(users).values({ id: 'a' })])
	return db.$primary.query.users.findFirst()
}

/** A service binding is what the client of an analytics service takes. */
export const analytics: LakeTransport = createDuckDBServiceClient({} as Fetcher, { token: 'secret' })

export async function splits(env: object) {
	const db = drizzle(sqlake(env, { schema }))
	const { shards } = await db.insert(users, { split: true }).values([{ id: 'a' }, { id: 'b' }])
	assertType<Equal<NonNullable<typeof shards>[number]['shard'], string>>()
	const rows = await db
		.insert(users, { split: true })
		.values([{ id: 'a' }])
		.returning()
	assertType<Equal<typeof rows, User[]>>()
}
