import { loadWasmModules } from '../../src/analytics/engines/wasm/modules.workerd.ts'
import { WasmEngine } from '../../src/analytics/engines/wasm/wasm-engine.ts'
import { createLakeQuery } from '../../src/analytics/lake-query.ts'
import { R2PointerCatalog } from '../../src/lake/catalog/r2-pointer-catalog.ts'
import { DEFAULT_LAKE_LOCATION } from '../../src/lake/lake-path.ts'
import { R2ObjectStore } from '../../src/lake/storage/r2.ts'
import { flightsDatabase, GROUP_BY } from '../flights-schema.ts'

export interface Env {
	readonly SQLAKE_BUCKET: R2Bucket
}

/** `cold` keeps nothing of one query for the next but the running engine; `warm` keeps decoded files. */
const engines = {
	cold: new WasmEngine({ modules: loadWasmModules, cacheBytes: 0 }),
	warm: new WasmEngine({ modules: loadWasmModules }),
}

export default {
	async fetch(request, env): Promise<Response> {
		const { pathname, searchParams } = new URL(request.url)
		if (pathname === '/put') {
			await env.SQLAKE_BUCKET.put(searchParams.get('key') ?? '', await request.arrayBuffer())
			return new Response(null, { status: 204 })
		}
		const engine = pathname === '/warm' ? engines.warm : engines.cold
		const store = new R2ObjectStore(env.SQLAKE_BUCKET)
		const lake = createLakeQuery({
			catalog: new R2PointerCatalog({ store, location: DEFAULT_LAKE_LOCATION }),
			store,
			schema: flightsDatabase.lake,
			engine,
		})
		const start = performance.now()
		const { rows, stats } = await lake.query({
			statement: { sql: GROUP_BY, params: [] },
			moment: { kind: 'current' },
			timeoutMs: 120_000,
		})
		return Response.json({ elapsed: performance.now() - start, rows, stats })
	},
} satisfies ExportedHandler<Env>
