/**
 * The statements that lead from one schema to another and keep every row that can be kept. Nothing is a rename here: those come
 * first, as statements of their own.
 *
 * @module
 */

import { affinityOf } from '../../schema/affinity.ts'
import { quoteIdentifier } from '../../schema/quote-identifier.ts'
import { canonicalText } from './canonical-text.ts'
import type { Snapshot, SnapshotColumn, SnapshotForeignKey, SnapshotIndex, SnapshotTable } from './snapshot.ts'
import { columnSql, createIndexSql, createTableSql, createViewSql, quote, referencesSql } from './snapshot-sql.ts'

/**
 * What becomes of rows that lack a value where a column is NOT NULL and has no default: they make the migration fail, as SQLite has
 * it, or they get a {@link placeholderOf | placeholder}, so that there is a way back from a migration that dropped the values.
 */
export type RowsPolicy = 'refuse' | 'fill'

/**
 * Writes a migration. New tables come first, then changed ones, then those that go: a table that is dropped before another ceases
 * to refer to it takes rows of that one along. Views come last.
 */
export function writeStatements(prev: Snapshot, cur: Snapshot, rows: RowsPolicy = 'refuse'): readonly string[] {
	const changes = changesBetween(prev, cur)
	const views = viewsToReplace(prev, cur, changes, rows)
	const statements = [
		...views.drop.map((name) => `DROP VIEW ${quote(name)};`),
		...changes.created.flatMap((table) => [
			createTableSql(table),
			...Object.values(table.indexes).map((index) => createIndexSql(cur, table.name, index)),
		]),
		...changes.altered.flatMap(([before, after]) =>
			needsRebuild(before, after, rows) ? rebuildTable(before, after, cur, rows) : alterTable(before, after, cur),
		),
		...dropTables(changes.dropped),
		...views.create.flatMap((name) => (cur.views[name] === undefined ? [] : createViewSql(cur.views[name]))),
	]
	return statements
}

/** What differs between two schemas. */
export interface SchemaChanges {
	readonly created: readonly SnapshotTable[]
	readonly dropped: readonly SnapshotTable[]
	/** As they were, and as they are. */
	readonly altered: readonly (readonly [SnapshotTable, SnapshotTable])[]
}

/** The tables that differ between two schemas. */
export function changesBetween(prev: Snapshot, cur: Snapshot): SchemaChanges {
	return {
		created: Object.values(cur.tables).filter(({ name }) => prev.tables[name] === undefined),
		dropped: Object.values(prev.tables).filter(({ name }) => cur.tables[name] === undefined),
		altered: Object.values(cur.tables).flatMap((after) => {
			const before = prev.tables[after.name]
			return before === undefined || sameTable(before, after) ? [] : [[before, after] as const]
		}),
	}
}

/** Tells whether SQLite can only make the change by copying the table (https://www.sqlite.org/lang_altertable.html). */
export function needsRebuild(before: SnapshotTable, after: SnapshotTable, rows: RowsPolicy = 'refuse'): boolean {
	const { added, dropped, kept } = columnsBetween(before, after)
	const keys = foreignKeysBetween(before, after)
	return (
		kept.some(([old, column]) => columnSql(old) !== columnSql(column)) ||
		differ(keysOf(before), keysOf(after)) ||
		differ(before.checkConstraints, after.checkConstraints) ||
		differ(before.uniqueConstraints, after.uniqueConstraints) ||
		keys.removed.length > 0 ||
		!keys.added.every((key) => canComeWithColumn(key, added)) ||
		!added.every(canAdd) ||
		(rows === 'fill' && added.some(needsValue)) ||
		!dropped.every((column) => canDrop(column, before))
	)
}

/** The columns that come, go and stay. */
export function columnsBetween(before: SnapshotTable, after: SnapshotTable) {
	return {
		added: Object.values(after.columns).filter(({ name }) => before.columns[name] === undefined),
		dropped: Object.values(before.columns).filter(({ name }) => after.columns[name] === undefined),
		kept: Object.values(after.columns).flatMap((column) => {
			const old = before.columns[column.name]
			return old === undefined ? [] : [[old, column] as const]
		}),
	}
}

