import { describe, expect, it } from 'vitest'
import { routeOf } from './fixture.ts'

describe('a comparison with a constant pins', () => {
	it.each([
		['SELECT * FROM users WHERE id = ?', ['a'], 'shard a'],
		['SELECT * FROM users WHERE ? = id', ['a'], 'shard a'],
		["SELECT * FROM users WHERE id == 'it''s'", [], "shard it's"],
		['SELECT * FROM users WHERE (id) = (?)', ['a'], 'shard a'],
		['SELECT * FROM users WHERE id IS ?', ['a'], 'shard a'],
		['SELECT * FROM users WHERE id IN (?)', ['a'], 'shard a'],
		['SELECT * FROM users WHERE id IN (?, ?)', ['a', 'a'], 'shard a'],
		['SELECT * FROM users WHERE id IN (?, ?)', ['a', 'b'], 'shards a b'],
		["SELECT * FROM users WHERE id = 'a' OR id = 'b'", [], 'shards a b'],
		["SELECT * FROM users WHERE id = 'a' AND (age = 1 OR age = 2)", [], 'shard a'],
		["SELECT * FROM users WHERE (id = 'a' AND age = 1) OR (age = 2 AND id = 'a')", [], 'shard a'],
		["SELECT * FROM users WHERE id IN ('a', 'b') AND id IN ('b', 'c')", [], 'shard b'],
		["SELECT * FROM users WHERE (id, age) = ('a', 1)", [], 'shard a'],
		["SELECT * FROM users WHERE NOT (id <> 'a' OR age > 3)", [], 'shard a'],
		["SELECT * FROM users WHERE NOT NOT (id IS 'a')", [], 'shard a'],
		["SELECT * FROM users WHERE NOT (id IS NOT 'a')", [], 'shard a'],
		["SELECT * FROM users WHERE NOT ((id, age) <> ('a', 1))", [], 'shard a'],
		["SELECT * FROM users WHERE NOT (id <> 'a' AND age > 3)", [], 'scatter users'],
		["SELECT * FROM users WHERE (id, age) IN (VALUES ('a', 1), ('a', 2))", [], 'shard a'],
		["SELECT * FROM users WHERE id = 'a' COLLATE BINARY", [], 'scatter users'],
		["SELECT * FROM users WHERE id COLLATE BINARY = 'a'", [], 'shard a'],
	])('%s with %s is %s', (sql, params, expected) => expect(routeOf(sql, ...params)).toBe(expected))
})

describe('anything else does not', () => {
	it.each([
		'SELECT * FROM users',
		"SELECT * FROM users WHERE id <> 'a'",
		"SELECT * FROM users WHERE id > 'a'",
		"SELECT * FROM users WHERE id LIKE 'a'",
		"SELECT * FROM users WHERE id NOT IN ('a')",
		"SELECT * FROM users WHERE NOT (id = 'a')",
		'SELECT * FROM users WHERE NOT (id IS NOT NULL)',
		"SELECT * FROM users WHERE NOT (id <> 'a' IS NULL)",
		"SELECT * FROM users WHERE id = 'a' OR age = 3",
		"SELECT * FROM users WHERE id = 'a' OR 1",
		'SELECT * FROM users WHERE id IS NULL',
		"SELECT * FROM users WHERE id IS NOT 'a'",
		"SELECT * FROM users WHERE lower(id) = 'a'",
		"SELECT * FROM users WHERE +id = 'a'",
		"SELECT * FROM users WHERE id || '' = 'a'",
		"SELECT * FROM users WHERE (id = 'a') = 0",
		"SELECT * FROM users WHERE CASE WHEN id = 'a' THEN 1 ELSE 1 END",
		"SELECT id = 'a' FROM users",
		'SELECT * FROM users WHERE id = email',
	])('%s', (sql) => expect(routeOf(sql)).toBe('scatter users'))

	it('a parameter without a value', () => expect(routeOf('SELECT * FROM users WHERE id = ?')).toBe('scatter users'))
	it('a parameter that SQLite cannot bind', () => expect(routeOf('SELECT * FROM users WHERE id = ?', true)).toBe('scatter users'))
	it('IS with a parameter that is NULL, which looks for NULL', () => {
		expect(routeOf('SELECT * FROM users WHERE id IS ?', null)).toBe('scatter users')
	})
})

