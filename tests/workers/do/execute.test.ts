import { env, runInDurableObject } from 'cloudflare:test'
import { describe, expect, it } from 'vitest'
import type { BoundStatement, ExecuteResponse, WireValue } from '../../../src/driver/transport.ts'
import { SQLakeError } from '../../../src/errors.ts'

let shards = 0
const freshName = () => `execute-${shards++}`

async function execute(shard: string, statements: readonly BoundStatement[], readOnly = false): Promise<ExecuteResponse> {
	const envelope = await env.SHARD_DO.getByName(shard).sqlakeExecute({ shard, statements, readOnly })
	if (!envelope.ok) throw SQLakeError.fromJSON(envelope.error)
	return envelope.value as ExecuteResponse
}

const statement = (sql: string, ...params: WireValue[]): BoundStatement => ({ sql, params })
const insert = (id: string) => statement('INSERT INTO users (id) VALUES (?)', id)
const count = async (shard: string) => (await execute(shard, [statement('SELECT count(*) FROM users')], true)).results[0]?.rows

describe('sqlakeExecute', () => {
	it('applies migrations before the first request and answers rows in column order', async () => {
		const shard = freshName()
		await execute(shard, [insert('a')])
		const { results, bookmark } = await execute(shard, [statement('SELECT plan, id FROM users')], true)
		expect(results[0]).toMatchObject({ columns: ['plan', 'id'], rows: [['free', 'a']], changes: 0, lastInsertRowid: null })
		expect(bookmark).toBeNull()
	})

	it('answers a write with its counts and its bookmark', async () => {
		const shard = freshName()
		const { results, bookmark } = await execute(shard, [insert('a'), insert('b'), statement("UPDATE users SET plan = 'pro'")])
		expect(results.map(({ changes }) => changes)).toEqual([1, 1, 2])
		expect(bookmark).toEqual({ shard, seq: 4n, epoch: 1 })
	})

	it('gives no bookmark for a write that changed nothing', async () => {
		const shard = freshName()
		const { results, bookmark } = await execute(shard, [statement("DELETE FROM users WHERE id = 'nobody'")])
		expect(results[0]?.changes).toBe(0)
		expect(bookmark).toBeNull()
	})

	it('returns rows of RETURNING together with the count', async () => {
		const { results } = await execute(freshName(), [statement("INSERT INTO users (id) VALUES ('a'), ('b') RETURNING id")])
		expect(results[0]).toMatchObject({ rows: [['a'], ['b']], changes: 2 })
	})

	it.each([
		['that never ends', 'WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c'],
		[
			'of 30 million steps',
			'WITH c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM C WHERE x < ?) SELECT max(x) FROM c WHERE ? > 0',
			30_000_000,
			1,
		],
		['without equal rows', 'WITH RECURSIVE c(x) AS (SELECT 1 UNION SELECT x + 1 FROM c) SELECT sum(x) FROM c'],
		['in a sub-query', 'SELECT (WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c)'],
		[
			'that rests on another table',
			'WITH a AS (SELECT 1 AS y), b AS (WITH c(x) AS (SELECT y FROM a UNION ALL SELECT x + 1 FROM c) SELECT max(x) AS z FROM c) SELECT z FROM b',
		],
		[
			'that rests on the query around it',
			"SELECT (WITH c(x) AS (SELECT length(v.y) UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c) FROM (SELECT 'a' AS y) AS v",
		],
		['that is to be materialised', 'WITH c(x) AS MATERIALIZED (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c'],
		['whose LIMIT is too large', 'WITH c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT 100000000) SELECT count(*) FROM c'],
		[
			'of a write that rests on the query around it',
			"INSERT INTO users (id) SELECT (WITH c(x) AS (SELECT length(v.y) UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c) FROM (SELECT 'a' AS y) AS v",
		],
		['of a write', 'INSERT INTO users (id) WITH c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT max(x) FROM c'],
		['before a write', 'WITH c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) UPDATE users SET plan = (SELECT count(*) FROM c)'],
	])('refuses a recursion %s before anything of the request is written', async (_, sql, ...params) => {
		const shard = freshName()
		await expect(execute(shard, [insert('a'), statement(sql, ...params)])).rejects.toMatchObject({ code: 'STATEMENT_LIMIT' })
		expect(await count(shard)).toEqual([[0]])
	})

	it.each<[string, string, WireValue[], ...WireValue[]]>([
		[
			'that ends',
			'WITH c(x) AS (SELECT ? UNION ALL SELECT x + 1 FROM c WHERE x < ?) SELECT count(*) + ? FROM c',
			[100_000],
			1,
			100_000,
			0,
		],
		['with a LIMIT', 'WITH c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT 5) SELECT sum(x) FROM c', [15]],
		[
			'with bigints, and values that are named twice',
			'WITH c(x) AS (SELECT ?2 UNION ALL SELECT x + ?1 FROM c WHERE x < ?2 + 10) SELECT count(*), ?1 FROM c',
			[11, 1],
			1n,
			5n,
		],
		[
			'of no table',
			"SELECT 'WITH c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c)' AS a",
			['WITH c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c)'],
		],
	])('answers a recursion %s', async (_, sql, row, ...params) => {
		const { results } = await execute(freshName(), [statement(sql, ...params)], true)
		expect(results[0]?.rows).toEqual([row])
	})

	it('refuses an answer that no remote call can bring, and undoes the write that it is of', async () => {
		const shard = freshName()
		const many = 'WITH c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT 1000000)'
		const read = execute(shard, [statement(`${many} SELECT zeroblob(10000) FROM c LIMIT 5000`)], true)
		await expect(read).rejects.toMatchObject({ code: 'STATEMENT_LIMIT', details: { limit: 30_000_000, found: 50_000_000 } })
		const write = `${many} INSERT INTO users (id, plan) SELECT x, printf('%20000c', 'x') FROM c LIMIT 2000 RETURNING plan`
		await expect(execute(shard, [statement(write)])).rejects.toMatchObject({ code: 'STATEMENT_LIMIT' })
		expect(await count(shard)).toEqual([[0]])
		const { results } = await execute(shard, [statement(`${many} SELECT zeroblob(10000) FROM c LIMIT 2000`)], true)
		expect(results[0]?.rows).toHaveLength(2_000)
	})

	it('says what SQLite says of a recursion that it refuses', async () => {
		const sql = 'WITH c(x) AS (SELECT 1 UNION ALL SELECT missing FROM c) SELECT count(*) FROM c'
		await expect(execute(freshName(), [statement(sql)])).rejects.toMatchObject({
			code: 'QUERY_FAILED',
			message: expect.stringContaining('no such column: missing'),
		})
	})

	it('binds the values of a statement that ends in a semicolon and a comment', async () => {
		const { results } = await execute(freshName(), [statement('SELECT ? AS a; -- the end', 'x')], true)
		expect(results[0]?.rows).toEqual([['x']])
	})

	it('runs all statements or none', async () => {
		const shard = freshName()
		await expect(execute(shard, [insert('a'), insert('a')])).rejects.toMatchObject({ code: 'QUERY_FAILED' })
		expect(await count(shard)).toEqual([[0]])
		const pending = await runInDurableObject(env.SHARD_DO.getByName(shard), (object) => object.getCDCFlushMetrics())
		expect(pending.buffered).toBe(0)
	})

	it('refuses and rolls back a write in a read-only request', async () => {
		const shard = freshName()
		await expect(execute(shard, [insert('a')], true)).rejects.toMatchObject({ code: 'READ_ONLY' })
		await expect(
			execute(shard, [statement("WITH x AS (SELECT 1) INSERT INTO users (id) SELECT 'b' FROM x RETURNING id")], true),
		).rejects.toMatchObject({ code: 'READ_ONLY' })
		expect(await count(shard)).toEqual([[0]])
	})

	it('binds a bigint exactly, as an INTEGER without affinity', async () => {
		const shard = freshName()
		const { results } = await execute(
			shard,
			[
				statement('SELECT typeof(?), CAST(? AS TEXT), ?1 = 9223372036854775807', 9223372036854775807n, -9223372036854775808n),
				statement("SELECT x FROM (SELECT CAST('05' AS TEXT) AS x) WHERE x = ?", 5n),
			],
			true,
		)
		expect(results.map(({ rows }) => rows)).toEqual([[['integer', '-9223372036854775808', 1]], []])
	})

	it('returns integers beyond 2^53 exactly from RETURNING, and writes once', async () => {
		const shard = freshName()
		const big = 2n ** 62n + 1n
		const { results, bookmark } = await execute(shard, [
			statement(
				`INSERT INTO orders (id, user_id, amount, quantity) VALUES ('a', ?, 1, ?), ('b', ?1, 2.5, 3)
				RETURNING *, quantity + 1 more, id AS "quantity, 1", (SELECT max(quantity, 9007199254740993)) -- , end`,
				shard,
				big,
			),
		])
		expect(results[0]).toMatchObject({
			columns: ['id', 'user_id', 'amount', 'quantity', 'more', 'quantity, 1', '(SELECT max(quantity, 9007199254740993))'],
			rows: [
				['a', shard, 1, big, big + 1n, 'a', big],
				['b', shard, 2.5, 3, 4, 'b', 9007199254740993n],
			],
			changes: 2,
		})
		expect(bookmark).toMatchObject({ shard, seq: 2n })
		const deleted = await execute(shard, [
			statement('DELETE FROM orders WHERE user_id = ? RETURNING quantity q ORDER BY quantity DESC LIMIT 1', shard),
		])
		expect(deleted.results[0]?.rows).toEqual([[big]])
	})

	it('binds bytes, and only those a view shows', async () => {
		const view = new Uint8Array([0, 1, 2, 3, 4]).subarray(1, 3)
		const { results } = await execute(freshName(), [statement('SELECT hex(?), typeof(?1)', view)], true)
		expect(results[0]?.rows).toEqual([['0102', 'blob']])
	})
})

