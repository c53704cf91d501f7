/**
 * Writes `src/analytics/engines/wasm/trampolines.wasm`. DuckDB's loader turns JavaScript functions into WebAssembly functions by
 * compiling a tiny module for each signature, which a Worker refuses ("Wasm code generation disallowed by embedder"). The file
 * written here holds one import and one export for every signature that the loader asks for, so that instantiating it with a
 * JavaScript function gives back that function as a WebAssembly one.
 *
 * Run after changing the release of DuckDB-WASM: `node scripts/generate-trampolines.ts`.
 *
 * @module
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stubRuntime } from '../src/analytics/engines/wasm/stub-runtime.ts'
import { type FunctionType, signatureKey } from '../src/analytics/engines/wasm/trampolines.ts'
import { stockModule, VENDOR_DIRECTORY, vendorDuckDB } from './vendor-duckdb.ts'

/** Encodings of value types (WebAssembly core specification, section 5.3.1). */
const VALUE_TYPES: Readonly<Record<string, number>> = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c, externref: 0x6f }

const OUTPUT = join(import.meta.dirname, '../src/analytics/engines/wasm/trampolines.wasm')

/** A module with, for each type, an import `e.<key>` that is exported under the same key. */
function trampolineModule(types: ReadonlyMap<string, FunctionType>): Uint8Array<ArrayBuffer> {
	const keys = [...types.keys()].sort()
	const signatures = keys.map((key) => {
		const { parameters = [], results = [] } = types.get(key) ?? {}
		return [0x60, ...vector(parameters.map(valueType)), ...vector(results.map(valueType))]
	})
	return Uint8Array.from([
		...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
		...section(1, vector(signatures)),
		...section(2, vector(keys.map((key, index) => [...name('e'), ...name(key), 0x00, ...unsigned(index)]))),
		...section(7, vector(keys.map((key, index) => [...name(key), 0x00, ...unsigned(index)]))),
	])
}

function valueType(type: string): number[] {
	const code = VALUE_TYPES[type]
	if (code === undefined) throw new Error(`no encoding for the value type ${type}`)
	return [code]
}

function unsigned(value: number): number[] {
	return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)]
}

function vector(items: readonly (readonly number[])[]): number[] {
	return [...unsigned(items.length), ...items.flat()]
}

function section(id: number, body: readonly number[]): number[] {
	return [id, ...unsigned(body.length), ...body]
}

function name(text: string): number[] {
	const bytes = new TextEncoder().encode(text)
	return [...unsigned(bytes.length), ...bytes]
}

vendorDuckDB()
const { default: createModule } = await import(`${VENDOR_DIRECTORY}duckdb-loader.js`)
const types = new Map<string, FunctionType>()
await createModule({
	duckdbRuntime: stubRuntime,
	wasmFunction(type: FunctionType, implementation: () => unknown) {
		const key = signatureKey(type)
		types.set(key, type)
		const module = new WebAssembly.Module(trampolineModule(new Map([[key, type]])))
		return new WebAssembly.Instance(module, { e: { [key]: implementation } }).exports[key]
	},
	instantiateWasm(imports: WebAssembly.Imports, done: (instance: WebAssembly.Instance, module: WebAssembly.Module) => object) {
		const module = new WebAssembly.Module(stockModule())
		return done(new WebAssembly.Instance(module, imports), module)
	},
})
writeFileSync(OUTPUT, trampolineModule(types))
console.log(`${types.size} signatures written to ${OUTPUT}`)
