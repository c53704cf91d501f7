/**
 * Renames as SQLite does them.
 *
 * @module
 */

import { mapValues, type Snapshot, type SnapshotTable } from '../../local/statements/snapshot.ts'
import { quote } from '../../local/statements/snapshot-sql.ts'
import { tokenizeSql } from '../../migrator/sql-tokens.ts'
import { quoteIdentifier } from '../../schema/quote-identifier.ts'
import { type Renames, renameKeys } from './renames.ts'

/** The statements that rename, tables first: columns are found by the new name of their table. */
export function renameStatements({ tables, columns }: Renames): readonly string[] {
	return [
		...inOrder(tables)
			.flatMap(inTwoSteps)
			.map(([from, to]) => `ALTER TABLE ${quote(from)} RENAME TO ${quote(to)};`),
		...Array.from(columns, ([table, renamed]) =>
			inOrder(renamed).map(([from, to]) => `ALTER TABLE ${quote(table)} RENAME COLUMN ${quote(from)} TO ${quote(to)};`),
		).flat(),
	]
}

/** An old name and a new one. */
type NamePair = readonly [from: string, to: string]

/** A name that another one takes makes room first; names that change places do so by way of a third. */
function inOrder(renamed: ReadonlyMap<string, string>): NamePair[] {
	const ordered: NamePair[] = []
	const left = new Map(renamed)
	while (left.size > 0) {
		const free = [...left].find(([, to]) => !left.has(to))
		const [from, to] = free ?? [...left][0] ?? ['', '']
		left.delete(from)
		ordered.push([from, free === undefined ? temporary(from) : to])
		if (free === undefined) left.set(temporary(from), to)
	}
	return ordered
}

/** Where only the case of letters changes, SQLite takes a table's new name for that of another one. */
function inTwoSteps([from, to]: NamePair): readonly NamePair[] {
	if (from.toLowerCase() !== to.toLowerCase()) return [[from, to]]
	return [
		[from, temporary(from)],
		[temporary(from), to],
	]
}

function temporary(name: string): string {
	return `__old_${name}`
}

/**
 * A schema after renames, as SQLite leaves it: whatever refers to a renamed table or column follows
 * (https://www.sqlite.org/lang_altertable.html). Names of indexes and keys stay.
 */
export function applyRenames(snapshot: Snapshot, renames: Renames): Snapshot {
	if (renames.tables.size === 0 && renames.columns.size === 0) return snapshot
	const names = new NameMap(renames)
	return {
		...snapshot,
		tables: mapValues(renameKeys(snapshot.tables, renames), (table) => renameTable(table, names)),
		views: mapValues(snapshot.views, (view) =>
			view.definition === undefined ? view : { ...view, definition: names.inSql(view.definition, null) },
		),
		...(snapshot.internal === undefined
			? {}
			: {
					internal: {
						indexes: mapValues(snapshot.internal.indexes, ({ columns }, index) => {
							const table = Object.values(snapshot.tables).find(({ indexes }) => indexes[index] !== undefined)?.name ?? ''
							const inTable = names.table(table)
							return {
								columns: Object.fromEntries(
									Object.entries(columns).map(([expression, flags]) => [names.inSql(expression, inTable), flags]),
								),
							}
						}),
					},
				}),
	}
}

class NameMap {
	readonly #renames: Renames

	constructor(renames: Renames) {
		this.#renames = renames
	}

	table(name: string): string {
		return this.#renames.tables.get(name) ?? name
	}

	/** @param table - by its new name */
	column(table: string, name: string): string {
		return this.#renames.columns.get(table)?.get(name) ?? name
	}

	/**
	 * An expression with the new names: of the columns of `table`, of columns behind the name of a table, and of tables.
	 *
	 * @param table - by its new name; null where columns of several tables may be meant, and only qualified ones are renamed
	 */
	inSql(sql: string, table: string | null): string {
		const tokens = tokenizeSql(sql)
		let result = ''
		let end = 0
		for (const [index, { text, start }] of tokens.entries()) {
			result += sql.slice(end, start)
			end = start + text.length
			const name = nameOf(text)
			if (name === null) {
				result += text
				continue
			}
			const qualifier = tokens[index - 1]?.text === '.' ? nameOf(tokens[index - 2]?.text ?? '') : null
			const isTable = tokens[index + 1]?.text === '.' || table === null
			const owner = qualifier === null ? table : this.table(qualifier)
			const renamed = qualifier === null && isTable ? this.table(name) : owner === null ? name : this.column(owner, name)
			result += renamed === name ? text : quoteLike(text, renamed)
		}
		return result + sql.slice(end)
	}
}

function renameTable(table: SnapshotTable, names: NameMap): SnapshotTable {
	const column = (name: string) => names.column(table.name, name)
	const inSql = (sql: string) => names.inSql(sql, table.name)
	return {
		...table,
		columns: Object.fromEntries(
			Object.values(table.columns).map((each) => [
				column(each.name),
				{
					...each,
					name: column(each.name),
					...(each.generated === undefined ? {} : { generated: { ...each.generated, as: inSql(each.generated.as) } }),
				},
			]),
		),
		indexes: mapValues(table.indexes, (index) => ({
			...index,
			columns: index.columns.map((name) => (table.columns[name] === undefined ? inSql(name) : column(name))),
			...(index.where === undefined ? {} : { where: inSql(index.where) }),
		})),
		foreignKeys: mapValues(table.foreignKeys, (key) => {
			const tableTo = names.table(key.tableTo)
			return {
				...key,
				tableFrom: table.name,
				tableTo,
				columnsFrom: key.columnsFrom.map(column),
				columnsTo: key.columnsTo.map((name) => names.column(tableTo, name)),
			}
		}),
		compositePrimaryKeys: mapValues(table.compositePrimaryKeys, (key) => ({ ...key, columns: key.columns.map(column) })),
		uniqueConstraints: mapValues(table.uniqueConstraints, (each) => ({ ...each, columns: each.columns.map(column) })),
		checkConstraints: mapValues(table.checkConstraints, (check) => ({ ...check, value: inSql(check.value) })),
	}
}

/** The name that a token is; null for texts, numbers and signs. */
function nameOf(token: string): string | null {
	const [first] = token
	if (first === '"' || first === '`') return token.slice(1, -1).replaceAll(first + first, first)
	if (first === '[') return token.slice(1, -1)
	return /^[A-Za-z_\u0080-\u{10FFFF}][\w$\u0080-\u{10FFFF}]*$/u.test(token) ? token : null
}

function quoteLike(token: string, name: string): string {
	return token.startsWith('`') ? quote(name) : quoteIdentifier(name)
}
