/**
 * What a table must satisfy so that capture and the lake can hold it. Every rule is a limit of the platform or a name that is
 * taken, checked when the schema is defined, so that no write fails for it later.
 *
 * @module
 */
import { SQLakeError } from '../errors.ts'
import { isLakeColumnName, lakeColumnNames } from './lake-column-name.ts'
import type { Options } from './options.ts'
import type { ColumnSchema, TableSchema } from './table-schema.ts'

/**
 * Most columns a table may have: Durable Object SQLite allows 100 in a table, and a row of the change buffer has three columns
 * of its own.
 */
export const MAX_COLUMNS = 97

/** Prefixes of table names that belong to SQLite, to Durable Objects and to sqlake. */
const reservedTablePrefixes = ['_cdc_', '_sqlake_', 'sqlite_', '_cf_']

/** Letters, digits, `_`, `$`, `-` and inner spaces: a table's name is a segment of object keys and an Iceberg table's name. */
const tableNamePattern = /^[\p{L}\p{N}_$](?:[\p{L}\p{N}_$ -]*[\p{L}\p{N}_$-])?$/u

/**
 * Checks one table.
 *
 * @throws SQLakeError SCHEMA_RESERVED_NAME, SCHEMA_COLUMN_RESERVED, SCHEMA_NO_PRIMARY_KEY, SCHEMA_LIMIT or SCHEMA_INVALID.
 */
export function checkTable(table: TableSchema, options: Options): void {
	checkTableName(table)
	if (table.columns.length > MAX_COLUMNS) {
		throw new SQLakeError(
			'SCHEMA_LIMIT',
			`table "${table.name}": expected at most ${MAX_COLUMNS} columns, found ${table.columns.length}`,
			{
				hint: 'split the table: Durable Object SQLite allows 100 columns, and the change buffer needs three of them',
				details: { table: table.name, limit: MAX_COLUMNS, found: table.columns.length },
			},
		)
	}
	checkColumnNames(table, options)
	if (options.cdc && table.primaryKey.length === 0) {
		throw new SQLakeError(
			'SCHEMA_NO_PRIMARY_KEY',
			`table "${table.name}": expected a primary key while capture is on, found none`,
			{
				hint: 'add .primaryKey() to a column or primaryKey({ columns: [...] }) to the table, or set cdc: false',
				details: { table: table.name },
			},
		)
	}
}

/**
 * Checks that the tables get along: in SQLite names are compared without case, and in the lake each table has a second one,
 * `<table>_changes`, beside it.
 *
 * @throws SQLakeError SCHEMA_INVALID
 */
export function checkTableNames(tables: readonly TableSchema[]): void {
	const byFoldedName = new Map<string, TableSchema>()
	for (const table of tables) {
		const other = byFoldedName.get(foldCase(table.name))
		if (other !== undefined) {
			throw new SQLakeError(
				'SCHEMA_INVALID',
				`tables "${other.property}" and "${table.property}": expected different names in SQL, found "${other.name}" and "${table.name}"`,
				{ hint: 'SQLite compares names without case; rename one', details: { table: table.name } },
			)
		}
		byFoldedName.set(foldCase(table.name), table)
	}
	for (const table of tables) {
		const other = byFoldedName.get(foldCase(`${table.name}_changes`))
		if (other !== undefined) {
			throw new SQLakeError(
				'SCHEMA_RESERVED_NAME',
				`table "${other.name}": expected a name that is free in the lake, found that of the changes of "${table.name}"`,
				{ hint: `rename "${other.name}"`, details: { table: other.name } },
			)
		}
	}
}

function checkTableName({ name, property }: TableSchema): void {
	const prefix = reservedTablePrefixes.find((candidate) => foldCase(name).startsWith(candidate))
	if (prefix !== undefined) {
		throw new SQLakeError(
			'SCHEMA_RESERVED_NAME',
			`table "${name}": expected a name of your own, found the reserved prefix "${prefix}"`,
			{
				hint: `prefixes ${reservedTablePrefixes.join(', ')} belong to SQLite, to Durable Objects and to sqlake; rename the table`,
				details: { table: name },
			},
		)
	}
	if (!tableNamePattern.test(name) || name.length > 128) {
		throw new SQLakeError(
			'SCHEMA_INVALID',
			`table "${property}": expected a name of 1 to 128 letters, digits, "_", "$", "-" or spaces, found ${JSON.stringify(name)}`,
			{ hint: 'the name is part of object keys and the name of an Iceberg table', details: { table: name } },
		)
	}
}

function checkColumnNames(table: TableSchema, { variantColumn }: Options): void {
	const seen = new Map<string, ColumnSchema>()
	for (const column of table.columns) {
		const folded = foldCase(column.name)
		const details = { table: table.name, column: column.name }
		if (isLakeColumnName(folded) || folded === foldCase(variantColumn)) {
			throw new SQLakeError(
				'SCHEMA_COLUMN_RESERVED',
				`table "${table.name}", column "${column.name}": expected a name of your own, found one that the lake adds`,
				{
					hint: `rename the column; the lake adds ${[...new Set([...lakeColumnNames, variantColumn])].join(', ')}`,
					details,
				},
			)
		}
		const other = seen.get(folded)
		if (other !== undefined) {
			throw new SQLakeError(
				'SCHEMA_INVALID',
				`table "${table.name}": expected different column names, found "${other.name}" and "${column.name}"`,
				{ hint: 'SQLite compares names without case; rename one', details },
			)
		}
		if (folded === '' || folded.includes('\0')) {
			throw new SQLakeError(
				'SCHEMA_INVALID',
				`table "${table.name}", column "${column.property}": expected a name without NUL, found ${JSON.stringify(column.name)}`,
				{ details },
			)
		}
		seen.set(folded, column)
	}
}

function foldCase(name: string): string {
	return name.toLowerCase()
}