function alterTable(before: SnapshotTable, after: SnapshotTable, cur: Snapshot): string[] {
	const { added, dropped } = columnsBetween(before, after)
	const keys = foreignKeysBetween(before, after)
	const indexes = indexesBetween(before, after)
	const table = quote(after.name)
	return [
		...indexes.removed.map(({ name }) => `DROP INDEX ${quote(name)};`),
		...added.map((column) => {
			const key = keys.added.find(({ columnsFrom }) => columnsFrom[0] === column.name)
			return `ALTER TABLE ${table} ADD ${columnSql(column)}${key === undefined ? '' : ` ${referencesSql(key)}`};`
		}),
		...indexes.added.map((index) => createIndexSql(cur, after.name, index)),
		...dropped.map(({ name }) => `ALTER TABLE ${table} DROP COLUMN ${quote(name)};`),
	]
}

/**
 * Copies the rows into a table of the new form, as https://www.sqlite.org/lang_altertable.html section 7 has it. Only columns that
 * the old table has are copied: SQLite reads a quoted name that is no column as a text. Where a column becomes NOT NULL and has a
 * default, NULL becomes the default.
 */
function rebuildTable(before: SnapshotTable, after: SnapshotTable, cur: Snapshot, rows: RowsPolicy): string[] {
	const { added, kept } = columnsBetween(before, after)
	const copied = kept.filter(([, column]) => column.generated === undefined)
	const filled = rows === 'fill' ? added.filter(needsValue) : []
	const names = [...copied.map(([, column]) => column), ...filled].map(({ name }) => quoteIdentifier(name))
	const values = [...copied.map(([old, column]) => copyOf(old, column, rows)), ...filled.map(placeholderOf)]
	// A row of new columns alone is still a row.
	if (names.length === 0) {
		names.push('rowid')
		values.push('rowid')
	}
	const [table, copy] = [quote(after.name), `__new_${after.name}`]
	return [
		// Whoever runs this puts indexes of a dropped table back that nothing else creates.
		...indexesBetween(before, after).removed.map(({ name }) => `DROP INDEX ${quote(name)};`),
		'PRAGMA foreign_keys=OFF;',
		createTableSql(after, copy),
		`INSERT INTO ${quote(copy)}(${names.join(', ')}) SELECT ${values.join(', ')} FROM ${table};`,
		`DROP TABLE ${table};`,
		`ALTER TABLE ${quote(copy)} RENAME TO ${table};`,
		'PRAGMA foreign_keys=ON;',
		...Object.values(after.indexes).map((index) => createIndexSql(cur, after.name, index)),
	]
}

function copyOf(old: SnapshotColumn, column: SnapshotColumn, rows: RowsPolicy): string {
	const name = quoteIdentifier(column.name)
	if (!column.notNull || old.notNull) return name
	if (column.default !== undefined) return `coalesce(${name}, ${column.default})`
	return rows === 'fill' && needsValue(column) ? `coalesce(${name}, ${placeholderOf(column)})` : name
}

/** Tells whether a row must bring a value for a column. */
export function needsValue({ notNull, primaryKey, generated, default: value }: SnapshotColumn): boolean {
	return notNull && !primaryKey && generated === undefined && value === undefined
}

/** The SQL of a value that stands for one that is gone. */
export function placeholderOf({ type }: SnapshotColumn): string {
	const affinity = affinityOf(type)
	if (affinity === 'TEXT') return "''"
	return affinity === 'BLOB' ? "x''" : '0'
}

/**
 * Tables that refer to others go before those: dropping a table deletes its rows, which others may forbid. Where they refer to each
 * other in a circle, foreign keys must be off.
 */
function dropTables(tables: readonly SnapshotTable[]): string[] {
	const ordered: string[] = []
	const left = [...tables]
	while (left.length > 0) {
		const free = left.findIndex((table) => !left.some((other) => other !== table && refersTo(other, table)))
		if (free < 0) break
		ordered.push(...left.splice(free, 1).map(dropTable))
	}
	return left.length === 0 ? ordered : [...ordered, 'PRAGMA foreign_keys=OFF;', ...left.map(dropTable), 'PRAGMA foreign_keys=ON;']
}

function dropTable({ name }: SnapshotTable): string {
	return `DROP TABLE ${quote(name)};`
}

function refersTo(table: SnapshotTable, other: SnapshotTable): boolean {
	return Object.values(table.foreignKeys).some(({ tableTo }) => tableTo === other.name)
}

