/**
 * The door `sqlake/analytics` in Node.
 *
 * @module
 */
export { NativeEngine } from './analytics/engines/native/native-engine.node.ts'
export { loadWasmModules } from './analytics/engines/wasm/modules.node.ts'
export * from './analytics/index.ts'
export { DuckDBLoader } from './analytics/loader/duckdb-loader.node.ts'
export { createDuckDBProvider } from './analytics/loader/duckdb-provider.node.ts'
