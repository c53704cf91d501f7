/**
 * A migration's script, statement by statement, with what each does to tables: others must prepare for some of it.
 *
 * @module
 */
import { type PragmaStmt, parseStmt, type QualifiedName, type Stmt } from 'sqlite3-parser'
import { fold } from '../schema/fold.ts'
import { MigrationError } from './migration-error.ts'
import { splitStatements } from './split-statements.ts'
import { tokenizeSql } from './sql-tokens.ts'

/**
 * What a statement does.
 *
 * - `foreign-keys`: sets the pragma, which within a transaction does nothing.
 * - `transaction`: begins or ends a transaction or a savepoint. All of the script is one transaction, to which that adds nothing.
 * - `refused`: no migration can do it; `found` says what it is.
 * - `drop-table`: `replacedBy` is the table that takes the name later in the script, as in a rebuild.
 * - `alter-table`: adds, renames or changes a column.
 * - `schema`: any other change of tables, indexes, triggers and views, of which it may create or drop one by name.
 * - `unknown`: it does not parse; SQLite will have its say.
 */
export type StatementEffect =
	| { readonly kind: 'foreign-keys'; readonly off: boolean }
	| { readonly kind: 'transaction' }
	| { readonly kind: 'refused'; readonly found: string; readonly hint: string }
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

/**
 * Checks that a script holds nothing that no migration can do, before any of it runs.
 *
 * @param tag - of the migration, for messages
 * @throws MigrationError MIGRATION_INVALID naming the statement
 */
export function assertRunnable(tag: string, { statements }: MigrationScript): void {
	for (const [index, { effect }] of statements.entries()) {
		if (effect.kind !== 'refused') continue
		throw new MigrationError(
			'MIGRATION_INVALID',
			`migration "${tag}", statement ${index + 1} of ${statements.length}: expected one that can be part of a transaction, found ${effect.found}`,
			{ hint: effect.hint, details: { tag, statement: index + 1 } },
		)
	}
}

/** The tables that a script changes in any way, in lower case; null where it cannot be told. */
export function tablesChangedBy({ statements }: MigrationScript): ReadonlySet<string> | null {
	const tables = new Set<string>()
	for (const { effect } of statements) {
		if (effect.kind === 'unknown') return null
		if (effect.kind === 'rename-table') tables.add(fold(effect.to))
		if ('table' in effect && effect.table !== null) tables.add(fold(effect.table))
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
	return fold(name) === fold(other)
}

function effectOf(text: string): StatementEffect {
	const [first = ''] = tokenizeSql(text).map((token) => token.text.toUpperCase())
	if (TRANSACTION_KEYWORDS.has(first)) return { kind: 'transaction' }
	const hint = REFUSED_KEYWORDS.get(first)
	if (hint !== undefined) return { kind: 'refused', found: first, hint }
	const parsed = parseStmt(text)
	if (parsed.status !== 'ok') return { kind: 'unknown' }
	if (isTemporary(parsed.root)) return { kind: 'refused', found: 'something temporary', hint: TEMPORARY_HINT }
	return effectOfStatement(parsed.root)
}

/** What begins and ends transactions and savepoints (https://www.sqlite.org/lang_transaction.html), undoing aside. */
const TRANSACTION_KEYWORDS: ReadonlySet<string> = new Set(['BEGIN', 'COMMIT', 'END', 'SAVEPOINT', 'RELEASE'])

const OUTSIDE_HINT = 'a Durable Object has one database, and takes care of its file itself: leave it out'
const REFUSED_KEYWORDS: ReadonlyMap<string, string> = new Map([
	['ROLLBACK', 'a migration is applied as a whole or not at all: leave out what it shall not do'],
	['ATTACH', OUTSIDE_HINT],
	['DETACH', OUTSIDE_HINT],
	['VACUUM', OUTSIDE_HINT],
])

const TEMPORARY_HINT = 'it would be gone when the object restarts: use an ordinary table, and drop it at the end'

/** Whether a statement is about what is in SQLite's schema `temp`. */
function isTemporary(statement: Stmt): boolean {
	switch (statement.type) {
		case 'CreateTableStmt':
			return statement.temporary || isInTemp(statement.tblName)
		case 'CreateViewStmt':
			return statement.temporary || isInTemp(statement.viewName)
		case 'CreateTriggerStmt':
			return statement.temporary || isInTemp(statement.triggerName)
		case 'CreateIndexStmt':
			return isInTemp(statement.idxName)
		case 'CreateVirtualTableStmt':
			return isInTemp(statement.tblName)
		default:
			return false
	}
}

function isInTemp({ dbName }: QualifiedName): boolean {
	return dbName !== undefined && same(dbName.text, 'temp')
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
	if (fold(name.objName.text) !== 'foreign_keys' || body === undefined) return { kind: 'read' }
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
