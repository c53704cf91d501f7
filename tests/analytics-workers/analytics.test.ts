import { afterAll, describe } from 'vitest'
import { loadWasmModules } from '../../src/analytics/engines/wasm/modules.workerd.ts'
import { WasmEngine } from '../../src/analytics/engines/wasm/wasm-engine.ts'
import { lakeQueryContract } from '../contract/lake-query.ts'
import { queryEngineContract } from '../contract/query-engine.ts'

queryEngineContract('WasmEngine in workerd', (options) => new WasmEngine({ ...options, modules: loadWasmModules }))

describe('lake queries in workerd', () => {
	const engine = new WasmEngine({ modules: loadWasmModules })
	afterAll(() => engine.close())
	lakeQueryContract(engine)
})
