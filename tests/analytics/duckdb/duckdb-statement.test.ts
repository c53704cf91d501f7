import { describe, expect, test } from 'vitest'
import { duckdbStatement } from '../../../src/analytics/duckdb/duckdb-statement.ts'
import { SQLakeError } from '../../../src/errors.ts'

const TABLES = ['users', 'orders', 'order lines']

describe('a statement in the dialect of DuckDB names the tables it reads', () => {
	test.each<[sql: string, tables: string[], parameters: number]>([
		['SELECT 1', [], 0],
		['SELECT * FROM users', ['users'], 0],
		['FROM users', ['users'], 0],
		['SELECT * EXCLUDE (id) FROM Users u, "order lines" l WHERE u.id = l.key', ['users', 'order lines'], 0],
		['SELECT id::VARCHAR, list_transform([1, 2], x -> x + 1) FROM main.orders WHERE amount > ? AND id = ?', ['orders'], 2],
		['SELECT $2, $1 FROM orders QUALIFY row_number() OVER (PARTITION BY user_id ORDER BY id) = 1', ['orders'], 2],
		['WITH big AS (SELECT * FROM orders), small(a) AS MATERIALIZED (SELECT 1) SELECT * FROM big, small', ['orders'], 0],
		['SELECT * FROM users u JOIN (SELECT user_id FROM orders) o ON o.user_id = u.id', ['users', 'orders'], 0],
		["SELECT extract(year FROM ts), substring(name FROM 2), a IS DISTINCT FROM 'x' FROM users", ['users'], 0],
		["SELECT 'FROM ''secret.csv''' -- FROM 'x.csv'\nFROM users /* JOIN /* 'y' */ z */;", ['users'], 0],
		['SELECT * FROM range(10) r(i), unnest([1, 2]), orders', ['orders'], 0],
		['SELECT (SELECT max(id) FROM orders o WHERE o.user_id = u.id) FROM users u', ['users', 'orders'], 0],
		['SELECT count(*) FROM (users u JOIN orders o ON u.id = o.user_id)', ['users', 'orders'], 0],
		['SELECT x FROM orders, LATERAL (SELECT amount AS x) l', ['orders'], 0],
		["SELECT $$it's$$, $q$ FROM 'x' $q$ FROM users", ['users'], 0],
	])('%s', (sql, tables, parameterCount) => {
		const found = duckdbStatement(sql, TABLES)
		expect({ ...found, tables: found.tables.toSorted() }).toEqual({ tables: tables.toSorted(), parameterCount })
	})
})

describe('a statement in the dialect of DuckDB is refused', () => {
	const codeOf = (sql: string) => {
		try {
			duckdbStatement(sql, TABLES)
			return 'accepted'
		} catch (error) {
			return SQLakeError.is(error) ? error.code : String(error)
		}
	}

	test.each([
		'INSERT INTO users VALUES (1)',
		"COPY users TO 'x.csv'",
		"ATTACH 'x.db'",
		'INSTALL httpfs',
		'LOAD httpfs',
		'SET threads = 1',
		'PRAGMA database_list',
		'SELECT 1; SELECT 2',
		'SELECT 1; DROP TABLE users',
		'CALL pragma_version()',
		'CREATE TABLE x AS SELECT 1',
		'',
		"EXPORT DATABASE 'x'",
		"'users'",
	])('where it is not one SELECT: %s', (sql) => expect(codeOf(sql)).toBe('READ_ONLY'))

	test.each([
		"SELECT * FROM 'x.csv'",
		"SELECT * FROM users, 'x.parquet'",
		"SELECT * FROM users JOIN 'x.parquet' ON true",
		"SELECT * FROM (FROM 'x.csv')",
		"SELECT * FROM ('x.csv')",
		"FROM users u, ((('x.csv')))",
		"SELECT * FROM read_csv('x')",
		"SELECT * FROM read_csv_auto('x')",
		"SELECT * FROM parquet_scan('x')",
		"SELECT * FROM READ_TEXT('x')",
		'SELECT * FROM "read_text"(\'x\')',
		"SELECT * FROM glob('*')",
		'SELECT * FROM duckdb_secrets()',
		"SELECT getenv('HOME')",
		"SELECT * FROM query('SELECT 1')",
		"SELECT * FROM query_table('x')",
		"SELECT * FROM sqlite_scan('x', 'y')",
		'SELECT * FROM other.users',
		"WITH x AS (SELECT * FROM read_blob('y')) SELECT * FROM x",
		"SELECT (SELECT content FROM read_text('y'))",
		"SELECT 1 UNION ALL SELECT * FROM 'x.csv'",
		"SELECT * FROM users WHERE id IN (FROM 'x.csv')",
		"SELECT * FROM pragma_table_info('users')",
		"SELECT * FROM repeat('x', 3)",
	])('where it reaches for something else: %s', (sql) => expect(codeOf(sql)).toBe('DIALECT_UNSUPPORTED'))

	test.each(['SELECT * FROM "x.csv"', 'SELECT * FROM secrets', 'SELECT * FROM _sqlake_0_plain', 'TABLE users'])(
		'where it names another table: %s',
		(sql) => expect(codeOf(sql)).toMatch(/ROUTE_UNKNOWN_TABLE|READ_ONLY/),
	)

	test.each(["SELECT 'x", 'SELECT "x', 'SELECT /* x', "SELECT E'\\'' FROM users"])('where it does not end: %s', (sql) =>
		expect(codeOf(sql)).toBe('SQL_PARSE'),
	)
})
