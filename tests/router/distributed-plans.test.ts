/** Queries in the manner of the routing tests of sharding proxies: which of them stay on one shard? */
import { describe, expect, it } from 'vitest'
import { routeOf } from './fixture.ts'

describe('one shard', () => {
	it.each([
		"SELECT DISTINCT age FROM users WHERE id = 'a' ORDER BY age DESC LIMIT 10 OFFSET 5",
		"SELECT age, count(*), sum(age) FROM users WHERE id = 'a' GROUP BY age HAVING count(*) > 1",
		"SELECT rank() OVER (PARTITION BY age ORDER BY email) FROM users WHERE id = 'a'",
		"SELECT u.*, o.* FROM users u JOIN orders o ON u.id = o.user_id JOIN orders p ON p.user_id = o.user_id WHERE p.user_id = 'a'",
		"SELECT d.id FROM (SELECT id, age FROM users WHERE id = 'a') AS d",
		"SELECT d.id FROM (SELECT id FROM users WHERE id = 'a') d JOIN orders o ON d.id = o.user_id",
		"SELECT d.id FROM (SELECT u.id FROM users u JOIN orders o ON u.id = o.user_id) d WHERE d.id = 'a'",
		"SELECT * FROM (SELECT * FROM (SELECT * FROM (SELECT id AS i FROM users) a) b) c WHERE i = 'a'",
		"SELECT * FROM (SELECT user_id, rank() OVER (PARTITION BY user_id ORDER BY amount) AS r FROM orders) d WHERE user_id = 'a' AND r = 1",
		"SELECT id FROM users WHERE id = 'a' AND age IN (SELECT amount FROM orders WHERE user_id = 'a' AND id IN (SELECT note FROM orders WHERE user_id = 'a'))",
		"SELECT id FROM users u WHERE id = 'a' AND EXISTS (SELECT 1 FROM orders o WHERE o.user_id = u.id AND EXISTS (SELECT 1 FROM orders p WHERE p.user_id = o.user_id))",
		"SELECT u.id FROM users u LEFT JOIN (SELECT user_id, count(*) AS n FROM orders GROUP BY user_id) o ON o.user_id = u.id WHERE u.id = 'a'",
		"SELECT id FROM users WHERE id = 'a' OR id = 'a'",
		"SELECT id FROM users WHERE id = 'a' AND (id = 'a' OR email = 'x')",
		"SELECT id FROM users WHERE (id = 'a' OR id = 'b') AND id <> 'b' AND id = 'a'",
		"SELECT id FROM users WHERE id IN ('a', NULL)",
		"SELECT id FROM users WHERE id IS NOT DISTINCT FROM 'a'",
		"SELECT (SELECT email FROM users WHERE id = 'a') AS e, (SELECT count(*) FROM orders WHERE user_id = 'a') AS n",
		"SELECT 1 WHERE EXISTS (SELECT 1 FROM users WHERE id = 'a')",
		"WITH one AS (SELECT * FROM users WHERE id = 'a'), two AS (SELECT * FROM orders WHERE user_id = 'a') SELECT * FROM one, two",
		"WITH one AS (SELECT id FROM users), two AS (SELECT o.* FROM orders o JOIN one ON one.id = o.user_id) SELECT * FROM two WHERE user_id = 'a'",
		"SELECT id FROM users WHERE id = 'a' INTERSECT SELECT user_id FROM orders WHERE user_id = 'a' ORDER BY 1",
		"SELECT * FROM (SELECT id FROM users UNION SELECT user_id FROM orders) d JOIN orders o ON o.user_id = d.id WHERE d.id = 'a'",
		"SELECT count(*) FROM users u, orders o WHERE u.id = o.user_id AND o.user_id = 'a' AND u.age > o.amount",
		"SELECT CASE WHEN age > 3 THEN (SELECT max(amount) FROM orders WHERE user_id = users.id) END FROM users WHERE id = 'a'",
		"SELECT * FROM users u JOIN json_each(u.email) e WHERE u.id = 'a'",
		"INSERT INTO orders (id, user_id, amount) SELECT o.id || 'x', u.id, 1 FROM users u JOIN orders o ON o.user_id = u.id WHERE u.id = 'a'",
		"UPDATE orders SET amount = (SELECT age FROM users WHERE users.id = orders.user_id) WHERE user_id = 'a'",
		"WITH big AS (SELECT id FROM orders WHERE user_id = 'a' AND amount > 5) DELETE FROM orders WHERE user_id = 'a' AND id IN (SELECT id FROM big)",
	])('%s', (sql) => expect(routeOf(sql)).toBe('shard a'))

	it('arithmetic of whole literals is a literal', () => {
		expect(routeOf('SELECT * FROM sensors WHERE id = 10 - 2 * 3')).toBe('shard 4')
	})
})

describe('more than one', () => {
	it.each([
		["SELECT id FROM users WHERE id = 'a' AND age IN (SELECT amount FROM orders WHERE amount > 3)", 'scatter orders'],
		["SELECT u.id FROM users u JOIN orders o ON u.age = o.amount WHERE u.id = 'a'", 'scatter orders'],
		['SELECT u.id FROM users u LEFT JOIN orders o ON u.id = o.user_id', 'scatter users'],
		["SELECT * FROM (SELECT id FROM users ORDER BY age LIMIT 1) d WHERE d.id = 'a'", 'scatter users'],
		["SELECT * FROM (SELECT id, rank() OVER (ORDER BY age) AS r FROM users) d WHERE d.id = 'a'", 'scatter users'],
		["SELECT * FROM (SELECT id, count(*) OVER w AS n FROM users WINDOW w AS ()) d WHERE d.id = 'a'", 'scatter users'],
		[
			"WITH one AS (SELECT * FROM users WHERE id = 'a'), two AS (SELECT * FROM orders WHERE user_id = 'b') SELECT * FROM one, two",
			'shards a b',
		],
		['SELECT * FROM users WHERE id = (SELECT min(user_id) FROM orders)', 'scatter users'],
		["UPDATE users SET age = 0 WHERE id IN (SELECT user_id FROM orders WHERE note = 'x')", 'scatter users'],
		["DELETE FROM orders WHERE user_id = 'a' OR amount < 0", 'scatter orders'],
	])('%s is %s', (sql, expected) => expect(routeOf(sql)).toBe(expected))
})
