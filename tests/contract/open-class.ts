/**
 * What a lake query makes of values that do not fit the type of their column, whichever engine runs it. The suite runs in Node and
 * in workerd.
 *
 * @module
 */
import { expect, it } from 'vitest'
import { createLakeQuery } from '../../src/analytics/lake-query.ts'
import type { QueryEngine } from '../../src/analytics/query-engine.ts'
import { blob, integer, numeric, primaryKey, real, sqliteTable, text } from '../../src/columns.ts'
import type { LakeMoment, LakeRequest } from '../../src/driver/transport.ts'
import { SQLake } from '../../src/schema/database.ts'
import { TextBytes } from '../../src/schema/sql-value.ts'
import { type TestChange, TestLake, type TestRow } from '../analytics/support/test-lake.ts'
import { lakeWith, tableAt } from '../analytics/support/versions.ts'

const db = SQLake({
	m: {
		id: text('id').primaryKey(),
		a: integer('a'),
		b: integer('b'),
		on: integer('on', { mode: 'boolean' }),
		at: integer('at', { mode: 'timestamp' }),
		ms: integer('ms', { mode: 'timestamp_ms' }),
		r: real('r'),
		t: text('t'),
		bytes: blob('bytes'),
	},
	bills: { id: text('id').primaryKey(), day: numeric('day'), total: numeric('total') },
	marks: sqliteTable('marks', { tenant: text('tenant').notNull(), k: integer('k').notNull(), n: integer('n') }, (table) => [
		primaryKey({ columns: [table.tenant, table.k] }),
	]),
	shard: { m: 'id', bills: 'id', marks: 'tenant' },
})

const T = Date.UTC(2026, 0, 15, 12)
const current: LakeMoment = { kind: 'current' }
const all: LakeMoment = { kind: 'between', from: 0, to: T * 2 }

const created = (table: string, ts: number, row: TestRow): TestChange => ({ table, op: 'c', ts, row })
const updated = (table: string, ts: number, before: TestRow, row: TestRow): TestChange => ({ table, op: 'u', ts, row, before })
const deleted = (table: string, ts: number, row: TestRow): TestChange => ({ table, op: 'd', ts, row })

