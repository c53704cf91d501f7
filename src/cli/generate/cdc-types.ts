/**
 * `.sqlake/types.ts`: the changes of each table, as TypeScript.
 *
 * @module
 */
import type { ColumnSchema, LakeSchema, TableSchema } from '../../schema/table-schema.ts'

/** The text of the file. Values are SQLite's own: an event passes through none of Drizzle's mappings. */
export function cdcTypes(lake: LakeSchema): string {
	const tables = [...lake.tables.values()]
	const names = typeNames(tables)
	const nameOf = (table: TableSchema) => names.get(table.name) ?? ''
	return [
		'// Written by `sqlake generate`: edits are lost.',
		...(tables.length === 0 ? ['export {}'] : ["import type { CDCEvent } from 'sqlake'"]),
		...tables.map((table) => rowType(nameOf(table), table)),
		...tables.map((table) => eventType(nameOf(table), table)),
		...(tables.length === 0 ? [] : [unionType(tables.map(nameOf))]),
	]
		.join('\n\n')
		.concat('\n')
}

function rowType(name: string, table: TableSchema): string {
	const fields = table.columns.map((column) => `\treadonly ${propertyName(column.property)}: ${valueType(column)}`)
	return `/** A row of ${JSON.stringify(table.name)}, in SQLite's values. */\nexport interface ${name}Row {\n${fields.join('\n')}\n}`
}

function eventType(name: string, table: TableSchema): string {
	return `/** A change of ${JSON.stringify(table.name)}. */\nexport type ${name}Event = CDCEvent<${name}Row> & { readonly _table: ${JSON.stringify(table.name)} }`
}

function unionType(names: readonly string[]): string {
	const members = names.map((name) => `\n\t| ${name}Event`).join('')
	return `/** A change of any table: \`event._table\` tells which. */\nexport type ChangeEvent =${members}`
}

/** What a column holds; an INTEGER beyond 2^53 is a bigint. */
function valueType({ affinity, notNull, lakeType }: ColumnSchema): string {
	const type = lakeType === 'binary' ? 'Uint8Array' : valueTypes[affinity]
	return notNull ? type : `${type} | null`
}

const valueTypes: Readonly<Record<ColumnSchema['affinity'], string>> = {
	TEXT: 'string',
	INTEGER: 'number | bigint',
	REAL: 'number',
	NUMERIC: 'number | bigint | string',
	BLOB: 'string | number | bigint | Uint8Array',
}

/** Property names in Pascal case, each once, and none that the file itself declares. */
function typeNames(tables: readonly TableSchema[]): ReadonlyMap<string, string> {
	const taken = new Set(['CDC', 'Change'])
	return new Map(
		tables.map(({ name, property }) => {
			const words = property.split(/[^\p{ID_Continue}]+/u).filter((word) => word !== '')
			const pascal = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('')
			const base = /^\p{ID_Start}/u.test(pascal) ? pascal : `Table${pascal}`
			let unique = base
			for (let count = 2; taken.has(unique); count++) unique = `${base}${count}`
			taken.add(unique)
			return [name, unique]
		}),
	)
}

function propertyName(name: string): string {
	return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(name) ? name : JSON.stringify(name)
}
