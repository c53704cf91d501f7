/**
 * A migration's script, statement by statement, with what each does to tables: others must prepare for some of it.
 *
 * @module
 */
import { type PragmaStmt, parseStmt, type Stmt } from 'sqlite3-parser'
import { splitStatements } from './split-statements.ts'

/**
 * What a statement does.
 *
 * - `foreign-keys`: sets the pragma, which within a transaction does nothing.
 * - `drop-table`: `replacedBy` is the table that takes the name later in the script, as in a rebuild.
 * - `alter-table`: adds, renames or changes a column.
 * - `schema`: any other change of tables, indexes, triggers and views, of which it may create or drop one by name.
 * - `unknown`: it does not parse; SQLite will have its say.
 */
export type StatementEffect =
	| { readonly kind: 'foreign-keys'; readonly off: boolean }
	| { readonly kind: 'drop-table'; readonly table: string; readonly replacedBy: string | null }
	| { readonly kind: 'rename-table'; readonly table: string; readonly to: string }
	| { readonly kind: 'drop-column'; readonly table: string }
	| { readonly kind: 'alter-table'; readonly table: string }
	| { readonly kind: 'copy'; readonly table: string }
	| { readonly kind: 'write'; readonly table: string }
	| { readonly kind: 'schema'; readonly table: string | null; readonly creates?: string; readonly drops?: string }
	| { readonly kind: 'read' }
	| { readonly kind: 'unknown' }

/** One statement of a script. */
export interface ScriptStatement {
	readonly text: string
	readonly effect: StatementEffect
}

/** A script, looked through. */
export interface MigrationScript {
	readonly statements: readonly ScriptStatement[]
	/** Whether it must run with foreign keys off: it says so, or drops a table that another one takes the place of. */
	readonly foreignKeysOff: boolean
}

/** Looks through the script of a migration or of its reversal. */
export function readScript(sql: string): MigrationScript {
	const read = splitStatements(sql).map((text): ScriptStatement => ({ text, effect: effectOf(text) }))
	const statements = read.map(({ text, effect }, index): ScriptStatement => {
		if (effect.kind !== 'drop-table') return { text, effect }
		return { text, effect: { ...effect, replacedBy: successorOf(effect.table, read.slice(index + 1)) } }
	})
	return {
		statements,
		foreignKeysOff: statements.some(
			({ effect }) =>
				(effect.kind === 'foreign-keys' && effect.off) || (effect.kind === 'drop-table' && effect.replacedBy !== null),
		),
	}
}

/** The tables that a script changes in any way, in lower case; null where it cannot be told. */
export function tablesChangedBy({ statements }: MigrationScript): ReadonlySet<string> | null {
	const tables = new Set<string>()
	for (const { effect } of statements) {
		if (effect.kind === 'unknown') return null
		if (effect.kind === 'rename-table') tables.add(effect.to.toLowerCase())
		if ('table' in effect && effect.table !== null) tables.add(effect.table.toLowerCase())
	}
	return tables
}

/** The table that a later statement gives the name of a dropped one. */
function successorOf(table: string, later: readonly ScriptStatement[]): string | null {
	for (const { effect } of later) {
		if (effect.kind === 'rename-table' && same(effect.to, table)) return effect.table
	}
	return null
}

function same(name: string, other: string): boolean {
	return name.toLowerCase() === other.toLowerCase()
}

function effectOf(text: string): StatementEffect {
	const parsed = parseStmt(text)
	return parsed.status === 'ok' ? effectOfStatement(parsed.root) : { kind: 'unknown' }
}

function effectOfStatement(statement: Stmt): StatementEffect {
	switch (statement.type) {
		case 'PragmaStmt':
			return pragmaEffect(statement)
		case 'DropTableStmt':
			return { kind: 'drop-table', table: statement.tblName.objName.text, replacedBy: null }
		case 'AlterTableStmt': {
			const table = statement.tblName.objName.text
			if (statement.body.type === 'RenameToAlterTableBody') return { kind: 'rename-table', table, to: statement.body.name.text }
			return { kind: statement.body.type === 'DropColumnAlterTableBody' ? 'drop-column' : 'alter-table', table }
		}
		case 'InsertStmt':
			return {
				kind: statement.body.type === 'SelectInsertBody' ? 'copy' : 'write',
				table: statement.tblName.objName.text,
			}
		case 'UpdateStmt':
		case 'DeleteStmt':
			return { kind: 'write', table: statement.tblName.objName.text }
		case 'CreateTableStmt':
		case 'CreateVirtualTableStmt':
			return { kind: 'schema', table: statement.tblName.objName.text }
		case 'CreateTriggerStmt':
			return { kind: 'schema', table: statement.tblName.objName.text, creates: statement.triggerName.objName.text }
		case 'CreateIndexStmt':
			return { kind: 'schema', table: statement.tblName.text, creates: statement.idxName.objName.text }
		case 'CreateViewStmt':
			return { kind: 'schema', table: null, creates: statement.viewName.objName.text }
		case 'DropViewStmt':
			return { kind: 'schema', table: null, drops: statement.viewName.objName.text }
		case 'DropIndexStmt':
			return { kind: 'schema', table: null, drops: statement.idxName.objName.text }
		case 'DropTriggerStmt':
			return { kind: 'schema', table: null, drops: statement.triggerName.objName.text }
		case 'ReindexStmt':
		case 'AnalyzeStmt':
			return { kind: 'schema', table: null }
		case 'SelectStmt':
		case 'ExplainStmt':
			return { kind: 'read' }
		default:
			return { kind: 'unknown' }
	}
}

function pragmaEffect({ name, body }: PragmaStmt): StatementEffect {
	if (name.objName.text.toLowerCase() !== 'foreign_keys' || body === undefined) return { kind: 'read' }
	const { value } = body
	const text =
		value.type === 'NameExpr'
			? value.name.text
			: value.type === 'Id'
				? value.name
				: value.type === 'NumericLiteral'
					? value.value
					: ''
	return { kind: 'foreign-keys', off: /^(?:off|0|false|no)$/i.test(text) }
}
