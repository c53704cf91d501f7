/**
 * The door `sqlake/analytics` in a Worker.
 *
 * @module
 */
export { loadWasmModules } from './analytics/engines/wasm/modules.workerd.ts'
export * from './analytics/index.ts'
export { DuckDBLoader } from './analytics/loader/duckdb-loader.workerd.ts'
export { createDuckDBProvider } from './analytics/loader/duckdb-provider.workerd.ts'
