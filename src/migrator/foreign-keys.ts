/**
 * SQLite's foreign keys, which a table rebuild must switch off: dropping a table deletes its rows first, and the foreign keys of
 * other tables act on that (https://www.sqlite.org/lang_droptable.html, https://www.sqlite.org/lang_altertable.html section 7).
 *
 * @module
 */
import { quoteIdentifier } from '../schema/quote-identifier.ts'
import { MigrationError } from './migration-error.ts'

/** Whether foreign keys are enforced on this connection. */
export function foreignKeysAreOn(sql: SqlStorage): boolean {
	return sql.exec<{ foreign_keys: number }>('PRAGMA foreign_keys').one().foreign_keys === 1
}

/** Sets the pragma. Within a transaction, an implicit one too, that does nothing: look at {@link foreignKeysAreOn} after it. */
export function setForeignKeys(sql: SqlStorage, on: boolean): void {
	sql.exec(`PRAGMA foreign_keys = ${on ? 'ON' : 'OFF'}`)
}

/** A table that loses or changes rows when another one is dropped while foreign keys are on; null where none does. */
export function tableAtRisk(sql: SqlStorage, dropped: string): string | null {
	const [row] = Array.from(sql.exec(`SELECT 1 FROM ${quoteIdentifier(dropped)} LIMIT 1`))
	if (row === undefined) return null
	const [referrer] = sql
		.exec<{ name: string }>(
			`SELECT m.name FROM sqlite_schema AS m JOIN pragma_foreign_key_list(m.name) AS k
			WHERE m.type = 'table' AND lower(k."table") = lower(?) AND lower(m.name) <> lower(?) LIMIT 1`,
			dropped,
			dropped,
		)
		.toArray()
	return referrer?.name ?? null
}

/**
 * Checks every foreign key, as must be done before they are switched on again.
 *
 * @throws MigrationError MIGRATION_FAILED naming the first row whose parent is missing
 */
export function checkForeignKeys(sql: SqlStorage): void {
	const violations = sql.exec<{ table: string; rowid: number | null; parent: string }>('PRAGMA foreign_key_check').toArray()
	const [first] = violations
	if (first === undefined) return
	const { table, rowid, parent } = first
	const row = rowid === null ? 'a row' : `the row with rowid ${rowid}`
	throw new MigrationError(
		'MIGRATION_FAILED',
		`foreign keys of table "${table}": expected ${row} to have its parent in "${parent}", found none` +
			(violations.length > 1 ? `; so it is with ${violations.length - 1} more rows` : ''),
		{
			hint: 'delete or correct the rows; the migration is then tried again',
			details: { table, rowid, parent, violations: violations.length },
		},
	)
}
