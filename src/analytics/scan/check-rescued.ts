/**
 * Refuses to answer from columns whose values the lake could not hold in the column's type.
 *
 * @module
 */
import { SQLakeError } from '../../errors.ts'
import { CHANGE_FIELDS } from '../../lake/change-table.ts'
import { lakeLocationOf, objectKeyOf } from '../../lake/lake-path.ts'
import { mapLimit } from '../../lake/map-limit.ts'
import { vectorValues } from '../../lake/parquet/lake-vector.ts'
import { openParquet, type ParquetFile } from '../../lake/parquet/open-parquet.ts'
import { readColumns } from '../../lake/parquet/read-columns.ts'
import { parseRescued } from '../../lake/parquet/rescue.ts'
import type { ObjectStore } from '../../lake/storage/object-store.ts'
import { holdsRescued, type TablePlan } from './table-plan.ts'
import type { TableRelation } from './table-view.ts'

/**
 * Reads what was rescued in the files of a plan. Such a column is NULL there, which would be a wrong answer.
 *
 * @throws `LAKE_VALUE_MISFIT` naming table and column, if the query reads a column with a rescued value.
 */
export async function checkRescued(plan: TablePlan, relation: TableRelation, store: ObjectStore): Promise<void> {
	if (plan.catalogTable === null) return
	const { table } = plan.use
	const location = lakeLocationOf(plan.catalogTable.metadata)
	await mapLimit([...plan.plain, ...plan.merged].filter(holdsRescued), async (file) => {
		const parquet = await openParquet(store, objectKeyOf(location, file.filePath), file.fileSizeInBytes, file.crc32)
		// What was rescued is kept by the names that the columns had when the file was written.
		const fieldIdOf = fieldIdsByName(parquet)
		const isRead = (name: string) => relation.fieldIds.has(fieldIdOf(name)) || relation.keyIds.has(fieldIdOf(name))
		for await (const { columns } of readColumns({ file: parquet, columns: [CHANGE_FIELDS.rescued] })) {
			for (const value of columns.flatMap(vectorValues)) {
				if (typeof value !== 'string') continue
				const { row, before } = parseRescued(value)
				const column = Object.keys(row).find(isRead) ?? Object.keys(before).find((name) => relation.keyIds.has(fieldIdOf(name)))
				if (column !== undefined) throw misfit(table.name, column)
			}
		}
	})
}

/** @returns a function that gives -1 for a name that the file does not have. */
function fieldIdsByName({ metadata }: ParquetFile): (name: string) => number {
	const ids = new Map(metadata.schema.map((element) => [element.name, element.field_id]))
	return (name) => ids.get(name) ?? -1
}

function misfit(table: string, column: string): SQLakeError {
	return new SQLakeError(
		'LAKE_VALUE_MISFIT',
		`table "${table}", column "${column}": a value was stored in SQLite that the type of the column in the lake cannot hold`,
		{
			hint: 'Leave the column out of the query, narrow it to shards or times without such values, or correct the rows.',
			details: { table, column },
		},
	)
}
