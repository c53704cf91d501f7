/**
 * `_cdc_buffer`: the changes of a shard that are not in the lake yet, one table for all captured tables.
 *
 * | column | holds |
 * |---|---|
 * | `seq` | position in the shard's total order; the rowid, without AUTOINCREMENT, which would write a second row each time |
 * | `ts` | seconds since the epoch with milliseconds behind the point, as `unixepoch('subsec')` gives them; NULL in the seed row |
 * | `tag` | layout and kind of the row, see {@link tagOf}; 0 in the seed row |
 * | `v0`... | the values. No column has a declared type, hence no affinity, so that every storage class survives |
 *
 * The table has no UNIQUE constraint: a statement `INSERT OR IGNORE` or `OR REPLACE` of the user would carry its conflict
 * handling over to the triggers' inserts.
 *
 * @module
 */
import { firstNumber } from './query.ts'

/**
 * A row of `_cdc_buffer`, as SQLite gives it: for whoever looks into the buffer itself. What its values mean is told by the layout
 * in `tag`, and differs from row to row; `CDCEvent` is a change as an application sees it.
 */
export interface CDCBufferRecord {
	/** Position in the shard's total order. */
	readonly seq: number
	/** Seconds since the epoch; null in the seed row. */
	readonly ts: number | null
	/** Layout and kind of the row; 0 in the seed row, and where a change was set aside. */
	readonly tag: number
	readonly [value: `v${number}`]: SqlStorageValue
}

/** Name of the buffer. */
export const BUFFER = '_cdc_buffer'

/** Most values in a row of the buffer: Durable Object SQLite allows 100 columns in a table, three are the buffer's own. */
export const MAX_VALUES = 97

/**
 * What a row of the buffer holds. An update takes one row with both images where they fit, else two rows, `before` and `after`;
 * the change's position is then that of the `after` row.
 */
export const RowKind = { create: 1, delete: 2, update: 3, before: 4, after: 5 } as const

/** One of {@link RowKind}. */
export type RowKind = (typeof RowKind)[keyof typeof RowKind]

const KINDS = 8

/** The tag of a row: its layout and its kind in one small integer. */
export function tagOf(layout: number, kind: RowKind): number {
	return layout * KINDS + kind
}

/** The layout in a tag. */
export function layoutOf(tag: number): number {
	return Math.floor(tag / KINDS)
}

/** The kind in a tag. */
export function kindOf(tag: number): number {
	return tag % KINDS
}

/** Whether both images of an update of a table with this many columns fit in one row. */
export function fitsBothImages(columns: number): boolean {
	return 2 * columns <= MAX_VALUES
}

/** How many value columns a table with this many columns needs. */
export function widthFor(columns: number): number {
	return fitsBothImages(columns) ? 2 * columns : columns
}

/** `v0, v1, ...`, from one value column up to but not including another. */
export function valueColumns(from: number, to: number): string[] {
	return Array.from({ length: Math.max(0, to - from) }, (_, index) => `v${from + index}`)
}

/** CREATE TABLE of a table shaped like the buffer. */
export function bufferTable(name: string, width: number): string {
	return `CREATE TABLE IF NOT EXISTS ${name} (${['seq INTEGER PRIMARY KEY', 'ts', 'tag', ...valueColumns(0, width)].join(', ')})`
}

/** How many value columns a table shaped like the buffer has; 0 where there is no such table. */
export function widthOf(sql: SqlStorage, name: string): number {
	return Math.max(0, firstNumber(sql, `SELECT count(*) FROM pragma_table_xinfo('${name}')`, 0) - 3)
}

/** Creates a table shaped like the buffer, or adds the value columns that it lacks; rows stay as they are. */
export function ensureWidth(sql: SqlStorage, name: string, width: number): void {
	sql.exec(bufferTable(name, width))
	for (const column of valueColumns(widthOf(sql, name), width)) sql.exec(`ALTER TABLE ${name} ADD COLUMN ${column}`)
}

/** Position of the newest change, or of the seed row; 0 in a new buffer. */
export function lastPosition(sql: SqlStorage): number {
	return firstNumber(sql, `SELECT max(seq) FROM ${BUFFER}`, 0)
}

/** Empties the buffer so that positions go on after `last`: a rowid starts again at 1 in a table without rows. */
export function resetBuffer(sql: SqlStorage, width: number, last: number): void {
	sql.exec(`DROP TABLE IF EXISTS ${BUFFER}`)
	sql.exec(bufferTable(BUFFER, width))
	if (last > 0) sql.exec(`INSERT INTO ${BUFFER} (seq, tag) VALUES (?, 0)`, last)
}
