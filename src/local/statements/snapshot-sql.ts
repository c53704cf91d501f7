/**
 * The SQL of what stands in a snapshot, in drizzle-kit's layout. drizzle-kit itself loses expressions with commas or semicolons on
 * the way (it joins and splits there), and quotes expressions of indexes when it rebuilds a table.
 *
 * @module
 */
import { quoteIdentifier } from '../../schema/quote-identifier.ts'
import type { Snapshot, SnapshotColumn, SnapshotForeignKey, SnapshotIndex, SnapshotTable, SnapshotView } from './snapshot.ts'

/** An identifier as drizzle-kit quotes it. */
export function quote(name: string): string {
	return `\`${name.replaceAll('`', '``')}\``
}

/** `CREATE TABLE`, under the table's own name or another. */
export function createTableSql(table: SnapshotTable, name: string = table.name): string {
	const parts = [
		...Object.values(table.columns).map(columnSql),
		...Object.values(table.compositePrimaryKeys).map(({ columns }) => `PRIMARY KEY(${columns.map(quote).join(', ')})`),
		...Object.values(table.foreignKeys).map(foreignKeySql),
		...Object.values(table.uniqueConstraints).map(
			(constraint) => `CONSTRAINT ${quote(constraint.name)} UNIQUE(${constraint.columns.map(quote).join(',')})`,
		),
		...Object.values(table.checkConstraints).map(
			(check) => `CONSTRAINT ${quoteIdentifier(check.name)} CHECK(${requalify(check.value, table.name, name)})`,
		),
	]
	return `CREATE TABLE ${quote(name)} (\n${parts.map((part) => `\t${part}`).join(',\n')}\n);\n`
}

/** A column as it stands in `CREATE TABLE` and in `ADD`. */
export function columnSql(column: SnapshotColumn): string {
	return [
		`${quote(column.name)} ${column.type}`,
		column.primaryKey ? ' PRIMARY KEY' : '',
		column.autoincrement ? ' AUTOINCREMENT' : '',
		column.default === undefined ? '' : ` DEFAULT ${column.default}`,
		column.generated === undefined ? '' : ` GENERATED ALWAYS AS ${column.generated.as} ${column.generated.type.toUpperCase()}`,
		column.notNull ? ' NOT NULL' : '',
	].join('')
}

/** `REFERENCES ...` of a foreign key. */
export function referencesSql({ tableTo, columnsTo, onUpdate, onDelete }: SnapshotForeignKey): string {
	const actions = `${onUpdate ? ` ON UPDATE ${onUpdate}` : ''}${onDelete ? ` ON DELETE ${onDelete}` : ''}`
	return `REFERENCES ${quote(tableTo)}(${columnsTo.map(quote).join(',')})${actions}`
}

function foreignKeySql(key: SnapshotForeignKey): string {
	return `FOREIGN KEY (${key.columnsFrom.map(quote).join(',')}) ${referencesSql(key)}`
}

/** `CREATE INDEX`. */
export function createIndexSql(snapshot: Snapshot, table: string, index: SnapshotIndex): string {
	const known = snapshot.internal?.indexes[index.name]?.columns ?? {}
	const columns = index.columns.map((column) => (known[column]?.isExpression ? column : quote(column)))
	const where = index.where ? ` WHERE ${index.where}` : ''
	return `CREATE ${index.isUnique ? 'UNIQUE INDEX' : 'INDEX'} ${quote(index.name)} ON ${quote(table)} (${columns.join(',')})${where};`
}

/** `CREATE VIEW`; nothing for one that exists already. */
export function createViewSql({ name, definition, isExisting }: SnapshotView): readonly string[] {
	return isExisting || definition === undefined ? [] : [`CREATE VIEW ${quote(name)} AS ${definition};`]
}

/** All statements that create a schema in an empty database. */
export function createAllSql(snapshot: Snapshot): readonly string[] {
	return [
		...Object.values(snapshot.tables).flatMap((table) => [
			createTableSql(table),
			...Object.values(table.indexes).map((index) => createIndexSql(snapshot, table.name, index)),
		]),
		...Object.values(snapshot.views).flatMap(createViewSql),
	]
}

/** An expression with another name in front of the columns: a table that is being rebuilt is called otherwise for a while. */
function requalify(expression: string, from: string, to: string): string {
	if (from === to) return expression
	return expression.replaceAll(`"${from}".`, `"${to}".`).replaceAll(`${quote(from)}.`, `${quote(to)}.`)
}
