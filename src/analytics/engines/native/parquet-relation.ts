/**
 * Parquet files as a relation of native DuckDB.
 *
 * @module
 */
import type { IcebergField, IcebergPrimitiveType } from '../../../lake/iceberg/types.ts'
import { quoteIdentifier } from '../../../schema/quote-identifier.ts'
import { columnType, quoteText } from '../duckdb-sql.ts'

/**
 * A SELECT over files on disk. Columns are found by field id, and are NULL where a file lacks them.
 *
 * @param paths Of files on disk; none for an empty relation. Must hold no glob characters.
 */
export function parquetRelation(columns: readonly IcebergField[], paths: readonly string[]): string {
	if (paths.length === 0) {
		const nulls = columns.map(({ name, type }) => `CAST(NULL AS ${columnType(type)}) AS ${quoteIdentifier(name)}`)
		return `SELECT ${nulls.join(', ')} WHERE false`
	}
	const selected = columns.map(({ id, name, type }) => {
		const column = quoteIdentifier(`f${id}`)
		return `${isMoment(type) ? `epoch_us(${column})` : column} AS ${quoteIdentifier(name)}`
	})
	const schema = columns.map(
		({ id, type }) =>
			`${id}: {name: 'f${id}', type: '${isMoment(type) ? 'TIMESTAMPTZ' : columnType(type)}', default_value: NULL}`,
	)
	return `SELECT ${selected.join(', ')} FROM read_parquet([${paths.map(quoteText).join(', ')}], schema = MAP {${schema.join(', ')}})`
}

function isMoment(type: IcebergPrimitiveType): boolean {
	return type === 'timestamp' || type === 'timestamptz'
}
