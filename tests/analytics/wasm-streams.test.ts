import { afterEach, expect, it } from 'vitest'
import { loadWasmModules } from '../../src/analytics/engines/wasm/modules.node.ts'
import { WasmEngine, type WasmEngineOptions } from '../../src/analytics/engines/wasm/wasm-engine.ts'
import { createLakeQuery } from '../../src/analytics/lake-query.ts'
import { integer, text } from '../../src/columns.ts'
import { MemoryObjectStore } from '../../src/lake/storage/memory.ts'
import { SQLake } from '../../src/schema/database.ts'
import { TestLake } from './support/test-lake.ts'

const engines: WasmEngine[] = []
afterEach(() => Promise.all(engines.splice(0).map((engine) => engine.close())))

function open(options: Partial<WasmEngineOptions> = {}): WasmEngine {
	const engine = new WasmEngine({ ...options, modules: loadWasmModules })
	engines.push(engine)
	return engine
}

const ask = (sql: string) => ({ store: new MemoryObjectStore(), tables: [], views: [], sql, params: [] })
const ENDLESS = "SELECT i, repeat('x', 1000) AS x FROM range(100000000000) t(i)"

it('a result far beyond the memory limit streams without growing the heap', { timeout: 60_000 }, async () => {
	const engine = open({ memoryLimitBytes: 16 * 1024 * 1024 })
	await engine.run(ask('SELECT 1'), { timeoutMs: 20_000 })
	const before = engine.heapBytes
	let bytes = 0
	for await (const { rows } of engine.stream(ask(ENDLESS), { timeoutMs: 60_000 })) {
		bytes += rows.length * 1000
		if (bytes > 300_000_000) break
	}
	expect(engine.heapBytes - before).toBeLessThan(64 * 1024 * 1024)
})

it('what an abandoned stream held is freed once its time is over', { timeout: 60_000 }, async () => {
	const engine = open({ memoryLimitBytes: 256 * 1024 * 1024 })
	await engine.run(ask('SELECT 1'), { timeoutMs: 20_000 })
	const heapAfterRound: number[] = []
	for (let round = 0; round < 3; round++) {
		// Requests that the platform cancelled: nobody asks for another batch, nobody returns the generator.
		const streams = Array.from({ length: 2 }, () => engine.stream(ask(ENDLESS), { timeoutMs: 3_000 }))
		for (const stream of streams) await stream.next()
		await new Promise((resolve) => setTimeout(resolve, 3_000))
		heapAfterRound.push(engine.heapBytes)
	}
	expect(heapAfterRound.at(-1)).toBe(heapAfterRound[0])
	expect((await engine.run(ask('SELECT 1'), { timeoutMs: 20_000 })).rows).toEqual([[1]])
})

it('a stream that was left too long says so when it is asked again', async () => {
	const engine = open()
	const stream = engine.stream(ask(ENDLESS), { timeoutMs: 1_000 })
	await stream.next()
	await new Promise((resolve) => setTimeout(resolve, 1_010))
	await engine.run(ask('SELECT 1'), { timeoutMs: 20_000 })
	await expect(stream.next()).rejects.toMatchObject({ code: 'ANALYTICS_TIMEOUT' })
})

it('a stream outlives the cache’s copy of its table, but not its engine', async () => {
	const schema = SQLake({
		a: { id: integer('id').primaryKey(), label: text('label') },
		b: { id: integer('id').primaryKey(), label: text('label') },
		shard: { a: 'id', b: 'id' },
	})
	const lake = new TestLake(schema.lake)
	const changes = (table: string) =>
		Array.from({ length: 20_000 }, (_, i) => ({
			table,
			op: 'c' as const,
			ts: 1_700_000_000_000,
			row: { id: BigInt(i), label: `label of row ${i}` },
		}))
	await lake.deliver('1', [...changes('a'), ...changes('b')])
	// Room for one table only, so that loading the other drops it.
	const engine = open({ cacheBytes: 1_200_000 })
	const transport = createLakeQuery({ ...lake, engine })
	const request = (table: string) => ({
		statement: { sql: `SELECT id, label FROM ${table}`, params: [] },
		moment: { kind: 'current' as const },
	})
	await transport.query(request('a'))
	const rows: unknown[] = []
	for await (const batch of transport.stream?.(request('a')) ?? []) {
		if (rows.length === 0) await transport.query(request('b'))
		rows.push(...batch.rows)
	}
	expect(rows).toHaveLength(20_000)
	expect(rows.at(-1)).toEqual([19_999, 'label of row 19999'])

	const cut = transport.stream?.(request('a'))
	await cut?.next()
	await engine.close()
	await expect(cut?.next()).rejects.toMatchObject({ code: 'ANALYTICS_FAILED' })
})
