/**
 * The tables of a query as the rewriting needs to know them.
 *
 * @module
 */
import { sqliteKind } from '../../schema/sqlite-kind.ts'
import type { Affinity, ColumnSchema, LakeType, TableSchema } from '../../schema/table-schema.ts'
import type { Kind } from './typed-sql.ts'

/** A column as the engine shows it. */
export interface DialectColumn {
	readonly name: string
	readonly affinity: Affinity
	/** What the engine's column holds. */
	readonly kind: Extract<Kind, 'integer' | 'real' | 'numeric' | 'text' | 'blob'>
	/** Found by its name, but none of the columns of `*`: what a column is called at another moment. */
	readonly hidden?: boolean | undefined
}

/** A table or view of the engine. */
export interface DialectTable {
	readonly name: string
	readonly columns: readonly DialectColumn[]
	/** The column that `rowid` means: the INTEGER PRIMARY KEY. */
	readonly rowid?: string | undefined
	/** Columns that tell rows apart; other columns may then stand beside them in a GROUP BY. */
	readonly primaryKey?: readonly string[] | undefined
}

/** A table of the schema, or as it was at an earlier moment. */
interface ShownTable extends TableSchema {
	readonly columns: readonly (ColumnSchema & { readonly hidden?: boolean })[]
}

/**
 * A table of the schema as the views over the lake present it.
 *
 * @param extraColumns What the rows have besides the table's own columns, as in the reading of changes.
 */
export function dialectTable(table: ShownTable, extraColumns: readonly DialectColumn[] = []): DialectTable {
	const columns = table.columns.map(
		({ name, affinity, lakeType, hidden }): DialectColumn => ({ name, affinity, kind: kindOf(lakeType, affinity), hidden }),
	)
	const [key, ...more] = table.columns.filter(({ name }) => table.primaryKey.includes(name))
	const isRowid = key !== undefined && more.length === 0 && /^integer$/i.test(key.declaredType)
	return {
		name: table.name,
		columns: [...columns, ...extraColumns],
		primaryKey: table.primaryKey,
		...(isRowid ? { rowid: key.name } : {}),
	}
}

function kindOf(lakeType: LakeType, affinity: Affinity): DialectColumn['kind'] {
	return lakeType === 'double' && affinity === 'NUMERIC' ? 'numeric' : sqliteKind(lakeType)
}
