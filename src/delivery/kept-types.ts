/**
 * Numeric columns of lakes from before a numeric column was text.
 *
 * @module
 */
import type { ChangeBatch } from '../cdc/change-batch.ts'
import type { CatalogTable } from '../lake/catalog/catalog.ts'
import { changesTableName } from '../lake/change-table.ts'
import { currentSchema } from '../lake/iceberg/table-metadata.ts'
import { columnKind, isNumericText } from '../schema/sqlite-kind.ts'
import type { TableSchema } from '../schema/table-schema.ts'

/** Whether a batch has columns that a lake may hold otherwise than the code says. */
export function mayKeepTypes({ tables }: ChangeBatch): boolean {
	return tables.some(({ table }) => table.columns.some(isNumericText))
}

/**
 * The batch as the tables of the lake have it: a field never changes its type, so that a numeric column which the lake knows as double
 * goes on as one. Its values are the same either way.
 */
export function withKeptTypes(batch: ChangeBatch, lake: ReadonlyMap<string, CatalogTable>): ChangeBatch {
	return { ...batch, tables: batch.tables.map((changes) => ({ ...changes, table: keepTypes(changes.table, lake) })) }
}

function keepTypes(table: TableSchema, lake: ReadonlyMap<string, CatalogTable>): TableSchema {
	const known = lake.get(changesTableName(table.name))
	if (known === undefined) return table
	const doubles = new Set(currentSchema(known.metadata).fields.flatMap(({ id, type }) => (type === 'double' ? [id] : [])))
	const columns = table.columns.map((column) =>
		columnKind(column) === 'numeric' && doubles.has(column.fieldId) ? { ...column, lakeType: 'double' as const } : column,
	)
	return { ...table, columns }
}
