/**
 * The WebAssembly modules of the engine, in Node.
 *
 * @module
 */
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { DuckDBWasmModules } from './duckdb-bindings.ts'

/** Part of the standard that a Worker lacks, and its type declarations with it. */
interface Compiler {
	compile(bytes: Uint8Array): Promise<WebAssembly.Module>
}

let modules: Promise<DuckDBWasmModules> | undefined

/** The compiled modules; compiled once. */
export function loadWasmModules(): Promise<DuckDBWasmModules> {
	modules ??= compileAll()
	return modules
}

async function compileAll(): Promise<DuckDBWasmModules> {
	const [duckdb, trampolines] = await Promise.all([compile('./vendor/duckdb.wasm'), compile('./trampolines.wasm')])
	return { duckdb, trampolines }
}

async function compile(path: string): Promise<WebAssembly.Module> {
	const compiler = WebAssembly as unknown as Compiler
	return compiler.compile(await readFile(fileURLToPath(new URL(path, import.meta.url).href)))
}
