import { env, runInDurableObject } from 'cloudflare:test'
import { count, eq, exists, gt, sql } from 'drizzle-orm'
import { alias, unionAll } from 'drizzle-orm/sqlite-core'
import { describe, expect, it } from 'vitest'
import type { LocalDatabase } from '../../../../src/do/sqlake-do.ts'
import { orders, type db as schema, users } from '../../do/objects.ts'

let shards = 0

/** Runs what an object's own code would, in a fresh shard; tells how many changes capture took besides. */
async function inside<T>(run: (db: LocalDatabase<typeof schema>) => T): Promise<{ answer: T; captured: number }> {
	const stub = env.OWN_WAYS_DO.getByName(`local-${shards++}`)
	return runInDurableObject(stub, async (object) => {
		const before = (await object.getCDCFlushMetrics()).buffered
		const answer = object.locally((_, db) => run(db))
		return { answer, captured: (await object.getCDCFlushMetrics()).buffered - before }
	})
}

const ann = { id: 'ann', plan: 'pro', createdAt: new Date(5_000) }
const lots = [
	{ id: 'o1', userId: 'ann', amount: 1.5, quantity: 1 },
	{ id: 'o2', userId: 'ann', amount: 2.5, quantity: 2 },
	{ id: 'o3', userId: 'seed', amount: 9, quantity: null },
]
const fill = (db: LocalDatabase<typeof schema>) => {
	db.insert(users).values(ann).run()
	db.insert(orders).values(lots).run()
}

describe('the database inside the object', () => {
	it('answers at once, decoded', async () => {
		const { answer } = await inside((db) => {
			fill(db)
			const byId = eq(users.id, 'ann')
			return [
				db.select().from(users).where(byId).get(),
				db.select({ id: users.id }).from(users).where(byId).all(),
				db.select({ id: users.id }).from(users).where(byId).values(),
				db.select().from(users).where(eq(users.id, 'none')).get(),
			]
		})
		expect(answer).toEqual([ann, [{ id: 'ann' }], [['ann']], undefined])
	})

	it('joins, groups, sub-queries, set operations and CTEs', async () => {
		const { answer } = await inside((db) => {
			fill(db)
			const other = alias(orders, 'other')
			const big = db.$with('big').as(db.select().from(orders).where(gt(orders.amount, 2)))
			const totals = db
				.select({ userId: orders.userId, n: count().as('n') })
				.from(orders)
				.groupBy(orders.userId)
				.as('totals')
			return {
				left: db.select().from(users).leftJoin(orders, eq(orders.userId, users.id)).where(eq(users.id, 'ann')).all().length,
				self: db.select().from(orders).innerJoin(other, eq(orders.userId, other.userId)).all().length,
				totals: db
					.select({ id: users.id, n: totals.n })
					.from(users)
					.innerJoin(totals, eq(totals.userId, users.id))
					.orderBy(users.id)
					.all(),
				big: db.with(big).select({ id: big.id }).from(big).orderBy(big.id).all(),
				exists: db
					.select({ id: users.id })
					.from(users)
					.where(exists(db.select().from(orders).where(eq(orders.userId, 'ann'))))
					.all().length,
				union: unionAll(db.select({ id: users.id }).from(users), db.select({ id: orders.id }).from(orders)).all().length,
			}
		})
		expect(answer).toEqual({
			left: 2,
			self: 5,
			totals: [
				{ id: 'ann', n: 2 },
				{ id: 'seed', n: 1 },
			],
			big: [{ id: 'o2' }, { id: 'o3' }],
			exists: 2,
			union: 5,
		})
	})

	it('updates, deletes, upserts and answers from returning()', async () => {
		const { answer, captured } = await inside((db) => {
			fill(db)
			return [
				db.update(orders).set({ quantity: 7 }).where(eq(orders.id, 'o1')).returning({ q: orders.quantity }).get(),
				db.delete(orders).where(eq(orders.id, 'o3')).returning({ id: orders.id }).all(),
				db
					.insert(users)
					.values({ id: 'ann', plan: 'x' })
					.onConflictDoUpdate({ target: users.id, set: { plan: 'free' } })
					.returning()
					.get(),
				db.insert(users).values(ann).onConflictDoNothing().returning().all(),
				db
					.insert(orders)
					.select(
						db
							.select({ id: sql`id || '!'`.as('id'), userId: orders.userId, amount: orders.amount, quantity: orders.quantity })
							.from(orders),
					)
					.returning({ id: orders.id })
					.all(),
			]
		})
		expect(answer).toEqual([{ q: 7 }, [{ id: 'o3' }], { ...ann, plan: 'free' }, [], [{ id: 'o1!' }, { id: 'o2!' }]])
		expect(captured).toBe(4 + 1 + 1 + 1 + 2)
	})

	it('prepares with placeholders, and runs raw SQL', async () => {
		const { answer } = await inside((db) => {
			fill(db)
			const prepared = db
				.select({ id: orders.id })
				.from(orders)
				.where(eq(orders.userId, sql.placeholder('user')))
				.limit(sql.placeholder('limit'))
				.prepare()
			return [
				prepared.all({ user: 'ann', limit: 1 }),
				prepared.all({ user: 'seed', limit: 5 }),
				db.all(sql`select count(*) as n from ${orders}`),
				db.get(sql`select plan from ${users} where id = ${'ann'}`),
				db.values(sql`select 1, 2`),
			]
		})
		expect(answer).toEqual([[{ id: 'o1' }], [{ id: 'o3' }], [{ n: 3 }], expect.anything(), [[1, 2]]])
	})

	it('takes a relational query', async () => {
		const { answer } = await inside((db) => {
			fill(db)
			return db.query.users.findFirst({ where: eq(users.id, 'ann'), columns: { plan: true } }).sync()
		})
		expect(answer).toEqual({ plan: 'pro' })
	})
})

