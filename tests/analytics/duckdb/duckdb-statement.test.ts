import { afterAll, describe, expect, test } from 'vitest'
import { duckdbStatement } from '../../../src/analytics/duckdb/duckdb-statement.ts'
import { NativeEngine } from '../../../src/analytics/engines/native/native-engine.node.ts'
import { loadWasmModules } from '../../../src/analytics/engines/wasm/modules.node.ts'
import { WasmEngine } from '../../../src/analytics/engines/wasm/wasm-engine.ts'
import type { EngineRelation, EngineValue } from '../../../src/analytics/query-engine.ts'
import { SQLakeError } from '../../../src/errors.ts'

const column = (name: string, type: EngineRelation['columns'][number]['type'] = 'VARCHAR') => ({ name, type })
const RELATIONS: readonly EngineRelation[] = [
	{ name: 'users', columns: [column('id'), column('name'), column('ts')] },
	{ name: 'orders', columns: [column('id', 'BIGINT'), column('user_id'), column('amount', 'DOUBLE')] },
	{ name: 'order lines', columns: [column('key')] },
]

const ENGINES = [new NativeEngine(), new WasmEngine({ modules: loadWasmModules })]
afterAll(() => Promise.all(ENGINES.map((engine) => engine.close())))

describe.each(ENGINES)('on the $name engine', (engine) => {
	const ask = (sql: string, params: readonly EngineValue[] = []) =>
		duckdbStatement(engine, { sql, params, relations: RELATIONS }, { timeoutMs: 20_000 })
	const codeOf = (sql: string, params: readonly EngineValue[] = []) =>
		ask(sql, params).then(
			() => 'accepted',
			(error: unknown) => (SQLakeError.is(error) ? error.code : String(error)),
		)

	describe('a statement in the dialect of DuckDB names the tables it reads', () => {
		test.each<[sql: string, tables: string[], params: EngineValue[]]>([
			['SELECT 1', [], []],
			['SELECT * FROM users', ['users'], []],
			['FROM users', ['users'], []],
			['TABLE users', ['users'], []],
			['SELECT * FROM users WHERE false', ['users'], []],
			["SELECT * FROM users WHERE id = 'x' LIMIT 0", ['users'], []],
			['SELECT (SELECT max(id) FROM users)', ['users'], []],
			['SELECT * EXCLUDE (id) FROM Users u, "order lines" l WHERE u.id = l.key', ['users', 'order lines'], []],
			['SELECT list_transform([1, 2], x -> x + 1) FROM main.orders WHERE amount > ? AND id = ?', ['orders'], [1, 2]],
			['SELECT $2, $1 FROM orders QUALIFY row_number() OVER (PARTITION BY user_id ORDER BY id) = 1', ['orders'], ['a', 2n]],
			['WITH big AS (SELECT * FROM orders), small(a) AS MATERIALIZED (SELECT 1) SELECT * FROM big, small', ['orders'], []],
			['WITH users AS (SELECT 1 AS one) SELECT * FROM users', [], []],
			['SELECT * FROM users u JOIN (SELECT user_id FROM orders) o ON o.user_id = u.id', ['users', 'orders'], []],
			['SELECT * FROM (users u LEFT JOIN orders o ON u.id = o.user_id)', ['users', 'orders'], []],
			["SELECT extract(year FROM ts::DATE), substring(name FROM 2), name IS DISTINCT FROM 'x' FROM users", ['users'], []],
			["SELECT 'FROM ''secret.csv''' -- FROM 'x.csv'\nFROM users /* JOIN /* 'y' */ z */;", ['users'], []],
			['SELECT i, u FROM range(10) r(i), unnest([1, 2]) s(u), orders', ['orders'], []],
			['SELECT (SELECT max(id) FROM orders o WHERE o.user_id = u.id) FROM users u', ['users', 'orders'], []],
			['SELECT x FROM orders, LATERAL (SELECT amount AS x) l', ['orders'], []],
			["SELECT $$it's$$, $q$ FROM 'x' $q$ FROM users", ['users'], []],
			['SELECT id FROM users EXCEPT SELECT user_id FROM orders', ['users', 'orders'], []],
			['WITH RECURSIVE n(i) AS (SELECT id FROM orders UNION ALL SELECT i + 1 FROM n WHERE i < 3) FROM n', ['orders'], []],
			['SUMMARIZE users', ['users'], []],
			["PIVOT users ON name IN ('a', 'b') USING count(*)", ['users'], []],
			["SELECT * FROM orders PIVOT (sum(amount) FOR user_id IN ('a', 'b'))", ['orders'], []],
			['SELECT * FROM orders a ASOF JOIN orders b ON a.user_id = b.user_id AND a.amount >= b.amount', ['orders'], []],
		])('%s', async (sql, tables, params) => {
			const found = [...(await ask(sql, params))].map((index) => RELATIONS[index]?.name)
			expect(found.toSorted()).toEqual(tables.toSorted())
		})
	})

	describe('a statement in the dialect of DuckDB is refused', () => {
		test.each([
			'INSERT INTO users VALUES (1)',
			'DELETE FROM users',
			'WITH x AS (SELECT 1) INSERT INTO users SELECT * FROM x',
			"COPY users TO 'x.csv'",
			"ATTACH 'x.db'",
			'INSTALL httpfs',
			'LOAD httpfs',
			'SET threads = 1',
			'PRAGMA enable_profiling',
			'SELECT 1; SELECT 2',
			'SELECT 1; DROP TABLE users',
			'CALL pragma_version()',
			'CREATE TABLE x AS SELECT 1',
			'',
			'-- nothing',
			"EXPORT DATABASE 'x'",
		])('where it is not one SELECT: %s', async (sql) => expect(await codeOf(sql)).toBe('READ_ONLY'))

		test('where a PIVOT is to find its values itself, with a word on how to name them', async () => {
			await expect(ask('PIVOT users ON name USING count(*)')).rejects.toMatchObject({
				code: 'READ_ONLY',
				hint: expect.stringContaining('PIVOT orders ON status IN'),
			})
		})

		test.each([
			"SELECT * FROM 'x.csv'",
			'SELECT * FROM "x.csv"',
			"SELECT * FROM (FROM 'x.csv')",
			"SELECT (TABLE 'x.csv')",
			"SELECT id FROM users UNION ALL TABLE 'x.csv'",
			"SELECT *, 1FROM 'x.csv'",
			'FROM (WITH "x.csv" AS (SELECT 1) SELECT 1) a, "x.csv"',
			"FROM json_execute_serialized_sql(json_serialize_sql('SELECT 1'))",
			"SELECT * FROM read_csv('x')",
			"SELECT * FROM read_csv_auto('x')",
			"SELECT * FROM parquet_scan('x')",
			"SELECT * FROM READ_TEXT('x')",
			'SELECT * FROM "read_text"(\'x\')',
			"SELECT * FROM glob('*')",
			'SELECT * FROM duckdb_secrets()',
			'SELECT * FROM duckdb_settings()',
			'SELECT * FROM enable_logging()',
			'SELECT * FROM information_schema.tables',
			"SELECT * FROM query('FROM duckdb_tables()')",
			"SELECT * FROM sqlite_scan('x', 'y')",
			"WITH x AS (SELECT * FROM read_blob('y')) SELECT * FROM x",
			"SELECT (SELECT content FROM read_text('y'))",
			"SELECT 1 UNION ALL SELECT * FROM 'x.csv'",
			"SELECT * FROM users WHERE id IN (FROM 'x.csv')",
			"SELECT * FROM pragma_table_info('users')",
			"SELECT * FROM repeat('x', 3)",
		])('where it reaches for something else: %s', async (sql) => expect(await codeOf(sql)).toBe('DIALECT_UNSUPPORTED'))

		test.each([
			'SELECT * FROM secrets',
			'SELECT * FROM _sqlake_0_plain',
			'TABLE secrets',
			'SELECT (SELECT max(a) FROM secrets)',
			"SELECT * FROM query_table('secrets')",
			'SELECT * FROM other.users',
		])('where it names another table: %s', async (sql) => expect(await codeOf(sql)).toBe('ROUTE_UNKNOWN_TABLE'))

		test('where it names a file of Parquet, which only one of the engines knows', async () => {
			for (const sql of ["SELECT * FROM users, 'x.parquet'", "SELECT * FROM users JOIN 'x.parquet' ON true"]) {
				expect(await codeOf(sql)).toBe(engine.name === 'native' ? 'DIALECT_UNSUPPORTED' : 'ROUTE_UNKNOWN_TABLE')
			}
		})

		test.each([
			"FROM users u, ((('x.csv')))",
			"'users'",
			"SELECT 'x",
			'SELECT "x',
			'SELECT /* x',
			"SELECT E'\\'' || ' FROM users",
			'SELECT (',
			'SELECT 1 \0 FROM users',
		])('where it cannot be read: %j', async (sql) => expect(await codeOf(sql)).toBe('SQL_PARSE'))

		test.each<[string, EngineValue[]]>([
			['SELECT ?, ?', [1]],
			['SELECT $2', [1]],
			['SELECT ?', []],
			['SELECT ?', [1, 2]],
			['SELECT 1', [1]],
		])('where it has another number of values: %s', async (sql, params) => expect(await codeOf(sql, params)).toBe('QUERY_FAILED'))

		test('where it names no column, by the message of DuckDB', async () => {
			await expect(ask('SELECT nonsense FROM users')).rejects.toMatchObject({
				code: 'ANALYTICS_FAILED',
				message: expect.stringContaining('nonsense'),
			})
			expect(await codeOf("SELECT getenv('HOME')")).toBe('ANALYTICS_FAILED')
		})
	})
})
