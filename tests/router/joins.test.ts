import { describe, expect, it } from 'vitest'
import { routeOf } from './fixture.ts'

describe('equality carries a pin from table to table', () => {
	it.each([
		"SELECT * FROM users u JOIN orders o ON o.user_id = u.id WHERE u.id = 'a'",
		"SELECT * FROM users u JOIN orders o ON o.user_id = u.id WHERE o.user_id = 'a'",
		"SELECT * FROM users u, orders o WHERE o.user_id = u.id AND u.id = 'a'",
		"SELECT * FROM users u JOIN orders o ON o.user_id = u.id AND u.id = 'a'",
		"SELECT * FROM users u CROSS JOIN orders o WHERE u.id = 'a' AND o.user_id = 'a'",
		"SELECT * FROM users u JOIN orders o ON o.user_id = u.email WHERE u.id = u.email AND u.id = 'a'",
		"SELECT * FROM users JOIN users AS v USING (id) WHERE id = 'a'",
		"SELECT * FROM users NATURAL JOIN users AS v WHERE v.id = 'a'",
		"SELECT * FROM users u JOIN (orders o JOIN orders p ON o.user_id = p.user_id) ON o.user_id = u.id WHERE p.user_id = 'a'",
		"SELECT * FROM main.users WHERE main.users.id = 'a'",
		"SELECT * FROM users u JOIN orders o ON o.user_id = u.id OR o.user_id = u.id WHERE u.id = 'a' AND o.user_id = 'a'",
	])('%s', (sql) => expect(routeOf(sql)).toBe('shard a'))

	it.each([
		["SELECT * FROM users u JOIN orders o ON o.id = u.id WHERE u.id = 'a'", 'scatter orders'],
		["SELECT * FROM users u, orders o WHERE u.id = 'a'", 'scatter orders'],
		["SELECT * FROM users u JOIN orders o ON o.user_id = u.id OR u.age = 1 WHERE u.id = 'a'", 'scatter orders'],
		["SELECT * FROM users u JOIN orders o ON o.user_id = u.id COLLATE NOCASE WHERE u.id = 'a'", 'scatter orders'],
		["SELECT * FROM users u JOIN codes c ON c.code = u.id WHERE u.id = 'a'", 'scatter codes'],
		// '05' = 5 holds across types: the shards of the two sides have different names.
		['SELECT * FROM users u JOIN sensors s ON s.id = u.id WHERE s.id = 5', 'scatter users'],
		["SELECT * FROM users u JOIN orders o ON o.user_id = u.id WHERE u.id IN ('a', 'b')", 'shards a b'],
	])('%s is %s', (sql, expected) => expect(routeOf(sql)).toBe(expected))

	it('5 in an INTEGER column is another shard than 5.0 in a REAL column', () => {
		expect(routeOf('SELECT * FROM sensors s JOIN scales w ON w.weight = s.id WHERE s.id = 5')).toBe('shards 5 5.0')
	})
})

it('a branch of OR that never holds does not count', () => {
	expect(routeOf("SELECT * FROM users WHERE id = 'a' OR 1 = 0")).toBe('shard a')
	expect(routeOf("SELECT * FROM users WHERE 1 = 0 OR id = 'a'")).toBe('shard a')
	expect(routeOf('SELECT * FROM users WHERE 1 = 0 OR 2 = 0')).toBe('none')
})

it('a pin goes into a sub-query, unless other rows would then be within its limit', () => {
	expect(routeOf("SELECT * FROM users WHERE id = 'a' AND id IN (SELECT user_id FROM orders)")).toBe('shard a')
	expect(routeOf("SELECT * FROM users WHERE id = 'a' AND id IN (SELECT user_id FROM orders LIMIT 5)")).toBe('scatter orders')
})

