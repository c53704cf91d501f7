import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { NativeEngine } from '../../src/analytics/engines/native/native-engine.node.ts'
import { loadWasmModules } from '../../src/analytics/engines/wasm/modules.node.ts'
import { WasmEngine } from '../../src/analytics/engines/wasm/wasm-engine.ts'
import { FileObjectStore } from '../../src/lake/storage/file.ts'
import { queryEngineContract } from '../contract/query-engine.ts'

const directories: string[] = []
afterAll(() => {
	for (const directory of directories) rmSync(directory, { recursive: true, force: true })
})

function fileStore(): FileObjectStore {
	const directory = mkdtempSync(join(tmpdir(), 'sqlake-test-'))
	directories.push(directory)
	return new FileObjectStore(directory)
}

queryEngineContract('WasmEngine', (options) => new WasmEngine({ ...options, modules: loadWasmModules }))
queryEngineContract('NativeEngine', (options) => new NativeEngine(options))
queryEngineContract('NativeEngine on a directory', (options) => new NativeEngine(options), fileStore)

describe('NativeEngine', () => {
	it('ends in time while DuckDB plans a query, which it does not interrupt, and is closed once DuckDB is done', async () => {
		const engine = new NativeEngine()
		// A constant is folded while the query is planned.
		const sql = 'SELECT len(list_sort(range(5000000)))'
		const run = (text: string, timeoutMs: number) =>
			engine.run({ store: fileStore(), tables: [], views: [], sql: text, params: [] }, { timeoutMs })
		await run('SELECT 1', 20_000)
		const start = performance.now()
		await expect(run(sql, 100)).rejects.toMatchObject({ code: 'ANALYTICS_TIMEOUT' })
		expect(performance.now() - start).toBeLessThan(2_000)
		expect((await run('SELECT 42', 20_000)).rows).toEqual([[42]])
		await engine.close()
	})
})
