import { SQLakeError } from '../errors.ts'

/** Column names by table, in the order that a statement was understood in. */
export type ColumnOrder = Readonly<Record<string, readonly string[]>>

/**
 * Checks that tables have their columns where the caller takes them to be. It found the shard of a statement by the places of
 * columns, as in `INSERT INTO t VALUES (...)`, and a migration adds columns at the end of a table wherever the schema has them.
 *
 * @throws `ROUTE_COLUMN_ORDER`
 */
export function checkColumnOrder(sql: SqlStorage, shard: string, order: ColumnOrder): void {
	for (const [table, expected] of Object.entries(order)) {
		// hidden: 1 is a hidden column of a virtual table, 2 and 3 are generated columns.
		const query = 'SELECT name FROM pragma_table_xinfo(?) WHERE hidden <> 1 ORDER BY cid'
		const found = Array.from(sql.exec<{ name: string }>(query, table), ({ name }) => name)
		// SQLite has the word on a table that is not there.
		if (found.length === 0) continue
		if (found.length === expected.length && found.every((name, i) => name.toLowerCase() === expected[i]?.toLowerCase())) continue
		throw new SQLakeError(
			'ROUTE_COLUMN_ORDER',
			`table "${table}": expected the columns ${expected.join(', ')}, found ${found.join(', ')} in shard ${JSON.stringify(shard)}`,
			{ details: { table, expected, found } },
		)
	}
}
