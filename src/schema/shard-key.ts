import { getTableColumns, getTableName } from 'drizzle-orm'
import type { SQLiteColumn, SQLiteTable } from 'drizzle-orm/sqlite-core'
import { SQLakeError } from '../errors.ts'
import { affinityOf } from './affinity.ts'
import { kindOf } from './kind-of.ts'
import { suggest } from './suggest.ts'

/** The shard key of every table, by property: column names in key order, or null for a global table. */
export type ShardKeys = ReadonlyMap<string, readonly string[] | null>

/**
 * Reads the options `shard` and `global`.
 *
 * @param tables - the tables of the definition, by property
 * @throws SQLakeError SCHEMA_SHARD_COLUMN_UNKNOWN, SCHEMA_NO_SHARD_KEY, or SCHEMA_INVALID for what is malformed, names an
 * unknown table, or cannot pick a shard.
 */
export function readShardKeys(
	tables: ReadonlyMap<string, SQLiteTable>,
	definition: Readonly<Record<string, unknown>>,
): ShardKeys {
	const shard = readShardOption(definition.shard ?? {}, tables)
	const global = readGlobalOption(definition.global ?? [], tables)
	const keys = new Map<string, readonly string[] | null>()
	for (const [property, table] of tables) {
		const key = shard.get(property)
		if (key !== undefined && global.has(property)) {
			throw new SQLakeError(
				'SCHEMA_INVALID',
				`table "${property}": expected either a shard key or a place in "global", found both`,
				{
					hint: 'remove it from one of the two',
					details: { table: property },
				},
			)
		}
		if (key === undefined && !global.has(property)) {
			throw new SQLakeError('SCHEMA_NO_SHARD_KEY', `table "${property}": expected a shard key, found none`, {
				hint: `add shard: { ${property}: '<column>' }, or global: ['${property}'] to keep the whole table in one shard`,
				details: { table: property },
			})
		}
		keys.set(property, key === undefined ? null : readKey(property, table, key))
	}
	return keys
}

function readShardOption(value: unknown, tables: ReadonlyMap<string, SQLiteTable>): ReadonlyMap<string, unknown> {
	if (typeof value !== 'object' || value === null || Array.isArray(value)) {
		throw new SQLakeError('SCHEMA_INVALID', `option "shard": expected an object, found ${kindOf(value)}`, {
			hint: "name the column that picks the shard for each table: shard: { users: 'id' }",
		})
	}
	const entries = Object.entries(value).filter(([, key]) => key !== undefined)
	for (const [property] of entries) requireTable('shard', property, tables)
	return new Map(entries)
}

function readGlobalOption(value: unknown, tables: ReadonlyMap<string, SQLiteTable>): ReadonlySet<string> {
	if (!Array.isArray(value)) {
		throw new SQLakeError('SCHEMA_INVALID', `option "global": expected an array of table names, found ${kindOf(value)}`)
	}
	for (const property of value) requireTable('global', property, tables)
	return new Set(value)
}

function requireTable(option: string, property: unknown, tables: ReadonlyMap<string, SQLiteTable>): void {
	if (typeof property === 'string' && tables.has(property)) return
	throw new SQLakeError('SCHEMA_INVALID', `option "${option}": expected the name of a table, found ${kindOf(property)}`, {
		hint: didYouMean(String(property), tables.keys(), 'tables'),
		details: { option },
	})
}

function readKey(property: string, table: SQLiteTable, key: unknown): readonly string[] {
	const parts: unknown[] = Array.isArray(key) ? key : [key]
	if (parts.length === 0 || new Set(parts).size < parts.length) {
		throw new SQLakeError(
			'SCHEMA_INVALID',
			`table "${property}", shard key: expected one or several different columns, found ${JSON.stringify(parts)}`,
			{ details: { table: property } },
		)
	}
	return parts.map((part) => readKeyColumn(property, table, part))
}

function readKeyColumn(property: string, table: SQLiteTable, part: unknown): string {
	const columns = getTableColumns(table)
	const column = typeof part === 'string' && Object.hasOwn(columns, part) ? columns[part] : undefined
	if (column === undefined) {
		const bySqlName = Object.entries(columns).find(([, candidate]) => candidate.name === part)
		throw new SQLakeError(
			'SCHEMA_SHARD_COLUMN_UNKNOWN',
			`table "${property}", shard key: expected the property of a column, found ${kindOf(part)}`,
			{
				hint:
					bySqlName === undefined
						? didYouMean(String(part), Object.keys(columns), 'columns')
						: `that is the column's name in SQL; its property is "${bySqlName[0]}"`,
				details: { table: getTableName(table), column: String(part) },
			},
		)
	}
	const obstacle = obstacleToSharding(column)
	if (obstacle !== null) {
		throw new SQLakeError('SCHEMA_INVALID', `table "${property}", shard key "${String(part)}": ${obstacle}`, {
			hint: 'shard by a text, integer or real column that the application writes',
			details: { table: getTableName(table), column: column.name },
		})
	}
	return column.name
}

/** Why a column cannot name a shard: its value must be known before the write, and equal values must print alike. */
function obstacleToSharding(column: SQLiteColumn): string | null {
	if (column.generated !== undefined) return 'expected a column with values of its own, found a generated one'
	if (column.primary && 'autoIncrement' in column && column.autoIncrement) {
		return 'expected a value known before the write, found an AUTOINCREMENT column'
	}
	const declaredType = column.getSQLType()
	if (affinityOf(declaredType) === 'BLOB') return `expected text or a number, found the type "${declaredType}"`
	if (/\bcollate\b/i.test(declaredType)) return `expected binary collation, found the type "${declaredType}"`
	return null
}

function didYouMean(name: string, candidates: Iterable<string>, noun: string): string {
	const known = [...candidates]
	const meant = suggest(name, known)
	return meant === undefined ? `${noun} are ${known.join(', ')}` : `did you mean "${meant}"?`
}