/** @param engine Not closed. */
export function openClassContract(engine: QueryEngine): void {
	const open = (schema = db.lake) => {
		const lake = new TestLake(schema)
		const rows = async (sql: string, moment: LakeMoment = current, rest: Partial<LakeRequest> = {}, seen = schema) => {
			const transport = createLakeQuery({ catalog: lake.catalog, store: lake.store, schema: seen, engine })
			return (await transport.query({ statement: { sql, params: [] }, moment, ...rest })).rows
		}
		return { lake, rows }
	}

	it('gives a value of any class back as SQLite holds it', async () => {
		const { lake, rows } = open()
		const row = {
			id: 'x',
			a: 'oops',
			b: 9.99,
			on: 2n,
			at: '2026-01-15 12:00:00',
			ms: 2n ** 63n - 1n,
			r: 'ten',
			t: Uint8Array.of(1, 255),
			bytes: 'text',
		}
		await lake.deliver('x', [created('m', T, row)])
		await lake.deliver('y', [created('m', T, { id: 'y', a: 1n, b: 2n, on: 1n, at: 1_700_000_000n, r: 0.5, t: 'y' })])
		expect(await rows("SELECT * FROM m WHERE id = 'x'")).toEqual([
			['x', 'oops', 9.99, 2, '2026-01-15 12:00:00', 2n ** 63n - 1n, 'ten', Uint8Array.of(1, 255), 'text'],
		])
		expect(await rows('SELECT typeof(a), typeof(b), typeof("on"), typeof(at), typeof(r), typeof(t) FROM m ORDER BY id')).toEqual([
			['text', 'real', 'integer', 'text', 'text', 'blob'],
			['integer', 'integer', 'integer', 'integer', 'real', 'text'],
		])
		expect(await rows("SELECT id FROM m WHERE a > 5 AND b BETWEEN 9 AND 10 AND at > '2026' AND r = 'ten'")).toEqual([['x']])
		expect(await rows('SELECT a FROM m ORDER BY a')).toEqual([[1], ['oops']])
		expect(await rows('SELECT a, count(*), sum(b), max(t) FROM m GROUP BY a ORDER BY a')).toEqual([
			[1, 1, 2, 'y'],
			['oops', 1, 9.99, Uint8Array.of(1, 255)],
		])
		expect(await rows('SELECT x.id, y.id FROM m x LEFT JOIN m y ON x.a = y.a AND x.t = y.t ORDER BY x.id')).toEqual([
			['x', 'x'],
			['y', 'y'],
		])
		expect(await rows("SELECT date(at), strftime('%Y', at) FROM m WHERE id = 'x'")).toEqual([['2026-01-15', '2026']])
	})

	it('blocks nothing: not the column for other rows, not its name as an alias, not the row once it was corrected', async () => {
		const { lake, rows } = open()
		const wrong = { id: 'x', a: 'oops' }
		await lake.deliver('x', [created('m', T, wrong)])
		await lake.deliver('y', [created('m', T, { id: 'y', a: 7n })])
		expect(await rows("SELECT a FROM m WHERE id = 'y'")).toEqual([[7]])
		expect(await rows('SELECT a.id FROM m a ORDER BY 1')).toEqual([['x'], ['y']])
		await lake.deliver('x', [updated('m', T + 1, wrong, { id: 'x', a: 8n })])
		expect(await rows('SELECT id, a, a + 1, typeof(a) FROM m ORDER BY id')).toEqual([
			['x', 8, 9, 'integer'],
			['y', 7, 8, 'integer'],
		])
		expect(await rows("SELECT a FROM m WHERE id = 'x'", { kind: 'asOf', at: T })).toEqual([['oops']])
		await lake.deliver('x', [deleted('m', T + 2, { id: 'x', a: 8n })])
		expect(await rows('SELECT id, a FROM m')).toEqual([['y', 7]])
	})

	it('shows the value before an update, and changes as they were', async () => {
		const { lake, rows } = open()
		await lake.deliver('x', [
			created('m', T, { id: 'x', a: 'oops', b: 1n }),
			updated('m', T + 1, { id: 'x', a: 'oops', b: 1n }, { id: 'x', a: 2n, b: 1.5 }),
		])
		expect(await rows('SELECT _op, a, _before_a, b, _before_b FROM m ORDER BY _seq', all)).toEqual([
			['c', 'oops', null, 1, null],
			['u', 2, 'oops', 1.5, 1],
		])
		expect(await rows("SELECT _seq FROM m WHERE a = 'oops'", all)).toEqual([[1]])
		expect(await rows("SELECT _seq FROM m WHERE _before_a = 'oops'", all)).toEqual([[2]])
	})

	it('tells rows apart by a key of any class, before and after it changes', async () => {
		const { lake, rows } = open()
		const mark = (k: bigint | number | string, n: bigint) => ({ tenant: 't', k, n })
		await lake.deliver('t', [
			created('marks', T, mark('x', 1n)),
			created('marks', T, mark('y', 2n)),
			created('marks', T, mark(1n, 3n)),
		])
		await lake.deliver('t', [
			updated('marks', T + 1, mark('x', 1n), mark(0.5, 4n)),
			deleted('marks', T + 2, mark('y', 2n)),
			updated('marks', T + 3, mark(1n, 3n), mark(1n, 5n)),
		])
		expect(await rows('SELECT k, n FROM marks ORDER BY k')).toEqual([
			[0.5, 4],
			[1, 5],
		])
		expect(await rows('SELECT n FROM marks WHERE k = 0.5')).toEqual([[4]])
		expect(await rows('SELECT k, n FROM marks ORDER BY n', current, { dialect: 'duckdb' })).toEqual([
			[null, 4],
			[1, 5],
		])
	})

	it("has columns of one type in DuckDB's dialect, NULL where a value does not fit it, and _rescued where it is asked for", async () => {
		const { lake, rows } = open()
		await lake.deliver('x', [created('m', T, { id: 'x', a: 'oops', b: 9.99 })])
		await lake.deliver('y', [created('m', T, { id: 'y', a: 7n, b: 1n })])
		const duckdb = { dialect: 'duckdb' } as const
		expect(await rows('SELECT sum(a)::BIGINT, count(*) FROM m', current, duckdb)).toEqual([[7, 2]])
		expect(await rows('SELECT id, a, _rescued FROM m ORDER BY id', current, duckdb)).toEqual([
			['x', null, `{"row":{"a":"'oops'","b":"9.99e0"}}`],
			['y', 7, null],
		])
	})

	it('finds values beyond the bounds of their file, which tell of those alone that fit', async () => {
		const { lake, rows } = open()
		await lake.deliver('x', [
			created('m', T, { id: 'x', b: 1n }),
			created('m', T, { id: 'y', b: 9.99 }),
			created('m', T, { id: 'z', b: 'z' }),
		])
		expect(await rows('SELECT id FROM m WHERE b > 5 ORDER BY id', all)).toEqual([['y'], ['z']])
		expect(await rows('SELECT id FROM m WHERE b >= 1000', all)).toEqual([['z']])
		const mark = (k: bigint | number) => created('marks', T, { tenant: 't', k, n: 1n })
		await lake.deliver('t', [mark(1n), mark(7.5)])
		expect(await rows('SELECT k FROM marks WHERE k > 5')).toEqual([[7.5]])
	})

	it('finds a value under the name that its column had, although another column has that name now', async () => {
		const first = lakeWith(
			tableAt(1, [
				[101, 'id', 'text'],
				[102, 'p', 'integer'],
				[103, 'q', 'integer'],
			]),
		)
		const second = lakeWith(
			tableAt(2, [
				[101, 'id', 'text'],
				[102, 'q', 'integer'],
				[103, 'p', 'integer'],
			]),
		)
		const { lake, rows } = open(first)
		await lake.deliver('x', [created('users', T, { id: 'x', p: 'p1', q: 'q1' })], first)
		await lake.deliver('y', [created('users', T, { id: 'y', p: 'p2', q: 'q2' })], second)
		await lake.deliver('y', [updated('users', T + 1, { id: 'y', p: 'p2', q: 'q2' }, { id: 'y', p: 'p3', q: 3n })], second)
		expect(await rows('SELECT id, p, q FROM users ORDER BY id', current, {}, second)).toEqual([
			['x', 'q1', 'p1'],
			['y', 'p3', 3],
		])
	})

	it('refuses text that is not UTF-8 where it is to be seen, and says where it is', async () => {
		const { lake, rows } = open()
		const broken = { id: 'x', a: 1n, t: new TextBytes(Uint8Array.of(0x61, 0xff)) }
		await lake.deliver('x', [created('m', T, broken)])
		await lake.deliver('y', [created('m', T, { id: 'y', a: 2n, t: 'fine' })])
		expect(await rows('SELECT id, a FROM m ORDER BY id')).toEqual([
			['x', 1],
			['y', 2],
		])
		expect(await rows("SELECT t FROM m WHERE id = 'y'")).toEqual([['fine']])
		await expect(rows('SELECT t FROM m')).rejects.toMatchObject({
			code: 'LAKE_VALUE_MISFIT',
			details: { table: 'm', column: 't', shard: 'x', key: ['x'], value: "CAST(X'61FF' AS TEXT)", count: 1 },
		})
		await lake.deliver('x', [updated('m', T + 1, broken, { id: 'x', a: 1n, t: 'mended' })])
		expect(await rows('SELECT t FROM m ORDER BY id')).toEqual([['mended'], ['fine']])
	})

	it('holds numbers and texts of a numeric column alike, and rescues none', async () => {
		const { lake, rows } = open()
		const totals = [5n, 9.99, 2n ** 53n + 1n, 1e300, 'n/a', -0.5, null]
		await lake.deliver(
			'x',
			totals.map((total, i) => created('bills', T, { id: `${i}`, day: `2026-0${i + 1}-15`, total })),
		)
		expect(await rows('SELECT total, typeof(total) FROM bills ORDER BY id')).toEqual([
			[5, 'integer'],
			[9.99, 'real'],
			[2n ** 53n + 1n, 'integer'],
			[1e300, 'real'],
			['n/a', 'text'],
			[-0.5, 'real'],
			[null, 'null'],
		])
		expect(await rows("SELECT id FROM bills WHERE day BETWEEN '2026-02-01' AND '2026-03-31' ORDER BY day")).toEqual([
			['1'],
			['2'],
		])
		expect(await rows("SELECT strftime('%Y-%m', day), total FROM bills WHERE total < 6 ORDER BY 1")).toEqual([
			['2026-01', 5],
			['2026-06', -0.5],
		])
		expect(await rows('SELECT count(*) FROM bills WHERE total = 9.99')).toEqual([[1]])
		expect(await rows('SELECT count(*) FROM bills WHERE _rescued IS NULL', current, { dialect: 'duckdb' })).toEqual([[7]])
		expect(await rows('SELECT total FROM bills ORDER BY id LIMIT 2', current, { dialect: 'duckdb' })).toEqual([['5'], ['9.99']])
	})
}
