import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
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
