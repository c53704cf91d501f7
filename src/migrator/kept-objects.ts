/**
 * Triggers, views and indexes that a table rebuild would take away, or stumble over.
 *
 * @module
 */
import { messageOf } from '../errors.ts'
import { fold } from '../schema/fold.ts'
import { quoteIdentifier } from '../schema/quote-identifier.ts'
import { MigrationError } from './migration-error.ts'
import type { ScriptStatement } from './migration-script.ts'
import { tokenizeSql } from './sql-tokens.ts'

/** A trigger, view or index as `sqlite_schema` has it. */
interface SchemaObject {
	readonly type: 'trigger' | 'view' | 'index'
	readonly name: string
	readonly table: string
	readonly sql: string
}

/** What was set aside while a table is rebuilt. */
export interface KeptObjects {
	/** Puts triggers and views back. Call it when the new table has the old one's name. */
	putBack(): void
	/** Puts back the indexes that nothing has created anew, and checks that triggers still run. Call it at the script's end. */
	finish(): void
}

/**
 * Sets aside what depends on a table that is about to be dropped and replaced: its own triggers and indexes, which would go with
 * it, and the triggers and views elsewhere that name it, over which SQLite's RENAME would stumble while it is gone. Triggers are
 * put back in the order of their creation, which is the reverse of that in which they fire.
 *
 * @param later - the statements that follow: what they create themselves is left to them
 */
export function keepObjects(sql: SqlStorage, table: string, later: readonly ScriptStatement[]): KeptObjects {
	const all = readObjects(sql)
	const affected = new Set([fold(table)])
	const views = all.filter(({ type }) => type === 'view')
	// A view of a view of the table is affected, too.
	for (let size = 0; size < affected.size; ) {
		size = affected.size
		for (const view of views) if (names(view).some((name) => affected.has(name))) affected.add(fold(view.name))
	}
	const triggers = all.filter(({ type }) => type === 'trigger')
	const watched = new Set([
		...affected,
		...triggers.filter((trigger) => names(trigger).some((name) => affected.has(name))).map((trigger) => fold(trigger.table)),
	])
	const createdLater = namesOf(later, 'creates')
	const droppedLater = namesOf(later, 'drops')
	const isLeft = ({ name }: SchemaObject) => createdLater.has(fold(name)) && !droppedLater.has(fold(name))
	const keptViews = views.filter(({ name }) => affected.has(fold(name)))
	const keptTriggers = triggers.filter((trigger) => watched.has(fold(trigger.table)))
	const keptIndexes = all.filter(({ type, table: on }) => type === 'index' && fold(on) === fold(table))
	const columns = new Map(keptIndexes.map(({ name }) => [name, columnsOfIndex(sql, name)]))
	for (const { name } of keptTriggers) sql.exec(`DROP TRIGGER ${quoteIdentifier(name)}`)
	for (const { name } of keptViews) sql.exec(`DROP VIEW ${quoteIdentifier(name)}`)
	return {
		putBack: () => {
			for (const object of [...keptViews, ...keptTriggers]) if (!isLeft(object)) create(sql, object)
		},
		finish: () => {
			const present = new Set(readObjects(sql).map(({ name }) => fold(name)))
			const left = new Set(
				Array.from(sql.exec<{ name: string }>('SELECT name FROM pragma_table_xinfo(?)', table), ({ name }) => fold(name)),
			)
			for (const index of keptIndexes) {
				const gone = columns.get(index.name)?.some((name) => !left.has(fold(name))) ?? false
				if (!gone && !present.has(fold(index.name)) && !droppedLater.has(fold(index.name))) create(sql, index)
			}
			for (const on of new Set(keptTriggers.map((trigger) => trigger.table))) checkTriggers(sql, on)
		},
	}
}

/** The triggers, views and indexes of the application, in the order of their creation. */
function readObjects(sql: SqlStorage): SchemaObject[] {
	const rows = sql.exec(
		"SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE type IN ('trigger', 'view', 'index') AND sql IS NOT NULL ORDER BY rowid",
	)
	return Array.from(rows.raw(), ([type, name, table, text]) => ({
		type: type as SchemaObject['type'],
		name: String(name),
		table: String(table),
		sql: String(text),
	})).filter(({ name }) => !/^(?:_cdc_|_sqlake_|_cf_)/i.test(name))
}

/** Every name in the text of an object. One too many does no harm. */
function names({ sql }: SchemaObject): string[] {
	return tokenizeSql(sql).map(({ text }) => {
		const [quote = ''] = text
		if (!/["'`[]/.test(quote)) return fold(text)
		return fold(text.slice(1, -1).replaceAll(quote + quote, quote))
	})
}

function namesOf(statements: readonly ScriptStatement[], what: 'creates' | 'drops'): ReadonlySet<string> {
	return new Set(
		statements.flatMap(({ effect }) => {
			const name = effect.kind === 'schema' ? effect[what] : undefined
			return name === undefined ? [] : [fold(name)]
		}),
	)
}

function columnsOfIndex(sql: SqlStorage, index: string): string[] {
	const columns = sql.exec<{ name: string | null }>('SELECT name FROM pragma_index_info(?)', index)
	// An expression has no name.
	return Array.from(columns, ({ name }) => name).filter((name) => name !== null)
}

function create(sql: SqlStorage, { type, name, table, sql: text }: SchemaObject): void {
	try {
		sql.exec(text)
	} catch (cause) {
		throw cannotKeep(`${type} "${name}" of "${table}"`, `DROP ${type.toUpperCase()} "${name}"`, cause)
	}
}

/** SQLite looks at what a trigger does only when a statement fires it, which EXPLAIN prepares and does not run. */
function checkTriggers(sql: SqlStorage, table: string): void {
	const columns = Array.from(
		sql.exec<{ name: string; hidden: number }>('SELECT name, hidden FROM pragma_table_xinfo(?)', table),
	).filter(({ hidden }) => hidden === 0)
	const isTable = Array.from(sql.exec("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND lower(name) = lower(?)", table))
	if (columns.length === 0 || isTable.length === 0) return
	const name = quoteIdentifier(table)
	const assignments = columns.map((column) => `${quoteIdentifier(column.name)} = ${quoteIdentifier(column.name)}`)
	const writes = [`INSERT INTO ${name} DEFAULT VALUES`, `UPDATE ${name} SET ${assignments.join(', ')}`, `DELETE FROM ${name}`]
	for (const write of writes) {
		try {
			sql.exec(`EXPLAIN ${write}`).toArray()
		} catch (cause) {
			throw cannotKeep(`a trigger of "${table}"`, 'DROP TRIGGER', cause)
		}
	}
}

function cannotKeep(what: string, drop: string, cause: unknown): MigrationError {
	return new MigrationError('MIGRATION_FAILED', `keeping ${what} through the rebuild: ${messageOf(cause)}`, {
		cause,
		hint: `begin the migration with ${drop}, and create it anew at the end if it is still wanted`,
	})
}
