import { describe, expect, it } from 'vitest'
import { determineRoute } from '../../src/router/determine-route.ts'
import { assertSingleShard } from '../../src/router/route.ts'
import { routeOf, schema } from './fixture.ts'

describe('INSERT ... VALUES', () => {
	it.each([
		["INSERT INTO users (id, age) VALUES ('a', 1)", [], 'shard a'],
		['INSERT INTO users VALUES (?, ?, ?)', ['a', 'e', 1], 'shard a'],
		["REPLACE INTO users (id) VALUES ('a')", [], 'shard a'],
		["INSERT INTO users (age, id) VALUES (1, 'a'), (2, 'a') RETURNING *", [], 'shard a'],
		[
			"INSERT INTO orders (id, user_id, amount) VALUES ('o', 'a', (SELECT count(*) FROM orders WHERE user_id = 'a'))",
			[],
			'shard a',
		],
		["INSERT INTO orders (id, user_id, amount) VALUES ('o', 'a', (SELECT count(*) FROM orders))", [], 'scatter orders'],
		["INSERT INTO orders (id, user_id, amount) VALUES ('o', 'a', (SELECT age FROM users WHERE id = 'b'))", [], 'shards a b'],
		['INSERT INTO users (id) VALUES (?)', [5], 'shard 5.0'],
		['INSERT INTO users (id) VALUES (?)', [5n], 'shard 5'],
		['INSERT INTO users (id) VALUES (5)', [], 'shard 5'],
		["INSERT INTO sensors (id) VALUES ('05')", [], 'shard 5'],
		["INSERT INTO codes (code) VALUES ('Ab')", [], 'shard Ab'],
		["INSERT INTO visits VALUES ('a', 5, 'p')", [], 'shard %/a/5'],
		["INSERT INTO users (id) VALUES (lower('A'))", [], 'scatter users'],
		['INSERT INTO users (id) VALUES (?)', [null], 'ROUTE_SHARD_KEY_NULL'],
		['INSERT INTO users (id) VALUES (?)', [''], 'ROUTE_SHARD_KEY_NULL'],
		['INSERT INTO users (id) VALUES (NULL)', [], 'ROUTE_SHARD_KEY_NULL'],
		['INSERT INTO users (age) VALUES (1)', [], 'ROUTE_NO_SHARD'],
		['INSERT INTO users DEFAULT VALUES', [], 'ROUTE_NO_SHARD'],
		['INSERT INTO users (id, id) VALUES (1, 2)', [], 'SQL_PARSE'],
		['INSERT INTO sensors (rowid, id) VALUES (1, 2)', [], 'ROUTE_SHARD_KEY_CHANGE'],
	])('%s with %s is %s', (sql, params, expected) => expect(routeOf(sql, ...params)).toBe(expected))

	it('tells the shard of each row', () => {
		const route = determineRoute("INSERT INTO users (id) VALUES ('a'), ('b'), ('a')", { schema })
		expect(route).toMatchObject({ kind: 'shards', shards: ['a', 'b'], rows: ['a', 'b', 'a'], write: true })
	})
})

describe('a route that rests on the places of columns', () => {
	it.each([
		["INSERT INTO users VALUES ('a', 'e', 1)", ['users']],
		["INSERT INTO users (id, age) VALUES ('a', 1)", undefined],
		["INSERT INTO orders (id, user_id, amount, note) SELECT * FROM orders WHERE user_id = 'a'", ['orders']],
		["INSERT INTO orders (id, user_id) SELECT id, user_id FROM (SELECT * FROM orders) WHERE user_id = 'a'", undefined],
		["SELECT * FROM users WHERE id = 'a'", undefined],
		["SELECT * FROM users WHERE id = 'a' UNION SELECT * FROM users WHERE id = 'a'", undefined],
		["SELECT * FROM (SELECT * FROM users UNION ALL SELECT * FROM users) WHERE id = 'a'", ['users']],
		["WITH u AS (SELECT * FROM users) SELECT * FROM u WHERE id = 'a'", undefined],
		["WITH u(a, b, c) AS (SELECT * FROM users) SELECT * FROM u WHERE a = 'a'", ['users']],
		["WITH u AS (SELECT * FROM users), v(a, b, c) AS (SELECT * FROM u) SELECT * FROM v WHERE a = 'a'", ['users']],
		["SELECT * FROM users WHERE id = 'a' AND EXISTS (SELECT * FROM orders WHERE user_id = 'a')", undefined],
		["SELECT * FROM users WHERE (id, email, age) IN (SELECT * FROM users WHERE id = 'a')", ['users']],
	])('%s: %j', (sql, tables) => expect(determineRoute(sql, { schema }).ordered).toEqual(tables))
})

