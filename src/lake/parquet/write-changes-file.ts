/**
 * Writing the changes of one table and shard as a Parquet file of its change table.
 *
 * @module
 */
import type { DecodedArray } from 'hyparquet'
import { ByteWriter, ParquetWriter } from 'hyparquet-writer'
import type { ChangeOp, ColumnVector, TableChanges } from '../../cdc/change-batch.ts'
import { SQLakeError } from '../../errors.ts'
import type { LakeSchema, TableSchema } from '../../schema/table-schema.ts'
import { BEFORE_FIELD_OFFSET, CHANGE_FIELDS, changesSchema, VARIANT_FIELD_ID } from '../change-table.ts'
import type { IcebergField } from '../iceberg/types.ts'
import { BOUND_BYTES } from './bounds.ts'
import { WRITE_CODEC } from './compression.ts'
import { convertColumn } from './convert-column.ts'
import { type DataFileStats, dataFileStats } from './file-stats.ts'
import type { LakeValue } from './lake-vector.ts'
import { parquetSchemaOf } from './parquet-schema.ts'
import { RescueCollector, type RowImage } from './rescue.ts'
import { rowsAsJson } from './row-json.ts'

/** Rows of a row group. A reader in a Worker decodes a row group at a time, and its memory follows from this. */
export const ROW_GROUP_ROWS = 20_480

/** What to write. */
export interface ChangesFileOptions {
	readonly changes: TableChanges
	readonly shard: string
	readonly epoch: number
	readonly lake: LakeSchema
	/** First change of the file, as an index into `changes`; 0 when left out. */
	readonly from?: number
	/** The change after the last; `changes.length` when left out. */
	readonly to?: number
}

/** A file, ready to be put and committed. */
export interface ChangesFile {
	readonly bytes: Uint8Array<ArrayBuffer>
	readonly stats: DataFileStats
}

/**
 * Writes changes `[from, to)` as a Parquet file with the columns of {@link changesSchema}. Columns that the file has nothing
 * to say in are left out: the before images where no change is an update, `_rescued` where every value fits.
 *
 * @throws `INTERNAL` if the range is empty.
 * @example
 * const { bytes, stats } = writeChangesFile({ changes, shard: batch.shard, epoch: batch.epoch, lake })
 * const dataFile: IcebergDataFile = { filePath, fileFormat: 'PARQUET', partition, ...stats }
 */
export function writeChangesFile(options: ChangesFileOptions): ChangesFile {
	const { changes, lake } = options
	const { from = 0, to = changes.length } = options
	if (!(from >= 0 && from < to && to <= changes.length)) {
		throw new SQLakeError(
			'INTERNAL',
			`table "${changes.table.name}": expected a range of ${changes.length} changes, found ${from} to ${to}`,
		)
	}
	const columns = fileColumns(options, from, to)
	const fields = changesSchema(changes.table, lake).fields.filter((field) => columns.has(field.id))

	const writer = new ByteWriter()
	const parquet = new ParquetWriter({
		writer,
		schema: parquetSchemaOf(fields),
		codec: WRITE_CODEC,
		statisticsTruncateLength: BOUND_BYTES,
		createdBy: 'sqlake version 1 (build hyparquet-writer)',
	})
	parquet.write({
		columnData: fields.map((field) => {
			const data = columns.get(field.id) ?? []
			return { name: field.name, data: data as DecodedArray, offsetIndex: false, ...encodingOf(field, data) }
		}),
		rowGroupSize: ROW_GROUP_ROWS,
	})
	parquet.finish()
	const bytes = new Uint8Array(writer.getBuffer())
	return { bytes, stats: dataFileStats(fields, parquet.row_groups, keyFields(changes.table), bytes.length) }
}

/** The file's columns by field id, each with a value for every change of the range. */
function fileColumns(options: ChangesFileOptions, from: number, to: number): Map<number, readonly LakeValue[]> {
	const { changes, shard, epoch, lake } = options
	const { table } = changes
	const length = to - from
	const rescued = new RescueCollector()
	const convert = (vectors: readonly ColumnVector[], image: RowImage) =>
		table.columns.map((column, i) => {
			const vector = vectors[i]
			if (vector === undefined) {
				throw new SQLakeError('INTERNAL', `table "${table.name}": the changes lack the column "${column.name}"`)
			}
			return convertColumn(column, vector, from, to, (index, value) => rescued.add(index, image, column.name, value))
		})

	const row = convert(changes.row, 'row')
	const before = changes.before !== null && hasUpdate(changes.op, from, to) ? convert(changes.before, 'before') : null
	const columns = new Map<number, readonly LakeValue[]>([
		[CHANGE_FIELDS.op.id, changes.op.slice(from, to)],
		[CHANGE_FIELDS.shard.id, new Array<string>(length).fill(shard)],
		[CHANGE_FIELDS.epoch.id, new Array<bigint>(length).fill(BigInt(epoch))],
		[CHANGE_FIELDS.seq.id, changes.seq.slice(from, to).map(BigInt)],
		[CHANGE_FIELDS.ts.id, changes.ts.slice(from, to).map((ms) => BigInt(ms) * 1_000n)],
	])
	if (!rescued.isEmpty) columns.set(CHANGE_FIELDS.rescued.id, rescued.toColumn(length))
	if (lake.storage !== 'columns') columns.set(VARIANT_FIELD_ID, rowsAsJson(table, row, length))
	for (const [i, { fieldId }] of table.columns.entries()) {
		columns.set(fieldId, row[i] ?? [])
		if (before !== null) columns.set(fieldId + BEFORE_FIELD_OFFSET, before[i] ?? [])
	}
	return columns
}

function hasUpdate(op: readonly ChangeOp[], from: number, to: number): boolean {
	const first = op.indexOf('u', from)
	return first !== -1 && first < to
}

/**
 * The columns whose bounds are kept whole. A query prunes by the shard, by the key before and after a change, and by the kind
 * of change: a shard that only creates needs no merge.
 */
function keyFields(table: TableSchema): ReadonlySet<number> {
	const keys = table.columns.filter(({ name }) => table.primaryKey.includes(name)).map(({ fieldId }) => fieldId)
	return new Set([CHANGE_FIELDS.op.id, CHANGE_FIELDS.shard.id, ...keys, ...keys.map((id) => id + BEFORE_FIELD_OFFSET)])
}

/**
 * How a column is encoded, where the writer's own choice would lose something: it looks up values of a dictionary by `===`,
 * to which the two zeros of a double are one.
 */
function encodingOf(field: IcebergField, values: readonly LakeValue[]): { readonly encoding?: 'PLAIN' } {
	return field.type === 'double' && values.some((value) => Object.is(value, -0)) ? { encoding: 'PLAIN' } : {}
}
