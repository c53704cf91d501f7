import { type Id, type Name, parseStmt, type ResultColumn } from 'sqlite3-parser'
import { fold } from '../schema/fold.ts'
import { MigrationError } from './migration-error.ts'

/**
 * Corrects the copy of a table rebuild that adds a column. drizzle-kit selects the new column from the old table, where SQLite
 * reads the unknown quoted name as a text, so that every row would get the column's name as its value
 * (https://www.sqlite.org/quirks.html section 8). Here rows get the column's default instead.
 *
 * @param statement - `INSERT INTO ... SELECT ...`
 * @returns the statement to run: the same text where nothing is wrong with it
 * @throws MigrationError MIGRATION_FAILED where the unknown name is meant for a column of another name
 */
export function correctCopy(sql: SqlStorage, statement: string): string {
	const copy = readCopy(statement)
	if (copy === null) return statement
	const known = new Set(copy.sources.flatMap((table) => columnsOf(sql, table).map(({ name }) => name)))
	const target = new Map(columnsOf(sql, copy.target).map(({ name, standard }) => [name, standard]))
	let corrected = ''
	let end = 0
	for (const [index, column] of copy.selected.entries()) {
		const id = quotedName(statement, column)
		if (id === null || known.has(fold(id.name))) continue
		if (fold(copy.columns[index]?.text ?? '') !== fold(id.name)) throw unknownColumn(copy.sources, id.name)
		corrected += `${statement.slice(end, id.span.offset)}${target.get(fold(id.name)) ?? 'NULL'}`
		end = id.span.offset + id.span.length
	}
	return corrected + statement.slice(end)
}

function unknownColumn(sources: readonly string[], name: string): MigrationError {
	return new MigrationError(
		'MIGRATION_FAILED',
		`copying rows from "${sources.join('", "')}": expected only its columns, found "${name}", which SQLite would read as the text '${name}'`,
		{ hint: `replace "${name}" in the SELECT with the value that existing rows shall have` },
	)
}

/** A copy whose columns can be matched one by one. */
interface Copy {
	readonly target: string
	readonly columns: readonly Name[]
	readonly selected: readonly ResultColumn[]
	readonly sources: readonly string[]
}

function readCopy(statement: string): Copy | null {
	const parsed = parseStmt(statement)
	if (parsed.status !== 'ok' || parsed.root.type !== 'InsertStmt' || parsed.root.body.type !== 'SelectInsertBody') return null
	const { columns = [], body } = parsed.root
	const { select, compounds, with: names } = body.select
	if (select.type !== 'SelectFrom' || compounds !== undefined || names !== undefined || parsed.root.with !== undefined)
		return null
	const from = [select.from?.select, ...(select.from?.joins ?? []).map(({ table }) => table)]
	const sources = from.flatMap((table) => (table?.type === 'TableSelectTable' ? [table.tblName.objName.text] : []))
	if (sources.length === 0 || sources.length < from.length) return null
	return { target: parsed.root.tblName.objName.text, columns, selected: select.columns, sources }
}

/** The name in a result column that is nothing but one in double quotes. */
function quotedName(statement: string, column: ResultColumn): Id | null {
	if (column.type !== 'ExprResultColumn' || column.expr.type !== 'Id') return null
	return statement[column.expr.span.offset] === '"' ? column.expr : null
}

/** Columns in lower case, with their defaults as SQL, and the names that every table has. */
function columnsOf(sql: SqlStorage, table: string): readonly { readonly name: string; readonly standard: string | null }[] {
	const columns = sql.exec<{ name: string; dflt_value: string | null }>(
		'SELECT name, dflt_value FROM pragma_table_xinfo(?)',
		table,
	)
	return [
		...Array.from(columns, ({ name, dflt_value }) => ({
			name: fold(name),
			standard: dflt_value === null ? null : `(${dflt_value})`,
		})),
		...['rowid', 'oid', '_rowid_'].map((name) => ({ name, standard: null })),
	]
}