describe('a condition that no row meets needs no shard', () => {
	it.each([
		['SELECT * FROM users WHERE id = ?', [null]],
		['SELECT * FROM users WHERE id = ?', [Number.NaN]],
		['SELECT * FROM users WHERE id = NULL', []],
		['SELECT * FROM users WHERE id IN ()', []],
		["SELECT * FROM users WHERE id = 'a' AND id = 'b'", []],
		['SELECT * FROM users WHERE false', []],
		['SELECT * FROM users WHERE 1 = 0', []],
		['SELECT count(*) FROM users WHERE 0', []],
		['SELECT * FROM users, orders WHERE users.id = NULL', []],
		["SELECT * FROM users WHERE id = ''", []],
		["SELECT * FROM visits WHERE tenant = '' AND region = 1", []],
	])('%s with %s', (sql, params) => expect(routeOf(sql, ...params)).toBe('none'))

	it('leaves the shards of the other values', () => {
		expect(routeOf("SELECT * FROM users WHERE id IN ('', 'a')")).toBe('shard a')
		expect(routeOf("SELECT * FROM visits WHERE tenant IN ('a', '') AND region = 1")).toBe('shard %/a/1')
	})
})

describe('a statement over many shards', () => {
	const ids = (count: number) => Array.from({ length: count }, (_, i) => i)

	it('lists up to 1,000 of them', () => {
		expect(routeOf(`SELECT * FROM sensors WHERE id IN (${ids(1_000).join(', ')})`)).toMatch(/^shards( \d+){1000}$/)
		expect(routeOf(`SELECT * FROM sensors WHERE id IN (${ids(1_001).join(', ')})`)).toBe('scatter sensors')
	})

	it('counts the shards of all its tables', () => {
		const shardsOf = (users: number) =>
			`SELECT 1 FROM sensors, users WHERE sensors.id IN (${ids(500).join(', ')}) AND users.id IN (${ids(users).map((id) => `'u${id}'`)})`
		expect(routeOf(shardsOf(500))).toMatch(/^shards( \w+){1000}$/)
		expect(routeOf(shardsOf(501))).toMatch(/^scatter /)
	})

	it('counts each combination of a composite key', () => {
		const visits = (regions: number) =>
			`SELECT * FROM visits WHERE tenant IN ('a', 'b') AND region IN (${ids(regions).join(', ')})`
		expect(routeOf(visits(500))).toMatch(/^shards( %\/[ab]\/\d+){1000}$/)
		expect(routeOf(visits(501))).toBe('scatter visits')
	})
})

describe('parameters are numbered as SQLite numbers them', () => {
	it.each([
		['SELECT * FROM users WHERE age = ? AND id = ?', [1, 'a'], 'shard a'],
		['SELECT * FROM users WHERE id = ?2 AND age = ?1', [1, 'a'], 'shard a'],
		['SELECT * FROM users WHERE age = ?2 AND id = ?', [0, 1, 'a'], 'shard a'],
		['SELECT * FROM users WHERE id = :id AND (email = :id OR age = :age)', ['a', 3], 'shard a'],
		['SELECT ? FROM users WHERE id = ? LIMIT ?', [1, 'a', 5], 'shard a'],
		['WITH w AS (SELECT ? AS x) SELECT * FROM users, w WHERE id = ?', [1, 'a'], 'shard a'],
	])('%s with %s', (sql, params, expected) => expect(routeOf(sql, ...params)).toBe(expected))
})

