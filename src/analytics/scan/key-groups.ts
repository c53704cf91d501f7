/**
 * By which key the changes of each file are merged.
 *
 * A migration may give a table another primary key. A shard that migrates deletes its rows under the old key and creates them under
 * the new one, and a shard that has not migrated goes on under the old one: so rows of one key are never rows of the other.
 *
 * @module
 */
import { SQLakeError } from '../../errors.ts'
import type { IcebergDataFile } from '../../lake/iceberg/types.ts'
import { schemaLogOf } from '../../lake/schema-log.ts'
import type { ColumnSchema, TableSchema } from '../../schema/table-schema.ts'
import type { TablePlan } from './table-plan.ts'

/** Files whose rows one key tells apart. */
export interface KeyGroup {
	readonly keys: readonly ColumnSchema[]
	readonly files: readonly IcebergDataFile[]
}

/**
 * Groups the files that must be merged: those that have the columns of the table's key, and those from before it by the newest
 * key whose columns they have.
 *
 * @throws `LAKE_VALUE_MISFIT` for files from before a column of the key became another field; `LAKE_SCHEMA_BEHIND` where the lake
 *   does not know a column of the key, and not what the key was before.
 */
export function keyGroups({ use: { table }, merged, catalogTable }: TablePlan): KeyGroup[] {
	const keys = table.columns.filter(({ name, hidden }) => !hidden && table.primaryKey.includes(name))
	const lacks = (file: IcebergDataFile) => keys.some(({ absent, fieldId }) => absent || !file.valueCounts.has(fieldId))
	const groups = new Map<string, { readonly keys: readonly ColumnSchema[]; readonly files: IcebergDataFile[] }>()
	const earlier = catalogTable === null || !merged.some(lacks) ? [] : schemaLogOf(catalogTable.metadata).toReversed()
	for (const file of merged) {
		const own = lacks(file) ? earlier.map((entry) => keyOf(entry.table)).find((each) => isIn(file, each)) : keys
		const retyped = keys.find(({ former }) => former !== undefined)
		if (own === undefined || (own !== keys && retyped !== undefined))
			throw keyUnknown(table, retyped ?? keys.find(({ absent }) => absent))
		const id = own.map(({ fieldId }) => fieldId).join()
		const group = groups.get(id) ?? { keys: own, files: [] }
		group.files.push(file)
		groups.set(id, group)
	}
	return [...groups.values()]
}

function keyOf(table: TableSchema): readonly ColumnSchema[] {
	return table.columns.filter(({ name }) => table.primaryKey.includes(name))
}

function isIn(file: IcebergDataFile, keys: readonly ColumnSchema[]): boolean {
	return keys.length > 0 && keys.every(({ fieldId }) => file.valueCounts.has(fieldId))
}

function keyUnknown(table: TableSchema, column: ColumnSchema | undefined): SQLakeError {
	const name = column?.name ?? table.primaryKey.join(', ')
	const details = { table: table.name, column: name }
	if (column !== undefined && 'absent' in column) {
		const message = `table "${table.name}": expected the lake to know the column "${name}" of the primary key, found none of that name`
		return new SQLakeError('LAKE_SCHEMA_BEHIND', message, { details })
	}
	return new SQLakeError(
		'LAKE_VALUE_MISFIT',
		`table "${table.name}": expected the column "${name}" of the primary key in all changes, found some from before it`,
		{
			hint: 'Rows of before cannot be told apart by it. Ask for a moment before the migration, or for the changes: .between()',
			details,
		},
	)
}