describe('an outer join', () => {
	it.each([
		["SELECT * FROM users u LEFT JOIN orders o ON o.user_id = u.id WHERE u.id = 'a'", 'shard a'],
		["SELECT * FROM orders o RIGHT JOIN users u ON o.user_id = u.id WHERE u.id = 'a'", 'shard a'],
		["SELECT * FROM users u LEFT JOIN orders o ON o.user_id = 'a' WHERE u.id = 'a'", 'shard a'],
	])('is pinned on its nullable side by its ON: %s', (sql, expected) => expect(routeOf(sql)).toBe(expected))

	it.each([
		["SELECT * FROM users u LEFT JOIN orders o ON o.user_id = u.id AND u.id = 'a'", 'scatter users'],
		["SELECT * FROM users u LEFT JOIN orders o ON o.user_id = u.id AND o.user_id = 'a'", 'scatter users'],
		["SELECT * FROM orders o RIGHT JOIN users u ON u.id = 'a' AND o.user_id = 'a'", 'scatter users'],
		["SELECT * FROM users u FULL JOIN orders o ON o.user_id = u.id AND u.id = 'a'", 'scatter users'],
		["SELECT * FROM (SELECT 'a' AS id) u FULL JOIN orders o ON o.user_id = u.id", 'scatter orders'],
		["SELECT * FROM users u LEFT JOIN orders o ON o.user_id = u.id AND (u.id = 'a' OR u.id = 'b')", 'scatter users'],
		// IS holds where both are NULL, so WHERE drops none.
		["SELECT * FROM users u LEFT JOIN orders o ON o.user_id = u.id AND u.id = 'a' WHERE u.email IS o.id", 'scatter users'],
		["SELECT * FROM users u LEFT JOIN orders o ON o.user_id = u.id WHERE o.user_id = 'a' OR o.user_id IS NULL", 'scatter users'],
	])('is not pinned on its preserved side: %s', (sql, expected) => expect(routeOf(sql)).toBe(expected))

	it.each([
		"SELECT * FROM users u LEFT JOIN orders o ON o.user_id = u.id WHERE o.user_id = 'a'",
		"SELECT * FROM users u LEFT JOIN orders o ON o.user_id = u.id AND u.id = 'a' WHERE o.amount > 3",
		"SELECT * FROM orders o RIGHT JOIN users u ON o.user_id = u.id WHERE o.user_id = 'a'",
		"SELECT * FROM users u FULL JOIN orders o ON o.user_id = u.id WHERE o.user_id = 'a' AND u.age = 3",
		"SELECT * FROM users u FULL JOIN orders o ON o.user_id = u.id WHERE u.id = 'a'",
		"SELECT * FROM users u LEFT JOIN orders o ON o.user_id = u.id LEFT JOIN orders p ON p.user_id = o.user_id AND o.user_id = 'a' WHERE p.id = 'x'",
	])('is an inner one where WHERE drops NULL: %s', (sql) => expect(routeOf(sql)).toBe('shard a'))

	it('after an inner join within a sub-query does not let that one pin the query', () => {
		const inner = "(SELECT 1) x JOIN orders p ON p.user_id = u.id AND p.user_id = 'a'"
		expect(routeOf(`SELECT * FROM users u WHERE EXISTS (SELECT 1 FROM ${inner})`)).toBe('shard a')
		expect(routeOf(`SELECT * FROM users u WHERE EXISTS (SELECT 1 FROM ${inner} RIGHT JOIN (SELECT 1) y ON 1)`)).toBe(
			'scatter users',
		)
	})

	it('keeps its rows where an inner join before it has none', () => {
		const from = 'users u JOIN orders o ON 1 = 0'
		expect(routeOf(`SELECT * FROM ${from}`)).toBe('none')
		expect(routeOf(`SELECT * FROM ${from} RIGHT JOIN orders p ON p.user_id = u.id WHERE p.user_id = 'a'`)).toBe('scatter orders')
	})

	it('after an inner join does not let that one pin it', () => {
		const from = "users u JOIN orders o ON o.user_id = u.id AND u.id = 'a' RIGHT JOIN orders p ON p.user_id = u.id"
		expect(routeOf(`SELECT * FROM ${from}`)).toBe('scatter orders')
		expect(routeOf(`SELECT * FROM ${from} WHERE u.age = 3`)).toBe('shard a')
	})
})

describe('a column that USING made one', () => {
	it('is the left one', () => {
		expect(routeOf("SELECT * FROM users LEFT JOIN users AS v USING (id) WHERE id = 'a'")).toBe('shard a')
	})
	it('is neither after a RIGHT or FULL JOIN', () => {
		expect(routeOf("SELECT * FROM users FULL JOIN users AS v USING (id) WHERE id = 'a'")).toBe('scatter users')
	})
})

describe('global tables', () => {
	it.each([
		['SELECT * FROM plans', 'shard _global'],
		["SELECT * FROM plans WHERE id = 'x'", 'shard _global'],
		["SELECT * FROM plans p JOIN users u ON u.email = p.id WHERE u.id = 'a'", 'shards _global a'],
		['SELECT * FROM plans p JOIN users u ON u.email = p.id', 'scatter users'],
		["INSERT INTO plans (id) VALUES ('x')", 'shard _global'],
		['UPDATE plans SET price = 3', 'shard _global'],
		["INSERT INTO plans (id) SELECT id FROM users WHERE id = 'a'", 'shards _global a'],
	])('%s', (sql, expected) => expect(routeOf(sql)).toBe(expected))
})

describe('without a table of the schema any shard will do', () => {
	it.each(['SELECT 1', 'VALUES (1)', "SELECT value FROM json_each('[1]')", 'WITH w AS (SELECT 1) SELECT * FROM w'])(
		'%s',
		(sql) => {
			expect(routeOf(sql)).toBe('any')
		},
	)
})
