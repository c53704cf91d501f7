import { quoteIdentifier } from '../schema/quote-identifier.ts'
import { BUFFER, RowKind, tagOf, valueColumns } from './buffer.ts'
import type { Layout } from './layouts.ts'
import { firstRow } from './query.ts'
import { NOW } from './triggers.ts'

/** Rows that share a moment. A batch is cut only where the moment changes, so a larger chunk makes larger batches. */
const CHUNK = 5_000

/**
 * Writes every row of a table into the buffer as created: the lake has heard of none of them in this epoch. Call it inside a
 * transaction.
 *
 * @param layout - the table's active layout
 */
export function backfill(sql: SqlStorage, layout: Layout): void {
	writeRows(sql, layout, [RowKind.create], quoteIdentifier(layout.table), 'TRUE')
}

/**
 * Writes rows of a table into the buffer once more, as updates that change nothing: the lake may hold them already, but not as
 * they are now. Never as created, because a key is created once in an epoch unless it was deleted. Each takes two rows of the
 * buffer, since both images of a large row would not fit in one. Call it inside a transaction.
 *
 * @param layout - the table's active layout
 * @param condition - which rows, in SQL; `row` is the table
 */
export function restate(sql: SqlStorage, layout: Layout, condition = 'TRUE'): void {
	writeRows(sql, layout, [RowKind.before, RowKind.after], quoteIdentifier(layout.table), condition)
}

/**
 * Writes rows into the buffer. Each chunk gets a moment of its own, a millisecond after the last: the rows were not written by one
 * transaction, so a batch may end between them. Call it inside a transaction.
 *
 * @param kinds - what is written of each row, in this order
 * @param table - the table that the rows are in, quoted, with the columns of the layout
 * @param condition - which rows, in SQL; `row` is the table
 */
export function writeRows(sql: SqlStorage, layout: Layout, kinds: readonly RowKind[], table: string, condition: string): void {
	const now = Number(firstRow(sql, `SELECT ${NOW}`)?.[0])
	const columns = layout.columns.map(({ name }) => `row.${quoteIdentifier(name)}`)
	const tags = kinds.map((kind) => `(${tagOf(layout.id, kind)})`).join(', ')
	// CROSS JOIN keeps the order of the loops: all kinds of one row, then the next row.
	sql.exec(
		`INSERT INTO ${BUFFER} (ts, tag, ${valueColumns(0, columns.length).join(', ')}) ` +
			`SELECT ? + (row_number() OVER () - 1) / ${CHUNK * kinds.length} * 0.001, kinds.column1, ${columns.join(', ')} ` +
			`FROM ${table} AS row CROSS JOIN (VALUES ${tags}) AS kinds WHERE ${condition}`,
		now,
	)
}
