import type { TableSchema } from '../schema/table-schema.ts'
import { allRows, textOf } from './query.ts'
import type { ShapeColumn } from './table-shape.ts'

/**
 * - `active`: triggers write it; one layout of a table at most.
 * - `released`: its triggers were taken away on purpose for a change of the table, and nothing was written meanwhile.
 * - `past`: rows of it may still be in the buffer.
 */
export type LayoutStatus = 'active' | 'released' | 'past'

/**
 * How rows of the buffer hold the values of one table: value `i` of an image is the column `columns[i]`. A table whose columns
 * change gets a new layout, so that rows written before stay readable. Names are kept up to date: they are what the table and
 * its columns are called now.
 */
export interface Layout {
	readonly id: number
	readonly table: string
	readonly columns: readonly ShapeColumn[]
	readonly status: LayoutStatus
	/** The table's description in the schema, as it was last; for changes that are delivered after the table left the schema. */
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
		([id, table, definition, status]) => ({
			id: Number(id),
			table: textOf(table),
			status: textOf(status) as LayoutStatus,
			...(JSON.parse(textOf(definition)) as Pick<Layout, 'columns' | 'schema'>),
		}),
	)
}

/** Adds a layout, or replaces the one with the same id. */
export function writeLayout(sql: SqlStorage, { id, table, columns, schema, status }: Layout): void {
	sql.exec(
		`INSERT OR REPLACE INTO ${LAYOUTS} (id, table_name, definition, status) VALUES (CAST(? AS INTEGER), ?, ?, ?)`,
		id,
		table,
		JSON.stringify({ columns, schema }),
		status,
	)
}
