/**
 * Refuses to guess which column of the lake a name means.
 *
 * @module
 */
import { SQLakeError } from '../../errors.ts'
import { isUsed, type TableUse } from './statement-tables.ts'

/**
 * @throws `LAKE_SCHEMA_BEHIND` naming table and column, if the query reads one that the lake does not know and that may be another
 *   name of one that it does.
 */
export function checkNames(use: TableUse): void {
	const { table } = use
	const column = table.columns.find((each) => each.ambiguous && isUsed(use, each))
	if (column === undefined) return
	throw new SQLakeError(
		'LAKE_SCHEMA_BEHIND',
		`table "${table.name}", column "${column.name}": expected the lake to know it, found none of that name and type, and columns that the code lacks`,
		{ details: { table: table.name, column: column.name } },
	)
}
