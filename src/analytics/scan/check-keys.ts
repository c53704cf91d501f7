/**
 * Refuses to merge rows by a key that holds NULL.
 *
 * @module
 */
import { SQLakeError } from '../../errors.ts'
import { shardOf } from '../../lake/change-table.ts'
import type { IcebergDataFile } from '../../lake/iceberg/types.ts'
import { keyGroups } from './key-groups.ts'
import type { RescuedFields } from './rescued-fields.ts'
import type { TablePlan } from './table-plan.ts'

/**
 * SQLite allows NULL in a primary key, unless a column says NOT NULL, and finds no two NULLs equal
 * (https://www.sqlite.org/lang_createtable.html#the_primary_key). A merge by key would take several such rows for one.
 *
 * @throws `LAKE_VALUE_MISFIT` naming table and column, if a file that must be merged holds NULL in a column of the key.
 */
export function checkKeys(plan: TablePlan, rescued: RescuedFields): void {
	const { table } = plan.use
	for (const { keys, files } of keyGroups(plan)) {
		const nullsOf = (file: IcebergDataFile, fieldId: number) =>
			(file.nullValueCounts.get(fieldId) ?? 0) - (rescued.files.get(file.filePath)?.fields.get(fieldId)?.count ?? 0)
		const column = keys.find(({ fieldId }) => files.some((file) => nullsOf(file, fieldId) > 0))
		if (column === undefined) continue
		const holders = files.filter((file) => nullsOf(file, column.fieldId) > 0)
		const shard = holders.map(shardOf).find((name) => name !== null) ?? null
		const count = holders.reduce((sum, file) => sum + nullsOf(file, column.fieldId), 0)
		throw new SQLakeError(
			'LAKE_VALUE_MISFIT',
			`table "${table.name}", column "${column.name}": NULL was stored in the primary key, which then names no single row (${count} changes${shard === null ? '' : `, such as of shard "${shard}"`})`,
			{
				hint: `Declare the column NOT NULL, and give each such row a value. The changes can be read all the same: .between()`,
				details: { table: table.name, column: column.name, shard, value: 'NULL', count },
			},
		)
	}
}
