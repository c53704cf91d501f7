import { afterAll, describe } from 'vitest'
import { NativeEngine } from '../../src/analytics/engines/native/native-engine.node.ts'
import { loadWasmModules } from '../../src/analytics/engines/wasm/modules.node.ts'
import { WasmEngine } from '../../src/analytics/engines/wasm/wasm-engine.ts'
import { lakeQueryContract } from '../contract/lake-query.ts'
import { openClassContract } from '../contract/open-class.ts'

describe.each([
	['wasm', new WasmEngine({ modules: loadWasmModules })],
	['native', new NativeEngine()],
])('lake queries on the %s engine', (_name, engine) => {
	afterAll(() => engine.close())
	lakeQueryContract(engine)
	describe('values of any class', { timeout: 30_000 }, () => openClassContract(engine))
})
