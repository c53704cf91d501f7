import { getTableColumns, is } from 'drizzle-orm'
import { SQLiteColumnBuilder, SQLiteTable, sqliteTable } from 'drizzle-orm/sqlite-core'
import { SQLakeError } from '../errors.ts'
import { type ColumnRecord, type OptionName, optionNames } from './config.ts'
import { kindOf } from './kind-of.ts'
import { isLakeColumnName } from './lake-column-name.ts'
import { suggest } from './suggest.ts'
import type { StorageMode } from './table-schema.ts'

const storageModes: readonly StorageMode[] = ['columns', 'variant', 'hybrid']

/** The options of `SQLake()` with their defaults filled in. */
export interface Options {
	readonly storage: StorageMode
	readonly cdc: boolean
	readonly r2Bucket: string
	readonly variantColumn: string
}

/** Tells whether a property of a definition is an option. */
export function isOptionName(name: string): name is OptionName {
	return (optionNames as readonly string[]).includes(name)
}

/**
 * The tables of a definition, as Drizzle tables, in declaration order.
 *
 * @throws SQLakeError SCHEMA_RESERVED_NAME for a table named like an option, SCHEMA_INVALID for anything that is no table.
 */
export function readTables(definition: unknown): ReadonlyMap<string, SQLiteTable> {
	if (!isPlainObject(definition)) {
		throw new SQLakeError('SCHEMA_INVALID', `SQLake(): expected an object of tables and options, found ${kindOf(definition)}`)
	}
	const tables = new Map<string, SQLiteTable>()
	for (const [name, entry] of Object.entries(definition)) {
		if (!isOptionName(name)) tables.set(name, readTable(name, entry))
		else if (is(entry, SQLiteTable) || holdsColumns(entry)) {
			throw new SQLakeError('SCHEMA_RESERVED_NAME', `table "${name}": expected a table name, found the name of an option`, {
				hint: `give it another property and keep the SQL name: { ${name}Table: sqliteTable('${name}', {...}) }; options are ${optionNames.join(', ')}`,
				details: { table: name },
			})
		}
	}
	if (tables.size === 0) {
		throw new SQLakeError('SCHEMA_INVALID', 'SQLake(): expected at least one table, found none', {
			hint: "add one: SQLake({ users: { id: text('id').primaryKey() }, shard: { users: 'id' } })",
		})
	}
	return tables
}

/**
 * The plain options of a definition; shard and global are read beside the tables.
 *
 * @throws SQLakeError SCHEMA_INVALID for a value of another kind.
 */
export function readOptions(definition: Readonly<Record<string, unknown>>): Options {
	return {
		storage: readStorage(definition.storage ?? 'columns'),
		cdc: readBoolean('cdc', definition.cdc ?? true),
		r2Bucket: readName('r2Bucket', definition.r2Bucket ?? 'SQLAKE_BUCKET'),
		variantColumn: readVariantColumn(definition.variantColumn ?? '_row'),
	}
}

function readTable(property: string, entry: unknown): SQLiteTable {
	if (is(entry, SQLiteTable)) {
		if (Object.keys(getTableColumns(entry)).length > 0) return entry
	} else if (isColumnRecord(entry)) return sqliteTable(property, { ...entry })
	else if (isPlainObject(entry) && holdsColumns(entry)) {
		const [column, found] = Object.entries(entry).find(([, value]) => !is(value, SQLiteColumnBuilder)) ?? ['', undefined]
		throw new SQLakeError(
			'SCHEMA_INVALID',
			`table "${property}", column "${column}": expected a column, found ${kindOf(found)}`,
			{
				hint: 'build columns with text, integer, real, blob, numeric or customType from sqlake/columns',
				details: { table: property, column },
			},
		)
	}
	const meant = suggest(property, optionNames)
	throw new SQLakeError(
		'SCHEMA_INVALID',
		`SQLake(), property "${property}": expected a record of columns or a sqliteTable(...), found ${kindOf(entry)}`,
		{
			hint: meant === undefined ? `options are ${optionNames.join(', ')}` : `did you mean the option "${meant}"?`,
			details: { property },
		},
	)
}

function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
	return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function holdsColumns(value: unknown): boolean {
	return isPlainObject(value) && Object.values(value).some((column) => is(column, SQLiteColumnBuilder))
}

function isColumnRecord(value: unknown): value is ColumnRecord {
	if (!isPlainObject(value)) return false
	const columns = Object.values(value)
	return columns.length > 0 && columns.every((column) => is(column, SQLiteColumnBuilder))
}

function readStorage(value: unknown): StorageMode {
	const mode = storageModes.find((candidate) => candidate === value)
	if (mode === undefined) throw invalidOption('storage', "'columns' or 'hybrid'", value)
	if (mode === 'variant') {
		throw new SQLakeError('SCHEMA_INVALID', "option \"storage\": expected 'columns' or 'hybrid', found 'variant'", {
			hint: "'variant' needs tables of Iceberg format v3; 'hybrid' keeps the whole row as JSON beside the columns",
			details: { option: 'storage' },
		})
	}
	return mode
}

function readBoolean(option: OptionName, value: unknown): boolean {
	if (typeof value !== 'boolean') throw invalidOption(option, 'true or false', value)
	return value
}

function readName(option: OptionName, value: unknown): string {
	if (typeof value !== 'string' || value === '') throw invalidOption(option, 'a name', value)
	return value
}

function readVariantColumn(value: unknown): string {
	const name = readName('variantColumn', value)
	if (name !== '_row' && isLakeColumnName(name)) throw invalidOption('variantColumn', 'a name that the lake does not use', value)
	return name
}

function invalidOption(option: OptionName, expected: string, found: unknown): SQLakeError {
	return new SQLakeError('SCHEMA_INVALID', `option "${option}": expected ${expected}, found ${kindOf(found)}`, {
		details: { option },
	})
}
