/**
 * Queries of Drizzle's builder: what applications send without writing SQL.
 *
 * @module
 */
import {
	and,
	asc,
	avg,
	between,
	count,
	countDistinct,
	desc,
	eq,
	exists,
	gt,
	gte,
	inArray,
	isNotNull,
	isNull,
	like,
	lt,
	lte,
	max,
	min,
	ne,
	not,
	notBetween,
	notExists,
	notInArray,
	notLike,
	or,
	type SQL,
	sql,
	sum,
	sumDistinct,
} from 'drizzle-orm'
import { alias, except, intersect, union, unionAll } from 'drizzle-orm/sqlite-core'
import type { EngineValue } from '../../../src/analytics/query-engine.ts'
import { reportQueries } from './drizzle-reports.ts'
import { comments, db, posts, qb, users } from './drizzle-tables.ts'

export { DRIZZLE_SETUP } from './drizzle-tables.ts'

interface Built {
	toSQL(): { sql: string; params: unknown[] }
}

/** One query as the builder emits it, bound as a Durable Object binds. */
export interface DrizzleQuery {
	readonly name: string
	readonly sql: string
	readonly params: readonly EngineValue[]
}

const all = () => qb.select().from(users)
const manager = alias(users, 'manager')
const day = new Date(1_704_067_200_000)

const conditions: Record<string, SQL | undefined> = {
	eq: eq(users.id, 1),
	'eq text': eq(users.name, 'Ada'),
	'eq boolean': eq(users.active, true),
	'eq timestamp': eq(users.createdAt, new Date(1_700_000_000_000)),
	'eq timestamp_ms': eq(users.seenAt, new Date(1_700_000_000_123)),
	'eq numeric': eq(users.balance, '2.5'),
	'eq json': eq(users.settings, { a: 1 }),
	'eq buffer': eq(users.avatar, Buffer.from([1])),
	'eq column': eq(users.age, users.id),
	ne: ne(users.age, 25),
	'ne boolean': ne(users.active, false),
	gt: gt(users.age, 30),
	'gt real': gt(users.score, 1.5),
	'gt timestamp': gt(users.createdAt, day),
	gte: gte(users.age, 25),
	lt: lt(users.score, 8),
	lte: lte(users.seenAt, day),
	isNull: isNull(users.email),
	isNotNull: isNotNull(users.role),
	inArray: inArray(users.id, [1, 3, 9]),
	'inArray text': inArray(users.role, ['admin', 'user']),
	'inArray query': inArray(users.id, qb.select({ id: posts.userId }).from(posts)),
	notInArray: notInArray(users.id, [1, 3]),
	'notInArray query': notInArray(users.id, qb.select({ id: posts.userId }).from(posts).where(gt(posts.views, 5))),
	between: between(users.age, 20, 40),
	'between dates': between(users.createdAt, new Date(1_701_000_000_000), new Date(1_705_000_000_000)),
	notBetween: notBetween(users.score, 0, 8),
	like: like(users.name, 'A%'),
	'like middle': like(users.email, '%X.I%'),
	notLike: notLike(users.name, '%e%'),
	and: and(eq(users.active, true), gt(users.age, 30)),
	or: or(eq(users.role, 'admin'), isNull(users.role)),
	not: not(eq(users.name, 'bob')),
	nested: and(or(eq(users.id, 1), eq(users.id, 2)), not(and(isNull(users.email), eq(users.active, false)) ?? sql`0`)),
	exists: exists(qb.select().from(posts).where(eq(posts.userId, users.id))),
	notExists: notExists(
		qb
			.select({ one: sql`1` })
			.from(posts)
			.where(and(eq(posts.userId, users.id), eq(posts.published, true))),
	),
	'sql lower': sql`lower(${users.name}) = ${'ada'}`,
	'sql length': sql`length(${users.name}) > ${2}`,
	'sql division': sql`${users.age} / ${2} > ${12}`,
	'sql month': sql`strftime('%Y-%m', ${users.createdAt}, 'unixepoch') = ${'2024-01'}`,
	'sql coalesce': sql`coalesce(${users.age}, ${0}) >= ${25}`,
	'sql concat': sql`${users.name} || ${'-'} || ${users.id} like ${'%-1'}`,
	'sql is': sql`${users.role} is ${null}`,
	'sql cast': sql`cast(${users.score} as integer) = ${9}`,
	'sql true': sql`${users.active} is true`,
	undefined: undefined,
}

const columns = getColumns()
function getColumns() {
	return [
		users.id,
		users.name,
		users.email,
		users.age,
		users.score,
		users.balance,
		users.active,
		users.role,
		users.createdAt,
		users.seenAt,
		users.settings,
		users.avatar,
	] as const
}

