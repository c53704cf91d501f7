/**
 * The tables of a query as the rewriting needs to know them.
 *
 * @module
 */
import { columnKind, isNumericText, sqliteKind } from '../../schema/sqlite-kind.ts'
import type { Affinity, ColumnSchema, TableSchema } from '../../schema/table-schema.ts'
import { ANY_CLASS, classesOf, type Kind, TEXT_CLASS, type TypedSql } from './typed-sql.ts'

/** A column as the engine shows it. */
export interface DialectColumn {
	readonly name: string
	readonly affinity: Affinity
	/** What the engine's column holds. */
	readonly kind: Extract<Kind, 'integer' | 'real' | 'numeric' | 'text' | 'blob' | 'any'>
	/** Storage classes of its values, as bits, where the kind does not tell. */
	readonly classes?: number
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

/** A column of the schema, or as it was at an earlier moment. */
interface ShownColumn extends ColumnSchema {
	readonly hidden?: boolean
	/** The field of rows from before the column changed its type in the lake. */
	readonly former?: ColumnSchema
	/** Storage classes, as bits, of its values that do not fit its type in the lake. */
	readonly rescued?: number
}

interface ShownTable extends TableSchema {
	readonly columns: readonly ShownColumn[]
}

/**
 * A table of the schema as the views over the lake present it.
 *
 * @param extraColumns What the rows have besides the table's own columns, as in the reading of changes.
 */
export function dialectTable(table: ShownTable, extraColumns: readonly DialectColumn[] = []): DialectTable {
	const columns = table.columns.map(
		(column): DialectColumn => ({
			name: column.name,
			affinity: column.affinity,
			hidden: column.hidden,
			...valuesOf(column),
		}),
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

/** What the engine shows of a column: values of a field that has one class, or of any. */
function valuesOf(column: ShownColumn): Pick<DialectColumn, 'kind' | 'classes'> {
	const kind = columnKind(column) === 'numeric' ? 'numeric' : sqliteKind(column.lakeType)
	if (!isOpenClass(column)) return { kind }
	return { kind: 'any', classes: classesOf(kind) | (hasNumericText(column) ? TEXT_CLASS : 0) | (column.rescued ?? 0) }
}

/** Whether a column's values are shown with their class, since no type holds them all. */
export function isOpenClass(column: ShownColumn): boolean {
	return column.rescued !== undefined || hasNumericText(column)
}

function hasNumericText({ former, ...column }: ShownColumn): boolean {
	return isNumericText(column) || (former !== undefined && isNumericText(former))
}

/** A column as an expression. */
export function columnSql({ kind, classes, affinity }: DialectColumn, sql: string): TypedSql {
	const uniqueNumbers = affinity === 'NUMERIC' || affinity === 'INTEGER'
	return { sql, kind, affinity, uniqueNumbers, classes: kind === 'any' ? (classes ?? ANY_CLASS) : classesOf(kind) }
}
