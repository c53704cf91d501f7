/**
 * The tables that migrations without a manifest make, told from their SQL alone. The order of the columns in the code, and what the
 * code says today, count for nothing: all shards, and all versions of the code, give a column the same field id.
 *
 * @module
 */
import { type ColumnDefinition, type CreateTableStmt, type InsertStmt, parseStmt, type Stmt } from 'sqlite3-parser'
import { affinityOf } from '../schema/affinity.ts'
import { fold } from '../schema/fold.ts'
import { FIRST_COLUMN_FIELD_ID } from '../schema/table-schema.ts'
import type { Migration } from './manifest.ts'
import { splitStatements } from './split-statements.ts'
import { tokenizeSql } from './sql-tokens.ts'

/** A column as the SQL of migrations has it. */
export interface ScriptColumn {
	readonly name: string
	readonly declaredType: string
	readonly notNull: boolean
	readonly generated: boolean
	/** The same through renames and rebuilds. */
	readonly identity: number
	readonly fieldId: number
}

/** A table as the SQL of migrations has it. */
export interface ScriptTable {
	readonly name: string
	/** As in the table. */
	readonly columns: readonly ScriptColumn[]
	readonly primaryKey: readonly string[]
	/** The same through renames and rebuilds. */
	readonly identity: number
	/** The number, from 1, of the migration that last changed it. */
	readonly version: number
}

/** The tables after a migration, by folded name. */
export type ScriptTables = ReadonlyMap<string, ScriptTable>

/** The tables after each of the migrations, and the field ids that were given out. */
export interface ScriptHistory {
	/** The first entry is that before all migrations. */
	readonly states: readonly ScriptTables[]
	/** The highest field id of each table that ever was, by folded name. */
	readonly lastFieldIds: ReadonlyMap<string, number>
}

type Draft = { -readonly [K in keyof ScriptTable]: ScriptTable[K] }

/** All objects of an isolate share one list of migrations. */
const known = new WeakMap<readonly Migration[], ScriptHistory | null>()

/**
 * Follows the SQL of migrations. A column that is renamed keeps its field id, and so does one that a rebuild copies into a new table
 * (`INSERT INTO ... SELECT`), unless its affinity changes: then it is a new column of the same name to the lake. An id is not given
 * out again.
 *
 * @returns null where it cannot be told what a statement makes of a table
 */
export function scriptHistory(migrations: readonly Migration[]): ScriptHistory | null {
	const found = known.get(migrations)
	if (found !== undefined) return found
	const history = readHistory(migrations)
	known.set(migrations, history)
	return history
}

function readHistory(migrations: readonly Migration[]): ScriptHistory | null {
	const lastFieldIds = new Map<string, number>()
	const states: ScriptTables[] = [new Map()]
	let identity = 0
	for (const [index, { sql }] of migrations.entries()) {
		const before = states[index] ?? new Map()
		const drafts = new Map<string, Draft>([...before].map(([name, table]) => [name, { ...table }]))
		for (const text of splitStatements(sql)) {
			const parsed = parseStmt(text)
			const isFollowed = parsed.status === 'ok' ? follow(parsed.root, drafts, () => ++identity) : !isAboutTables(text)
			if (!isFollowed) return null
		}
		states.push(new Map([...drafts].map(([name, draft]) => [name, settle(draft, before.get(name), index + 1, lastFieldIds)])))
	}
	return { states, lastFieldIds }
}

/** Gives the columns of a table their field ids, once a migration is through with it. */
function settle(draft: Draft, before: ScriptTable | undefined, version: number, lastFieldIds: Map<string, number>): ScriptTable {
	const name = fold(draft.name)
	let last = lastFieldIds.get(name) ?? FIRST_COLUMN_FIELD_ID - 1
	const columns = draft.columns.map((column): ScriptColumn => {
		const former = before?.columns.find(({ identity }) => identity === column.identity)
		const isSame = former !== undefined && affinityOf(former.declaredType) === affinityOf(column.declaredType)
		return { ...column, fieldId: isSame ? former.fieldId : ++last }
	})
	lastFieldIds.set(name, last)
	const table = { ...draft, columns, version }
	return before !== undefined && JSON.stringify({ ...table, version: before.version }) === JSON.stringify(before) ? before : table
}

/** Whether a statement that the parser refuses could change a table all the same. */
function isAboutTables(text: string): boolean {
	const [first = '', ...others] = tokenizeSql(text)
		.slice(0, 3)
		.map((token) => token.text.toLowerCase())
	return ['create', 'alter', 'drop'].includes(first) && others.includes('table')
}

