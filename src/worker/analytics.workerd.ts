/**
 * The analytics engine of a Worker: DuckDB-WASM.
 *
 * @module
 */
import type { QueryEngine } from '../analytics/query-engine.ts'
import type { LoadAnalytics } from './analytics.ts'

/** One engine for the isolate: its instance takes tens of megabytes, and it runs one query at a time. */
let engine: QueryEngine | undefined

/** Loads the engine at the first lake query: a Worker that never asks the lake does not pay for it. */
export const loadAnalytics: LoadAnalytics = async ({ catalog, store, schema, observability }) => {
	const { createLakeQuery } = await import('../analytics/lake-query.ts')
	engine ??= await wasmEngine()
	return createLakeQuery({ catalog, store, schema, observability, engine })
}

async function wasmEngine(): Promise<QueryEngine> {
	const [{ WasmEngine }, { loadWasmModules }] = await Promise.all([
		import('../analytics/engines/wasm/wasm-engine.ts'),
		import('../analytics/engines/wasm/modules.workerd.ts'),
	])
	return new WasmEngine({ modules: loadWasmModules })
}
