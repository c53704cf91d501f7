/**
 * The analytics engine in Node: native DuckDB where `@duckdb/node-api` is installed, else DuckDB-WASM.
 *
 * @module
 */
import type { QueryEngine } from '../analytics/query-engine.ts'
import { SQLakeError } from '../errors.ts'
import type { LoadAnalytics } from './analytics.ts'

/** One engine for the process, whatever lakes are asked. */
let engine: Promise<QueryEngine> | undefined

/** Loads the engine at the first lake query. */
export const loadAnalytics: LoadAnalytics = async ({ catalog, store, schema, observability }) => {
	const { createLakeQuery } = await import('../analytics/lake-query.ts')
	engine ??= nodeEngine().catch((error) => {
		engine = undefined
		throw error
	})
	return createLakeQuery({ catalog, store, schema, observability, engine: await engine })
}

async function nodeEngine(): Promise<QueryEngine> {
	const { loadNodeApi, NativeEngine } = await import('../analytics/engines/native/native-engine.node.ts')
	try {
		await loadNodeApi()
		return new NativeEngine()
	} catch (error) {
		if (!SQLakeError.is(error, 'ANALYTICS_UNAVAILABLE')) throw error
		const [{ WasmEngine }, { loadWasmModules }] = await Promise.all([
			import('../analytics/engines/wasm/wasm-engine.ts'),
			import('../analytics/engines/wasm/modules.node.ts'),
		])
		return new WasmEngine({ modules: loadWasmModules })
	}
}