describe('errors of sqlakeExecute', () => {
	const failure = (shard: string, ...statements: BoundStatement[]) =>
		execute(shard, statements).catch((error: SQLakeError) => error)

	it('cross RPC with code, message, hint, details and cause', async () => {
		const error = await failure(freshName(), statement('SELECT * FROM nowhere'))
		expect(error).toBeInstanceOf(SQLakeError)
		expect(error).toMatchObject({ code: 'QUERY_FAILED', message: expect.stringContaining('no such table: nowhere') })
		expect((error as SQLakeError).cause).toBeInstanceOf(Error)
	})

	it('refuse a request that was meant for another shard', async () => {
		const envelope = await env.SHARD_DO.getByName('mine').sqlakeExecute({ shard: 'yours', statements: [], readOnly: true })
		expect(envelope).toMatchObject({ ok: false, error: { code: 'RPC_INVALID', details: { expected: 'mine', found: 'yours' } } })
	})

	it.each([
		['null', null],
		['a text', 'SELECT 1'],
		['no statements', { shard: 'malformed', readOnly: true }],
		['statements that are none', { shard: 'malformed', readOnly: true, statements: ['SELECT 1'] }],
		['a parameter that is an object', { shard: 'malformed', readOnly: true, statements: [{ sql: 'SELECT ?', params: [{}] }] }],
		['a parameter that is a boolean', { shard: 'malformed', readOnly: true, statements: [{ sql: 'SELECT ?', params: [true] }] }],
		['a readOnly that is a text', { shard: 'malformed', readOnly: 'no', statements: [] }],
	])('refuse %s as a request', async (_, request) => {
		const envelope = await env.SHARD_DO.getByName('malformed').sqlakeExecute(request as never)
		expect(envelope).toMatchObject({ ok: false, error: { code: 'RPC_INVALID' } })
	})

	it.each([
		['a text beyond 100 KB', statement(`SELECT '${'x'.repeat(100_001)}'`), 'STATEMENT_LIMIT'],
		['more than 10,000 values', statement('SELECT 1', ...Array.from({ length: 10_001 }, () => 1)), 'STATEMENT_LIMIT'],
		[
			'more than 99 values that JSON does not hold',
			statement(`SELECT ${'?, '.repeat(100)} ?`, ...Array.from({ length: 101 }, () => new Uint8Array([1]))),
			'STATEMENT_LIMIT',
		],
		['a value beyond 2 MB', statement('SELECT ?', 'x'.repeat(2_000_001)), 'STATEMENT_LIMIT'],
		['a bigint beyond 64 bits', statement('SELECT ?', 2n ** 63n), 'VALUE_UNSUPPORTED'],
		['two statements in one text', statement('DELETE FROM users; DELETE FROM orders'), 'RPC_INVALID'],
		['an empty text', statement(' -- nothing'), 'RPC_INVALID'],
		['a change of the schema', statement('DROP TABLE users'), 'ROUTE_UNSUPPORTED'],
		['a setting', statement('PRAGMA recursive_triggers = OFF'), 'ROUTE_UNSUPPORTED'],
		["capture's tables", statement('SELECT * FROM _cdc_buffer'), 'QUERY_FAILED'],
		["capture's tables in quotes", statement('DELETE FROM "_CDC_buffer"'), 'QUERY_FAILED'],
		["capture's tables as a string", statement("SELECT * FROM '_cdc_buffer'"), 'QUERY_FAILED'],
		["sqlake's tables", statement('UPDATE [_sqlake_meta] SET value = 1'), 'QUERY_FAILED'],
		["the platform's tables", statement('SELECT * FROM _cf_KV'), 'QUERY_FAILED'],
	])('refuse %s', async (_, refused, code) => {
		expect(await failure('limits', refused)).toMatchObject({ code })
	})

	it('let a caller change tables where it says so, and capture follows', async () => {
		const shard = freshName()
		const change = async (...statements: BoundStatement[]) =>
			env.SHARD_DO.getByName(shard).sqlakeExecute({ shard, statements, readOnly: false, changesSchema: true })
		const altered = await change(
			statement('ALTER TABLE users ADD COLUMN nick text'),
			insert('a'),
			statement('CREATE TABLE own (id)'),
		)
		expect(altered).toMatchObject({
			ok: true,
			value: { bookmark: { seq: 1n }, results: [{ changes: 0 }, { changes: 1 }, { changes: 0 }] },
		})
		expect(await change(statement('DROP TABLE _cdc_buffer'))).toMatchObject({ ok: false, error: { code: 'QUERY_FAILED' } })
		expect(await change(statement('PRAGMA foreign_keys = OFF'))).toMatchObject({
			ok: false,
			error: { code: 'ROUTE_UNSUPPORTED' },
		})
		const readOnly = { shard, statements: [statement('DROP TABLE own')], readOnly: true, changesSchema: true }
		expect(await env.SHARD_DO.getByName(shard).sqlakeExecute(readOnly)).toMatchObject({ ok: false, error: { code: 'READ_ONLY' } })
	})

	it('take a text for a value where it only looks like an internal name', async () => {
		const { results } = await execute('limits', [statement("SELECT 'about _cdc_buffer', ?", '_cdc_buffer')], true)
		expect(results[0]?.rows).toEqual([['about _cdc_buffer', '_cdc_buffer']])
	})
})

