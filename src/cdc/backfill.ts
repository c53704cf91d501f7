import { BUFFER, RowKind, tagOf, valueColumns } from './buffer.ts'
import type { Layout } from './layouts.ts'
import { firstRow, quoteIdentifier } from './query.ts'
import { NOW } from './triggers.ts'

/** Rows that share a moment. A batch is cut only where the moment changes, so a larger chunk makes larger batches. */
const CHUNK = 5_000

/**
 * Writes every row of a table into the buffer as created. Each chunk gets a moment of its own, a millisecond after the last:
 * the rows were not written by one transaction, so a batch may end between them. Call it inside a transaction.
 *
 * @param layout - the table's active layout
 */
export function backfill(sql: SqlStorage, layout: Layout): void {
	const now = Number(firstRow(sql, `SELECT ${NOW}`)?.[0])
	const columns = layout.columns.map(({ name }) => quoteIdentifier(name))
	// The chunk is the row's place in the scan; a place costs no look-up by key, which tables without rowid would need.
	sql.exec(
		`INSERT INTO ${BUFFER} (ts, tag, ${valueColumns(0, columns.length).join(', ')}) ` +
			`SELECT ? + ((row_number() OVER ()) - 1) / ${CHUNK} * 0.001, ${tagOf(layout.id, RowKind.create)}, ${columns.join(', ')} ` +
			`FROM ${quoteIdentifier(layout.table)}`,
		now,
	)
}
