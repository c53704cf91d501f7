import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { afterAll } from 'vitest'
import { NativeEngine } from '../../src/analytics/engines/native/native-engine.node.ts'
import { loadWasmModules } from '../../src/analytics/engines/wasm/modules.node.ts'
import { WasmEngine } from '../../src/analytics/engines/wasm/wasm-engine.ts'
import type { QueryEngine } from '../../src/analytics/query-engine.ts'
import { FileObjectStore } from '../../src/lake/storage/file.ts'
import { MemoryObjectStore } from '../../src/lake/storage/memory.ts'
import { engineIsolationContract, type IsolationSetting } from '../contract/engine-isolation.ts'
import { putParquet } from './support/put-parquet.ts'

const SECRET = 'only-elsewhere'

const directories: string[] = []
afterAll(() => {
	for (const directory of directories) rmSync(directory, { recursive: true, force: true })
})

/** The secret stands in files of the machine, in a file of the lake that is none of the query's, and in another query's table. */
async function setting(engine: QueryEngine, onDisk: boolean): Promise<IsolationSetting> {
	const directory = mkdtempSync(join(tmpdir(), 'sqlake-test-'))
	directories.push(directory)
	const files = { 'secret.csv': SECRET, 'secret.txt': SECRET, 'secret.json': JSON.stringify({ text: SECRET }) }
	for (const [name, content] of Object.entries(files)) writeFileSync(join(directory, name), content)
	mkdirSync(join(directory, 'lake'))
	const store = onDisk ? new FileObjectStore(join(directory, 'lake')) : new MemoryObjectStore()
	const one = { id: 101, name: 'one', required: false, type: 'long' } as const
	const text = { id: 102, name: 'text', required: false, type: 'string' } as const
	const own = { name: 'own', columns: [one], files: [await putParquet(store, 'a/own.parquet', [one], [[1n]])] }
	const others = [await putParquet(store, 'a/other.parquet', [text], [[SECRET]])]
	const other = { name: 'other', columns: [text], files: others, cacheKey: 'others' }
	const paths = Object.keys(files).map((name) => join(directory, name))
	if (store instanceof FileObjectStore) paths.push(store.pathOf('a/other.parquet'))
	const state = () =>
		readdirSync(directory, { recursive: true, withFileTypes: true })
			.filter((entry) => entry.isFile())
			.map(({ parentPath, name }) => `${name} ${readFileSync(join(parentPath, name), 'latin1')}`)
			.sort()
	const before = state()
	return {
		engine,
		store,
		own,
		other,
		secrets: { secret: SECRET, paths, isUntouched: async () => isDeepStrictEqual(state(), before) },
	}
}

engineIsolationContract('WasmEngine', () => setting(new WasmEngine({ modules: loadWasmModules }), false))
engineIsolationContract('NativeEngine', () => setting(new NativeEngine(), false))
engineIsolationContract('NativeEngine on a directory', () => setting(new NativeEngine(), true))