describe('UPDATE and DELETE with ORDER BY and LIMIT', () => {
	it.each([
		["DELETE FROM orders WHERE user_id = 'a' ORDER BY amount DESC LIMIT 2", [], 'shard a'],
		["DELETE FROM orders WHERE user_id = 'a' LIMIT 2 OFFSET 1;", [], 'shard a'],
		['UPDATE orders SET amount = ? WHERE user_id = ? RETURNING * ORDER BY amount LIMIT ?', [1n, 'a', 5n], 'shard a'],
		["WITH o AS (SELECT 1 LIMIT 1) UPDATE orders SET amount = 1 WHERE user_id = 'a' LIMIT 1", [], 'shard a'],
		['DELETE FROM orders LIMIT 2', [], 'scatter orders'],
		["DELETE FROM orders WHERE user_id = 'a' LIMIT (SELECT age FROM users WHERE id = 'b')", [], 'shards a b'],
		["DELETE FROM orders WHERE user_id = 'a' ORDER BY (SELECT age FROM users) LIMIT 1", [], 'scatter users'],
		["DELETE FROM orders WHERE user_id = 'a' LIMIT 1 LIMIT 2", [], 'SQL_PARSE'],
		["DELETE FROM orders WHERE user_id = 'a' ORDER BY", [], 'SQL_PARSE'],
		["INSERT INTO users (id) VALUES ('a') LIMIT", [], 'SQL_PARSE'],
	])('%s with %s is %s', (sql, params, expected) => expect(routeOf(sql, ...params)).toBe(expected))
})

describe('INSERT ... SELECT', () => {
	it.each([
		["INSERT INTO orders (id, user_id) SELECT email, id FROM users WHERE id = 'a'", 'shard a'],
		["INSERT INTO orders (id, user_id) SELECT email, 'a' FROM users WHERE id = 'a'", 'shard a'],
		["INSERT INTO orders (id, user_id) SELECT email, 'b' FROM users WHERE id = 'a'", 'shards a b'],
		["INSERT INTO orders (id, user_id) SELECT email, lower(id) FROM users WHERE id = 'a'", 'scatter orders'],
		["INSERT INTO orders (id, user_id) SELECT email, age FROM users WHERE id = 'a'", 'scatter orders'],
		[
			"INSERT INTO orders (id, user_id) SELECT u.id, o.user_id FROM users u LEFT JOIN orders o ON o.user_id = u.id WHERE u.id = 'a'",
			'scatter orders',
		],
		// What is inserted is stored as it is, whatever collation it is compared by.
		["INSERT INTO codes (code) SELECT 'A'", 'shard A'],
		[
			"INSERT INTO orders (id, user_id) SELECT u.id, o.user_id FROM orders o RIGHT JOIN users u ON o.user_id = u.id WHERE u.id = 'a'",
			'scatter orders',
		],
		["INSERT INTO orders (id, user_id) SELECT 'x', NULL", 'ROUTE_SHARD_KEY_NULL'],
		["INSERT INTO visits SELECT 'a', NULL, 'p'", 'ROUTE_SHARD_KEY_NULL'],
		["WITH w AS (SELECT * FROM users WHERE id = 'a') INSERT INTO orders (id, user_id) SELECT email, id FROM w", 'shard a'],
	])('%s is %s', (sql, expected) => expect(routeOf(sql)).toBe(expected))
})

