/**
 * The analytics engine in Node: native DuckDB where `@duckdb/node-api` is installed, else DuckDB-WASM.
 *
 * @module
 */

import { DuckDBLoader } from '../analytics/loader/duckdb-loader.node.ts'
import { createDuckDBProvider } from '../analytics/loader/duckdb-provider.node.ts'
import type { LoadAnalytics } from './analytics.ts'

/** One engine for the process, whatever lakes are asked. */
const loader = new DuckDBLoader()

/** Opens a lake; the engine is loaded at its first query. */
export const loadAnalytics: LoadAnalytics = async ({ catalog, store, schema, observability }) =>
	createDuckDBProvider({ catalog, store, schema, observability, loader })
