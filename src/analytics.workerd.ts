/**
 * The door `sqlake/analytics` in a Worker.
 *
 * @module
 */
export { loadWasmModules } from './analytics/engines/wasm/modules.workerd.ts'
export * from './analytics/index.ts'