describe('ON CONFLICT', () => {
	it.each([
		["INSERT INTO orders (id, user_id) VALUES ('o', 'a') ON CONFLICT (id) DO UPDATE SET amount = 3", 'shard a'],
		["INSERT INTO orders (id, user_id) VALUES ('o', 'a') ON CONFLICT (id) DO UPDATE SET user_id = user_id", 'shard a'],
		["INSERT INTO orders (id, user_id) VALUES ('o', 'a') ON CONFLICT (id) DO UPDATE SET user_id = excluded.user_id", 'shard a'],
		["INSERT INTO orders (id, user_id) VALUES ('o', 'a') ON CONFLICT (id) DO UPDATE SET user_id = 'a'", 'shard a'],
		["INSERT INTO orders (id, user_id) VALUES ('o', 'a') ON CONFLICT (id) DO UPDATE SET user_id = 'b'", 'ROUTE_SHARD_KEY_CHANGE'],
		[
			"INSERT INTO orders (id, user_id) VALUES ('o', 'a') ON CONFLICT (id) DO UPDATE SET user_id = excluded.id",
			'ROUTE_SHARD_KEY_CHANGE',
		],
		["INSERT INTO orders (id, user_id) VALUES ('o', 'a'), ('p', 'a') ON CONFLICT (id) DO UPDATE SET user_id = 'a'", 'shard a'],
		[
			"INSERT INTO orders (id, user_id) VALUES ('o', 'a'), ('p', 'b') ON CONFLICT (id) DO UPDATE SET user_id = 'a'",
			'ROUTE_SHARD_KEY_CHANGE',
		],
		["INSERT INTO orders (id, user_id) VALUES ('o', '1') ON CONFLICT (id) DO UPDATE SET user_id = 1", 'ROUTE_SHARD_KEY_CHANGE'],
		[
			"INSERT INTO orders (id, user_id) VALUES ('o', 'a') ON CONFLICT (id) DO UPDATE SET user_id = NULL",
			'ROUTE_SHARD_KEY_CHANGE',
		],
		["INSERT INTO orders (id, user_id) VALUES ('o', 'a') ON CONFLICT (id) DO UPDATE SET user_id = ?", 'ROUTE_SHARD_KEY_CHANGE'],
		["INSERT INTO orders (id, user_id) VALUES ('o', ?1) ON CONFLICT (id) DO UPDATE SET user_id = ?1", 'scatter orders'],
		["INSERT INTO orders (id, user_id) VALUES ('o', 'a') ON CONFLICT DO NOTHING", 'shard a'],
		[
			"INSERT INTO orders (id, user_id) VALUES ('o', 'a') ON CONFLICT DO UPDATE SET amount = (SELECT count(*) FROM orders)",
			'scatter orders',
		],
	])('%s is %s', (sql, expected) => expect(routeOf(sql)).toBe(expected))
})

