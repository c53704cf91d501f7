/**
 * The engine's tables of a query's table. A field with rescued values is opened as it is read: from there on it holds values with
 * their class, so that rows are told apart, merged and shown by what SQLite has.
 *
 * @module
 */
import { BEFORE_FIELD_OFFSET, CHANGE_FIELDS } from '../../lake/change-table.ts'
import type { IcebergDataFile, IcebergField } from '../../lake/iceberg/types.ts'
import { lakeLocationOf, objectKeyOf } from '../../lake/lake-path.ts'
import { isNumericText } from '../../schema/sqlite-kind.ts'
import type { ColumnSchema } from '../../schema/table-schema.ts'
import { callBack } from '../dialect/callbacks/callbacks.ts'
import { quoteText } from '../engines/duckdb-sql.ts'
import type { EngineFile, EngineTable } from '../query-engine.ts'
import type { RescuedFields } from './rescued-fields.ts'
import type { TablePlan } from './table-plan.ts'

const { rescued: rescuedField } = CHANGE_FIELDS

/** Collects the tables that a view reads. */
export class TableSources {
	readonly tables: EngineTable[] = []
	/** The fields that are opened, by id. */
	readonly opened: ReadonlyMap<number, ColumnSchema>
	readonly #plan: TablePlan
	readonly #rescued: RescuedFields

	/**
	 * @param keys Columns that tell rows apart: of those the values before an update must be the same kind of thing.
	 * @param shown Fields whose rescued values are to be seen.
	 */
	constructor(plan: TablePlan, rescued: RescuedFields, keys: readonly ColumnSchema[], shown: readonly ColumnSchema[]) {
		this.#plan = plan
		this.#rescued = rescued
		const opened = new Map<number, ColumnSchema>()
		const holds = ({ fieldId }: ColumnSchema) => rescued.fields.has(fieldId)
		for (const column of shown.filter(holds)) opened.set(column.fieldId, column)
		for (const column of keys) {
			const before = beforeColumn(column)
			if (holds(column) || holds(before)) opened.set(column.fieldId, column).set(before.fieldId, before)
		}
		this.opened = opened
	}

	/**
	 * Adds files as tables.
	 *
	 * @param name Of the table; further ones are named after it.
	 * @returns what stands for it in a FROM.
	 */
	add(name: string, files: readonly IcebergDataFile[], fields: readonly IcebergField[]): string {
		const opened = fields.filter(({ id }) => this.opened.has(id))
		if (opened.length === 0) {
			this.tables.push(this.#table(name, files, fields))
			return name
		}
		const read = fields.some(({ id }) => id === rescuedField.id) ? fields : [...fields, rescuedField]
		const parts = this.#byNames(files, opened).map((part, i) => {
			const table = i === 0 ? name : `${name}_${i}`
			this.tables.push(this.#table(table, part.files, read))
			const values = fields.map((field) => {
				const column = this.opened.get(field.id)
				return column === undefined ? field.name : `${openedValue(column, part.names.get(field.id))} AS ${field.name}`
			})
			return `SELECT ${values.join(', ')} FROM ${table}`
		})
		return `(${parts.join(' UNION ALL ')})`
	}

	/** Files by what the opened fields were called in them: `_rescued` goes by names, which may have been another column's. */
	#byNames(files: readonly IcebergDataFile[], opened: readonly IcebergField[]): NamedFiles[] {
		const parts = new Map<string, NamedFiles>()
		const others: IcebergDataFile[] = []
		for (const file of files) {
			const found = this.#rescued.files.get(file.filePath)
			const names = new Map<number, string>()
			for (const { id } of opened) {
				const name = found?.fields.has(id) ? found.names.get(id % BEFORE_FIELD_OFFSET) : undefined
				if (name !== undefined) names.set(id, name)
			}
			if (names.size === 0) {
				others.push(file)
				continue
			}
			const signature = JSON.stringify([...names])
			const part = parts.get(signature) ?? { names, files: [] }
			part.files.push(file)
			parts.set(signature, part)
		}
		// In the others there is nothing to be found under any name.
		const [first = { names: new Map(), files: [] }, ...more] = parts.values()
		return [{ ...first, files: [...first.files, ...others] }, ...more]
	}

	#table(name: string, files: readonly IcebergDataFile[], columns: readonly IcebergField[]): EngineTable {
		const { catalogTable } = this.#plan
		if (catalogTable === null) return { name, columns, files: [] }
		const location = lakeLocationOf(catalogTable.metadata)
		return {
			name,
			columns,
			files: files.map((file) => engineFile(file, location)),
			cacheKey: catalogTable.metadata['table-uuid'],
		}
	}
}

interface NamedFiles {
	/** By field id. */
	readonly names: ReadonlyMap<number, string>
	readonly files: IcebergDataFile[]
}

/** The value of a field with its class. @param name What the column was called; undefined where no value was rescued. */
function openedValue(column: ColumnSchema, name: string | undefined): string {
	const field = lakeField(column).name
	const value = classedValue(column)
	if (name === undefined) return value
	const image = column.fieldId > BEFORE_FIELD_OFFSET ? 'before' : 'row'
	const rescued = callBack('_slf_rescued', [rescuedField.name, quoteText(image), quoteText(name)])
	return `CASE WHEN ${field} IS NOT NULL THEN ${value} WHEN ${rescuedField.name} IS NOT NULL THEN _sl_decode(${rescued}) END`
}

/** The value of a field as the lake has it, in one of SQLite's classes. */
export function plainValue(column: ColumnSchema): string {
	const { name } = lakeField(column)
	if (column.lakeType === 'boolean') return `CAST(${name} AS BIGINT)`
	if (column.lakeType === 'timestamptz') return `${name} // ${column.mode === 'timestamp_ms' ? '1000' : '1000000'}`
	return name
}

/** The same, with its class. */
export function classedValue(column: ColumnSchema): string {
	const value = plainValue(column)
	if (isNumericText(column)) return `_sl_numeric(${value})`
	switch (column.lakeType) {
		case 'double':
			return column.affinity === 'NUMERIC' ? `_sl_any_numeric(${value})` : `_sl_any_real(${value})`
		case 'string':
			return `_sl_any_text(${value})`
		case 'binary':
			return `_sl_any_blob(${value})`
		default:
			return `_sl_any_integer(${value})`
	}
}

/** The field of a column's value after a change, under the name that the engine knows it by. */
export function lakeField({ fieldId, lakeType }: ColumnSchema): IcebergField {
	return { id: fieldId, name: `f${fieldId}`, required: false, type: lakeType }
}

/** The field of a column's value before an update. */
export function beforeField(column: ColumnSchema): IcebergField {
	return lakeField(beforeColumn(column))
}

function beforeColumn(column: ColumnSchema): ColumnSchema {
	return { ...column, fieldId: column.fieldId + BEFORE_FIELD_OFFSET }
}

function engineFile(file: IcebergDataFile, location: string): EngineFile {
	return {
		key: objectKeyOf(location, file.filePath),
		sizeInBytes: file.fileSizeInBytes,
		recordCount: file.recordCount,
		...(file.crc32 === undefined ? {} : { crc32: file.crc32 }),
	}
}
