import { columnKind } from '../schema/sqlite-kind.ts'
import type { TableSchema } from '../schema/table-schema.ts'
import { currentSchema } from './iceberg/table-metadata.ts'
import type { IcebergTableMetadata } from './iceberg/types.ts'

/**
 * A table with its numeric columns as the lake holds them: a field never changes its type, so that one that the lake has known as double
 * since before numeric columns were text goes on as one. Its values are the same either way.
 *
 * @param metadata Of the table's changes; undefined where the lake has none.
 */
export function withKeptTypes(table: TableSchema, metadata: IcebergTableMetadata | undefined): TableSchema {
	if (metadata === undefined || !table.columns.some((column) => columnKind(column) === 'numeric')) return table
	const doubles = new Set(currentSchema(metadata).fields.flatMap(({ id, type }) => (type === 'double' ? [id] : [])))
	const columns = table.columns.map((column) =>
		columnKind(column) === 'numeric' && doubles.has(column.fieldId) ? { ...column, lakeType: 'double' as const } : column,
	)
	return { ...table, columns }
}
