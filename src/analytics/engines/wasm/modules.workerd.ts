/**
 * The WebAssembly modules of the engine, in a Worker: compiled by the platform, since code cannot be compiled at run time there.
 *
 * @module
 */
/// <reference path="./wasm-module.d.ts" />
import type { DuckDBWasmModules } from './duckdb-bindings.ts'
import trampolines from './trampolines.wasm'
import duckdb from './vendor/duckdb.wasm'

/** The modules that were uploaded with the Worker. */
export async function loadWasmModules(): Promise<DuckDBWasmModules> {
	return { duckdb, trampolines }
}