describe('the shard is that of the value as the column stores it', () => {
	it.each([
		// A number from JavaScript is REAL, a bigint INTEGER.
		['SELECT * FROM sensors WHERE id = ?', [5], 'shard 5'],
		['SELECT * FROM sensors WHERE id = ?', [5n], 'shard 5'],
		['SELECT * FROM sensors WHERE id = 5', [], 'shard 5'],
		['SELECT * FROM sensors WHERE id = 0x10', [], 'shard 16'],
		['SELECT * FROM sensors WHERE id = -5', [], 'shard -5'],
		["SELECT * FROM sensors WHERE id = '05'", [], 'shard 5'],
		["SELECT * FROM sensors WHERE id = ' 5.0 '", [], 'shard 5'],
		['SELECT * FROM sensors WHERE id = -0.0', [], 'shard 0'],
		['SELECT * FROM sensors WHERE id = 5.5', [], 'shard 5.5'],
		["SELECT * FROM sensors WHERE id = 'abc'", [], 'shard abc'],
		['SELECT * FROM sensors WHERE id IN (1, 1.0, ?)', ['1'], 'shard 1'],
		['SELECT * FROM scales WHERE weight = 5', [], 'shard 5.0'],
		['SELECT * FROM scales WHERE weight = ?', [5n], 'shard 5.0'],
		['SELECT * FROM prices WHERE price = ?', [5], 'shard 5'],
		['SELECT * FROM users WHERE id = 5', [], 'shard 5'],
		['SELECT * FROM users WHERE id = ?', [5], 'shard 5.0'],
	])('%s with %s is %s', (sql, params, expected) => expect(routeOf(sql, ...params)).toBe(expected))
})

describe('where equality does not tell the stored value, nothing is claimed', () => {
	it.each([
		// Sent as CAST(? AS INTEGER), which makes SQLite compare as numbers: '05' matches.
		['SELECT * FROM users WHERE id = ?', [5n], 'users'],
		["SELECT * FROM users WHERE id = CAST('5' AS INTEGER)", [], 'users'],
		// Printed differently by different versions.
		['SELECT * FROM users WHERE id = ?', [0.1 + 0.2], 'users'],
		// The INTEGER equals a REAL of another name.
		['SELECT * FROM sensors WHERE id = ?', [-(2 ** 63)], 'sensors'],
		['SELECT * FROM sensors WHERE id = -9223372036854775808', [], 'sensors'],
		// 17 digits: conversions from text may differ in the last bit.
		["SELECT * FROM sensors WHERE id = '0.12345678901234567'", [], 'sensors'],
		// Powers of ten beyond 10^22 are no doubles.
		["SELECT * FROM scales WHERE weight = '1e23'", [], 'scales'],
		["SELECT * FROM scales WHERE weight = '1e-23'", [], 'scales'],
		// As text, -0.0 is not the same in every version.
		['SELECT * FROM users WHERE id = ?', [-0], 'users'],
		['SELECT * FROM sensors WHERE id = ?', [new Uint8Array([53])], 'sensors'],
		["SELECT * FROM codes WHERE code = 'a'", [], 'codes'],
		["SELECT * FROM users WHERE id = 'a' COLLATE NOCASE", [], 'users'],
		["SELECT * FROM users WHERE id COLLATE NOCASE = 'a'", [], 'users'],
		["SELECT * FROM users WHERE id COLLATE RTRIM IN ('a')", [], 'users'],
		// Text in a Durable Object if there is no such column, but a column of whatever encloses it if there is.
		['SELECT * FROM users WHERE id = "nobody"', [], 'users'],
	])('%s with %s', (sql, params, table) => expect(routeOf(sql, ...params)).toBe(`scatter ${table}`))

	it('text with NUL in it, which is a number up to there', () => {
		expect(routeOf('SELECT * FROM sensors WHERE id = ?', '5\0')).toBe('scatter sensors')
	})
})

describe('composite keys', () => {
	it.each([
		["SELECT * FROM visits WHERE tenant = 'a/b' AND region = 5", 'shard %/a%2Fb/5'],
		["SELECT * FROM visits WHERE (tenant, region) = ('a', 5)", 'shard %/a/5'],
		["SELECT * FROM visits WHERE tenant = 'a' AND region IN (5, 6)", 'shards %/a/5 %/a/6'],
		["SELECT * FROM visits WHERE tenant = 'a'", 'scatter visits'],
		[
			"SELECT * FROM visits v JOIN visits w ON v.tenant = w.tenant AND v.region = w.region WHERE v.tenant = 'a' AND w.region = 5",
			'shard %/a/5',
		],
		["SELECT * FROM visits v JOIN visits w USING (tenant, region) WHERE tenant = 'a' AND region = 5", 'shard %/a/5'],
	])('%s', (sql, expected) => expect(routeOf(sql)).toBe(expected))
})
