import { SQLakeError } from '../errors.ts'
import { shardIdFromKey } from '../schema/shard-id.ts'
import type { Affinity, LakeSchema, TableSchema } from '../schema/table-schema.ts'
import { GLOBAL_SHARD } from '../schema/table-schema.ts'
import type { SqlValue } from './key-value.ts'

/**
 * The name of the shard that holds a table's rows with the given shard key.
 *
 * @param schema - the schema, as `SQLake({...}).lake`
 * @param table - SQL name of the table, in any case
 * @param key - the value of the shard key as it is bound (a number is REAL, a bigint INTEGER), or the values of a composite
 * key in its order; ignored for a global table
 * @throws SQLakeError ROUTE_UNKNOWN_TABLE; ROUTE_SHARD_KEY_NULL for NULL and the empty string; SHARD_ID_INVALID.
 * @example
 * ```ts
 * computeShardId(db.lake, 'orders', 'user-123') // 'user-123'
 * computeShardId(db.lake, 'readings', 5) // '5' where the column is INTEGER, '5.0' where it is TEXT
 * computeShardId(db.lake, 'visits', ['eu', 7n]) // '%/eu/7'
 * ```
 */
export function computeShardId(schema: LakeSchema, table: string, key: SqlValue | readonly SqlValue[]): string {
	const lower = table.toLowerCase()
	const found =
		schema.tables.get(table) ?? [...schema.tables.values()].find((candidate) => candidate.name.toLowerCase() === lower)
	if (found === undefined) {
		throw new SQLakeError('ROUTE_UNKNOWN_TABLE', `table "${table}": expected a table of the schema`, { details: { table } })
	}
	return shardOf(found, isList(key) ? key : [key])
}

function isList(key: SqlValue | readonly SqlValue[]): key is readonly SqlValue[] {
	return Array.isArray(key)
}

/** The shard of a table's rows with the given key, in key order. */
export function shardOf(table: TableSchema, key: readonly SqlValue[]): string {
	if (table.shardKey === null) return GLOBAL_SHARD
	try {
		return shardIdFromKey(key, keyAffinities(table))
	} catch (error) {
		// Says of which table, which shardIdFromKey() cannot know.
		if (!SQLakeError.is(error)) throw error
		throw new SQLakeError(error.code, `table "${table.name}": ${error.message}`, {
			hint: error.hint,
			details: { table: table.name, shardKey: table.shardKey },
		})
	}
}

const affinities = new WeakMap<TableSchema, readonly Affinity[]>()

function keyAffinities(table: TableSchema): readonly Affinity[] {
	let known = affinities.get(table)
	if (known === undefined) {
		known = (table.shardKey ?? []).map((key) => table.columns.find((column) => column.name === key)?.affinity ?? 'BLOB')
		affinities.set(table, known)
	}
	return known
}
