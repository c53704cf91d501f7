/**
 * Refuses to merge rows by a key that holds NULL, or that some files do not have.
 *
 * @module
 */
import { SQLakeError } from '../../errors.ts'
import type { TablePlan } from './table-plan.ts'

/**
 * SQLite allows NULL in a primary key, unless a column says NOT NULL, and finds no two NULLs equal
 * (https://www.sqlite.org/lang_createtable.html#the_primary_key). A merge by key would take several such rows for one.
 *
 * @throws `LAKE_VALUE_MISFIT` naming table and column, if a file that must be merged holds NULL in a column of the key,
 *   or lacks it; `LAKE_SCHEMA_BEHIND` if the lake does not know such a column.
 */
export function checkKeys({ use: { table }, merged }: TablePlan): void {
	for (const column of table.columns) {
		if (!table.primaryKey.includes(column.name) || column.hidden) continue
		if (merged.length > 0 && column.absent) {
			throw new SQLakeError(
				'LAKE_SCHEMA_BEHIND',
				`table "${table.name}": expected the lake to know the column "${column.name}" of the primary key, found none of that name`,
				{ details: { table: table.name, column: column.name } },
			)
		}
		if (merged.some((file) => !file.valueCounts.has(column.fieldId))) {
			throw new SQLakeError(
				'LAKE_VALUE_MISFIT',
				`table "${table.name}": expected the column "${column.name}" of the primary key in all changes, found some from before it`,
				{
					hint: 'Rows of before cannot be told apart by it. Ask for a moment before the migration, or for the changes: .between()',
					details: { table: table.name, column: column.name },
				},
			)
		}
		if (!merged.some((file) => (file.nullValueCounts.get(column.fieldId) ?? 0) > 0)) continue
		throw new SQLakeError(
			'LAKE_VALUE_MISFIT',
			`table "${table.name}", column "${column.name}": NULL was stored in the primary key, which then names no single row`,
			{
				hint: `Declare the column NOT NULL, and give each such row a value. The changes can be read all the same: .between()`,
				details: { table: table.name, column: column.name },
			},
		)
	}
}
