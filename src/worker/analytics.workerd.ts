/**
 * The analytics engine of a Worker: DuckDB-WASM.
 *
 * @module
 */
import { DuckDBLoader } from '../analytics/loader/duckdb-loader.workerd.ts'
import { createDuckDBProvider } from '../analytics/loader/duckdb-provider.workerd.ts'
import type { LoadAnalytics } from './analytics.ts'

/** One engine for the isolate: its instance takes tens of megabytes, and it runs one query at a time. */
const loader = new DuckDBLoader()

/** Opens a lake; the engine is loaded at its first query: a Worker that never asks the lake does not pay for it. */
export const loadAnalytics: LoadAnalytics = async ({ catalog, store, schema, observability }) =>
	createDuckDBProvider({ catalog, store, schema, observability, loader })
