import type { ColumnVector, TableChanges } from '../cdc/change-batch.ts'
import { type ShardKeyValue, shardNamed } from '../schema/shard-id.ts'
import { TextBytes } from '../schema/sql-value.ts'
import { GLOBAL_SHARD } from '../schema/table-schema.ts'

/**
 * Whether the shard key of every row names the shard that the row is in. Not so for a row that names no shard at all: NULL, the
 * empty text, a BLOB.
 *
 * The row after a create or an update, and before a delete, is what conditions of a query are about; a row before an update came
 * to the lake as the row after an earlier change.
 */
export function followsKey({ table, row, length }: TableChanges, shard: string): boolean {
	if (table.shardKey === null) return shard === GLOBAL_SHARD
	const places = table.shardKey.map((name) => table.columns.findIndex((column) => column.name === name))
	const columns = places.flatMap((place) => row[place] ?? [])
	const affinities = places.flatMap((place) => table.columns[place]?.affinity ?? [])
	for (let index = 0; index < length; index++) {
		// In a shard nearly all rows have one key, which is printed once.
		if (index > 0 && columns.every(({ values }) => values[index] === values[index - 1])) continue
		const key = columns.map((column) => keyValue(column, index))
		if (shardNamed(key, affinities) !== shard) return false
	}
	return true
}

/** In a vector of integers they are numbers, which elsewhere mean REAL; text that is not UTF-8 names no shard, like a BLOB. */
function keyValue({ kind, values }: ColumnVector, index: number): ShardKeyValue {
	const value = values[index] ?? null
	if (value instanceof TextBytes) return value.bytes
	return kind === 'integer' && typeof value === 'number' ? BigInt(value) : value
}
