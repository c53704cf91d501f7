/**
 * JavaScript functions that native DuckDB calls.
 *
 * @module
 */
import type { DuckDBScalarFunction } from '@duckdb/node-api'
import { messageOf } from '../../../errors.ts'
import type { EngineFunction } from '../../query-engine.ts'

/** What of `@duckdb/node-api` this needs; it is loaded on first use. */
type NodeApi = Pick<typeof import('@duckdb/node-api'), 'DuckDBScalarFunction' | 'VARCHAR'>

/**
 * A function of texts as DuckDB takes it. DuckDB's threads wait while it runs, as they do for one another.
 *
 * @param check Called before each row; what it throws ends the query.
 * @param onFailure Gets what was thrown.
 */
export function scalarFunction(
	api: NodeApi,
	definition: EngineFunction,
	check: () => void = () => {},
	onFailure: (error: unknown) => void = () => {},
): DuckDBScalarFunction {
	const { VARCHAR } = api
	return api.DuckDBScalarFunction.create({
		name: definition.name,
		returnType: VARCHAR,
		varArgsType: VARCHAR,
		// Called for NULL as well.
		specialHandling: true,
		mainFunction: (info, input, output) => {
			try {
				const columns = Array.from({ length: input.columnCount }, (_, i) => input.getColumnVector(i))
				for (let row = 0; row < input.rowCount; row++) {
					check()
					output.setItem(row, definition.call(...columns.map((column) => column.getItem(row) as string | null)))
				}
				output.flush()
			} catch (error) {
				onFailure(error)
				info.setError(messageOf(error))
			}
		},
	})
}
