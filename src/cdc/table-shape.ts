import { affinityOf } from '../schema/affinity.ts'
import { fold } from '../schema/fold.ts'
import type { Affinity } from '../schema/table-schema.ts'
import { allRows, textOf } from './query.ts'

/** A column as the shard's database has it. */
export interface ShapeColumn {
	readonly name: string
	readonly affinity: Affinity
}

/** A table as the shard's database has it, which may differ from the schema in code until migrations have run. */
export interface TableShape {
	/** As written in CREATE TABLE; SQLite compares names without case. */
	readonly name: string
	readonly kind: 'table' | 'view' | 'virtual' | 'shadow'
	/** All columns, generated ones too, in declaration order. */
	readonly columns: readonly ShapeColumn[]
	/** Whether the one column of the key is another name of the rowid, and so holds nothing but integers. */
	readonly rowidAlias: string | null
}

/**
 * Reads the shapes of tables and views by their folded name. Tables of SQLite, of the platform and of sqlake are left out; so
 * is `__miniflare_do_name`, which local development adds.
 */
export function readShapes(sql: SqlStorage): Map<string, TableShape> {
	const shapes = new Map<string, TableShape>()
	for (const [nameValue, kindValue, withoutRowid, strict] of allRows(
		sql,
		"SELECT name, type, wr, strict FROM pragma_table_list WHERE schema = 'main'",
	)) {
		const name = textOf(nameValue)
		if (/^(sqlite_|_cf_|_cdc_|_sqlake_|__miniflare)/i.test(name)) continue
		const columns = allRows(sql, 'SELECT name, type, pk, hidden FROM pragma_table_xinfo(?)', name)
		// hidden: 1 is a hidden column of a virtual table, 2 and 3 are generated columns.
		const visible = columns.filter(([, , , hidden]) => hidden !== 1)
		const key = visible.filter(([, , position]) => position !== 0)
		const [only] = key
		shapes.set(fold(name), {
			name,
			kind: textOf(kindValue) as TableShape['kind'],
			columns: visible.map(([column, type]) => ({
				name: textOf(column),
				// In a STRICT table ANY keeps every value as it comes, elsewhere it is a type name like any other: NUMERIC.
				affinity: strict === 1 && textOf(type).toUpperCase() === 'ANY' ? 'BLOB' : affinityOf(textOf(type)),
			})),
			rowidAlias:
				withoutRowid === 0 && key.length === 1 && only !== undefined && textOf(only[1]).toUpperCase() === 'INTEGER'
					? textOf(only[0])
					: null,
		})
	}
	return shapes
}
