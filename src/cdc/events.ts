import type { SqlValue } from '../schema/sql-value.ts'
import type { CDCEvent, ChangeBatch, ColumnVector, TableChanges } from './change-batch.ts'

/**
 * The changes of a batch as events, in the shard's total order. Rows are keyed by the properties of the Drizzle table. Values
 * are SQLite's as plain JavaScript: an INTEGER is a number where it is safe, else a bigint; text that is not UTF-8 stays
 * {@link TextBytes}. Drizzle's mappings (Date, boolean, json) are not applied.
 *
 * @example
 * ```ts
 * for (const event of decodeEvents(batch)) console.log(event._seq, event._op, event._table, event._after)
 * ```
 */
export function decodeEvents(batch: ChangeBatch): CDCEvent[] {
	return batch.tables
		.flatMap((changes) => Array.from({ length: changes.length }, (_, index) => eventAt(batch.shard, changes, index)))
		.sort((a, b) => (a._seq < b._seq ? -1 : 1))
}

function eventAt(shard: string, changes: TableChanges, index: number): CDCEvent {
	const op = changes.op[index] ?? 'c'
	const row = rowAt(changes, changes.row, index)
	return {
		_op: op,
		_table: changes.table.name,
		_shard: shard,
		_seq: BigInt(changes.seq[index] ?? 0),
		_ts: changes.ts[index] ?? 0,
		_before: op === 'd' ? row : op === 'u' && changes.before !== null ? rowAt(changes, changes.before, index) : null,
		_after: op === 'd' ? null : row,
	}
}

function rowAt({ table }: TableChanges, vectors: readonly ColumnVector[], index: number): Record<string, unknown> {
	return Object.fromEntries(
		table.columns.map(({ property }, column) => [property, plain(vectors[column]?.values[index] ?? null)]),
	)
}

function plain(value: SqlValue): unknown {
	if (typeof value !== 'bigint') return value
	const number = Number(value)
	return Number.isSafeInteger(number) ? number : value
}
