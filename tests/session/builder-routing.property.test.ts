import { and, asc, between, count, desc, eq, gt, inArray, isNull, like, ne, not, or, type SQL, sql } from 'drizzle-orm'
import { alias, SQLiteAsyncDialect } from 'drizzle-orm/sqlite-core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { integer, real, text } from '../../src/columns.ts'
import { drizzle } from '../../src/driver/drizzle.ts'
import { determineRoute } from '../../src/router/index.ts'
import { SQLake } from '../../src/schema/index.ts'
import type { Connection } from '../../src/session/connection.ts'
import { planQuery } from '../../src/session/plan.ts'
import { SQLakePreparedQuery } from '../../src/session/prepared-query.ts'

const schema = SQLake({
	users: { id: text('id').primaryKey(), plan: text('plan'), age: integer('age') },
	orders: { id: text('id').primaryKey(), userId: text('user_id').notNull(), amount: real('amount') },
	places: { country: text('country').notNull(), zip: integer('zip').notNull(), id: text('id').primaryKey() },
	shard: { users: 'id', orders: 'userId', places: ['country', 'zip'] },
})
const { users, orders, places } = schema.tables
const unused = () => Promise.reject(new Error('unused'))
const connection: Connection = {
	schema: schema.lake,
	shards: { execute: unused },
	fallback: undefined,
	observability: undefined,
	lake: unused,
	position: unused,
}
const db = drizzle({ schema, connection })
const plainDialect = new SQLiteAsyncDialect()

/** Whether a plan may run in any shard, since no row of any matters: the structure may name one all the same. */
function findsNoRow(plan: unknown): boolean {
	return Object(plan).reason === 'no row can satisfy its conditions'
}

/** What the builder's structure says, and what the parser says of the same text. */
function routes(query: { prepare(): unknown; getSQL?: unknown; toSQL(): { sql: string; params: unknown[] } }) {
	const prepared = query.prepare()
	if (!(prepared instanceof SQLakePreparedQuery)) throw new Error('not ours')
	const filled = prepared.fill()
	const ask = (run: () => string) => {
		try {
			return run()
		} catch (error) {
			return Object(error).code
		}
	}
	const structural = filled.built?.facts ?? null
	return {
		settled: structural !== null,
		driver: ask(() => {
			const plan = planQuery(filled, { kind: 'routed' }, connection)
			return plan.kind === 'shard' ? `shard ${plan.shard}` : plan.kind
		}),
		parser: ask(() => {
			const plan = planQuery({ ...filled, built: undefined }, { kind: 'routed' }, connection)
			return findsNoRow(plan) ? 'none' : plan.kind === 'shard' ? `shard ${plan.shard}` : plan.kind
		}),
		sql: filled.sql,
	}
}

const key = fc.constantFrom('a', 'b', 'c', "it's", '5', 'é', 'a/b')
const userCondition: fc.Arbitrary<SQL | undefined> = fc.letrec<{
	any: SQL | undefined
	leaf: SQL | undefined
	nested: SQL | undefined
}>((tie) => ({
	leaf: fc.oneof(
		key.map((value) => eq(users.id, value)),
		fc.array(key, { maxLength: 3 }).map((values) => inArray(users.id, values)),
		key.map((value) => ne(users.id, value)),
		fc.integer().map((age) => gt(users.age, age)),
		fc.constantFrom(isNull(users.plan), like(users.plan, 'p%'), between(users.age, 1, 2), eq(users.id, users.plan)),
		fc.constantFrom(sql`1 = 1 or 1 = 1`, sql`${users.id} = 'a'`, sql`lower(${users.id}) = 'a'`, sql`true -- `, undefined),
	),
	nested: fc.oneof(
		fc.array(tie('any'), { maxLength: 3 }).map((list) => and(...list)),
		fc.array(tie('any'), { maxLength: 3 }).map((list) => or(...list)),
		tie('any').map((inner) => (inner === undefined ? undefined : not(inner))),
	),
	any: fc.oneof({ maxDepth: 3 }, tie('leaf'), tie('nested')),
})).any

