/**
 * What a lake query answers, whichever engine runs it. The suite runs in Node and in workerd.
 *
 * @module
 */
import { expect, it } from 'vitest'
import { createLakeQuery } from '../../src/analytics/lake-query.ts'
import type { QueryEngine } from '../../src/analytics/query-engine.ts'
import { blob, integer, numeric, primaryKey, real, sqliteTable, text } from '../../src/columns.ts'
import type { LakeMoment, LakeResponse, WireValue } from '../../src/driver/transport.ts'
import { SQLake } from '../../src/schema/database.ts'
import { type TestChange, TestLake } from '../analytics/support/test-lake.ts'

const db = SQLake({
	users: {
		id: text('id').primaryKey(),
		name: text('name'),
		age: integer('age'),
		active: integer('active', { mode: 'boolean' }),
		createdAt: integer('created_at', { mode: 'timestamp' }),
		seenAt: integer('seen_at', { mode: 'timestamp_ms' }),
		settings: text('settings', { mode: 'json' }),
		photo: blob('photo'),
	},
	orders: { id: integer('id').primaryKey(), userId: text('user_id').notNull(), amount: real('amount'), tax: numeric('tax') },
	marks: sqliteTable('marks', { userId: text('user_id').notNull(), label: text('label'), n: integer('n') }, (table) => [
		primaryKey({ columns: [table.userId, table.label] }),
	]),
	shard: { users: 'id', orders: 'userId', marks: 'userId' },
})

const T = Date.UTC(2026, 0, 15, 12)
const current: LakeMoment = { kind: 'current' }

const user = (id: string, rest: Record<string, bigint | number | string | Uint8Array | null> = {}) => ({
	id,
	name: `name of ${id}`,
	...rest,
})
const order = (id: number, userId: string, amount: number) => ({ id: BigInt(id), user_id: userId, amount })
const created = (table: string, ts: number, row: TestChange['row']): TestChange => ({ table, op: 'c', ts, row })
const updated = (table: string, ts: number, before: TestChange['row'], row: TestChange['row']): TestChange => ({
	table,
	op: 'u',
	ts,
	row,
	before,
})
const deleted = (table: string, ts: number, row: TestChange['row']): TestChange => ({ table, op: 'd', ts, row })

