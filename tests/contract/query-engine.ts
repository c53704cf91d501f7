/**
 * What every query engine does. A test file calls this with a factory; the suite runs in Node and in workerd.
 *
 * @module
 */
import { afterAll, describe, expect, it } from 'vitest'
import type {
	EngineFunction,
	EngineLimits,
	EngineOptions,
	EngineTable,
	EngineValue,
	QueryEngine,
} from '../../src/analytics/query-engine.ts'
import { SQLakeError } from '../../src/errors.ts'
import type { IcebergField } from '../../src/lake/iceberg/types.ts'
import { MemoryObjectStore } from '../../src/lake/storage/memory.ts'
import type { ObjectStore } from '../../src/lake/storage/object-store.ts'
import { collect } from '../analytics/support/collect.ts'
import { type LakeRow, putParquet } from '../analytics/support/put-parquet.ts'

const id: IcebergField = { id: 101, name: 'id', required: false, type: 'long' }
const label: IcebergField = { id: 102, name: 'label', required: false, type: 'string' }
const weight: IcebergField = { id: 103, name: 'weight', required: false, type: 'double' }
const active: IcebergField = { id: 104, name: 'active', required: false, type: 'boolean' }
const bytes: IcebergField = { id: 105, name: 'bytes', required: false, type: 'binary' }
const at: IcebergField = { id: 106, name: 'at', required: false, type: 'timestamptz' }
const everyField = [id, label, weight, active, bytes, at]

const everyRow: readonly LakeRow[] = [
	[1n, 'one', 1.5, true, Uint8Array.of(0, 255), 1_700_000_000_123_456n],
	[2n, 'zwei "2" \' ü 🚀', -0.1, false, Uint8Array.of(), 0n],
	[9_007_199_254_740_993n, '', 1e300, null, null, -1n],
	[null, null, null, null, null, null],
	[-9_223_372_036_854_775_808n, 'nul \0 inside', 5e-324, true, Uint8Array.of(1), 9_223_372_022_400_000_000n],
]

