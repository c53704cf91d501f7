/**
 * A random schema with random rows, spread over shards: the whole as one SQLite database, and any set of shards as another.
 *
 * @module
 */
import { DatabaseSync } from 'node:sqlite'
import { shardOf } from '../../../src/router/compute-shard-id.ts'
import type { SqlValue } from '../../../src/router/key-value.ts'
import { affinityOf } from '../../../src/schema/affinity.ts'
import { GLOBAL_SHARD, type LakeSchema, type TableSchema } from '../../../src/schema/table-schema.ts'
import type { Random } from './random.ts'

export type Row = readonly SqlValue[]

/** Values that look alike and are not, and some that are. */
const pools: Readonly<Record<string, readonly SqlValue[]>> = {
	TEXT: ['a', 'b', 'A', '1', '01', '1.0', '5', '5.0', ' 5', 'é', 'a/b', 'c'],
	INTEGER: [1n, 5n, 0n, -3n, 7n, 1.5, 'abc', 'a', 9007199254740993n, '2'],
	NUMERIC: [1n, 5n, 2.5, 'a', 0n, '7', 10n],
	REAL: [1, 5, 2.5, -3, 'a', 0, 7],
	BLOB: ['a', '1', 1n, 1, 5n, 'b', 2.5],
}

export interface World {
	readonly schema: LakeSchema
	readonly tables: readonly TableSchema[]
	/** Values to compare with. */
	readonly values: readonly SqlValue[]
	/** All rows. */
	readonly full: DatabaseSync
	readonly shards: readonly string[]
	/** The rows of some shards. */
	part(shards: readonly string[]): DatabaseSync
	/** The shard of a row as it is stored. */
	shardOfRow(table: TableSchema, row: Row): string
	close(): void
}

export function makeWorld(random: Random): World {
	const family = random.weighted([
		[5, 'TEXT'],
		[3, 'INTEGER'],
		[1, 'NUMERIC'],
		[1, 'REAL'],
		[1, 'BLOB'],
	])
	const purity = random.pick([1, 0.95, 0.6])
	const keyType = () => (random.chance(purity) ? family : random.pick(Object.keys(pools)))
	// Few values in a world, so that conditions and rows meet.
	const narrow = new Map<string, readonly SqlValue[]>()
	for (const [type, pool] of Object.entries(pools)) {
		const values = Array.from({ length: 4 }, () => random.pick(pool))
		narrow.set(type, values.includes('a') && random.chance(0.5) ? [...values, 'A', 'a '] : values)
	}
	const collated = (type: string) => (random.chance(0.08) ? `${type} COLLATE NOCASE` : type)
	const tables = [
		makeTable(
			't1',
			[
				['k', collated(keyType())],
				['id', 'INTEGER'],
				['x', 'INTEGER'],
				['y', keyType()],
			],
			['k'],
		),
		makeTable(
			't2',
			[
				['id', 'INTEGER'],
				['k', collated(keyType())],
				['x', 'TEXT'],
				['z', 'REAL'],
			],
			['k'],
		),
		makeTable(
			't3',
			[
				['a', keyType()],
				['id', 'INTEGER'],
				['x', 'INTEGER'],
			],
			['a'],
		),
		makeTable(
			't4',
			[
				['k', keyType()],
				['b', keyType()],
				['id', 'INTEGER'],
				['y', keyType()],
			],
			['k', 'b'],
		),
		makeTable(
			'g',
			[
				['id', 'INTEGER'],
				['x', 'INTEGER'],
				['k', keyType()],
			],
			null,
		),
	]
	const full = open(tables)
	const byShard = new Map<string, { readonly table: TableSchema; readonly row: Row }[]>()
	let id = 0
	for (const table of tables) {
		const insert = full.prepare(`INSERT INTO ${table.name} VALUES (${table.columns.map(() => '?').join(', ')})`)
		for (let i = random.below(14); i >= 0; i--) {
			insert.run(
				...table.columns.map(({ affinity, name }) => {
					if (name === 'id') return BigInt(id++ % 9)
					const isKey = table.shardKey?.includes(name) ?? false
					if (!isKey && random.chance(0.2)) return null
					return toInput(random.pick(narrow.get(affinity) ?? []))
				}),
			)
		}
		for (const row of rowsOf(full, table)) {
			const shard = shardOfRow(table, row)
			const entry = byShard.get(shard) ?? []
			byShard.set(shard, entry)
			entry.push({ table, row })
		}
	}
	const parts = new Map<string, DatabaseSync>()
	return {
		schema: {
			tables: new Map(tables.map((table) => [table.name, table])),
			storage: 'columns',
			cdc: true,
			bucketBinding: 'SQLAKE_BUCKET',
			variantColumn: '_row',
		},
		tables,
		values: [
			...new Set([...(narrow.get(family) ?? []), ...(narrow.get(family) ?? []), ...(narrow.get('TEXT') ?? []), 1n, 1, 5, 'a']),
		],
		full,
		shards: [...byShard.keys()],
		part(shards) {
			const key = JSON.stringify([...shards].sort())
			let database = parts.get(key)
			if (database === undefined) {
				database = open(tables)
				for (const shard of new Set(shards)) {
					for (const { table, row } of byShard.get(shard) ?? []) {
						database
							.prepare(`INSERT INTO ${table.name} VALUES (${table.columns.map(() => '?').join(', ')})`)
							.run(...row.map(toInput))
					}
				}
				parts.set(key, database)
			}
			return database
		},
		shardOfRow,
		close() {
			full.close()
			for (const database of parts.values()) database.close()
		},
	}
}

function makeTable(
	name: string,
	columns: readonly (readonly [name: string, type: string])[],
	shardKey: readonly string[] | null,
): TableSchema {
	return {
		name,
		property: name,
		columns: columns.map(([column, declaredType], i) => ({
			name: column,
			property: column,
			fieldId: 101 + i,
			declaredType,
			affinity: affinityOf(declaredType),
			mode: 'custom',
			lakeType: 'string',
			notNull: shardKey?.includes(column) ?? false,
			generated: false,
		})),
		primaryKey: [...(shardKey ?? []), 'id'],
		shardKey,
	}
}

function open(tables: readonly TableSchema[]): DatabaseSync {
	// As in a Durable Object, an unknown name in double quotes is text.
	const database = new DatabaseSync(':memory:', { enableDoubleQuotedStringLiterals: true })
	for (const table of tables) {
		database.exec(
			`CREATE TABLE ${table.name} (${table.columns.map((column) => `${column.name} ${column.declaredType === 'BLOB' ? '' : column.declaredType}`).join(', ')})`,
		)
	}
	return database
}

/** The rows of a table with their storage classes: integers as bigint. */
export function rowsOf(database: DatabaseSync, table: TableSchema): Row[] {
	const statement = database.prepare(`SELECT * FROM ${table.name} ORDER BY rowid`)
	statement.setReadBigInts(true)
	statement.setReturnArrays(true)
	return statement.all() as unknown as Row[]
}

function shardOfRow(table: TableSchema, row: Row): string {
	if (table.shardKey === null) return GLOBAL_SHARD
	return shardOf(
		table,
		table.shardKey.map((key) => row[table.columns.findIndex((column) => column.name === key)] ?? null),
	)
}

export function toInput(value: SqlValue): string | number | bigint | Uint8Array | null {
	return value instanceof ArrayBuffer ? new Uint8Array(value) : value
}