describe('an object without a name', () => {
	it('answers a typed error, and goes on answering it', async () => {
		const stub = env.SHARD_DO.get(env.SHARD_DO.newUniqueId())
		const request = { shard: 'x', statements: [], readOnly: true }
		expect(await stub.sqlakeExecute(request)).toMatchObject({ ok: false, error: { code: 'SHARD_ID_INVALID' } })
		expect(await stub.sqlakeExecute(request)).toMatchObject({ ok: false, error: { code: 'SHARD_ID_INVALID' } })
		expect((await stub.fetch('https://shard/')).status).toBe(404)
	})
})

describe('integers beyond 2^53', () => {
	const rowsOf = async (sql: string, ...params: WireValue[]) => {
		const { results } = await execute(freshName(), [statement(sql, ...params)], true)
		return results[0]?.rows
	}

	it('keep every digit in the answer of a query', async () => {
		const max = 2n ** 63n - 1n
		expect(await rowsOf('SELECT ? AS a, 1 AS b, ? AS a -- twice', max, -max)).toEqual([[max, 1, -max]])
		expect(await rowsOf('WITH t(n) AS (VALUES (1), (9007199254740993), (3)) SELECT n FROM t ORDER BY n DESC')).toEqual([
			[2n ** 53n + 1n],
			[3],
			[1],
		])
		expect(await rowsOf("VALUES (9007199254740993, 'x' /* not the end */) -- the end")).toEqual([[2n ** 53n + 1n, 'x']])
	})

	it('keep every digit in RETURNING, wherever its list ends and however often it names all columns', async () => {
		const shard = freshName()
		const big = 2n ** 62n + 1n
		const { results } = await execute(shard, [
			statement("INSERT INTO orders (id, user_id, amount, quantity) VALUES ('a', ?, 1, ?)", shard, big),
			statement('UPDATE orders SET quantity = quantity + 1 WHERE user_id = ? RETURNING quantity LIMIT 1', shard),
			statement('UPDATE orders SET quantity = quantity + 1 WHERE user_id = ? RETURNING quantity q ORDER BY id LIMIT 1', shard),
			statement('UPDATE orders SET amount = 2 WHERE user_id = ? RETURNING *, quantity - 1, *, quantity', shard),
		])
		const row = ['a', shard, 2, big + 2n]
		expect(results.slice(1).map(({ rows }) => rows)).toEqual([[[big + 1n]], [[big + 2n]], [[...row, big + 1n, ...row, big + 2n]]])
		expect(results[3]?.columns).toHaveLength(10)
	})

	it('stay doubles where an expression of RETURNING binds a value, which would count twice', async () => {
		const shard = freshName()
		const big = 2n ** 62n
		const { results } = await execute(shard, [
			statement(
				"INSERT INTO orders (id, user_id, amount, quantity) VALUES ('a', ?, 1, ?) RETURNING quantity + ?, quantity",
				shard,
				big,
				1,
			),
		])
		expect(results[0]?.rows).toEqual([[Number(big), big]])
	})

	it('are those that were answered, where the query would answer others if it were asked again', async () => {
		const answer = await rowsOf('SELECT random() FROM (VALUES (1), (2), (3), (4))')
		expect(answer?.flat().map((value) => typeof value)).toEqual(['number', 'number', 'number', 'number'])
	})

	it('leave doubles of the same size alone', async () => {
		expect(await rowsOf('SELECT 1e300, 9007199254740994.0, 9007199254740994, 9e999, 9007199254740991')).toEqual([
			[1e300, 9007199254740994, 9007199254740994n, Number.POSITIVE_INFINITY, 9007199254740991],
		])
	})
})