/** SQLite refuses to rename a rebuilt table while a view names it, so every view steps aside where one does. */
function viewsToReplace(prev: Snapshot, cur: Snapshot, { altered }: SchemaChanges, rows: RowsPolicy) {
	const names = (snapshot: Snapshot) =>
		Object.values(snapshot.views)
			.filter(({ isExisting }) => !isExisting)
			.map(({ name }) => name)
	const changed = (name: string) => prev.views[name]?.definition !== cur.views[name]?.definition
	const touched = altered.some(
		([before, after]) => needsRebuild(before, after, rows) || columnsBetween(before, after).dropped.length > 0,
	)
	return {
		drop: names(prev).filter((name) => touched || changed(name)),
		create: names(cur).filter((name) => touched || changed(name) || cur.views[name] === undefined),
	}
}

function indexesBetween(before: SnapshotTable, after: SnapshotTable) {
	const without = (indexes: SnapshotTable['indexes'], others: SnapshotTable['indexes']): SnapshotIndex[] =>
		Object.entries(indexes).flatMap(([name, index]) => (differ(index, others[name]) ? [index] : []))
	return { added: without(after.indexes, before.indexes), removed: without(before.indexes, after.indexes) }
}

function foreignKeysBetween(before: SnapshotTable, after: SnapshotTable) {
	const without = (keys: SnapshotTable['foreignKeys'], others: SnapshotTable['foreignKeys']): SnapshotForeignKey[] => {
		const known = new Set(Object.values(others).map(foreignKeyText))
		return Object.values(keys).filter((key) => !known.has(foreignKeyText(key)))
	}
	return { added: without(after.foreignKeys, before.foreignKeys), removed: without(before.foreignKeys, after.foreignKeys) }
}

/** A column that is added must be NULL in existing rows if it refers to another table. */
function canComeWithColumn({ columnsFrom }: SnapshotForeignKey, added: readonly SnapshotColumn[]): boolean {
	const [name, ...others] = columnsFrom
	return others.length === 0 && added.some((column) => column.name === name && column.default === undefined)
}

function canAdd({ primaryKey, generated, default: value }: SnapshotColumn): boolean {
	return !primaryKey && generated?.type !== 'stored' && (value === undefined || isConstant(value))
}

/** SQLite takes no computed default for a column that is added to a table with rows. */
function isConstant(value: string | number | boolean): boolean {
	return typeof value !== 'string' || /^(?:'(?:[^']|'')*'|[+-]?\d[\w.]*|x'[\da-f]*'|null|true|false)$/i.test(value)
}

/** What SQLite refuses to drop (https://www.sqlite.org/lang_altertable.html section 5). Indexes on it are dropped before. */
function canDrop({ name, primaryKey }: SnapshotColumn, table: SnapshotTable): boolean {
	const expressions = [
		...Object.values(table.checkConstraints).map(({ value }) => value),
		...Object.values(table.columns).flatMap(({ generated }) => (generated === undefined ? [] : [generated.as])),
	]
	return (
		!primaryKey &&
		!Object.values(table.compositePrimaryKeys).some(({ columns }) => columns.includes(name)) &&
		!Object.values(table.foreignKeys).some(({ columnsFrom }) => columnsFrom.includes(name)) &&
		!expressions.some((expression) => expression.toLowerCase().includes(name.toLowerCase()))
	)
}

/** Tells whether a table's SQL is the same. Names of keys do not stand in it. */
export function sameTable(before: SnapshotTable, after: SnapshotTable): boolean {
	const { added, dropped } = columnsBetween(before, after)
	const indexes = indexesBetween(before, after)
	return (
		added.length + dropped.length + indexes.added.length + indexes.removed.length === 0 &&
		foreignKeysBetween(before, after).added.length === 0 &&
		!needsRebuild(before, after)
	)
}

/** The columns of the primary key where it has several, without the name of the constraint. */
function keysOf({ compositePrimaryKeys }: SnapshotTable): unknown {
	return Object.values(compositePrimaryKeys).map(({ columns }) => columns)
}

function foreignKeyText(key: SnapshotForeignKey): string {
	return `(${key.columnsFrom.map(quote).join(',')}) ${referencesSql(key)}`
}

function differ(a: unknown, b: unknown): boolean {
	return canonicalText(a) !== canonicalText(b)
}