/** Does to the tables what a statement does. @returns whether that can be told */
function follow(statement: Stmt, tables: Map<string, Draft>, nextIdentity: () => number): boolean {
	switch (statement.type) {
		case 'CreateTableStmt':
			return create(statement, tables, nextIdentity)
		case 'DropTableStmt':
			tables.delete(fold(statement.tblName.objName.text))
			return true
		case 'InsertStmt':
			copy(statement, tables)
			return true
		case 'AlterTableStmt': {
			const { body, tblName } = statement
			const name = fold(tblName.objName.text)
			const table = tables.get(name)
			if (table === undefined) return true
			switch (body.type) {
				case 'RenameToAlterTableBody':
					tables.delete(name)
					tables.set(fold(body.name.text), { ...table, name: body.name.text })
					return true
				case 'AddColumnAlterTableBody':
					table.columns = [...table.columns, columnOf(body.column, nextIdentity())]
					return true
				case 'DropColumnAlterTableBody':
					table.columns = table.columns.filter((column) => fold(column.name) !== fold(body.column.text))
					return true
				case 'RenameColumnAlterTableBody': {
					const renamed = (column: string) => (fold(column) === fold(body.old.text) ? body.new.text : column)
					table.columns = table.columns.map((column) => ({ ...column, name: renamed(column.name) }))
					table.primaryKey = table.primaryKey.map(renamed)
					return true
				}
				default:
					return false
			}
		}
		default:
			return true
	}
}

function create(
	{ tblName, ifNotExists, body }: CreateTableStmt,
	tables: Map<string, Draft>,
	nextIdentity: () => number,
): boolean {
	const name = tblName.objName.text
	if (ifNotExists && tables.has(fold(name))) return true
	if (body.type !== 'ColumnsAndConstraintsCreateTableBody') return false
	const columns = body.columns.map((column) => columnOf(column, nextIdentity()))
	const own = body.columns.filter(({ constraints = [] }) =>
		constraints.some(({ constraint }) => constraint.type === 'PrimaryKeyColumnConstraint'),
	)
	const keys = (body.constraints ?? []).flatMap(({ constraint }) =>
		constraint.type === 'PrimaryKeyTableConstraint' ? constraint.columns.map(({ expr }) => nameIn(expr)) : [],
	)
	const primaryKey = [...own.map(({ colName }) => colName.text), ...keys.filter((key) => key !== null)]
	tables.set(fold(name), { name, columns, primaryKey, identity: nextIdentity(), version: 0 })
	return true
}

function columnOf({ colName, colType, constraints = [] }: ColumnDefinition, identity: number): ScriptColumn {
	const has = (type: string) => constraints.some(({ constraint }) => constraint.type === type)
	const generated = has('GeneratedColumnConstraint')
	return {
		name: colName.text,
		// The parser takes the words before AS for a part of the type.
		declaredType: (colType?.name ?? '').replace(/\s*\bgenerated\s+always$/i, ''),
		notNull: has('NotNullColumnConstraint'),
		generated,
		identity,
		fieldId: 0,
	}
}

/** A table that is filled from another one takes over what its columns were there. */
function copy({ tblName, columns: named, body }: InsertStmt, tables: Map<string, Draft>): void {
	const target = tables.get(fold(tblName.objName.text))
	// One of an earlier migration has columns of its own.
	if (target === undefined || target.version !== 0 || body.type !== 'SelectInsertBody') return
	const { select } = body.select
	if (select.type !== 'SelectFrom' || select.from?.select?.type !== 'TableSelectTable') return
	const source = tables.get(fold(select.from.select.tblName.objName.text))
	if (source === undefined || source === target) return
	const names = named?.map(({ text }) => text) ?? target.columns.map(({ name }) => name)
	const [first] = select.columns
	const from =
		select.columns.length === 1 && first?.type === 'StarResultColumn'
			? source.columns.map(({ name }) => name)
			: select.columns.map((column) => (column.type === 'ExprResultColumn' ? nameIn(column.expr) : null))
	const taken = new Set<number>()
	target.identity = source.identity
	target.columns = target.columns.map((column) => {
		const place = names.findIndex((name) => fold(name) === fold(column.name))
		const origin = source.columns.find(({ name }) => fold(name) === fold(from[place] ?? ''))
		if (origin === undefined || taken.has(origin.identity)) return column
		taken.add(origin.identity)
		return { ...column, identity: origin.identity }
	})
}

/** The column that an expression names, whatever quotes it is in; null for any other expression. */
function nameIn(expr: { readonly type: string; readonly name?: unknown }): string | null {
	return expr.type === 'Id' && typeof expr.name === 'string' ? expr.name : null
}
