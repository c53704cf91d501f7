import { describe, expect, it } from 'vitest'
import { routeOf } from './fixture.ts'

describe('a sub-query in a condition', () => {
	it.each([
		"SELECT * FROM users u WHERE u.id = 'a' AND EXISTS (SELECT 1 FROM orders o WHERE o.user_id = u.id)",
		"SELECT * FROM users u WHERE EXISTS (SELECT 1 FROM orders o WHERE o.user_id = u.id AND o.user_id = 'a')",
		"SELECT * FROM users u WHERE u.id = 'a' AND NOT EXISTS (SELECT 1 FROM orders o WHERE o.user_id = u.id)",
		"SELECT * FROM users WHERE id IN (SELECT user_id FROM orders WHERE user_id = 'a')",
		"SELECT * FROM users WHERE id IN (SELECT user_id FROM orders) AND id = 'a'",
		"SELECT * FROM users WHERE id = (SELECT user_id FROM orders WHERE user_id = 'a' LIMIT 1)",
		"SELECT (SELECT count(*) FROM orders o WHERE o.user_id = u.id) FROM users u WHERE u.id = 'a'",
		"SELECT * FROM users WHERE id = 'a' AND age > (SELECT max(amount) FROM orders WHERE user_id = 'a')",
		"SELECT * FROM users WHERE (id, age) IN (SELECT user_id, amount FROM orders WHERE user_id = 'a')",
		"SELECT * FROM users u WHERE u.id = 'a' ORDER BY (SELECT count(*) FROM orders o WHERE o.user_id = u.id) LIMIT 3",
	])('is pinned with the query: %s', (sql) => expect(routeOf(sql)).toBe('shard a'))

	it.each([
		["SELECT * FROM users WHERE id = 'a' AND EXISTS (SELECT 1 FROM orders)", 'scatter orders'],
		["SELECT * FROM users WHERE id = 'a' AND age = (SELECT count(*) FROM orders)", 'scatter orders'],
		// Its first row counts, whatever shard that is in.
		["SELECT * FROM users WHERE id = (SELECT user_id FROM orders) AND id = 'a'", 'scatter orders'],
		// NULL IN (a row) is NULL, NULL IN (no row) is false.
		["SELECT id IN (SELECT user_id FROM orders) FROM users WHERE id = 'a'", 'scatter orders'],
		["SELECT * FROM users WHERE id NOT IN (SELECT user_id FROM orders WHERE user_id = 'a')", 'scatter users'],
		[
			"SELECT * FROM users WHERE EXISTS (SELECT count(*) FROM orders WHERE user_id = users.id AND user_id = 'a')",
			'scatter users',
		],
		["SELECT * FROM users WHERE EXISTS (SELECT 1 FROM orders WHERE user_id = 'a')", 'scatter users'],
		["SELECT * FROM users WHERE id = 'a' LIMIT (SELECT count(*) FROM orders)", 'scatter orders'],
		["WITH w AS (SELECT user_id FROM orders) SELECT * FROM users WHERE id = 'a' AND email IN w", 'scatter orders'],
		["SELECT * FROM users WHERE id = 'a' AND EXISTS (SELECT 1 FROM orders WHERE user_id = 'b')", 'shards a b'],
	])('is not: %s', (sql, expected) => expect(routeOf(sql)).toBe(expected))

	it('sees the alias of its own output before a column of what encloses it', () => {
		const sql = "SELECT * FROM users WHERE id = 'a' AND age = 5 AND EXISTS (SELECT 6 AS age FROM sensors WHERE sensors.id = age)"
		expect(routeOf(sql)).toBe('scatter sensors')
	})
})

describe('a condition on a derived table reaches the tables behind it', () => {
	it.each([
		"SELECT * FROM (SELECT * FROM users) WHERE id = 'a'",
		"SELECT * FROM (SELECT id AS k, age FROM users) d WHERE d.k = 'a'",
		"SELECT * FROM (SELECT DISTINCT id FROM users) d WHERE d.id = 'a'",
		"SELECT * FROM (SELECT user_id, count(*) AS n FROM orders GROUP BY user_id) d WHERE d.user_id = 'a'",
		"SELECT * FROM (SELECT user_id AS k, count(*) AS n FROM orders GROUP BY k) d WHERE d.k = 'a'",
		"SELECT * FROM (SELECT user_id, count(*) AS n FROM orders GROUP BY 1) d WHERE d.user_id = 'a'",
		"SELECT * FROM (SELECT id FROM users UNION ALL SELECT user_id FROM orders) d WHERE d.id = 'a'",
		"SELECT * FROM (SELECT id FROM users EXCEPT SELECT user_id FROM orders) d WHERE d.id = 'a'",
		"SELECT * FROM (SELECT u.id, o.amount FROM users u LEFT JOIN orders o ON o.user_id = u.id) d WHERE d.id = 'a'",
		"WITH w AS (SELECT * FROM users) SELECT * FROM w WHERE id = 'a'",
		"WITH w(k) AS (SELECT id FROM users), v AS (SELECT k FROM w) SELECT * FROM v JOIN w ON w.k = v.k WHERE v.k = 'a'",
		"SELECT user_id, count(*) FROM orders GROUP BY user_id HAVING user_id = 'a'",
	])('%s', (sql) => expect(routeOf(sql)).toBe('shard a'))

	it.each([
		"SELECT * FROM (SELECT * FROM users LIMIT 10) WHERE id = 'a'",
		"SELECT * FROM (SELECT id FROM users UNION ALL SELECT id FROM users LIMIT 3) WHERE id = 'a'",
		"SELECT * FROM (SELECT id, row_number() OVER (ORDER BY age) AS n FROM users) WHERE id = 'a'",
		"SELECT * FROM (SELECT id, max(age) FROM users) WHERE id = 'a'",
		"SELECT * FROM (SELECT id, count(*) FROM users GROUP BY age) WHERE id = 'a'",
		"SELECT id FROM users GROUP BY age HAVING id = 'a'",
		"SELECT * FROM (SELECT lower(id) AS id FROM users) WHERE id = 'a'",
		"SELECT * FROM (SELECT id COLLATE NOCASE AS id FROM users) WHERE id = 'a'",
		"SELECT * FROM (SELECT id, (SELECT count(users.age)) FROM users) WHERE id = 'a'",
		"SELECT * FROM (SELECT 'a' AS id FROM users) WHERE id = 'a'",
	])('but not past what looks at other rows: %s', (sql) => expect(routeOf(sql)).toBe('scatter users'))
})