/** @param engine Not closed. */
export function lakeQueryContract(engine: QueryEngine): void {
	const open = () => {
		const lake = new TestLake(db.lake)
		const transport = createLakeQuery({ ...lake, engine })
		const query = (sql: string, params: readonly WireValue[] = [], moment: LakeMoment = current): Promise<LakeResponse> =>
			transport.query({ statement: { sql, params }, moment })
		const rows = async (sql: string, params: readonly WireValue[] = [], moment: LakeMoment = current) =>
			(await query(sql, params, moment)).rows
		return { lake, query, rows, transport }
	}

	/** Two users in two shards: one has changed, one has not. */
	const filled = async () => {
		const opened = open()
		await opened.lake.deliver('ada', [
			created('users', T, user('ada', { age: 36n })),
			created('orders', T, order(1, 'ada', 10.5)),
			created('orders', T + 1000, order(2, 'ada', 20)),
		])
		await opened.lake.deliver('ben', [created('users', T, user('ben', { age: 20n })), created('orders', T, order(1, 'ben', 1))])
		await opened.lake.deliver('ada', [
			updated('orders', T + 2000, order(1, 'ada', 10.5), order(1, 'ada', 11.5)),
			deleted('orders', T + 3000, order(2, 'ada', 20)),
			updated('users', T + 3000, user('ada', { age: 36n }), user('ada', { age: 37n })),
		])
		return opened
	}

	it('gives the whole row as JSON where the lake keeps it, to who asks for it by its name', async () => {
		const lake = new TestLake({ ...db.lake, storage: 'hybrid' })
		const transport = createLakeQuery({ ...lake, engine })
		const query = (sql: string, moment: LakeMoment = current) => transport.query({ statement: { sql, params: [] }, moment })
		await lake.deliver('ada', [created('users', T, user('ada', { age: 36n }))])
		await lake.deliver('ada', [updated('users', T + 1000, user('ada', { age: 36n }), user('ada', { age: 37n }))])
		const row = "SELECT _row ->> '$.name' AS name, json_extract(_row, '$.age') AS age FROM users"
		expect((await query(row)).rows).toEqual([['name of ada', 37]])
		expect((await query(`${row} WHERE _row LIKE '%37%'`)).rows).toEqual([['name of ada', 37]])
		expect((await query(row, { kind: 'asOf', at: T + 500 })).rows).toEqual([['name of ada', 36]])
		const changes = await query(`${row} ORDER BY _seq`, { kind: 'between', from: T, to: T + 2000 })
		expect(changes.rows).toEqual([
			['name of ada', 36],
			['name of ada', 37],
		])
		expect((await query('SELECT * FROM users')).columns).not.toContain('_row')
		await expect(open().query('SELECT _row FROM users')).rejects.toMatchObject({
			message: expect.stringContaining('no such column: _row'),
		})
	})

	it('hands DuckDB its own dialect over the same tables, which then may only read', { timeout: 60_000 }, async () => {
		const { transport } = await filled()
		const ask = async (sql: string, params: readonly WireValue[] = []) =>
			await transport.query({ statement: { sql, params }, moment: current, dialect: 'duckdb' })
		const { columns, rows, stats } = await ask(
			`SELECT u.id, list_aggregate(list(o.amount ORDER BY o.amount), 'string_agg', '|') AS amounts, count(*) > 1 AS several
			FROM users u JOIN orders o ON o.user_id = u.id WHERE o.amount > ?::DOUBLE GROUP BY ALL ORDER BY u.id`,
			[1.0],
		)
		expect(columns).toEqual(['id', 'amounts', 'several'])
		expect(rows).toEqual([['ada', '11.5', 0]])
		expect(stats.filesKept).toBeGreaterThan(0)
		expect((await ask('FROM users SELECT max(age)')).rows).toEqual([[37]])
		expect((await ask('WITH unused AS (FROM orders) FROM users SELECT count(*)')).rows).toEqual([[2]])
		expect((await ask("FROM users SELECT id WHERE id = 'ada'")).rows).toEqual([['ada']])
		expect((await ask('DESCRIBE SELECT amount FROM orders')).rows[0]?.slice(0, 2)).toEqual(['amount', 'DOUBLE'])
		await expect(ask('DELETE FROM users')).rejects.toMatchObject({ code: 'READ_ONLY' })
		await expect(ask("SELECT * FROM read_text('/etc/passwd')")).rejects.toMatchObject({ code: 'DIALECT_UNSUPPORTED' })
		await expect(ask('FROM _sqlake_0_plain')).rejects.toMatchObject({ code: 'ROUTE_UNKNOWN_TABLE' })
		await expect(ask('SELECT ?, ?', [1])).rejects.toMatchObject({ code: 'QUERY_FAILED' })
		const batches: unknown[] = []
		const streamed = transport.stream({
			statement: { sql: 'SELECT id FROM users ORDER BY id', params: [] },
			moment: current,
			dialect: 'duckdb',
		})
		for await (const batch of streamed) batches.push(...batch.rows)
		expect(batches).toEqual([['ada'], ['ben']])
	})

	it('reads JSON, and shows the items of an array, over the lake', async () => {
		const { lake, rows } = open()
		await lake.deliver('ada', [created('users', T, user('ada', { settings: '{"theme":"dark","sizes":[3,1.5],"on":true}' }))])
		await lake.deliver('ben', [
			created('users', T, user('ben', { settings: '{"theme":"light","sizes":[]}' })),
			created('users', T, user('bob')),
		])
		expect(await rows(`SELECT id, settings ->> 'theme', json_extract(settings, '$.on') FROM users ORDER BY id`)).toEqual([
			['ada', 'dark', 1],
			['ben', 'light', null],
			['bob', null, null],
		])
		expect(await rows(`SELECT id FROM users WHERE json_extract(settings, '$.theme') = 'light'`)).toEqual([['ben']])
		expect(await rows(`SELECT users.id, j.value FROM users, json_each(users.settings, '$.sizes') j`)).toEqual([
			['ada', 3],
			['ada', 1.5],
		])
		expect(await rows(`SELECT json_group_object(id, settings -> 'sizes') FROM users WHERE settings IS NOT NULL`)).toHaveLength(1)
		await expect(rows(`SELECT json_extract(name, '$') FROM users`)).rejects.toMatchObject({
			code: 'QUERY_FAILED',
			message: 'malformed JSON',
		})
	})

	it('answers an empty lake with no rows and the right columns', async () => {
		const { query, rows } = open()
		expect(await query('SELECT * FROM users')).toMatchObject({
			columns: ['id', 'name', 'age', 'active', 'created_at', 'seen_at', 'settings', 'photo'],
			rows: [],
			stats: { filesKept: 0, filesPruned: 0, rowsRead: 0, snapshots: {} },
		})
		expect(await rows('SELECT count(*), sum(amount) FROM orders')).toEqual([[0, null]])
		expect(await rows('SELECT * FROM users', [], { kind: 'asOf', at: T })).toEqual([])
		const between: LakeMoment = { kind: 'between', from: 0, to: T }
		expect((await query('SELECT * FROM orders', [], between)).columns).toEqual([
			...['id', 'user_id', 'amount', 'tax', '_op', '_shard', '_seq', '_ts'],
		])
	})

	it('answers with the newest row of each key, without the deleted ones', async () => {
		const { rows } = await filled()
		expect(await rows('SELECT id, user_id, amount FROM orders ORDER BY user_id, id')).toEqual([
			[1, 'ada', 11.5],
			[1, 'ben', 1],
		])
		expect(await rows('SELECT count(*) FROM orders')).toEqual([[2]])
		expect(await rows('SELECT id, age FROM users ORDER BY id')).toEqual([
			['ada', 37],
			['ben', 20],
		])
	})

	it('shows the row before an update of a range of changes, by names that * does not give', async () => {
		const { lake, rows, query } = await filled()
		await lake.deliver('ben', [updated('orders', T + 4000, order(1, 'ben', 1), order(9, 'ben', 2))])
		const between: LakeMoment = { kind: 'between', from: T, to: T + 5000 }
		expect(
			await rows('SELECT id, _before_id, _before_amount, _op FROM orders WHERE _ts > ? ORDER BY _ts', [T + 1000], between),
		).toEqual([
			[1, 1, 10.5, 'u'],
			[2, null, null, 'd'],
			[9, 1, 1, 'u'],
		])
		expect(await rows('SELECT id FROM orders WHERE _before_id IS NOT id AND _op = ?', ['u'], between)).toEqual([[9]])
		expect((await query('SELECT * FROM orders', [], between)).columns).not.toContain('_before_id')
		expect(await rows('SELECT _before_created_at, _before_active FROM users WHERE _op = ?', ['u'], between)).toEqual([
			[null, null],
		])
	})

	it('joins, groups, sorts and limits over all shards', async () => {
		const { rows } = await filled()
		const sql = `select \`users\`.\`name\`, count(*) as [n], sum(orders.amount) as total from \`users\`
			left join "orders" on \`users\`.\`id\` = "orders"."user_id" where "users"."age" > ? group by users.name order by total desc limit ?`
		expect(await rows(sql, [10, 5])).toEqual([
			['name of ada', 1, 11.5],
			['name of ben', 1, 1],
		])
		expect(
			await rows('WITH totals AS (SELECT user_id, sum(amount) AS t FROM orders GROUP BY 1) SELECT max(t) FROM totals'),
		).toEqual([[11.5]])
		expect(await rows('SELECT id FROM users WHERE id IN (SELECT user_id FROM orders WHERE amount > ?)', [2])).toEqual([['ada']])
	})

	it('streams the rows that it would answer, and ends with the statistics', async () => {
		const { query, transport } = await filled()
		for (const sql of ['SELECT * FROM users ORDER BY id', 'SELECT id FROM users WHERE false', 'SELECT typeof(age) FROM users']) {
			const request = { statement: { sql, params: [] }, moment: current }
			const whole = await query(sql)
			const batches = transport.stream?.(request)
			const rows: (readonly WireValue[])[] = []
			let step = await batches?.next()
			expect(step?.done).toBe(false)
			for (; step !== undefined && !step.done; step = await batches?.next()) {
				expect(step.value.columns).toEqual(whole.columns)
				rows.push(...step.value.rows)
			}
			expect(rows).toEqual(whole.rows)
			expect(step?.value).toMatchObject({ filesKept: whole.stats.filesKept, rowsRead: whole.stats.rowsRead })
		}
	})

	it('streams no further than it is asked, and goes on with other queries', async () => {
		const { rows, transport } = await filled()
		const sql = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000) SELECT a.i FROM n a, n b, users'
		let seen = 0
		for await (const batch of transport.stream?.({ statement: { sql, params: [] }, moment: current }) ?? []) {
			seen += batch.rows.length
			if (seen > 0) break
		}
		expect(seen).toBeLessThan(1_000_000)
		expect(await rows('SELECT count(*) FROM users')).toEqual([[2]])
	})

	it('says what is wrong with a streamed query, aborted ones included', async () => {
		const { transport } = await filled()
		const first = (sql: string, signal?: AbortSignal) =>
			transport.stream?.({ statement: { sql, params: [] }, moment: current, ...(signal === undefined ? {} : { signal }) }).next()
		await expect(first('DELETE FROM users')).rejects.toMatchObject({ code: 'READ_ONLY' })
		await expect(first('SELECT * FROM nowhere')).rejects.toMatchObject({ code: 'ROUTE_UNKNOWN_TABLE' })
		await expect(first('SELECT * FROM users', AbortSignal.abort())).rejects.toMatchObject({ code: 'ANALYTICS_ABORTED' })
	})

	it('answers as of a moment, inclusive', async () => {
		const { rows } = await filled()
		const asOf = (at: number) =>
			rows('SELECT id, amount FROM orders WHERE user_id = ? ORDER BY id', ['ada'], { kind: 'asOf', at })
		expect(await asOf(T - 1)).toEqual([])
		expect(await asOf(T)).toEqual([[1, 10.5]])
		expect(await asOf(T + 1999)).toEqual([
			[1, 10.5],
			[2, 20],
		])
		expect(await asOf(T + 2000)).toEqual([
			[1, 11.5],
			[2, 20],
		])
		expect(await asOf(T + 3000)).toEqual([[1, 11.5]])
		expect(await asOf(T + 1e9)).toEqual([[1, 11.5]])
	})

	it('lists the changes of a range, from inclusive, to exclusive', async () => {
		const { rows } = await filled()
		const between = (
			from: number,
			to: number,
			sql = 'SELECT _op, _shard, _seq, _ts, id, amount FROM orders ORDER BY _shard, _seq',
		) => rows(sql, [], { kind: 'between', from, to })
		expect(await between(T, T + 3000)).toEqual([
			['c', 'ada', 2, T, 1, 10.5],
			['c', 'ada', 3, T + 1000, 2, 20],
			['u', 'ada', 4, T + 2000, 1, 11.5],
			['c', 'ben', 2, T, 1, 1],
		])
		expect(await between(T + 3000, T + 3001)).toEqual([['d', 'ada', 5, T + 3000, 2, 20]])
		expect(await between(T, T)).toEqual([])
		expect(await between(0, T * 2, "SELECT count(*) FROM orders WHERE _op IN ('u', 'd')")).toEqual([[2]])
		expect(await between(0, T * 2, `SELECT id FROM orders WHERE _ts > ${T + 2000}`)).toEqual([[2]])
	})

	it('answers from one snapshot, and from what the other tables were then', async () => {
		const { rows, query, lake } = await filled()
		const { stats } = await query('SELECT * FROM orders')
		const id = BigInt(stats.snapshots.orders ?? 0)
		await new Promise((resolve) => setTimeout(resolve, 5))
		await lake.deliver('cleo', [created('users', T + 9000, user('cleo')), created('orders', T + 9000, order(7, 'cleo', 7))])
		expect(await rows('SELECT count(*) FROM orders')).toEqual([[3]])
		expect(await rows('SELECT count(*) FROM orders', [], { kind: 'snapshot', id })).toEqual([[2]])
		expect(await rows('SELECT count(*) FROM users', [], { kind: 'snapshot', id })).toEqual([[2]])
		await expect(rows('SELECT 1 FROM users', [], { kind: 'snapshot', id: 1n })).rejects.toMatchObject({
			code: 'SNAPSHOT_NOT_FOUND',
		})
	})

	it('follows a row whose key changes', async () => {
		const { lake, rows } = open()
		await lake.deliver('ada', [created('orders', T, order(1, 'ada', 1)), created('orders', T, order(2, 'ada', 2))])
		await lake.deliver('ada', [updated('orders', T + 1, order(1, 'ada', 1), order(3, 'ada', 1))])
		const all = 'SELECT id, amount FROM orders ORDER BY id'
		expect(await rows(all)).toEqual([
			[2, 2],
			[3, 1],
		])
		expect(await rows(all, [], { kind: 'asOf', at: T })).toEqual([
			[1, 1],
			[2, 2],
		])
		expect(await rows('SELECT amount FROM orders WHERE id = ?', [1n])).toEqual([])
		expect(await rows('SELECT amount FROM orders WHERE id = ?', [3])).toEqual([[1]])
		await lake.deliver('ada', [created('orders', T + 2, order(1, 'ada', 100))])
		expect(await rows('SELECT amount FROM orders WHERE id = 1')).toEqual([[100]])
	})

	it('forgets what a shard that was rewound said before, in every table', async () => {
		const { lake, rows } = await filled()
		lake.rewind('ada')
		await lake.deliver('ada', [created('users', T + 5000, user('ada', { age: 30n }))])
		expect(await rows('SELECT id, age FROM users ORDER BY id')).toEqual([
			['ada', 30],
			['ben', 20],
		])
		expect(await rows('SELECT id, user_id FROM orders')).toEqual([[1, 'ben']])
		const before: LakeMoment = { kind: 'asOf', at: T + 4000 }
		expect(await rows('SELECT count(*) FROM orders', [], before)).toEqual([[2]])
		expect(await rows('SELECT age FROM users WHERE id = ?', ['ada'], before)).toEqual([[37]])
	})

	it('presents the storage classes of SQLite', async () => {
		const { lake, query } = open()
		const row = {
			...user('eve'),
			age: 9_007_199_254_740_993n,
			active: 1n,
			created_at: 1_700_000_000n,
			seen_at: 1_700_000_000_123n,
			settings: '{"a":1}',
			photo: Uint8Array.of(0, 255),
		}
		await lake.deliver('eve', [created('users', T, row), created('users', T, user('eva', { active: 0n }))])
		expect((await query('SELECT * FROM users ORDER BY id DESC')).rows).toEqual([
			['eve', 'name of eve', 9_007_199_254_740_993n, 1, 1_700_000_000, 1_700_000_000_123, '{"a":1}', Uint8Array.of(0, 255)],
			['eva', 'name of eva', null, 0, null, null, null, null],
		])
		const count = async (condition: string, ...params: WireValue[]) =>
			(await query(`SELECT count(*) FROM users WHERE ${condition}`, params)).rows[0]?.[0]
		expect(await count('active = ?', 1)).toBe(1)
		expect(await count('created_at >= ?', 1_700_000_000)).toBe(1)
		expect(await count('created_at > ?', 1_700_000_000)).toBe(0)
		expect(await count('age = ?', 9_007_199_254_740_992)).toBe(0)
		expect(await count('age = ?', 9_007_199_254_740_993n)).toBe(1)
	})

	it('reads only the files that can hold what is asked for', async () => {
		const { lake, query } = open()
		for (let i = 0; i < 5; i++) {
			await lake.deliver(`u${i}`, [created('orders', T + i * 86_400_000, order(i, `u${i}`, i))])
		}
		const stats = async (sql: string, params: readonly WireValue[] = [], moment = current) => {
			const { filesKept, filesPruned } = (await query(sql, params, moment)).stats
			return [filesKept, filesPruned]
		}
		expect(await stats('SELECT * FROM orders')).toEqual([5, 0])
		expect(await stats('SELECT * FROM orders WHERE user_id = ?', ['u1'])).toEqual([1, 4])
		expect(await stats('SELECT * FROM orders WHERE user_id IN (?, ?)', ['u1', 'u4'])).toEqual([2, 3])
		expect(await stats('SELECT * FROM orders WHERE id BETWEEN ? AND ?', [1, 3])).toEqual([3, 2])
		expect(await stats('SELECT * FROM orders WHERE amount > 2')).toEqual([5, 0])
		expect(await stats('SELECT * FROM orders WHERE id = 1 OR amount > 2')).toEqual([5, 0])
		expect(await stats('SELECT * FROM orders a JOIN orders b USING (id) WHERE a.id = 1')).toEqual([5, 0])
		expect(await stats('SELECT * FROM orders', [], { kind: 'asOf', at: T + 86_400_000 })).toEqual([2, 3])
		const range: LakeMoment = { kind: 'between', from: T, to: T * 2 }
		expect(await stats('SELECT * FROM orders WHERE amount >= ?', [3], range)).toEqual([2, 3])
		expect(await stats("SELECT * FROM orders WHERE _shard = 'u3'", [], range)).toEqual([1, 4])
	})

	it('refuses to merge rows whose key holds NULL, which SQLite takes for as many rows', async () => {
		const { lake, rows } = open()
		const mark = (label: string | null, n: bigint) => ({ user_id: 'ada', label, n })
		await lake.deliver('ada', [created('marks', T, mark(null, 1n)), created('marks', T, mark(null, 2n))])
		expect(await rows('SELECT n FROM marks ORDER BY n')).toEqual([[1], [2]])
		await lake.deliver('ada', [created('marks', T + 1, mark('x', 3n)), deleted('marks', T + 2, mark('x', 3n))])
		await expect(rows('SELECT n FROM marks')).rejects.toMatchObject({
			code: 'LAKE_VALUE_MISFIT',
			message: expect.stringMatching(/"marks".*"label"/),
			details: { table: 'marks', column: 'label', shard: 'ada', value: 'NULL', count: 2 },
		})
		expect(await rows('SELECT n FROM marks', [], { kind: 'between', from: 0, to: T * 2 })).toHaveLength(4)
	})

	it('compares text without regard to ASCII case in LIKE, as SQLite does', async () => {
		const { rows } = await filled()
		expect(await rows("SELECT id FROM users WHERE name LIKE 'NAME of A%'")).toEqual([['ada']])
		expect(await rows('SELECT id FROM users WHERE name NOT LIKE ?', ['%BEN'])).toEqual([['ada']])
	})

	it('names columns as SQLite does', async () => {
		const { query } = await filled()
		expect(
			(await query('SELECT count(*), sum( amount ), id+1, orders.id, amount AS a FROM orders GROUP BY orders.id, amount'))
				.columns,
		).toEqual([...['count(*)', 'sum( amount )', 'id+1', 'id', 'a']])
	})

	it('runs the expressions that Drizzle writes', async () => {
		const { rows } = await filled()
		const one = async (expression: string, ...params: WireValue[]) =>
			(await rows(`SELECT ${expression} FROM users WHERE id = 'ada'`, params))[0]?.[0]
		expect(await one('cast(? as int)', 1.9)).toBe(1)
		expect(await one('cast(count(*) as integer)')).toBe(1)
		expect(await one('case when age > 36 then ? else ? end', 'old', 'young')).toBe('old')
		expect(await one('age between ? and ?', 30, 40)).toBe(1)
		expect(await one('age in (?, ?)', 37, 40)).toBe(1)
		expect(await one('not (age is null)')).toBe(1)
		expect(await one('age is ?', null)).toBe(0)
		expect(await one('? / 2', 7)).toBe(3.5)
		expect(await one('7 / 2')).toBe(3)
		expect(await one('1.5 + 1')).toBe(2.5)
		expect(await one('"no such column"')).toBe('no such column')
		expect(await rows('SELECT id FROM main.users ORDER BY id LIMIT -1 OFFSET ?', [1])).toEqual([['ben']])
		expect(await rows('SELECT id FROM users ORDER BY id LIMIT 1, 1')).toEqual([['ben']])
	})

	it('refuses what is no query of the schema', async () => {
		const { rows } = open()
		await expect(rows('SELECT * FROM nowhere')).rejects.toMatchObject({ code: 'ROUTE_UNKNOWN_TABLE' })
		await expect(rows('SELEC 1')).rejects.toMatchObject({ code: 'SQL_PARSE', details: { offset: 0 } })
		await expect(rows("INSERT INTO users (id) VALUES ('x')")).rejects.toMatchObject({ code: 'READ_ONLY' })
		await expect(rows('SELECT no_such_column FROM users')).rejects.toMatchObject({ code: 'QUERY_FAILED' })
		await expect(rows('SELECT ?')).rejects.toMatchObject({ code: 'QUERY_FAILED' })
		await expect(rows('SELECT 1', [], { kind: 'between', from: 2, to: 1 })).rejects.toMatchObject({ code: 'TIME_INVALID' })
		await expect(rows('SELECT 1', [], { kind: 'asOf', at: Number.NaN })).rejects.toMatchObject({ code: 'TIME_INVALID' })
	})

	it('says which file is damaged', async () => {
		const { lake, rows } = await filled()
		const [file] = (await lake.store.list({ prefix: 'data/orders/' })).objects
		await lake.store.put(file?.key ?? '', new Uint8Array(file?.size ?? 0))
		await expect(rows('SELECT * FROM orders')).rejects.toMatchObject({ code: 'LAKE_CORRUPT' })
		expect(await rows('SELECT count(*) FROM users')).toEqual([[2]])
	})

	it('gives up when its caller does', async () => {
		const { transport } = await filled()
		const statement = { sql: 'SELECT * FROM users', params: [] }
		const aborted = transport.query({ statement, moment: current, signal: AbortSignal.abort() })
		await expect(aborted).rejects.toMatchObject({ code: 'ANALYTICS_ABORTED' })
	})

	it('gives up at its time limit', async () => {
		const { transport } = await filled()
		const sql = 'WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 1000000000) SELECT count(*) FROM r'
		const request = { statement: { sql, params: [] }, moment: current, timeoutMs: 300 }
		await expect(transport.query(request)).rejects.toMatchObject({ code: 'ANALYTICS_TIMEOUT' })
	})
}
