/**
 * Queries of Drizzle's builder as an application's pages and reports ask them.
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
	getTableColumns,
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
	notExists,
	notInArray,
	or,
	type SQL,
	sql,
	sum,
} from 'drizzle-orm'
import { type AnySQLiteColumn, alias, except, intersect, union, unionAll } from 'drizzle-orm/sqlite-core'
import { comments, db, posts, qb, users } from './drizzle-tables.ts'

const boss = alias(users, 'boss')
const other = alias(posts, 'other')
const january = [new Date(1_704_067_200_000), new Date(1_706_745_599_000)] as const

const lower = (column: AnySQLiteColumn) => sql<string>`lower(${column})`
const month = (column: AnySQLiteColumn) => sql<string>`strftime('%Y-%m', ${column}, 'unixepoch')`

const postsOf = (id: number) => qb.select().from(posts).where(eq(posts.userId, id))
const authors = () => qb.selectDistinct({ v: posts.userId }).from(posts)
const published = () => qb.select().from(posts).where(eq(posts.published, true))

/** By a name each. */
export const reportQueries: Record<string, () => { toSQL(): { sql: string; params: unknown[] } }> = {
	// pages
	...Object.fromEntries(
		[1, 2, 3, 4].map((n) => [
			`page ${n}`,
			() =>
				qb
					.select()
					.from(users)
					.orderBy(users.id)
					.$dynamic()
					.limit(2)
					.offset((n - 1) * 2),
		]),
	),
	...Object.fromEntries([1, 4, 9].map((id) => [`posts of ${id}`, () => postsOf(id).orderBy(desc(posts.views), posts.id)])),
	'page after a key': () => qb.select().from(posts).where(gt(posts.id, 'p2')).orderBy(posts.id).limit(2),
	'page after two keys': () =>
		qb
			.select({ id: posts.id, views: posts.views })
			.from(posts)
			.where(or(lt(posts.views, 10), and(eq(posts.views, 10), gt(posts.id, 'p1'))))
			.orderBy(desc(posts.views), posts.id)
			.limit(3),
	'page by row value': () =>
		qb
			.select({ id: posts.id })
			.from(posts)
			.where(sql`(${posts.views}, ${posts.id}) > (${3}, ${'p2'})`)
			.orderBy(posts.views, posts.id),
	'page with its total': () =>
		qb.select({ id: users.id, total: sql<number>`count(*) over ()` }).from(users).orderBy(users.id).limit(2),
	'limit zero': () => qb.select().from(users).limit(0),
	'order by two, one down': () =>
		qb.select({ id: users.id, age: users.age }).from(users).orderBy(desc(users.age), asc(users.name)),
	'order nulls last': () => qb.select({ id: users.id }).from(users).orderBy(sql`${users.age} asc nulls last`, users.id),
	'order nulls first': () => qb.select({ id: users.id }).from(users).orderBy(sql`${users.score} desc nulls first`, users.id),
	'order without case': () => qb.select({ title: posts.title }).from(posts).orderBy(sql`${posts.title} collate nocase`, posts.id),
	'order by case': () =>
		qb
			.select({ id: users.id })
			.from(users)
			.orderBy(sql`case ${users.role} when ${'admin'} then 0 when ${'user'} then 1 else 2 end`, users.id),
	'order by length': () =>
		qb
			.select({ title: posts.title })
			.from(posts)
			.orderBy(desc(sql`length(${posts.title})`), posts.id),
	'order by an alias': () => {
		const n = sql<number>`length(${users.name})`.as('n')
		return qb.select({ id: users.id, n }).from(users).orderBy(sql`n`, users.id)
	},
	// search
	'search without case': () =>
		qb
			.select()
			.from(users)
			.where(eq(lower(users.name), 'ada')),
	'search like lower': () =>
		qb
			.select()
			.from(posts)
			.where(like(lower(posts.title), '%hello%'))
			.orderBy(posts.id),
	'search with escape': () => qb.select().from(users).where(sql`${users.name} like ${'%\\_\\%'} escape '\\'`),
	'search with glob': () => qb.select().from(posts).where(sql`${posts.title} glob ${'[Hh]*'}`).orderBy(posts.id),
	'search by position': () =>
		qb
			.select({ id: posts.id, at: sql<number>`instr(${posts.title}, ${'l'})` })
			.from(posts)
			.where(gt(sql`instr(${posts.title}, ${'l'})`, 0))
			.orderBy(posts.id),
	'search in several': () =>
		qb
			.select({ id: users.id })
			.from(users)
			.where(or(like(users.name, '%e%'), like(users.email, '%y.io')))
			.orderBy(users.id),
	'search by nothing': () => qb.select().from(users).where(inArray(users.id, [])),
	'search by anything': () => qb.select({ id: users.id }).from(users).where(notInArray(users.id, [])).orderBy(users.id),
	'null in a list': () => qb.select({ id: users.id }).from(users).where(sql`${users.age} not in (${25}, ${null})`),
	'not null or': () =>
		qb
			.select({ id: users.id })
			.from(users)
			.where(and(isNotNull(users.email), ne(users.email, '')))
			.orderBy(users.id),
	'optional filters': () =>
		qb
			.select()
			.from(users)
			.where(and(undefined, eq(users.active, true), undefined))
			.orderBy(users.id),
	'between months': () =>
		qb
			.select()
			.from(posts)
			.where(between(posts.at, ...january))
			.orderBy(posts.id),
	'since a moment': () => qb.select({ n: count() }).from(posts).where(gte(posts.at, january[1])),
	'before a millisecond': () => qb.select({ id: users.id }).from(users).where(lt(users.seenAt, january[0])).orderBy(users.id),
	'not between': () =>
		qb
			.select({ id: posts.id })
			.from(posts)
			.where(not(between(posts.views, 3, 10)))
			.orderBy(posts.id),
	// aggregates
	'all aggregates': () =>
		qb
			.select({
				n: count(posts.rating),
				d: countDistinct(posts.rating),
				s: sum(posts.views),
				a: avg(posts.rating),
				low: min(posts.title),
				high: max(posts.at),
			})
			.from(posts),
	'aggregates of nothing': () =>
		qb
			.select({ n: count(), s: sum(posts.views), a: avg(posts.rating), m: max(posts.at) })
			.from(posts)
			.where(eq(posts.userId, 77)),
	'aggregates of groups of nothing': () =>
		qb.select({ u: posts.userId, n: count() }).from(posts).where(eq(posts.userId, 77)).groupBy(posts.userId),
	'by month': () =>
		qb
			.select({ month: month(posts.at), n: count(), views: sum(posts.views) })
			.from(posts)
			.groupBy(month(posts.at))
			.orderBy(month(posts.at)),
	'by month and author': () =>
		qb
			.select({ month: month(posts.at), author: users.name, n: count() })
			.from(posts)
			.innerJoin(users, eq(users.id, posts.userId))
			.groupBy(month(posts.at), users.name)
			.orderBy(month(posts.at), users.name),
	'by weekday': () => {
		const day = sql<string>`strftime('%w', ${posts.at}, 'unixepoch')`
		return qb.select({ day, n: count() }).from(posts).groupBy(day).orderBy(day)
	},
	'by hour': () => {
		const hour = sql<number>`cast(strftime('%H', ${posts.at}, 'unixepoch') as integer)`
		return qb.select({ hour, n: count() }).from(posts).groupBy(hour).orderBy(hour)
	},
	'by day of a millisecond': () => {
		const day = sql<string>`date(${users.seenAt} / 1000, 'unixepoch')`
		return qb.select({ day, n: count() }).from(users).groupBy(day).orderBy(day)
	},
	'by decade': () => {
		const decade = sql<number>`(${users.age} / 10) * 10`
		return qb.select({ decade, n: count() }).from(users).groupBy(decade).orderBy(decade)
	},
	'by class of score': () => {
		const grade = sql<string>`case when ${users.score} >= ${9} then 'A' when ${users.score} >= ${5} then 'B' else 'C' end`
		return qb.select({ grade, n: count() }).from(users).groupBy(grade).orderBy(grade)
	},
	'by boolean': () =>
		qb
			.select({ published: posts.published, n: count(), r: avg(posts.rating) })
			.from(posts)
			.groupBy(posts.published)
			.orderBy(posts.published),
	'by nullable role': () => qb.select({ role: users.role, n: count() }).from(users).groupBy(users.role).orderBy(users.role),
	'having a sum': () =>
		qb
			.select({ u: posts.userId, s: sum(posts.views) })
			.from(posts)
			.groupBy(posts.userId)
			.having(gt(sum(posts.views), sql`${5}`))
			.orderBy(posts.userId),
	'having a count of some': () =>
		qb
			.select({ u: posts.userId })
			.from(posts)
			.groupBy(posts.userId)
			.having(sql`count(*) filter (where ${posts.published}) >= ${1}`)
			.orderBy(posts.userId),
	'share of all': () =>
		qb
			.select({ id: posts.id, share: sql<number>`round(100.0 * ${posts.views} / (select sum(views) from ${posts}), 2)` })
			.from(posts)
			.orderBy(posts.id),
	'share as integers': () =>
		qb
			.select({ id: posts.id, share: sql<number>`100 * ${posts.views} / (select sum(views) from ${posts})` })
			.from(posts)
			.orderBy(posts.id),
	'average as text': () => qb.select({ a: sql<string>`printf('%.3f', avg(${posts.rating}))` }).from(posts),
	'longest title': () =>
		qb.select({ n: max(sql<number>`length(${posts.title})`), t: sql<string>`max(${posts.title})` }).from(posts),
	'row of the maximum': () => qb.select({ id: posts.id, m: max(posts.views) }).from(posts),
	'row of the maximum of each': () =>
		qb
			.select({ u: posts.userId, id: posts.id, m: max(posts.views) })
			.from(posts)
			.groupBy(posts.userId)
			.orderBy(posts.userId),
	'distinct pairs': () =>
		qb.selectDistinct({ p: posts.published, r: posts.rating }).from(posts).orderBy(posts.published, posts.rating),
	'count of distinct pairs': () => {
		const pairs = qb.selectDistinct({ p: posts.published, r: posts.rating }).from(posts).as('pairs')
		return qb.select({ n: count() }).from(pairs)
	},
	'titles in order': () =>
		qb
			.select({ t: sql<string>`group_concat(${posts.title}, '|' order by ${posts.views} desc)` })
			.from(posts)
			.where(eq(posts.published, true)),
	'distinct list': () =>
		qb
			.select({ roles: sql<string>`group_concat(distinct ${users.role})` })
			.from(users)
			.where(eq(users.role, 'user')),
	// joins
	'three tables': () =>
		qb
			.select({ name: users.name, title: posts.title, body: comments.body })
			.from(users)
			.innerJoin(posts, eq(posts.userId, users.id))
			.innerJoin(comments, eq(comments.postId, posts.id))
			.orderBy(comments.id),
	'three tables, outer': () =>
		qb
			.select({ name: users.name, title: posts.title, body: comments.body })
			.from(users)
			.leftJoin(posts, eq(posts.userId, users.id))
			.leftJoin(comments, eq(comments.postId, posts.id))
			.orderBy(users.id, posts.id, comments.id),
	'join to whole rows': () =>
		qb.select({ user: users, post: posts }).from(posts).leftJoin(users, eq(users.id, posts.userId)).orderBy(posts.id),
	'join to some columns': () => {
		const { avatar: _, settings: __, ...columns } = getTableColumns(users)
		return qb
			.select({ ...columns, title: posts.title })
			.from(users)
			.innerJoin(posts, eq(posts.userId, users.id))
			.orderBy(posts.id)
	},
	'self join on both': () =>
		qb
			.select({ name: users.name, boss: boss.name, older: sql<boolean>`${users.age} > ${boss.age}` })
			.from(users)
			.leftJoin(boss, eq(boss.id, users.managerId))
			.orderBy(users.id),
	'pairs of posts': () =>
		qb
			.select({ a: posts.id, b: other.id })
			.from(posts)
			.innerJoin(other, and(eq(posts.userId, other.userId), lt(posts.id, other.id)))
			.orderBy(posts.id, other.id),
	'anti join': () =>
		qb.select({ id: users.id }).from(users).leftJoin(posts, eq(posts.userId, users.id)).where(isNull(posts.id)).orderBy(users.id),
	orphans: () =>
		qb
			.select({ id: comments.id })
			.from(comments)
			.where(notExists(qb.select().from(posts).where(eq(posts.id, comments.postId))))
			.orderBy(comments.id),
	'with comments': () =>
		qb
			.select({ id: posts.id })
			.from(posts)
			.where(exists(qb.select({ one: sql`1` }).from(comments).where(eq(comments.postId, posts.id))))
			.orderBy(posts.id),
	'join with a sub-query of maxima': () => {
		const best = qb
			.select({ userId: posts.userId, views: max(posts.views).as('best_views') })
			.from(posts)
			.groupBy(posts.userId)
			.as('best')
		return qb
			.select({ id: posts.id, views: posts.views })
			.from(posts)
			.innerJoin(best, and(eq(best.userId, posts.userId), eq(best.views, posts.views)))
			.orderBy(posts.id)
	},
	'join with a grouped sub-query': () => {
		const counted = qb
			.select({ postId: comments.postId, n: count().as('n'), w: sum(comments.weight).as('w') })
			.from(comments)
			.groupBy(comments.postId)
			.as('counted')
		return qb
			.select({ id: posts.id, n: sql<number>`coalesce(${counted.n}, 0)`, w: counted.w })
			.from(posts)
			.leftJoin(counted, eq(counted.postId, posts.id))
			.orderBy(posts.id)
	},
	'join on text and number': () =>
		qb
			.select({ id: users.id, post: posts.id })
			.from(users)
			.innerJoin(posts, sql`${posts.id} = 'p' || ${users.id}`)
			.orderBy(users.id),
	'full join of totals': () => {
		const a = qb
			.select({ u: posts.userId, yes: count().as('yes') })
			.from(posts)
			.where(eq(posts.published, true))
			.groupBy(posts.userId)
			.as('a')
		const b = qb
			.select({ u: posts.userId, nay: count().as('nay') })
			.from(posts)
			.where(eq(posts.published, false))
			.groupBy(posts.userId)
			.as('b')
		return qb
			.select({ u: sql<number>`coalesce(${a.u}, ${b.u})`, yes: a.yes, no: b.nay })
			.from(a)
			.fullJoin(b, eq(a.u, b.u))
			.orderBy(sql`1`)
	},
	'cross join filtered': () =>
		qb
			.select({ a: users.id, p: posts.id })
			.from(users)
			.crossJoin(posts)
			.where(and(lt(users.id, 3), lte(posts.views, 1)))
			.orderBy(users.id, posts.id),
	// sub-queries and common table expressions
	'in a sub-query of a sub-query': () =>
		qb
			.select({ id: users.id })
			.from(users)
			.where(
				inArray(
					users.id,
					qb
						.select({ id: posts.userId })
						.from(posts)
						.where(inArray(posts.id, qb.select({ id: comments.postId }).from(comments).where(eq(comments.good, true)))),
				),
			)
			.orderBy(users.id),
	'above the average': () =>
		qb
			.select({ id: posts.id })
			.from(posts)
			.where(gt(posts.views, sql`(select avg(views) from ${posts})`))
			.orderBy(posts.id),
	'above the average of its group': () =>
		qb
			.select({ id: posts.id })
			.from(posts)
			.where(
				gte(
					posts.views,
					qb
						.select({ a: avg(other.views) })
						.from(other)
						.where(eq(other.userId, posts.userId)),
				),
			)
			.orderBy(posts.id),
	'columns of sub-queries': () =>
		qb
			.select({
				id: users.id,
				last: sql<number>`(select max(${posts.at}) from ${posts} where ${posts.userId} = ${users.id})`,
				any: sql<boolean>`exists (select 1 from ${posts} where ${posts.userId} = ${users.id} and ${posts.views} > ${5})`,
			})
			.from(users)
			.orderBy(users.id),
	'cte used twice': () => {
		const busy = qb.$with('busy').as(
			qb
				.select({ u: posts.userId, n: count().as('n') })
				.from(posts)
				.groupBy(posts.userId),
		)
		return qb
			.with(busy)
			.select({ u: busy.u, above: sql<number>`(select count(*) from ${busy} as x where x.n > ${busy.n})` })
			.from(busy)
			.where(sql`${busy.n} <= (select max(n) from ${busy} as y)`)
			.orderBy(busy.u)
	},
	'cte over a join': () => {
		const joined = qb
			.$with('joined')
			.as(qb.select({ name: users.name, views: posts.views }).from(users).innerJoin(posts, eq(posts.userId, users.id)))
		return qb
			.with(joined)
			.select({ name: joined.name, s: sum(joined.views) })
			.from(joined)
			.groupBy(joined.name)
			.orderBy(joined.name)
	},
	'cte with a constant': () => {
		const limits = qb.$with('limits').as(
			qb
				.select({ low: sql<number>`${3}`.as('low') })
				.from(users)
				.limit(1),
		)
		return qb
			.with(limits)
			.select({ id: posts.id })
			.from(posts)
			.innerJoin(limits, sql`${posts.views} > ${limits.low}`)
			.orderBy(posts.id)
	},
	'chain of ctes': () => {
		const a = qb.$with('a').as(published())
		const b = qb.$with('b').as(
			qb
				.select({ u: a.userId, v: max(a.views).as('v') })
				.from(a)
				.groupBy(a.userId),
		)
		const c = qb.$with('c').as(qb.select({ u: b.u }).from(b).where(gt(b.v, 5)))
		return qb
			.with(a, b, c)
			.select({ name: users.name })
			.from(users)
			.where(inArray(users.id, qb.select({ u: c.u }).from(c)))
			.orderBy(users.name)
	},
	'sub-query with limit': () => {
		const top = published().orderBy(desc(posts.views), posts.id).limit(2).as('top')
		return qb.select({ n: count(), s: sum(top.views) }).from(top)
	},
	'sub-query of a union': () => {
		const both = unionAll(qb.select({ v: users.name }).from(users), qb.select({ v: posts.title }).from(posts)).as('both')
		return qb.select({ n: count(), d: countDistinct(both.v) }).from(both)
	},
	// set operations
	'union of conditions': () => union(postsOf(1), postsOf(4)).orderBy(sql`id`),
	'union keeps types': () =>
		union(
			qb.select({ v: sql<unknown>`${users.age}`, k: sql<string>`'age'` }).from(users),
			qb.select({ v: sql<unknown>`${users.name}`, k: sql<string>`'name'` }).from(users),
		).orderBy(sql`2`, sql`1`),
	'union of three': () =>
		union(
			qb.select({ v: users.id }).from(users),
			qb.select({ v: posts.userId }).from(posts),
			qb.select({ v: comments.id }).from(comments),
		).orderBy(sql`1`),
	'except then limit': () =>
		except(qb.select({ v: users.id }).from(users), authors())
			.orderBy(sql`1`)
			.limit(1),
	'intersect of three': () =>
		intersect(qb.select({ v: users.id }).from(users), authors(), qb.select({ v: comments.id }).from(comments)).orderBy(sql`1`),
	'union with offset': () =>
		union(qb.select({ v: posts.title }).from(posts), qb.select({ v: users.name }).from(users))
			.orderBy(sql`1 desc`)
			.limit(3)
			.offset(2),
	// windows
	'rank in group': () =>
		qb
			.select({
				id: posts.id,
				r: sql<number>`rank() over (partition by ${posts.userId} order by ${posts.rating} desc, ${posts.id})`,
			})
			.from(posts)
			.orderBy(posts.id),
	'top of each group': () => {
		const ranked = qb
			.select({
				id: posts.id,
				u: posts.userId,
				n: sql<number>`row_number() over (partition by ${posts.userId} order by ${posts.views} desc)`.as('n'),
			})
			.from(posts)
			.as('ranked')
		return qb.select({ id: ranked.id, u: ranked.u }).from(ranked).where(eq(ranked.n, 1)).orderBy(ranked.u)
	},
	'moving average': () =>
		qb
			.select({
				id: posts.id,
				a: sql<number>`avg(${posts.views}) over (order by ${posts.at} rows between 1 preceding and 1 following)`,
			})
			.from(posts)
			.orderBy(posts.id),
	'difference from before': () =>
		qb
			.select({ id: posts.id, d: sql<number>`${posts.views} - lag(${posts.views}, 1, ${0}) over (order by ${posts.at})` })
			.from(posts)
			.orderBy(posts.id),
	'windows by values that are bound': () =>
		qb
			.select({
				id: posts.id,
				before: sql<number>`lag(${posts.views}, ${2}) over (order by ${posts.id})`,
				after: sql<number>`lead(${posts.views}, ${1n}, ${-1}) over (order by ${posts.id})`,
				third: sql<number>`ntile(${3}) over (order by ${posts.id})`,
				second: sql<number>`nth_value(${posts.views}, ${2}) over (order by ${posts.id})`,
				sum: sql<number>`sum(${posts.views}) over (order by ${posts.id} rows between ${1} preceding and ${1} following)`,
			})
			.from(posts)
			.orderBy(posts.id),
	quartiles: () =>
		qb
			.select({ id: users.id, q: sql<number>`ntile(2) over (order by ${users.id})` })
			.from(users)
			.orderBy(users.id),
	'first and last of a window': () => {
		const whole = sql`order by ${posts.at} rows between unbounded preceding and unbounded following`
		return qb
			.select({
				id: posts.id,
				first: sql<string>`first_value(${posts.title}) over (${whole})`,
				last: sql<string>`last_value(${posts.title}) over (${whole})`,
				third: sql<string>`nth_value(${posts.title}, 3) over (${whole})`,
			})
			.from(posts)
			.orderBy(posts.id)
	},
	'share in group': () =>
		qb
			.select({
				id: posts.id,
				s: sql<number>`round(1.0 * ${posts.views} / sum(${posts.views}) over (partition by ${posts.userId}), 3)`,
			})
			.from(posts)
			.where(gt(posts.views, 0))
			.orderBy(posts.id),
	'dense ranks and distribution': () =>
		qb
			.select({
				id: users.id,
				d: sql<number>`dense_rank() over (order by ${users.age})`,
				p: sql<number>`percent_rank() over (order by ${users.age})`,
				c: sql<number>`cume_dist() over (order by ${users.age})`,
			})
			.from(users)
			.orderBy(users.id),
	// expressions
	arithmetic: () =>
		qb
			.select({
				q: sql`${posts.views} / 4`,
				r: sql`${posts.views} % 4`,
				n: sql`-${posts.views}`,
				f: sql`${posts.views} / 4.0`,
				s: sql`${posts.views} << 2 | 1`,
			})
			.from(posts)
			.orderBy(posts.id),
	texts: () =>
		qb
			.select({
				s: sql`substr(${posts.title}, 2, 3)`,
				e: sql`substr(${posts.title}, -2)`,
				r: sql`replace(${posts.title}, 'l', 'L')`,
				t: sql`trim(${posts.title}, 'Hd')`,
				h: sql`hex(${posts.title})`,
				u: sql`unicode(${posts.title})`,
				q: sql`quote(${posts.title})`,
			})
			.from(posts)
			.orderBy(posts.id),
	nulls: () =>
		qb
			.select({
				i: sql`ifnull(${users.age}, -1)`,
				n: sql`nullif(${users.age}, 25)`,
				c: sql`coalesce(${users.email}, ${users.role}, 'none')`,
				x: sql`iif(${users.active}, 'on', 'off')`,
				d: sql`${users.age} is distinct from ${25}`,
			})
			.from(users)
			.orderBy(users.id),
	types: () =>
		qb
			.select({
				a: sql`typeof(${users.age})`,
				s: sql`typeof(${users.score})`,
				b: sql`typeof(${users.balance})`,
				v: sql`typeof(${users.avatar})`,
				c: sql`typeof(${users.createdAt})`,
			})
			.from(users)
			.orderBy(users.id),
	casts: () =>
		qb
			.select({
				t: sql`cast(${users.score} as text)`,
				i: sql`cast(${users.score} as integer)`,
				r: sql`cast(${users.age} as real)`,
				n: sql`cast(${users.name} as integer)`,
			})
			.from(users)
			.where(isNotNull(users.score))
			.orderBy(users.id),
	'scalar extremes': () =>
		qb
			.select({ lo: sql`min(${posts.views}, 5)`, hi: sql`max(${posts.views}, ${posts.rating})` })
			.from(posts)
			.where(isNotNull(posts.rating))
			.orderBy(posts.id),
	moments: () =>
		qb
			.select({
				iso: sql`strftime('%Y-%m-%dT%H:%M:%SZ', ${posts.at}, 'unixepoch')`,
				next: sql`date(${posts.at}, 'unixepoch', 'start of month', '+1 month')`,
				unix: sql`unixepoch(datetime(${posts.at}, 'unixepoch'))`,
				days: sql`julianday(${posts.at}, 'unixepoch') - julianday('2024-01-01')`,
			})
			.from(posts)
			.orderBy(posts.id),
	booleans: () =>
		qb
			.select({
				both: sql<boolean>`${users.active} and ${users.age} > 30`,
				either: sql<boolean>`${users.active} or ${isNull(users.email)}`,
				neither: sql<boolean>`not ${users.active}`,
			})
			.from(users)
			.orderBy(users.id),
	// relational
	...Object.fromEntries(
		([1, 2, 9] as const).map((id) => [
			`user ${id} with posts`,
			() => db.query.users.findFirst({ where: eq(users.id, id), with: { posts: true } }),
		]),
	),
	'relational with a callback': () =>
		db.query.posts.findMany({
			where: (fields, { and: all, gt: above, eq: is }) => all(above(fields.views, 2), is(fields.published, true)),
			orderBy: (fields, { desc: down }) => [down(fields.views)],
		}),
	'relational with extras over columns': () =>
		db.query.posts.findMany({
			columns: { id: true },
			extras: (fields, { sql: template }) => ({ shout: template<string>`upper(${fields.title}) || '!'`.as('shout') }),
			orderBy: asc(posts.id),
		}),
	'relational without columns': () =>
		db.query.users.findMany({ columns: { avatar: false, settings: false }, orderBy: asc(users.id) }),
	'relational of one with many': () =>
		db.query.comments.findMany({
			columns: { id: true, body: true },
			with: { post: { columns: { title: true }, with: { author: { columns: { name: true } } } } },
			orderBy: asc(comments.id),
		}),
	'relational pages': () =>
		db.query.users.findMany({
			columns: { id: true },
			with: { posts: { columns: { id: true }, orderBy: asc(posts.id), limit: 1, offset: 1 } },
			orderBy: asc(users.id),
			limit: 3,
		}),
	'relational filter by a sub-query': () =>
		db.query.users.findMany({
			columns: { id: true, name: true },
			where: inArray(users.id, qb.select({ id: posts.userId }).from(posts).where(gt(posts.rating, 4))),
			orderBy: asc(users.id),
		}),
	'relational self twice': () =>
		db.query.users.findMany({
			columns: { id: true },
			with: { manager: { columns: { id: true }, with: { manager: { columns: { name: true } } } } },
			orderBy: asc(users.id),
		}),
	'relational with nested filter': () =>
		db.query.users.findMany({
			columns: { name: true },
			with: { posts: { columns: { title: true }, where: like(posts.title, '%o%'), orderBy: desc(posts.at) } },
			orderBy: asc(users.id),
		}),
}

/** Comparisons of each column with a value of its own, either way round and in each operator. */
const comparisons: readonly (readonly [name: string, column: AnySQLiteColumn, value: unknown])[] = [
	['views', posts.views, 7],
	['rating', posts.rating, 4.5],
	['title', posts.title, 'Hello'],
	['at', posts.at, january[1]],
	['published', posts.published, true],
]
const operators: Record<string, (column: AnySQLiteColumn, value: unknown) => SQL> = { eq, ne, gt, gte, lt, lte }
for (const [name, column, value] of comparisons) {
	for (const [operator, compare] of Object.entries(operators)) {
		reportQueries[`${name} ${operator}`] = () =>
			qb.select({ id: posts.id, column }).from(posts).where(compare(column, value)).orderBy(posts.id)
	}
}
