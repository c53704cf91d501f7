import { fold } from '../schema/fold.ts'
import { quoteIdentifier } from '../schema/quote-identifier.ts'
import { allRows, textOf } from './query.ts'
import { layoutOfTrigger, triggerName, triggerOps } from './triggers.ts'

/** A trigger as `sqlite_schema` has it. */
export interface StoredTrigger {
	readonly name: string
	/** The table it is on, as it is called now. */
	readonly table: string
	readonly sql: string
	/** Order of creation: SQLite fires the newest trigger of a table first. */
	readonly rowid: number
	/** The layout that one of our triggers writes; null for a trigger of the user's. */
	readonly layout: number | null
}

/** All triggers of the shard's database. */
export function readTriggers(sql: SqlStorage): StoredTrigger[] {
	return allRows(sql, "SELECT name, tbl_name, sql, rowid FROM sqlite_schema WHERE type = 'trigger'").map(
		([name, table, text, rowid]) => ({
			name: textOf(name),
			table: textOf(table),
			sql: textOf(text),
			rowid: Number(rowid),
			layout: layoutOfTrigger(textOf(name)),
		}),
	)
}

/** Whether all triggers of a layout are in place, so that no change can have gone by unseen. */
export function isWatched(triggers: readonly StoredTrigger[], layout: number): boolean {
	return triggers.filter((trigger) => trigger.layout === layout).length === triggerOps.length
}

/** Drops the triggers of a layout. */
export function dropTriggers(sql: SqlStorage, layout: number): void {
	for (const op of triggerOps) sql.exec(`DROP TRIGGER IF EXISTS ${quoteIdentifier(triggerName(layout, op))}`)
}

/**
 * Creates the triggers of a layout unless they are in place, word for word, and newer than every other trigger on their table:
 * an older one would see a row only after a newer trigger of the user's has changed it again.
 *
 * @param statements - CREATE TRIGGER, one for each operation
 */
export function ensureTriggers(
	sql: SqlStorage,
	triggers: readonly StoredTrigger[],
	layout: { readonly id: number; readonly table: string },
	statements: readonly string[],
): void {
	const onTable = triggers.filter(({ table }) => fold(table) === fold(layout.table))
	const ours = onTable.filter((trigger) => trigger.layout === layout.id)
	const oldest = Math.min(...ours.map(({ rowid }) => rowid))
	const inPlace =
		ours.length === statements.length &&
		statements.every((statement) => ours.some((trigger) => trigger.sql === statement)) &&
		onTable.every((trigger) => trigger.layout === layout.id || trigger.rowid < oldest)
	if (inPlace) return
	for (const { layout: id } of onTable) if (id !== null) dropTriggers(sql, id)
	for (const statement of statements) sql.exec(statement)
}
