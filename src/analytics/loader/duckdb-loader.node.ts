/**
 * The loader in Node.
 *
 * @module
 */
import { SQLakeError } from '../../errors.ts'
import type { QueryEngine } from '../query-engine.ts'
import { type DuckDBLoaderConfig, EngineLoader } from './engine-loader.ts'

/**
 * Opens DuckDB when it is first needed: native where `@duckdb/node-api` is installed, else DuckDB-WASM.
 *
 * @example
 * ```ts
 * const loader = new DuckDBLoader({ memoryLimitBytes: 4 * 1024 ** 3, threads: 8 })
 * const lake = createDuckDBProvider({ catalog, store, schema, loader })
 * ```
 */
export class DuckDBLoader extends EngineLoader {
	constructor(config: DuckDBLoaderConfig = {}) {
		super(config, 'node', openEngine)
	}
}

async function openEngine({ engine = 'auto', ...options }: DuckDBLoaderConfig): Promise<QueryEngine> {
	if (engine !== 'wasm') {
		const { loadNodeApi, NativeEngine } = await import('../engines/native/native-engine.node.ts')
		try {
			await loadNodeApi()
			return new NativeEngine(options)
		} catch (error) {
			if (engine === 'native' || !SQLakeError.is(error, 'ANALYTICS_UNAVAILABLE')) throw error
		}
	}
	const [{ WasmEngine }, { loadWasmModules }] = await Promise.all([
		import('../engines/wasm/wasm-engine.ts'),
		import('../engines/wasm/modules.node.ts'),
	])
	return new WasmEngine({ ...options, modules: loadWasmModules })
}
