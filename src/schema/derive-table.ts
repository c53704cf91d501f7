import { getTableColumns } from 'drizzle-orm'
import { getTableConfig, type SQLiteColumn, type SQLiteTable } from 'drizzle-orm/sqlite-core'
import { SQLakeError } from '../errors.ts'
import { affinityOf } from './affinity.ts'
import { columnModeOf, lakeTypeOf } from './column-type.ts'
import { fieldIdAt } from './field-id.ts'
import type { ColumnSchema, TableSchema } from './table-schema.ts'

/**
 * The plain description of a Drizzle table.
 *
 * @param property - the table's name in the `SQLake()` definition
 * @param table - the Drizzle table
 * @param shardKey - column names of the shard key; null for a global table
 * @throws SQLakeError SCHEMA_INVALID when more than one primary key is declared.
 */
export function deriveTable(property: string, table: SQLiteTable, shardKey: readonly string[] | null): TableSchema {
	return {
		name: getTableConfig(table).name,
		property,
		columns: Object.entries(getTableColumns(table)).map(([name, column], position) => deriveColumn(name, column, position)),
		primaryKey: primaryKeyOf(table),
		shardKey,
	}
}

function deriveColumn(property: string, column: SQLiteColumn, position: number): ColumnSchema {
	const declaredType = column.getSQLType()
	const affinity = affinityOf(declaredType)
	const mode = columnModeOf(column)
	return {
		name: column.name,
		property,
		fieldId: fieldIdAt(position),
		declaredType,
		affinity,
		mode,
		lakeType: lakeTypeOf(mode, affinity),
		notNull: column.notNull,
		generated: column.generated !== undefined,
	}
}

/** The columns of the one primary key, declared on a column or with `primaryKey({ columns })`; none where there is none. */
function primaryKeyOf(table: SQLiteTable): readonly string[] {
	const { name, columns, primaryKeys } = getTableConfig(table)
	const keys = [
		...columns.filter((column) => column.primary).map((column) => [column.name]),
		...primaryKeys.map((key) => key.columns.map((column) => column.name)),
	]
	if (keys.length > 1) {
		const found = keys.map((key) => `(${key.join(', ')})`).join(' and ')
		throw new SQLakeError('SCHEMA_INVALID', `table "${name}": expected one primary key, found ${found}`, {
			hint: 'declare a key of several columns with primaryKey({ columns: [...] })',
			details: { table: name },
		})
	}
	return keys[0] ?? []
}