describe('the shard found in the builder’s structure', () => {
	it('is the one that the parser finds in the text, whatever the conditions', () => {
		let settled = 0
		fc.assert(
			fc.property(userCondition, fc.boolean(), (where, change) => {
				const query = change ? db.delete(users).where(where) : db.select().from(users).where(where)
				const found = routes(query as never)
				if (found.settled) settled++
				if (found.parser !== 'none') expect(found.driver, found.sql).toBe(found.parser)
			}),
			{ numRuns: 3_000 },
		)
		expect(settled).toBeGreaterThan(500)
	})

	it('is settled without the parser for the common shapes', () => {
		const other = alias(users, 'other')
		const one = eq(users.id, 'a')
		const shapes = [
			db.select().from(users).where(one),
			db
				.select({ id: users.id, n: count() })
				.from(users)
				.where(and(one, eq(users.plan, 'x')))
				.groupBy(users.id)
				.orderBy(desc(users.age), asc(users.id))
				.limit(1)
				.offset(2),
			db.select().from(users).innerJoin(orders, eq(orders.userId, users.id)).where(one),
			db.select().from(users).innerJoin(other, eq(other.id, users.id)).where(eq(other.id, 'a')),
			db
				.select({ user: users, deep: { plan: users.plan } })
				.from(users)
				.where(inArray(users.id, ['a'])),
			db
				.selectDistinct({ plan: users.plan })
				.from(users)
				.where(and(one, or(eq(users.plan, 'x'), isNull(users.plan)))),
			db.update(users).set({ plan: 'x' }).where(one),
			db.delete(users).where(one).returning(),
			db.insert(users).values({ id: 'a' }).returning(),
			db.insert(users).values([{ id: 'a' }, { id: 'a', plan: 'x' }]),
		]
		for (const shape of shapes)
			expect(routes(shape as never)).toMatchObject({ settled: true, driver: 'shard a', parser: 'shard a' })
		const composite = db
			.select()
			.from(places)
			.where(and(eq(places.country, 'de'), eq(places.zip, 10115)))
		expect(routes(composite)).toMatchObject({ settled: true, driver: 'shard %/de/10115' })
	})

	it('is left to the parser wherever raw SQL could change the meaning', () => {
		const one = eq(users.id, 'a')
		const shapes = [
			db
				.select({ n: sql`(select count(*) from ${orders})` })
				.from(users)
				.where(one),
			db.select().from(users).where(and(one, sql`1 or 1`)),
			db.select().from(users).where(one).orderBy(sql`(select 1 from orders)`),
			db.select().from(users).leftJoin(orders, eq(orders.userId, users.id)).where(one),
			db.update(users).set({ plan: sql`(select 'x' from orders)` }).where(one),
			db.update(users).set({ id: 'a' }).where(one),
			db.insert(users).values({ id: sql`'a'` }),
			db
				.insert(users)
				.values({ id: 'a' })
				.onConflictDoUpdate({ target: users.id, set: { id: 'b' } }),
			db.delete(users).where(one).returning({ n: sql`(select 1 from orders)` }),
			db.select().from(users).where(sql`${users.id} = ${'a'}`.inlineParams()),
		]
		for (const shape of shapes) expect(routes(shape as never).settled).toBe(false)
	})
})

describe('what the dialect renders', () => {
	it('is what Drizzle’s own dialect renders, for selects of a shape that was rendered before, too', () => {
		const columns = fc.constantFrom<(typeof users.id)[][]>([], [users.plan as never], [users.id, users.plan as never])
		const value = fc.oneof(key, fc.constantFrom(sql.placeholder('p'), sql.placeholder('q')))
		const where = fc.oneof(
			userCondition,
			fc.tuple(value, value).map(([a, b]) => and(eq(users.id, a), eq(users.plan, b))),
			value.map((shared) => {
				const same = eq(users.id, shared)
				return and(same, same)
			}),
		)
		const limit = fc.option(fc.constantFrom(-1, 0, 1, 10), { nil: undefined })
		fc.assert(
			fc.property(where, columns, limit, limit, fc.boolean(), fc.boolean(), (condition, order, most, skip, join, distinct) => {
				const from = distinct ? db.selectDistinct().from(users) : db.select().from(users)
				const query = from.where(condition).orderBy(...order)
				if (most !== undefined) query.limit(most)
				// SQLite knows no OFFSET without a LIMIT.
				if (skip !== undefined && (most ?? -1) >= 0) query.offset(skip)
				if (join) (query as typeof from).innerJoin(orders, eq(orders.userId, users.id))
				const expected = plainDialect.sqlToQuery(plainDialect.buildSelectQuery(query._.config))
				const prepared: unknown = query.prepare()
				if (!(prepared instanceof SQLakePreparedQuery)) throw new Error('not ours')
				expect(prepared.getQuery().sql).toBe(expected.sql)
				expect(prepared.getQuery().params).toEqual(expected.params)
				const placeholders = { p: 'a', q: 'b' }
				const plan = (built: boolean) => {
					const filled = prepared.fill(placeholders)
					try {
						return planQuery(built ? filled : { ...filled, built: undefined }, { kind: 'routed' }, connection)
					} catch (error) {
						return Object(error).code
					}
				}
				const [structural, parsed] = [plan(true), plan(false)]
				if (!findsNoRow(parsed)) expect(structural.shard ?? structural).toEqual(parsed.shard ?? parsed)
			}),
			{ numRuns: 3_000 },
		)
	})

	it('is what Drizzle’s own dialect renders, for inserts of many rows, too', () => {
		const value = fc.oneof(fc.string(), fc.constant(undefined), fc.constant(null))
		const row = fc.record({ id: fc.string(), plan: value, age: fc.option(fc.integer()) })
		fc.assert(
			fc.property(fc.array(row, { minLength: 1, maxLength: 5 }), fc.boolean(), fc.boolean(), (rows, upsert, returning) => {
				const build = () => {
					const insert = db.insert(users).values(rows as never)
					if (upsert) insert.onConflictDoUpdate({ target: users.id, set: { plan: sql`excluded.plan || ${'x'}` } })
					return returning ? insert.returning({ id: users.id }) : insert
				}
				const { config } = build() as never as { config: never }
				const { sql: text, params } = plainDialect.sqlToQuery(plainDialect.buildInsertQuery(config))
				expect((build() as never as { toSQL(): unknown }).toSQL()).toEqual({ sql: text, params })
			}),
			{ numRuns: 300 },
		)
	})

	it('routes every row of an insert by the parser’s rules', () => {
		fc.assert(
			fc.property(fc.array(key, { minLength: 1, maxLength: 4 }), (ids) => {
				const found = routes(db.insert(users).values(ids.map((id) => ({ id }))) as never)
				expect(found.driver).toBe(found.parser)
				const direct = determineRoute(found.sql, { schema: schema.lake, params: ids })
				expect(direct.kind).toBe(new Set(ids).size === 1 ? 'shard' : 'shards')
			}),
			{ numRuns: 200 },
		)
	})
})
