import { afterAll, describe, expect, it } from 'vitest'
import { loadWasmModules } from '../../src/analytics/engines/wasm/modules.workerd.ts'
import { WasmEngine } from '../../src/analytics/engines/wasm/wasm-engine.ts'
import { detectEnvironment } from '../../src/analytics/loader/detect-environment.ts'
import { DuckDBLoader } from '../../src/analytics/loader/duckdb-loader.workerd.ts'
import { createDuckDBProvider } from '../../src/analytics/loader/duckdb-provider.workerd.ts'
import { createDuckDBService } from '../../src/analytics/service/duckdb-service.ts'
import { createDuckDBServiceClient } from '../../src/analytics/service/duckdb-service-client.ts'
import { integer, text } from '../../src/columns.ts'
import { SQLake } from '../../src/schema/database.ts'
import { TestLake } from '../analytics/support/test-lake.ts'
import { lakeQueryContract } from '../contract/lake-query.ts'
import { openClassContract } from '../contract/open-class.ts'
import { queryEngineContract } from '../contract/query-engine.ts'

queryEngineContract('WasmEngine in workerd', (options) => new WasmEngine({ ...options, modules: loadWasmModules }))

describe('lake queries in workerd', () => {
	const engine = new WasmEngine({ modules: loadWasmModules })
	afterAll(() => engine.close())
	lakeQueryContract(engine)
	describe('values of any class', { timeout: 30_000 }, () => openClassContract(engine))
})

describe('a service in workerd', () => {
	it('loads DuckDB for its first query, answers exactly, and streams', async () => {
		expect(detectEnvironment()).toBe('workerd')
		const schema = SQLake({ things: { id: text('id').primaryKey(), big: integer('big') }, shard: { things: 'id' } })
		const lake = new TestLake(schema.lake)
		const big = 9_007_199_254_740_993n
		await lake.deliver('a', [{ table: 'things', op: 'c', ts: 1_700_000_000_000, row: { id: 'a', big } }])
		const loader = new DuckDBLoader()
		const service = createDuckDBService({ lake: createDuckDBProvider({ ...lake, schema, loader }), token: 'secret' })
		const binding = { fetch: (url: string, init: RequestInit) => service.fetch(new Request(url, init)) }
		const client = createDuckDBServiceClient(binding, { token: 'secret' })
		const request = (sql: string) => ({ statement: { sql, params: [] }, moment: { kind: 'current' as const } })
		expect((await client.query(request('SELECT * FROM things'))).rows).toEqual([['a', big]])
		let seen = 0
		const many = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000) SELECT a.i FROM n a, n b'
		for await (const { rows } of client.stream(request(many))) {
			seen += rows.length
			if (seen > 5_000) break
		}
		expect(seen).toBeLessThan(100_000)
		await expect(client.query(request('SELECT * FROM nowhere'))).rejects.toMatchObject({ code: 'ROUTE_UNKNOWN_TABLE' })
		await expect(createDuckDBServiceClient(binding).query(request('SELECT 1'))).rejects.toMatchObject({ status: 401 })
		await loader.close()
	})
})