/** @param create Makes an engine; each is closed at the end. */
export function queryEngineContract(
	name: string,
	create: (options?: Partial<EngineOptions>) => QueryEngine,
	openStore: () => ObjectStore = () => new MemoryObjectStore(),
): void {
	describe(`${name} keeps the query engine contract`, { timeout: 60_000 }, () => {
		const engines: QueryEngine[] = []
		const engineWith = (options?: Partial<EngineOptions>) => {
			const made = create(options)
			engines.push(made)
			return made
		}
		const engine = engineWith()
		afterAll(() => Promise.all(engines.map((each) => each.close())))

		const query = (sql: string, params: readonly EngineValue[] = [], tables: readonly EngineTable[] = [], store = openStore()) =>
			engine.run({ store, tables, views: [], sql, params }, { timeoutMs: 20_000 })

		const everything = async (store: ObjectStore): Promise<EngineTable> => ({
			name: 'everything',
			columns: everyField,
			files: [await putParquet(store, 'a/everything.parquet', everyField, everyRow)],
		})

		it('gives every type of the lake back exactly', async () => {
			const store = openStore()
			const result = await query('SELECT * FROM everything', [], [await everything(store)], store)
			expect(result.columns).toEqual(['id', 'label', 'weight', 'active', 'bytes', 'at'])
			expect(result.rows).toEqual([
				[1, 'one', 1.5, 1, Uint8Array.of(0, 255), 1_700_000_000_123_456],
				[2, 'zwei "2" \' ü 🚀', -0.1, 0, Uint8Array.of(), 0],
				[9_007_199_254_740_993n, '', 1e300, null, null, -1],
				[null, null, null, null, null, null],
				[-9_223_372_036_854_775_808n, 'nul \0 inside', 5e-324, 1, Uint8Array.of(1), 9_223_372_022_400_000_000n],
			])
			expect(result.bytesRead).toBeGreaterThan(0)
		})

		it('binds a number as REAL, a bigint as INTEGER, and text, bytes and NULL as they are', async () => {
			const { rows } = await query('SELECT $1, $2, $3, $4, $5, typeof($1), typeof($2), $1 / 2, $2 / 2', [
				7,
				7n,
				"it's \0 text",
				Uint8Array.of(0, 1, 255),
				null,
			])
			expect(rows).toEqual([[7, 7, "it's \0 text", Uint8Array.of(0, 1, 255), null, 'DOUBLE', 'BIGINT', 3.5, 3]])
		})

		it('binds the ends of the number ranges exactly', async () => {
			const values = [Number.MAX_VALUE, 5e-324, -0, Number.POSITIVE_INFINITY, 0.1, 2n ** 63n - 1n, -(2n ** 63n), Number.NaN]
			const { rows } = await query('SELECT $1, $2, $3, $4, $5, $6, $7, $8', values)
			expect(rows).toEqual([[Number.MAX_VALUE, 5e-324, -0, Number.POSITIVE_INFINITY, 0.1, 2n ** 63n - 1n, -(2n ** 63n), null]])
			await expect(query('SELECT $1', [2n ** 63n])).rejects.toMatchObject({ code: 'VALUE_UNSUPPORTED' })
		})

		it('compares a bound REAL with integers by value, without rounding it', async () => {
			const store = openStore()
			const table = await everything(store)
			const count = async (value: number) =>
				(await query('SELECT count(*) FROM everything WHERE id = $1', [value], [table], store)).rows
			expect(await count(2)).toEqual([[1]])
			expect(await count(1.5)).toEqual([[0]])
		})

		it('takes LIMIT and OFFSET as parameters', async () => {
			const store = openStore()
			const { rows } = await query(
				'SELECT id FROM everything ORDER BY id LIMIT CAST($1 AS BIGINT) OFFSET CAST($2 AS BIGINT)',
				[2, 2],
				[await everything(store)],
				store,
			)
			expect(rows).toEqual([[1], [2]])
		})

		it('divides, orders NULL and divides by zero as SQLite does', async () => {
			const store = openStore()
			const { rows } = await query('SELECT 7 / 2, -7 / 2, 1 / 0, 1e0 / 0, 5 % 0')
			expect(rows).toEqual([[3, -3, null, null, null]])
			const ascending = await query('SELECT label FROM everything ORDER BY label LIMIT 1', [], [await everything(store)], store)
			expect(ascending.rows).toEqual([[null]])
			const descending = await query('SELECT active FROM everything ORDER BY active DESC', [], [await everything(store)], store)
			expect(descending.rows).toEqual([[1], [1], [0], [null], [null]])
		})

		it('sums integers exactly up to 64 bits and says so beyond', async () => {
			const { rows } = await query('SELECT sum(x), sum(y) FROM (VALUES (1, 9007199254740992), (2, 1)) v(x, y)')
			expect(rows).toEqual([[3, 9_007_199_254_740_993n]])
			await expect(query('SELECT sum(x) FROM (VALUES (9223372036854775807), (1)) v(x)')).rejects.toMatchObject({
				code: 'ANALYTICS_FAILED',
				message: 'integer overflow',
			})
		})

		it('reads a table of several files by field id, NULL where a file lacks the column', async () => {
			const store = openStore()
			const renamed = { ...label, name: 'title' }
			const files = [
				await putParquet(store, 'b/1.parquet', [id, label], [[1n, 'old']]),
				await putParquet(store, 'b/2.parquet', [id], [[2n]]),
				await putParquet(store, 'b/3.parquet', [renamed, id], [['new', 3n]]),
			]
			const { rows } = await query(
				'SELECT id, title FROM t ORDER BY id',
				[],
				[{ name: 't', columns: [id, renamed], files }],
				store,
			)
			expect(rows).toEqual([
				[1, 'old'],
				[2, null],
				[3, 'new'],
			])
		})

		it('reads many row groups', async () => {
			const store = openStore()
			const rows = Array.from({ length: 12_345 }, (_, i): LakeRow => [BigInt(i), i % 3 === 0 ? null : `label ${i % 10}`])
			const table = { name: 'many', columns: [id, label], files: [await putParquet(store, 'c/many.parquet', [id, label], rows)] }
			const result = await query('SELECT count(*), count(label), sum(id), max(label) FROM many', [], [table], store)
			expect(result.rows).toEqual([[12_345, 8230, (12_344 * 12_345) / 2, 'label 9']])
		})

		it('reads many small files, some of which lack a column', async () => {
			const store = openStore()
			const files = await Promise.all(
				Array.from({ length: 200 }, (_, i) => {
					const rows = [0, 1, 2].map((j): LakeRow => [BigInt(3 * i + j), j === 1 ? null : `label ${i}`])
					return putParquet(store, `d/${i}.parquet`, i % 2 === 0 ? [id, label] : [id], rows)
				}),
			)
			const table = { name: 'small', columns: [id, label], files }
			const result = await query('SELECT count(*), count(label), sum(id), max(id) FROM small', [], [table], store)
			expect(result.rows).toEqual([[600, 200, (599 * 600) / 2, 599]])
			const labelled = await query('SELECT id, label FROM small WHERE id >= 300 ORDER BY id LIMIT 4', [], [table], store)
			expect(labelled.rows).toEqual([
				[300, 'label 100'],
				[301, null],
				[302, 'label 100'],
				[303, null],
			])
		})

		it('gives an empty table its columns', async () => {
			const empty = { name: 'nothing', columns: everyField, files: [] }
			expect(await query('SELECT * FROM nothing', [], [empty])).toMatchObject({
				columns: ['id', 'label', 'weight', 'active', 'bytes', 'at'],
				rows: [],
			})
			expect((await query('SELECT count(*), sum(id) FROM nothing', [], [empty])).rows).toEqual([[0, null]])
		})

		it('makes the views of a query in their order, and forgets them', async () => {
			const views = [
				{ name: 'one', sql: 'SELECT 1 AS x' },
				{ name: 'odd "name"', sql: 'SELECT x + 1 AS x FROM one' },
			]
			const run = (sql: string, given = views) =>
				engine.run({ store: openStore(), tables: [], views: given, sql, params: [] }, { timeoutMs: 20_000 })
			expect((await run('SELECT x FROM "odd ""name"""')).rows).toEqual([[2]])
			await expect(run('SELECT x FROM one', [])).rejects.toMatchObject({ code: 'ANALYTICS_FAILED' })
		})

		it('answers the same for the same query twice, and for other columns of the same files', async () => {
			const store = openStore()
			const table = { ...(await everything(store)), cacheKey: crypto.randomUUID() }
			for (const printed of [true, false]) {
				const rows = async (sql: string, table: EngineTable) =>
					(await engine.run({ store, tables: [table], views: [], sql, params: [], printed }, { timeoutMs: 20_000 })).rows
				const sum = () => rows('SELECT sum(weight) AS s FROM everything WHERE id < 10', table)
				const first = await sum()
				expect(await sum()).toEqual(first)
				const narrow = { ...table, columns: [{ ...label, name: 'renamed' }] }
				expect(await rows("SELECT renamed FROM everything WHERE renamed = 'one'", narrow)).toEqual([['one']])
				const wide = { ...table, columns: [id, bytes] }
				expect(await rows('SELECT bytes FROM everything WHERE id = 1', wide)).toEqual([[Uint8Array.of(0, 255)]])
			}
		})

		describe('functions that it calls back', () => {
			const join: EngineFunction = { name: 'join_texts', call: (...texts) => texts.map((text) => text ?? '-').join('|') }
			const refuse: EngineFunction = {
				name: 'refuse_text',
				call: (text) => {
					if (text === 'no') throw new Error('found no')
					return text === 'none' ? null : text
				},
			}
			const run = (sql: string) =>
				engine.run(
					{ store: openStore(), tables: [], views: [], sql, params: [], functions: [join, refuse] },
					{ timeoutMs: 20_000 },
				)

			it('gets texts, NULL and text with NUL, and gives texts and NULL', async () => {
				const { rows } = await run(
					`SELECT join_texts('ü🚀', CAST(NULL AS VARCHAR), 'a' || chr(0) || 'b', ''), refuse_text('none')`,
				)
				expect(rows).toEqual([['ü🚀|-|a\0b|', null]])
			})

			it('is called for every row, and only where a CASE asks it', async () => {
				const { rows } = await run(
					`SELECT count(*), sum(length(join_texts(t, t))), sum(CASE WHEN t = '7' THEN length(refuse_text('1234567')) END)
					FROM (SELECT CAST(i AS VARCHAR) AS t FROM range(100000) r(i))`,
				)
				expect(rows).toEqual([[100_000, 1_077_780, 7]])
			})

			it('ends the query with its message, and the engine goes on', async () => {
				await expect(run(`SELECT refuse_text(t) FROM (VALUES ('yes'), ('no')) v(t)`)).rejects.toThrow('found no')
				expect((await run(`SELECT refuse_text('yes')`)).rows).toEqual([['yes']])
			})

			it('is there for several queries at once', async () => {
				const queries = [1, 2, 3].map((n) => run(`SELECT min(join_texts(CAST(i AS VARCHAR), '${n}')) FROM range(30000) r(i)`))
				expect((await Promise.all(queries)).map(({ rows }) => rows[0])).toEqual([['0|1'], ['0|2'], ['0|3']])
			})
		})

		it('keeps two columns of one name', async () => {
			expect(await query('SELECT 1 AS a, 2 AS a')).toMatchObject({ columns: ['a', 'a'], rows: [[1, 2]] })
		})

		it('runs queries that were started together', async () => {
			const results = await Promise.all([1n, 2n, 3n, 4n].map((value) => query('SELECT $1 * 2', [value])))
			expect(results.map(({ rows }) => rows)).toEqual([[[2]], [[4]], [[6]], [[8]]])
		})

		it('says what DuckDB says when it refuses a query, and goes on', async () => {
			await expect(query('SELECT nonsense FROM nowhere')).rejects.toMatchObject({
				code: 'ANALYTICS_FAILED',
				message: expect.stringContaining('nowhere'),
			})
			await expect(query('SELECT FROM WHERE')).rejects.toMatchObject({ code: 'ANALYTICS_FAILED' })
			expect((await query('SELECT 1')).rows).toEqual([[1]])
		})

		it('refuses a result of a type that SQLite lacks', async () => {
			await expect(query("SELECT DATE '2020-01-01' AS day")).rejects.toMatchObject({
				code: 'ANALYTICS_FAILED',
				message: expect.stringContaining('"day"'),
			})
			await expect(query('SELECT [1, 2] AS list')).rejects.toMatchObject({ code: 'ANALYTICS_FAILED' })
		})

		it('stops a query at its time limit, and goes on', async () => {
			const endless = 'SELECT sum(a.i * b.i) FROM range(100000000000) a(i), range(10000) b(i)'
			const started = Date.now()
			const run = engine.run({ store: openStore(), tables: [], views: [], sql: endless, params: [] }, { timeoutMs: 300 })
			await expect(run).rejects.toMatchObject({ code: 'ANALYTICS_TIMEOUT' })
			expect(Date.now() - started).toBeLessThan(10_000)
			expect((await query('SELECT 1')).rows).toEqual([[1]])
		})

		it.each([
			['three', 'a, t b, t c', 'a.k + b.k + c.k'],
			['four', 'a, t b, t c, t d', 'a.k + b.k + c.k + d.k'],
		])('stops a self join of %s over 1,000 rows within one of its tasks, and goes on', async (_, joined, sum) => {
			// No row passes the WHERE: DuckDB gives nothing back before it has been through all of them.
			const sql = `WITH t AS (SELECT i AS k FROM range(1000) r(i)) SELECT count(*) FROM t ${joined} WHERE ${sum} = 123456789`
			await query('SELECT 1')
			const started = Date.now()
			const run = engine.run({ store: openStore(), tables: [], views: [], sql, params: [] }, { timeoutMs: 500 })
			await expect(run).rejects.toMatchObject({ code: 'ANALYTICS_TIMEOUT', details: { timeoutMs: 500 } })
			expect(Date.now() - started).toBeLessThan(5_000)
			expect((await query('SELECT 42')).rows).toEqual([[42]])
		})

		it('stops a query that its caller aborts, and goes on', async () => {
			const endless = 'SELECT sum(a.i * b.i) FROM range(100000000000) a(i), range(10000) b(i)'
			const controller = new AbortController()
			const limits = { timeoutMs: 20_000, signal: controller.signal }
			const run = engine.run({ store: openStore(), tables: [], views: [], sql: endless, params: [] }, limits)
			setTimeout(() => controller.abort(), 200)
			await expect(run).rejects.toMatchObject({ code: 'ANALYTICS_ABORTED' })
			expect((await query('SELECT 1')).rows).toEqual([[1]])
		})

		it('stops a query at its memory limit, and goes on', async () => {
			const small = engineWith({ memoryLimitBytes: 16 * 1024 * 1024 })
			const run = (sql: string) =>
				small.run({ store: openStore(), tables: [], views: [], sql, params: [] }, { timeoutMs: 20_000 })
			const error = await run("SELECT count(DISTINCT i::VARCHAR || repeat('x', 50)) FROM range(1000000) t(i)").catch((e) => e)
			expect(SQLakeError.is(error, 'ANALYTICS_MEMORY')).toBe(true)
			expect(error.details).toEqual({ memoryLimitBytes: 16 * 1024 * 1024 })
			expect((await run('SELECT 1')).rows).toEqual([[1]])
		})

		describe('streams', () => {
			const stream = (
				sql: string,
				limits: Partial<EngineLimits> = {},
				tables: readonly EngineTable[] = [],
				store = openStore(),
			) => engine.stream({ store, tables, views: [], sql, params: [] }, { timeoutMs: 20_000, ...limits })

			it('a result in batches, whose first one already has the columns', async () => {
				const store = openStore()
				const table = await everything(store)
				const batches = await collect(stream('SELECT * FROM everything', {}, [table], store))
				expect(batches[0]?.columns).toEqual(['id', 'label', 'weight', 'active', 'bytes', 'at'])
				const whole = await query('SELECT * FROM everything', [], [table], store)
				expect(batches.flatMap(({ rows }) => rows)).toEqual(whole.rows)
				expect(batches.reduce((sum, { bytesRead }) => sum + bytesRead, 0)).toBe(whole.bytesRead)
			})

			it('the columns of a result without rows', async () => {
				const batches = await collect(stream('SELECT 1 AS one, 2 AS two WHERE false'))
				expect(batches[0]?.columns).toEqual(['one', 'two'])
				expect(batches.flatMap(({ rows }) => rows)).toEqual([])
			})

			it('all rows of a large result, in order', async () => {
				let next = 0
				for await (const { rows } of stream('SELECT i, i * 2 FROM range(100000) t(i) ORDER BY i')) {
					for (const [i, double] of rows) if (i !== next++ || double !== 2 * Number(i)) throw new Error(`row ${next}: found ${i}`)
				}
				expect(next).toBe(100_000)
			})

			it('the first rows of a result that would take for ever', async () => {
				let seen = 0
				for await (const { rows } of stream("SELECT i, repeat('x', 100) FROM range(100000000000) t(i)")) {
					seen += rows.length
					if (seen > 100_000) break
				}
				expect(seen).toBeLessThan(1_000_000)
				expect((await query('SELECT 1')).rows).toEqual([[1]])
			})

			it('while other queries run between its batches', async () => {
				const store = openStore()
				const table = { ...(await everything(store)), cacheKey: crypto.randomUUID() }
				let rows = 0
				for await (const batch of stream('SELECT e.id FROM everything e, range(10000)', {}, [table], store)) {
					rows += batch.rows.length
					expect((await query('SELECT count(*) FROM everything', [], [table], store)).rows).toEqual([[5]])
				}
				expect(rows).toBe(50_000)
			})

			it('two results side by side', async () => {
				const [left, right] = [stream('SELECT i FROM range(30000) t(i)'), stream('SELECT -i FROM range(30000) t(i)')]
				let sum = 0
				for (let done = false; !done; ) {
					const pulled = await Promise.all([left.next(), right.next()])
					for (const { value } of pulled) for (const [i] of value?.rows ?? []) sum += Number(i)
					done = pulled.every((each) => each.done)
				}
				expect(sum).toBe(0)
			})

			it('up to an error in the middle', async () => {
				const failing = "SELECT CASE WHEN i < 2000000 THEN 'fine' ELSE error('too far') END FROM range(3000000) t(i)"
				let seen = 0
				const reading = async () => {
					for await (const { rows } of stream(failing)) seen += rows.length
				}
				await expect(reading()).rejects.toMatchObject({
					code: 'ANALYTICS_FAILED',
					message: expect.stringMatching(/^Invalid Input Error: too far/),
				})
				expect(seen).toBeGreaterThan(0)
				expect((await query('SELECT 1')).rows).toEqual([[1]])
			})

			it('until its caller aborts', async () => {
				const controller = new AbortController()
				const reading = async () => {
					for await (const { rows } of stream('SELECT i FROM range(100000000000) t(i)', { signal: controller.signal })) {
						if (rows.length > 0) controller.abort()
					}
				}
				await expect(reading()).rejects.toMatchObject({ code: 'ANALYTICS_ABORTED' })
				expect((await query('SELECT 1')).rows).toEqual([[1]])
			})

			it('until its time is over, which runs while its caller works', async () => {
				const reading = async () => {
					for await (const _ of stream('SELECT i FROM range(100000000000) t(i)', { timeoutMs: 200 })) {
						await new Promise((resolve) => setTimeout(resolve, 20))
					}
				}
				await expect(reading()).rejects.toMatchObject({ code: 'ANALYTICS_TIMEOUT' })
				expect((await query('SELECT 1')).rows).toEqual([[1]])
			})

			it('what a query that was refused has no rows of', async () => {
				await expect(stream('SELECT nonsense FROM nowhere').next()).rejects.toMatchObject({ code: 'ANALYTICS_FAILED' })
				await expect(stream('SELECT 1', { signal: AbortSignal.abort() }).next()).rejects.toMatchObject({
					code: 'ANALYTICS_ABORTED',
				})
			})
		})

		it('names a file that is missing or damaged', async () => {
			const store = openStore()
			const table = await everything(store)
			const missing = { ...table, files: [{ key: 'a/missing.parquet', sizeInBytes: 1000, recordCount: 1 }] }
			await expect(query('SELECT * FROM everything', [], [missing], store)).rejects.toMatchObject({
				code: 'LAKE_CORRUPT',
				message: expect.stringContaining('a/missing.parquet'),
			})
			await store.put('a/damaged.parquet', new Uint8Array(1000).fill(7))
			const damaged = { ...table, files: [{ key: 'a/damaged.parquet', sizeInBytes: 1000, recordCount: 1 }] }
			await expect(query('SELECT * FROM everything', [], [damaged], store)).rejects.toMatchObject({
				code: 'LAKE_CORRUPT',
				message: expect.stringContaining('a/damaged.parquet'),
			})
			expect((await query('SELECT 1')).rows).toEqual([[1]])
		})

		it('starts again after it was closed', async () => {
			await engine.close()
			expect((await query('SELECT 1')).rows).toEqual([[1]])
		})
	})
}