const queries: Record<string, () => Built> = {
	'select all': () => all(),
	'select fields': () => qb.select({ id: users.id, n: users.name, up: sql<string>`upper(${users.name})` }).from(users),
	'select nested': () =>
		qb
			.select({ user: { id: users.id, name: users.name }, post: { title: posts.title } })
			.from(users)
			.innerJoin(posts, eq(posts.userId, users.id)),
	'select distinct': () => qb.selectDistinct({ age: users.age }).from(users).orderBy(users.age),
	'select constant': () =>
		qb
			.select({ one: sql`1`, text: sql`${'x'}`, half: sql`${7} / 2`, number: sql`${5}`, big: sql`${10n}` })
			.from(users)
			.limit(1),
	...Object.fromEntries(Object.entries(conditions).map(([name, condition]) => [`where ${name}`, () => all().where(condition)])),
	...Object.fromEntries(
		Object.entries(conditions).map(([name, condition]) => [
			`count where ${name}`,
			() => qb.select({ n: count() }).from(users).where(condition),
		]),
	),
	...Object.fromEntries(columns.map((column) => [`order by ${column.name}`, () => all().orderBy(asc(column), users.id)])),
	...Object.fromEntries(
		columns.map((column) => [
			`order by ${column.name} desc`,
			() => qb.select({ id: users.id, column }).from(users).orderBy(desc(column), desc(users.id)).limit(3),
		]),
	),
	...Object.fromEntries(
		columns.map((column) => [
			`group by ${column.name}`,
			() =>
				qb
					.select({ column, n: count(), first: min(users.id) })
					.from(users)
					.groupBy(column)
					.orderBy(column),
		]),
	),
	...Object.fromEntries(
		columns.map((column) => [
			`extremes of ${column.name}`,
			() => qb.select({ min: min(column), max: max(column), n: count(column), d: countDistinct(column) }).from(users),
		]),
	),
	...Object.fromEntries(
		columns.map((column) => [
			`window over ${column.name}`,
			() =>
				qb
					.select({
						id: users.id,
						rank: sql`rank() over (order by ${column})`,
						lag: sql`lag(${column}) over (order by ${users.id})`,
					})
					.from(users)
					.orderBy(users.id),
		]),
	),
	'limit offset': () => all().orderBy(users.id).limit(2).offset(1),
	'count(*)': () => qb.select({ n: count() }).from(users),
	sums: () =>
		qb
			.select({
				s: sum(users.age),
				a: avg(users.age),
				d: sumDistinct(users.age),
				r: sum(users.score),
				b: sum(users.balance),
				v: avg(users.balance),
			})
			.from(users),
	'group having': () =>
		qb
			.select({ userId: posts.userId, n: count(), views: sum(posts.views) })
			.from(posts)
			.groupBy(posts.userId)
			.having(({ n }) => gt(n, 1))
			.orderBy(posts.userId),
	'group by month': () =>
		qb
			.select({ month: sql<string>`strftime('%Y-%m', ${posts.at}, 'unixepoch')`.as('month'), n: count() })
			.from(posts)
			.groupBy(sql`month`)
			.orderBy(sql`month`),
	'group by expression': () =>
		qb
			.select({ decade: sql<number>`${users.age} / 10`, n: count() })
			.from(users)
			.groupBy(sql`${users.age} / 10`)
			.orderBy(sql`1`),
	'sum of case': () =>
		qb
			.select({
				n: sql<number>`sum(case when ${posts.published} = ${true} then ${posts.views} else 0 end)`,
				m: sql<number>`total(${posts.rating})`,
			})
			.from(posts),
	'coalesce sum': () =>
		qb
			.select({ id: users.id, views: sql<number>`coalesce(sum(${posts.views}), 0)` })
			.from(users)
			.leftJoin(posts, eq(posts.userId, users.id))
			.groupBy(users.id)
			.orderBy(users.id),
	'inner join': () => qb.select().from(users).innerJoin(posts, eq(users.id, posts.userId)).orderBy(posts.id),
	'left join': () => qb.select().from(users).leftJoin(posts, eq(users.id, posts.userId)).orderBy(users.id, posts.id),
	'right join': () => qb.select().from(users).rightJoin(posts, eq(users.id, posts.userId)).orderBy(posts.id),
	'full join': () => qb.select().from(users).fullJoin(posts, eq(users.id, posts.userId)).orderBy(users.id, posts.id),
	'cross join': () => qb.select({ n: count() }).from(users).crossJoin(posts),
	'self join': () =>
		qb
			.select({ name: users.name, boss: manager.name })
			.from(users)
			.leftJoin(manager, eq(users.managerId, manager.id))
			.orderBy(users.id),
	'join with conditions': () =>
		qb
			.select({ id: users.id, title: posts.title })
			.from(users)
			.leftJoin(posts, and(eq(posts.userId, users.id), eq(posts.published, true), gt(posts.views, 5)))
			.orderBy(users.id, posts.id),
	'sub-query': () => {
		const sub = qb
			.select({ userId: posts.userId, n: count().as('n') })
			.from(posts)
			.groupBy(posts.userId)
			.as('sub')
		return qb.select({ id: users.id, n: sub.n }).from(users).leftJoin(sub, eq(sub.userId, users.id)).orderBy(users.id)
	},
	'from sub-query': () => {
		const sub = qb
			.select({ id: users.id, double: sql<number>`${users.age} * 2`.as('double') })
			.from(users)
			.where(eq(users.active, true))
			.as('sub')
		return qb.select().from(sub).where(gt(sub.double, 50)).orderBy(sub.id)
	},
	'scalar sub-query': () =>
		qb
			.select({ id: users.id, n: sql<number>`(select count(*) from ${posts} where ${posts.userId} = ${users.id})` })
			.from(users)
			.orderBy(users.id),
	'where sub-query': () => all().where(eq(users.age, qb.select({ m: max(users.age) }).from(users))),
	cte: () => {
		const old = qb.$with('old').as(qb.select().from(users).where(gt(users.age, 30)))
		return qb.with(old).select().from(old).orderBy(old.id)
	},
	'two ctes': () => {
		const totals = qb.$with('totals').as(
			qb
				.select({ userId: posts.userId, total: sql<number>`sum(${posts.views})`.as('total') })
				.from(posts)
				.groupBy(posts.userId),
		)
		const top = qb.$with('top').as(
			qb
				.select({ userId: totals.userId })
				.from(totals)
				.where(gt(totals.total, sql`(select sum(total) / 10 from ${totals})`)),
		)
		return qb
			.with(totals, top)
			.select({ name: users.name, total: totals.total })
			.from(users)
			.innerJoin(totals, eq(totals.userId, users.id))
			.where(inArray(users.id, sql`(select user_id from ${top})`))
			.orderBy(users.id)
	},
	union: () => union(qb.select({ v: users.name }).from(users), qb.select({ v: posts.title }).from(posts)).orderBy(sql`1`),
	'union all': () =>
		unionAll(qb.select({ v: users.id }).from(users), qb.select({ v: posts.userId }).from(posts))
			.orderBy(sql`1`)
			.limit(4),
	except: () => except(qb.select({ v: users.id }).from(users), qb.select({ v: posts.userId }).from(posts)),
	intersect: () => intersect(qb.select({ v: users.id }).from(users), qb.select({ v: posts.userId }).from(posts)),
	'row number': () =>
		qb
			.select({ id: posts.id, n: sql<number>`row_number() over (partition by ${posts.userId} order by ${posts.views} desc)` })
			.from(posts)
			.orderBy(posts.id),
	'running sum': () =>
		qb
			.select({ id: posts.id, s: sql<number>`sum(${posts.views}) over (order by ${posts.at})` })
			.from(posts)
			.orderBy(posts.id),
	group_concat: () =>
		qb
			.select({ userId: posts.userId, titles: sql<string>`group_concat(${posts.title}, ', ' order by ${posts.id})` })
			.from(posts)
			.groupBy(posts.userId)
			.orderBy(posts.userId),
	'conditional aggregates': () =>
		qb
			.select({
				a: sql`count(*) filter (where ${users.active})`,
				b: sql`avg(${users.age}) filter (where ${users.role} = ${'user'})`,
			})
			.from(users),
	'round and printf': () =>
		qb
			.select({ r: sql`round(${posts.rating}, 1)`, f: sql`printf('%.2f', ${posts.rating})` })
			.from(posts)
			.orderBy(posts.id),
	'date functions': () =>
		qb
			.select({
				d: sql`date(${posts.at}, 'unixepoch')`,
				t: sql`datetime(${posts.at}, 'unixepoch', '+1 day')`,
				y: sql`cast(strftime('%Y', ${posts.at}, 'unixepoch') as integer)`,
			})
			.from(posts)
			.orderBy(posts.id),
	'find many': () => db.query.users.findMany({ orderBy: asc(users.id) }),
	'find first': () => db.query.users.findFirst({ where: eq(users.id, 2) }),
	'find columns': () =>
		db.query.users.findMany({
			columns: { id: true, name: true },
			where: gt(users.age, 20),
			orderBy: [desc(users.age), asc(users.id)],
			limit: 2,
			offset: 1,
		}),
	'find extras': () =>
		db.query.users.findMany({
			columns: { id: true },
			extras: { upper: sql<string>`upper(${users.name})`.as('upper') },
			orderBy: asc(users.id),
		}),
	'find with one': () => db.query.posts.findMany({ with: { author: { columns: { avatar: false } } }, orderBy: asc(posts.id) }),
	'find with one of some columns': () =>
		db.query.posts.findMany({ with: { author: { columns: { name: true, score: true } } }, orderBy: asc(posts.id) }),
	'find with many': () =>
		db.query.users.findMany({ with: { posts: { orderBy: asc(posts.id) } }, orderBy: asc(users.id), columns: { avatar: false } }),
	'find with many and limit': () =>
		db.query.users.findMany({
			with: { posts: { orderBy: desc(posts.views), limit: 1, where: eq(posts.published, true) } },
			orderBy: asc(users.id),
		}),
	'find with many by rowid': () => db.query.posts.findMany({ with: { comments: true }, orderBy: asc(posts.id) }),
	'find nested': () =>
		db.query.posts.findMany({
			with: {
				author: { columns: { id: true, name: true, email: true } },
				comments: { columns: { body: true, good: true }, orderBy: asc(comments.id) },
			},
			orderBy: asc(posts.id),
		}),
	'find nested twice': () =>
		db.query.users.findMany({
			columns: { id: true },
			with: {
				posts: { columns: { id: true, title: true }, orderBy: asc(posts.id), with: { comments: { orderBy: desc(comments.id) } } },
			},
			orderBy: asc(users.id),
		}),
	'find self': () =>
		db.query.users.findMany({
			columns: { id: true, name: true },
			with: { manager: { columns: { id: true, name: true } } },
			orderBy: asc(users.id),
		}),
	'json of a column': () =>
		qb
			.select({
				a: sql`${users.settings} ->> ${'a'}`,
				t: sql`json_type(${users.settings})`,
				v: sql`json_valid(${users.settings})`,
			})
			.from(users)
			.orderBy(users.id),
	'where json': () => all().where(eq(sql`json_extract(${users.settings}, '$.a')`, 1)),
	'where in json': () => all().where(inArray(users.id, sql`(select value from json_each(${'[1,3]'}))`)),
	'group by json': () =>
		qb
			.select({ k: sql`${users.settings} ->> '$.a'`.as('k'), n: count() })
			.from(users)
			.groupBy(sql`k`)
			.orderBy(sql`k`),
	'order by json': () => all().orderBy(sql`${users.settings} ->> ${'a'} desc`, users.id),
	'json of rows': () =>
		qb
			.select({ j: sql`json_group_array(json_object('id', ${posts.id}, 'views', ${posts.views}) order by ${posts.id})` })
			.from(posts),
	'json object of rows': () => qb.select({ j: sql`json_group_object(${posts.id}, ${posts.rating})` }).from(posts),
	'changed json': () =>
		qb
			.select({ j: sql`json_set(${users.settings}, '$.b', ${users.name})` })
			.from(users)
			.orderBy(users.id),
	'dates with modifiers of columns': () =>
		qb
			.select({
				d: sql`date(${posts.at}, 'unixepoch', '+' || ${posts.views} || ' days')`,
				b: sql`timediff('2024-05-01', date(${posts.at}, 'unixepoch'))`,
			})
			.from(posts)
			.orderBy(posts.id),
	'averages as text': () =>
		qb.select({ a: sql`${avg(users.score)} || ' of 10'`, p: sql`printf('%g', ${avg(users.score)})` }).from(users),
	'placeholders as numbers': () =>
		qb
			.select({ v: sql`${users.id} + ${1}`, w: sql`${users.id} = ${1}`, t: sql`typeof(${1})`, c: sql`cast(${7} as text)` })
			.from(users)
			.orderBy(users.id),
}

/** All queries. */
export function drizzleQueries(): DrizzleQuery[] {
	return Object.entries({ ...queries, ...reportQueries }).map(([name, build]) => {
		const { sql: text, params } = build().toSQL()
		return { name, sql: text, params: params.map(bound) }
	})
}

/** Booleans and dates come as numbers from the columns' encoders; what is left binds as a Durable Object would bind it. */
function bound(value: unknown): EngineValue {
	if (typeof value === 'boolean') return value ? 1 : 0
	if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint') return value
	if (value instanceof Uint8Array) return Uint8Array.from(value)
	throw new Error(`a value that does not bind: ${String(value)}`)
}