describe('a transaction inside the object', () => {
	const ids = (db: LocalDatabase<typeof schema>) =>
		db
			.select({ id: users.id })
			.from(users)
			.orderBy(users.id)
			.all()
			.map(({ id }) => id)
	const add = (db: Pick<LocalDatabase<typeof schema>, 'insert'>, id: string) => db.insert(users).values({ id }).run()

	it('commits what it wrote, answers what it returns, and is captured', async () => {
		const { answer, captured } = await inside((db) => {
			const result = db.transaction((tx) => {
				add(tx, 'a')
				add(tx, 'b')
				return 7
			})
			return { result, ids: ids(db) }
		})
		expect(answer).toEqual({ result: 7, ids: ['a', 'b', 'seed'] })
		expect(captured).toBe(2)
	})

	it('is rolled back by an error, which comes out as it was thrown; nothing of it is captured', async () => {
		const thrown = new Error('no')
		const { answer, captured } = await inside((db) => {
			let caught: unknown
			try {
				db.transaction((tx) => {
					add(tx, 'a')
					throw thrown
				})
			} catch (error) {
				caught = error
			}
			return { caught, ids: ids(db) }
		})
		expect(answer).toEqual({ caught: thrown, ids: ['seed'] })
		expect(captured).toBe(0)
	})

	it('is rolled back by rollback(), and by a constraint', async () => {
		const { answer, captured } = await inside((db) => {
			const failures: string[] = []
			const attempts = [
				() =>
					db.transaction((tx) => {
						add(tx, 'a')
						tx.rollback()
					}),
				() =>
					db.transaction((tx) => {
						add(tx, 'a')
						add(tx, 'a')
					}),
			]
			for (const attempt of attempts) {
				try {
					attempt()
				} catch (error) {
					failures.push(String(error))
				}
			}
			return { failures, ids: ids(db) }
		})
		expect(answer.failures[0]).toContain('Rollback')
		expect(answer.failures[1]).toContain('UNIQUE')
		expect([answer.ids, captured]).toEqual([['seed'], 0])
	})

	it('nests: an inner one is rolled back alone', async () => {
		const { answer, captured } = await inside((db) => {
			db.transaction((tx) => {
				add(tx, 'outer')
				try {
					tx.transaction((inner) => {
						add(inner, 'inner')
						throw new Error('inner')
					})
				} catch {
					add(tx, 'after')
				}
				tx.transaction((inner) => add(inner, 'kept'))
			})
			return ids(db)
		})
		expect(answer).toEqual(['after', 'kept', 'outer', 'seed'])
		expect(captured).toBe(3)
	})

	it('nests: an outer one that fails takes the inner one with it', async () => {
		const { answer, captured } = await inside((db) => {
			try {
				db.transaction((tx) => {
					tx.transaction((inner) => add(inner, 'inner'))
					throw new Error('outer')
				})
			} catch {
				return ids(db)
			}
			return []
		})
		expect([answer, captured]).toEqual([['seed'], 0])
	})

	it('reads what it wrote before it is committed', async () => {
		const { answer } = await inside((db) =>
			db.transaction((tx) => {
				tx.update(users).set({ plan: 'gold' }).where(eq(users.id, 'seed')).run()
				return tx.select({ plan: users.plan }).from(users).get()
			}),
		)
		expect(answer).toEqual({ plan: 'gold' })
	})

	it('with an asynchronous callback is refused and rolled back: it would be over before the callback is', async () => {
		const { answer, captured } = await inside((db) => {
			try {
				db.transaction(async (tx) => {
					add(tx, 'a')
					await Promise.resolve()
				})
			} catch (error) {
				return { error, ids: ids(db) }
			}
			return { error: null, ids: ids(db) }
		})
		expect(answer).toMatchObject({ error: { code: 'TRANSACTION_UNSUPPORTED' }, ids: ['seed'] })
		expect(captured).toBe(0)
	})
})