describe('what a derived table gives reaches what it is compared with', () => {
	it.each([
		["SELECT * FROM (SELECT id FROM users WHERE id = 'a' LIMIT 1) d JOIN orders o ON o.user_id = d.id", 'shard a'],
		["WITH w AS (SELECT id FROM users WHERE id = 'a') SELECT * FROM orders WHERE user_id IN (SELECT id FROM w)", 'shard a'],
		["SELECT * FROM (SELECT 'a' AS k) d JOIN orders o ON o.user_id = d.k", 'shard a'],
		["SELECT * FROM orders o JOIN (VALUES ('a'), ('b')) d ON o.user_id = d.column1", 'shards a b'],
		["SELECT * FROM orders WHERE user_id IN (SELECT 'a' UNION SELECT 'b')", 'shards a b'],
	])('%s is %s', (sql, expected) => expect(routeOf(sql)).toBe(expected))

	it('NULL that an outer join put there does not reach a compound', () => {
		const arm = (pin: string) => `SELECT o.user_id FROM users u LEFT JOIN orders o ON o.user_id = '${pin}' WHERE u.id = 'a'`
		expect(routeOf(`${arm('b')} EXCEPT ${arm('c')}`)).toBe('shards a b c')
	})
})

describe('compounds', () => {
	it.each([
		["SELECT id FROM users WHERE id = 'a' UNION SELECT user_id FROM orders WHERE user_id = 'a'", 'shard a'],
		["SELECT id FROM users WHERE id = 'a' UNION SELECT user_id FROM orders WHERE user_id = 'b'", 'shards a b'],
		["SELECT id FROM users WHERE id = 'a' UNION ALL SELECT user_id FROM orders", 'scatter orders'],
		["SELECT id FROM users WHERE id = 'a' EXCEPT SELECT user_id FROM orders", 'scatter orders'],
	])('%s', (sql, expected) => expect(routeOf(sql)).toBe(expected))
})

describe('recursive expressions', () => {
	it('keep the key that each step carries over', () => {
		const sql = `WITH RECURSIVE r(k, n) AS (SELECT id, 0 FROM users WHERE id = 'a'
			UNION ALL SELECT o.user_id, r.n + 1 FROM orders o JOIN r ON o.user_id = r.k WHERE r.n < 3) SELECT * FROM r`
		expect(routeOf(sql)).toBe('shard a')
	})
	it('are not pinned from outside', () => {
		const sql = `WITH RECURSIVE r(k, n) AS (SELECT id, 0 FROM users
			UNION ALL SELECT o.user_id, r.n + 1 FROM orders o JOIN r ON o.user_id = r.k WHERE r.n < 3) SELECT * FROM r WHERE k = 'a'`
		expect(routeOf(sql)).toBe('scatter users')
	})
	it('lose the key where a step leads elsewhere', () => {
		const sql = `WITH RECURSIVE r(k) AS (SELECT id FROM users WHERE id = 'a'
			UNION SELECT o.note FROM orders o JOIN r ON o.user_id = r.k) SELECT * FROM r`
		expect(routeOf(sql)).toBe('scatter orders')
	})
	it('that are circular are refused', () => {
		expect(routeOf('WITH users AS (SELECT * FROM users) SELECT * FROM users')).toBe('ROUTE_UNSUPPORTED')
		expect(routeOf('WITH v AS (SELECT * FROM w), w AS (SELECT * FROM v) SELECT * FROM w')).toBe('ROUTE_UNSUPPORTED')
	})
})

describe('names of common table expressions', () => {
	it.each([
		["WITH orders AS (SELECT * FROM users WHERE id = 'a') SELECT * FROM orders", 'shard a'],
		["WITH orders AS (SELECT 'a' AS user_id) SELECT * FROM main.orders WHERE note = 'x'", 'scatter orders'],
		["WITH orders AS (SELECT 'a' AS user_id) DELETE FROM orders WHERE note = 'x'", 'scatter orders'],
		['WITH w AS (SELECT * FROM users) SELECT 1', 'any'],
	])('%s', (sql, expected) => expect(routeOf(sql)).toBe(expected))
})
