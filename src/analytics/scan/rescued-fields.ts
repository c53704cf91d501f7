/**
 * What the files of a plan hold of values that did not fit the type of their column. Such a value is NULL in its column, and stands
 * in `_rescued`.
 *
 * @module
 */

import type { MetadataCache } from '../../lake/catalog/metadata-cache.ts'
import { BEFORE_FIELD_OFFSET, CHANGE_FIELDS } from '../../lake/change-table.ts'
import type { IcebergDataFile } from '../../lake/iceberg/types.ts'
import { lakeLocationOf, objectKeyOf } from '../../lake/lake-path.ts'
import { mapLimit } from '../../lake/map-limit.ts'
import { vectorValues } from '../../lake/parquet/lake-vector.ts'
import { openParquet } from '../../lake/parquet/open-parquet.ts'
import { readColumns } from '../../lake/parquet/read-columns.ts'
import { parseRescued } from '../../lake/parquet/rescue.ts'
import type { ObjectStore } from '../../lake/storage/object-store.ts'
import type { SqlValue } from '../../schema/sql-value.ts'
import { BLOB_CLASS, INTEGER_CLASS, REAL_CLASS, TEXT_CLASS } from '../dialect/typed-sql.ts'
import { keyGroups } from './key-groups.ts'
import type { SeenColumn } from './seen-table.ts'
import { isUsed } from './statement-tables.ts'
import { holdsRescued, type TablePlan } from './table-plan.ts'

/** The rescued values of one field. */
export interface RescuedField {
	/** Storage classes, as bits. */
	readonly classes: number
	readonly count: number
	/** How many of them are texts that are not UTF-8. */
	readonly unreadable: number
}

/** The rescued values of one file. */
export interface RescuedFile {
	/** By field id, which is another one for what a column was before an update. */
	readonly fields: ReadonlyMap<number, RescuedField>
	/** What the columns were called when the file was written, by field id: `_rescued` goes by names. */
	readonly names: ReadonlyMap<number, string>
}

/** The rescued values of all files of a plan that a query may come to see. */
export interface RescuedFields {
	readonly fields: ReadonlyMap<number, RescuedField>
	/** By path; those without any are left out. */
	readonly files: ReadonlyMap<string, RescuedFile>
}

/**
 * Reads which fields have rescued values. Where none has, the statistics of the files say so and nothing is read; a file that was
 * read is remembered.
 *
 * @throws `LAKE_CORRUPT` for a file that is missing or does not decode.
 */
export async function rescuedFields(plan: TablePlan, store: ObjectStore, cache: MetadataCache): Promise<RescuedFields> {
	const files = new Map<string, RescuedFile>()
	const fields = new Map<number, RescuedField>()
	if (plan.catalogTable === null) return { fields, files }
	const location = lakeLocationOf(plan.catalogTable.metadata)
	const read = fieldsRead(plan)
	const suspects = [...plan.plain, ...plan.merged].filter((file) => holdsRescued(file) && read.some((id) => hasNull(file, id)))
	await mapLimit(suspects, async (file) => {
		const found = await rescuedFile(file, objectKeyOf(location, file.filePath), store, cache)
		files.set(file.filePath, found)
	})
	for (const file of files.values()) for (const [id, field] of file.fields) fields.set(id, both(fields.get(id), field))
	return { fields, files }
}

/** The columns of a table, each with the classes that values of its fields have beside their own. */
export function withRescuedClasses(columns: readonly SeenColumn[], { fields }: RescuedFields): readonly SeenColumn[] {
	if (fields.size === 0) return columns
	return columns.map((column): SeenColumn => {
		const classes = [column, column.former].reduce((all, field) => all | (fields.get(field?.fieldId ?? 0)?.classes ?? 0), 0)
		return column.absent || classes === 0 ? column : { ...column, rescued: classes }
	})
}

/** Ids of the fields that a query's values, and what tells its rows apart, come from. */
function fieldsRead(plan: TablePlan): number[] {
	const { use } = plan
	const columns = use.table.columns.filter((column) => isUsed(use, column))
	const keys = keyGroups(plan).flatMap((group) => group.keys.map(({ fieldId }) => fieldId))
	return [
		...columns.flatMap(({ fieldId, former }) => (former === undefined ? [fieldId] : [fieldId, former.fieldId])),
		...keys.flatMap((id) => [id, id + BEFORE_FIELD_OFFSET]),
	]
}

function hasNull({ nullValueCounts, valueCounts }: IcebergDataFile, fieldId: number): boolean {
	const nulls = nullValueCounts.get(fieldId)
	return nulls === undefined ? valueCounts.has(fieldId) : nulls > 0
}

async function rescuedFile(file: IcebergDataFile, key: string, store: ObjectStore, cache: MetadataCache): Promise<RescuedFile> {
	const name = `rescued ${file.filePath}`
	const known = cache.get(name)
	if (known !== undefined) return known as RescuedFile
	const parquet = await openParquet(store, key, file.fileSizeInBytes, file.crc32)
	const ids = new Map<string, number>()
	const names = new Map<number, string>()
	for (const { name: column, field_id: id } of parquet.metadata.schema) {
		if (id === undefined) continue
		ids.set(column, id)
		names.set(id, column)
	}
	const fields = new Map<number, RescuedField>()
	const add = (values: Readonly<Record<string, SqlValue>>, offset: number) => {
		for (const [column, value] of Object.entries(values)) {
			const id = ids.get(column)
			if (id !== undefined && value !== null) fields.set(id + offset, both(fields.get(id + offset), fieldOf(value)))
		}
	}
	for await (const { columns } of readColumns({ file: parquet, columns: [CHANGE_FIELDS.rescued] })) {
		for (const value of columns.flatMap(vectorValues)) {
			if (typeof value !== 'string') continue
			const { row, before } = parseRescued(value)
			add(row, 0)
			add(before, BEFORE_FIELD_OFFSET)
		}
	}
	const found: RescuedFile = { fields, names }
	cache.set(name, found, 64 * (fields.size + names.size))
	return found
}

function fieldOf(value: Exclude<SqlValue, null>): RescuedField {
	switch (typeof value) {
		case 'bigint':
			return { classes: INTEGER_CLASS, count: 1, unreadable: 0 }
		case 'number':
			return { classes: REAL_CLASS, count: 1, unreadable: 0 }
		case 'string':
			return { classes: TEXT_CLASS, count: 1, unreadable: 0 }
		default:
			return value instanceof Uint8Array
				? { classes: BLOB_CLASS, count: 1, unreadable: 0 }
				: { classes: TEXT_CLASS, count: 1, unreadable: 1 }
	}
}

function both(a: RescuedField | undefined, b: RescuedField): RescuedField {
	if (a === undefined) return b
	return { classes: a.classes | b.classes, count: a.count + b.count, unreadable: a.unreadable + b.unreadable }
}
