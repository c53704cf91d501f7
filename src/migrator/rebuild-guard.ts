/**
 * Two ways in which the table rebuilds that drizzle-kit generates lose data without an error in Durable Object SQLite, refused
 * before they happen.
 *
 * @module
 */
import { SQLakeError } from '../errors.ts'

const dropTable = /^\s*DROP\s+TABLE\s+(?:IF\s+EXISTS\s+)?[`"[]?([^`"\]\s;]+)/i
const copyRows = /^\s*INSERT\s+INTO\s+`__new_[^`]+`\s*\([^)]*\)\s*SELECT\s+(.+?)\s+FROM\s+`([^`]+)`\s*;?\s*$/is
const foreignKeysOff = /^\s*PRAGMA\s+foreign_keys\s*=\s*(?:OFF|0|false|no)\s*;?\s*$/i

/** Tells whether a migration wants foreign keys off, as drizzle-kit's table rebuilds do. */
export function wantsForeignKeysOff(statements: readonly string[]): boolean {
	return statements.some((statement) => foreignKeysOff.test(statement))
}

/**
 * Checks one statement of a migration that wants foreign keys off, before it runs.
 *
 * @throws SQLakeError MIGRATION_FAILED in two cases. `PRAGMA foreign_keys` has no effect within a transaction, so dropping a
 * table deletes its rows first and the foreign keys of other tables act on that (https://www.sqlite.org/lang_droptable.html).
 * And a quoted name that is no column is read as a text, so that copying a new column from the old table fills it with its
 * own name (https://www.sqlite.org/quirks.html section 8).
 */
export function checkRebuildStatement(sql: SqlStorage, statement: string): void {
	const dropped = dropTable.exec(statement)?.[1]
	if (dropped !== undefined) refuseIfReferenced(sql, dropped)
	const [, selection, source] = copyRows.exec(statement) ?? []
	if (selection !== undefined && source !== undefined) refuseUnknownColumns(sql, source, selection)
}

function refuseIfReferenced(sql: SqlStorage, table: string): void {
	const [referrer] = sql
		.exec<{ name: string }>(
			`SELECT m.name FROM sqlite_master AS m JOIN pragma_foreign_key_list(m.name) AS k
			WHERE m.type = 'table' AND lower(k."table") = lower(?) AND lower(m.name) <> lower(?) LIMIT 1`,
			table,
			table,
		)
		.toArray()
	if (referrer === undefined) return
	throw new SQLakeError(
		'MIGRATION_FAILED',
		`rebuilding table "${table}": expected no table that references it, found "${referrer.name}", whose rows its foreign keys would delete or change`,
		{ hint: `within a transaction SQLite cannot switch foreign keys off; change "${table}" with ALTER TABLE instead` },
	)
}

function refuseUnknownColumns(sql: SqlStorage, source: string, selection: string): void {
	const columns = sql.exec<{ name: string }>('SELECT lower(name) AS name FROM pragma_table_xinfo(?)', source).toArray()
	const known = new Set(columns.map((column) => column.name))
	const unknown = selection.split(',').map((name) => /^\s*"([^"]+)"\s*$/.exec(name)?.[1])
	const missing = unknown.find((name) => name !== undefined && !known.has(name.toLowerCase()))
	if (missing === undefined) return
	throw new SQLakeError(
		'MIGRATION_FAILED',
		`rebuilding table "${source}": expected only its columns in the copy, found "${missing}", which SQLite would read as the text '${missing}'`,
		{ hint: `in the SELECT replace "${missing}" with the value that existing rows shall have` },
	)
}
