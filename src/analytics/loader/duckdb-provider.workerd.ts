/**
 * The provider in a Worker.
 *
 * @module
 */
import { DuckDBLoader } from './duckdb-loader.workerd.ts'
import { createProvider, type DuckDBProvider, type DuckDBProviderOptions } from './duckdb-provider.ts'

/**
 * Lake queries on the runtime's DuckDB, which is loaded when the first one comes.
 *
 * @example
 * ```ts
 * const lake = createDuckDBProvider({ catalog, store, schema })
 * const { rows } = await lake.query({ statement: { sql: 'SELECT count(*) FROM users', params: [] }, moment: { kind: 'current' } })
 * ```
 */
export function createDuckDBProvider(options: DuckDBProviderOptions): DuckDBProvider {
	return createProvider(options, options.loader ?? new DuckDBLoader())
}
