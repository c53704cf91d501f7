import { fold } from '../schema/fold.ts'
import type { TableSchema } from '../schema/table-schema.ts'
import { allRows, textOf } from './query.ts'
import type { ShapeColumn } from './table-shape.ts'

/**
 * - `active`: triggers write it; one layout of a table at most.
 * - `released`: its triggers were taken away on purpose for a change of the table, and nothing was written meanwhile.
 * - `past`: rows of it may still be in the buffer.
 * - `emptied`: past, and the lake holds none of its rows any more: their deletion was captured, or an epoch began since.
 */
export type LayoutStatus = 'active' | 'released' | 'past' | 'emptied'

/**
 * How rows of the buffer hold the values of one table: value `i` of an image is the column `columns[i]`. A table whose columns
 * change, or whose version in the manifest does, gets a new layout, so that rows written before stay readable.
 *
 * `table` and `columns` are what is called so in the shard now, as long as the layout is in use. Where a manifest gives the
 * table a version, `schema` is what the lake is told of rows of this layout, as it was when they were written; where none does,
 * names in it are kept up to date as well, and rows are delivered as the code describes the table.
 */
export interface Layout {
	readonly id: number
	readonly table: string
	readonly columns: readonly ShapeColumn[]
	/** The field id of each column in the lake; null for one that the lake does not have. */
	readonly fields: readonly (number | null)[]
	readonly status: LayoutStatus
	readonly schema: TableSchema
}

const LAYOUTS = '_sqlake_layouts'

/** Creates the table of layouts. */
export function ensureLayouts(sql: SqlStorage): void {
	sql.exec(
		`CREATE TABLE IF NOT EXISTS ${LAYOUTS} (id INTEGER PRIMARY KEY, table_name TEXT NOT NULL, definition TEXT NOT NULL, status TEXT NOT NULL)`,
	)
}

/** All layouts, oldest first. They are kept for good: there is one for each change of a table's columns. */
export function readLayouts(sql: SqlStorage): Layout[] {
	return allRows(sql, `SELECT id, table_name, definition, status FROM ${LAYOUTS} ORDER BY id`).map(
		([id, table, definition, status]) => {
			const { columns, schema, fields } = JSON.parse(textOf(definition)) as Pick<Layout, 'columns' | 'schema'> & Partial<Layout>
			return {
				id: Number(id),
				table: textOf(table),
				status: textOf(status) as LayoutStatus,
				columns,
				schema,
				fields: fields ?? fieldsOf(columns, schema),
			}
		},
	)
}

/** Adds a layout, or replaces the one with the same id. */
export function writeLayout(sql: SqlStorage, { id, table, columns, fields, schema, status }: Layout): void {
	sql.exec(
		`INSERT OR REPLACE INTO ${LAYOUTS} (id, table_name, definition, status) VALUES (CAST(? AS INTEGER), ?, ?, ?)`,
		id,
		table,
		JSON.stringify({ columns, schema, fields }),
		status,
	)
}

/** The field ids of columns, by their names. */
export function fieldsOf(columns: readonly ShapeColumn[], schema: TableSchema): (number | null)[] {
	return columns.map(({ name }) => schema.columns.find((column) => fold(column.name) === fold(name))?.fieldId ?? null)
}

/** Whether triggers write the layout, or did until a change that is under way. */
export function isInUse({ status }: Layout): boolean {
	return status === 'active' || status === 'released'
}

/** Whether a manifest tells what the table looks like in the lake. */
export function isVersioned({ version = 0 }: TableSchema): boolean {
	return version > 0
}

/** The place in a layout of what is a column of another: by field id where a manifest gives ids, else by name. -1 where it is not there. */
export function placeIn(layout: Layout, other: Layout, index: number): number {
	const field = other.fields[index] ?? null
	if (field !== null && (isVersioned(layout.schema) || isVersioned(other.schema))) return layout.fields.indexOf(field)
	const name = other.columns[index]?.name ?? ''
	return layout.columns.findIndex((column) => fold(column.name) === fold(name))
}
