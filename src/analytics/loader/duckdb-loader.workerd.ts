/**
 * The loader in a Worker.
 *
 * @module
 */
import { SQLakeError } from '../../errors.ts'
import type { QueryEngine } from '../query-engine.ts'
import { type DuckDBLoaderConfig, EngineLoader } from './engine-loader.ts'

/**
 * Opens DuckDB-WASM when it is first needed.
 *
 * @example
 * ```ts
 * const loader = new DuckDBLoader({ memoryLimitBytes: 48 * 1024 * 1024 })
 * const lake = createDuckDBProvider({ catalog, store, schema, loader })
 * ```
 */
export class DuckDBLoader extends EngineLoader {
	constructor(config: DuckDBLoaderConfig = {}) {
		super(config, 'workerd', openEngine)
	}
}

async function openEngine({ engine = 'auto', ...options }: DuckDBLoaderConfig): Promise<QueryEngine> {
	if (engine === 'native') {
		throw new SQLakeError('ANALYTICS_UNAVAILABLE', 'native DuckDB does not run in a Worker', {
			hint: "Leave the engine to 'auto', or reach a container that has it through createDuckDBServiceClient().",
		})
	}
	const [{ WasmEngine }, { loadWasmModules }] = await Promise.all([
		import('../engines/wasm/wasm-engine.ts'),
		import('../engines/wasm/modules.workerd.ts'),
	])
	return new WasmEngine({ ...options, modules: loadWasmModules })
}