describe('UPDATE and DELETE', () => {
	it.each([
		["UPDATE users SET age = 1 WHERE id = 'a'", 'shard a'],
		["UPDATE users AS u SET age = 1 WHERE u.id = 'a'", 'shard a'],
		["UPDATE users SET age = 1 WHERE id IN ('a', 'b')", 'shards a b'],
		['UPDATE users SET age = 1', 'scatter users'],
		["UPDATE users SET age = o.amount FROM orders o WHERE o.user_id = users.id AND users.id = 'a'", 'shard a'],
		["UPDATE users SET age = o.amount FROM orders o WHERE users.id = 'a'", 'scatter orders'],
		["UPDATE users SET age = (SELECT count(*) FROM orders o WHERE o.user_id = users.id) WHERE id = 'a'", 'shard a'],
		["UPDATE users SET age = (SELECT count(*) FROM orders) WHERE id = 'a'", 'scatter orders'],
		["DELETE FROM users WHERE id = 'a'", 'shard a'],
		['DELETE FROM users', 'scatter users'],
		["DELETE FROM orders WHERE user_id IN (SELECT id FROM users WHERE id = 'a')", 'shard a'],
		["UPDATE users SET age = 1 WHERE id = 'a' AND 0", 'none'],
	])('%s is %s', (sql, expected) => expect(routeOf(sql)).toBe(expected))

	it.each([
		["UPDATE users SET id = 'a', age = 3 WHERE id = 'a'", 'shard a'],
		["UPDATE users SET id = id WHERE id = 'a'", 'shard a'],
		["UPDATE sensors SET id = '05' WHERE id = 5", 'shard 5'],
		["UPDATE users SET id = 'b' WHERE id = 'a'", 'ROUTE_SHARD_KEY_CHANGE'],
		["UPDATE users SET id = 'a' WHERE id IN ('a', 'b')", 'ROUTE_SHARD_KEY_CHANGE'],
		["UPDATE users SET id = 'a'", 'ROUTE_SHARD_KEY_CHANGE'],
		["UPDATE users SET id = email WHERE id = 'a'", 'ROUTE_SHARD_KEY_CHANGE'],
		["UPDATE users SET id = v.id FROM users v WHERE users.id = 'a' AND v.id = 'a'", 'ROUTE_SHARD_KEY_CHANGE'],
		["UPDATE users SET (age, id) = (1, 'b') WHERE id = 'a'", 'ROUTE_SHARD_KEY_CHANGE'],
		["UPDATE users SET (age, id) = (1, 'a') WHERE id = 'a'", 'shard a'],
		["UPDATE users SET (age, id) = (SELECT 1, 'a') WHERE id = 'a'", 'ROUTE_SHARD_KEY_CHANGE'],
		['UPDATE sensors SET rowid = 7 WHERE id = 5', 'ROUTE_SHARD_KEY_CHANGE'],
		["UPDATE visits SET region = 6 WHERE tenant = 'a' AND region = 5", 'ROUTE_SHARD_KEY_CHANGE'],
	])('may not change a shard key: %s is %s', (sql, expected) => expect(routeOf(sql)).toBe(expected))
})

describe('refusals', () => {
	it.each([
		['SELECT * FROM nobody', 'ROUTE_UNKNOWN_TABLE'],
		['SELECT * FROM sqlite_master', 'ROUTE_UNKNOWN_TABLE'],
		['SELECT * FROM temp.users', 'ROUTE_UNKNOWN_TABLE'],
		["SELECT * FROM pragma_table_info('users')", 'ROUTE_UNKNOWN_TABLE'],
		["SELECT 'a' IN pragma_table_info('users')", 'ROUTE_UNKNOWN_TABLE'],
		["SELECT 'a' IN json_each('[1]')", 'any'],
		['CREATE TABLE t (a)', 'ROUTE_UNSUPPORTED'],
		['DROP TABLE users', 'ROUTE_UNSUPPORTED'],
		["ATTACH 'x' AS y", 'ROUTE_UNSUPPORTED'],
		['PRAGMA foreign_keys = OFF', 'ROUTE_UNSUPPORTED'],
		['BEGIN', 'ROUTE_UNSUPPORTED'],
		['VACUUM', 'ROUTE_UNSUPPORTED'],
	])('%s is %s', (sql, expected) => expect(routeOf(sql)).toBe(expected))

	it('name the table, its shard column and what was found', () => {
		const read = determineRoute('SELECT * FROM orders WHERE id = ?', { schema, params: ['x'] })
		expect(() => assertSingleShard(read)).toThrow(
			expect.objectContaining({
				code: 'ROUTE_NO_SHARD',
				message: expect.stringContaining('"orders": expected a query that pins one shard by "user_id"'),
				hint: expect.stringContaining('.analytics()'),
			}),
		)
		const write = determineRoute("DELETE FROM orders WHERE user_id IN ('a', 'b')", { schema })
		expect(() => assertSingleShard(write)).toThrow(
			expect.objectContaining({
				code: 'ROUTE_MULTIPLE_SHARDS',
				message: expect.stringContaining('expected one shard, found 2 ("a", "b")'),
				details: expect.objectContaining({ shards: ['a', 'b'] }),
			}),
		)
	})

	it('EXPLAIN is routed like what it explains, and writes nothing', () => {
		expect(determineRoute("EXPLAIN QUERY PLAN DELETE FROM users WHERE id = 'a'", { schema })).toMatchObject({
			shard: 'a',
			write: false,
		})
	})
})
