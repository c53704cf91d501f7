import { afterAll, describe, expect, it } from 'vitest'
import { engineError } from '../../src/analytics/engines/engine-error.ts'
import { NativeEngine } from '../../src/analytics/engines/native/native-engine.node.ts'
import { loadWasmModules } from '../../src/analytics/engines/wasm/modules.node.ts'
import { WasmEngine } from '../../src/analytics/engines/wasm/wasm-engine.ts'
import type { EngineTable, QueryEngine } from '../../src/analytics/query-engine.ts'
import { MemoryObjectStore } from '../../src/lake/storage/memory.ts'
import { putParquet } from './support/put-parquet.ts'

const memoryLimitBytes = 16 * 1024 * 1024
const limits = { timeoutMs: 60_000 }
const store = new MemoryObjectStore()
const FIELDS = ['a', 'b', 'c'].map((name, i) => ({ id: 101 + i, name, required: false, type: 'string' }) as const)

/** Eight files of three columns, each of which fits the memory limit and all of which do not. */
async function wideTable(): Promise<EngineTable> {
	const rows = (file: number) =>
		Array.from({ length: 20_000 }, (_, i) => FIELDS.map(({ name }) => `${name}${file}-${i}`.padEnd(48, name)))
	const files = await Promise.all(Array.from({ length: 8 }, (_, i) => putParquet(store, `wide/${i}.parquet`, FIELDS, rows(i))))
	return { name: 'wide', columns: FIELDS, files, cacheKey: 'wide' }
}

const engines: readonly QueryEngine[] = [
	new WasmEngine({ modules: loadWasmModules, memoryLimitBytes }),
	new NativeEngine({ memoryLimitBytes }),
]
afterAll(() => Promise.all(engines.map((engine) => engine.close())))

describe.each(engines)('memory of the $name engine', { timeout: 120_000 }, (engine) => {
	const run = async (sql: string, tables: readonly EngineTable[] = [], printed = true) =>
		(await engine.run({ store, tables, views: [], sql, params: [], printed }, limits)).rows

	it.each<[what: string, sql: string]>([
		['grouping', "SELECT count(DISTINCT i::VARCHAR || repeat('x', 50)) FROM range(1000000) t(i)"],
		['sorting', "SELECT max(i) FROM (SELECT i, repeat('x', 100) AS x FROM range(1000000) t(i) ORDER BY x, i DESC LIMIT 900000)"],
		['a list', 'SELECT len(list(i)) FROM range(100000000) t(i)'],
		['a text', "SELECT length(string_agg(repeat('x', 1000), '')) FROM range(1000000)"],
		['a join', 'SELECT count(*) FROM (SELECT i FROM range(2000000) t(i)) a JOIN (SELECT i FROM range(2000000) t(i)) b USING (i)'],
		[
			'a table of its own',
			"WITH t AS MATERIALIZED (SELECT i, repeat('x', 100) AS x FROM range(1000000) t(i)) SELECT count(*) FROM t a, t b",
		],
	])('ANALYTICS_MEMORY where %s needs more, and the next query is answered', async (_, sql) => {
		await expect(run(sql)).rejects.toMatchObject({ code: 'ANALYTICS_MEMORY', details: { memoryLimitBytes } })
		expect(await run('SELECT count(*) FROM range(1000)')).toEqual([[1000]])
	})

	it('no query fails for one before it', async () => {
		const wide = await wideTable()
		const narrow = (name: string) => ({ ...wide, columns: FIELDS.filter((field) => field.name === name) })
		for (const printed of [true, false]) {
			for (let round = 0; round < 2; round++) {
				const all = await run('SELECT max(a), max(b), max(c) FROM wide', [wide], printed).catch((error: unknown) => error)
				// Native DuckDB reads on the way; DuckDB-WASM takes all rows in.
				if (engine.name === 'wasm') expect(all).toMatchObject({ code: 'ANALYTICS_MEMORY' })
				for (const { name } of FIELDS) {
					const sql = `SELECT max(${name}), count(*) FROM wide`
					expect(await run(sql, [narrow(name)], printed)).toEqual([[`${name}7-9`.padEnd(48, name), 160_000]])
				}
			}
		}
	})
})

describe('what is not counted by DuckDB', () => {
	const engine = new WasmEngine({ modules: loadWasmModules, memoryLimitBytes })
	afterAll(() => engine.close())

	it('is bounded by the memory that the module may have, which is given back', { timeout: 60_000 }, async () => {
		const run = (sql: string) => engine.run({ store, tables: [], views: [], sql, params: [] }, limits)
		for (const sql of [
			"SELECT length(repeat('x', 600000000))",
			"SELECT sum(length(repeat('x', 10000000 + i::INT))) FROM range(360) t(i)",
			"SELECT length(lpad('x', 500000000, 'y'))",
		]) {
			await expect(run(sql)).rejects.toMatchObject({ code: 'ANALYTICS_MEMORY' })
			expect(engine.heapBytes).toBe(0)
		}
		expect((await run('SELECT 1')).rows).toEqual([[1]])
	})
})

it.each<[message: string, code: string]>([
	['Out of Memory Error: could not allocate block of size 256.0 KiB (15.9 MiB/16.0 MiB used)', 'ANALYTICS_MEMORY'],
	['Out of Memory Error: failed to allocate data of size 8.0 MiB (56.5 MiB/64.0 MiB used)', 'ANALYTICS_MEMORY'],
	['Out of Memory Error: Allocation failure', 'ANALYTICS_MEMORY'],
	[
		`{"exception_type":"TransactionContext","exception_message":"Failed to insert into table 't': Failed to commit: could not allocate block of size 256.0 KiB (63.9 MiB/64.0 MiB used)"}`,
		'ANALYTICS_MEMORY',
	],
	['{"exception_type":"Out of Memory","exception_message":"could not allo', 'ANALYTICS_MEMORY'],
	['Parser Error: std::bad_alloc', 'ANALYTICS_MEMORY'],
	['std::bad_alloc', 'ANALYTICS_MEMORY'],
	['Invalid Input Error: Out of Memory Error: cannot allocate 40 bytes', 'ANALYTICS_MEMORY'],
	['Invalid Input Error: Invalid string length', 'ANALYTICS_MEMORY'],
	['Binder Error: column "could" has no allocate block', 'ANALYTICS_FAILED'],
	["Conversion Error: Could not convert string 'out of memory' to INT32", 'ANALYTICS_FAILED'],
])('the message %j is %s', (message, code) => {
	expect(engineError(new Error(message), memoryLimitBytes)).toMatchObject({ code })
})
