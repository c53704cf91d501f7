/**
 * Writing the changes of one table and shard as a Parquet file of its change table.
 *
 * @module
 */
import { ByteWriter, ParquetWriter } from 'hyparquet-writer'
import type { ChangeOp, ColumnVector, TableChanges } from '../../cdc/change-batch.ts'
import { SQLakeError } from '../../errors.ts'
import type { SqlValue } from '../../schema/sql-value.ts'
import type { LakeSchema, TableSchema } from '../../schema/table-schema.ts'
import { BEFORE_FIELD_OFFSET, CHANGE_FIELDS, changesSchema, VARIANT_FIELD_ID } from '../change-table.ts'
import type { IcebergField } from '../iceberg/types.ts'
import { BOUND_BYTES } from './bounds.ts'
import { chunkSumsMetadata, fileSum } from './chunk-sums.ts'
import { WRITE_CODEC } from './compression.ts'
import { convertColumn, integersFrom, timestampsFromMs } from './convert-column.ts'
import { encodeChunk } from './encode-chunk.ts'
import { type DataFileStats, dataFileStats } from './file-stats.ts'
import { type LakeColumn, sliceColumn, textColumn } from './lake-column.ts'
import { icebergSchemaMetadata, parquetSchemaOf } from './parquet-schema.ts'
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

	// About what a small row takes; the buffer grows where that is too little.
	const writer = new ByteWriter(1024 + (to - from) * 32)
	// Readers that do not look at field ids go by it once a column was renamed.
	const described = (changes.table.version ?? 0) > 0 ? icebergSchemaMetadata(fields) : []
	const parquet = new ParquetWriter({
		writer,
		schema: parquetSchemaOf(fields),
		codec: WRITE_CODEC,
		statisticsTruncateLength: BOUND_BYTES,
		createdBy: 'sqlake version 1 (build hyparquet-writer)',
	})
	for (let start = 0; start < to - from; start += ROW_GROUP_ROWS) {
		const end = Math.min(to - from, start + ROW_GROUP_ROWS)
		appendRowGroup(parquet, writer, fields, columns, start, end)
	}
	const sums = chunkSumsMetadata(writer.getBytes(), parquet.row_groups)
	parquet.kvMetadata = [...described, sums]
	const footerStart = writer.offset
	parquet.finish()
	const bytes = new Uint8Array(writer.getBuffer())
	const stats = dataFileStats(fields, parquet.row_groups, keyFields(changes.table), bytes.length)
	return { bytes, stats: { ...stats, crc32: fileSum(sums, bytes.subarray(footerStart)) } }
}

function appendRowGroup(
	parquet: ParquetWriter,
	writer: ByteWriter,
	fields: readonly IcebergField[],
	columns: ReadonlyMap<number, LakeColumn>,
	start: number,
	end: number,
): void {
	const offset = writer.offset
	const chunks = fields.map((field) => {
		const column = columns.get(field.id)
		if (column === undefined) throw new SQLakeError('INTERNAL', `column "${field.name}" has no values`)
		return encodeChunk(writer, field, sliceColumn(column, start, end))
	})
	const rowCount = BigInt(end - start)
	parquet.num_rows += rowCount
	parquet.row_groups.push({
		columns: chunks,
		num_rows: rowCount,
		total_byte_size: chunks.reduce((sum, { meta_data }) => sum + (meta_data?.total_uncompressed_size ?? 0n), 0n),
		total_compressed_size: BigInt(writer.offset - offset),
	})
}

/** The file's columns by field id, each with a value for every change of the range. */
function fileColumns(options: ChangesFileOptions, from: number, to: number): Map<number, LakeColumn> {
	const { changes, shard, epoch, lake } = options
	const { table } = changes
	const length = to - from
	const rescued = new RescueCollector()
	const columns = new Map<number, LakeColumn>([
		[CHANGE_FIELDS.op.id, opColumn(changes.op, from, to)],
		[CHANGE_FIELDS.shard.id, { kind: 'constant', value: shard, length }],
		[CHANGE_FIELDS.epoch.id, integersFrom(new Array<number>(length).fill(epoch), 0, length)],
		[CHANGE_FIELDS.seq.id, integersFrom(changes.seq, from, to)],
		[CHANGE_FIELDS.ts.id, timestampsFromMs(changes.ts, from, to)],
	])
	const convert = (vectors: readonly ColumnVector[], image: RowImage, idOffset: number) => {
		for (const [i, column] of table.columns.entries()) {
			const vector = vectors[i]
			if (vector === undefined) {
				throw new SQLakeError('INTERNAL', `table "${table.name}": the changes lack the column "${column.name}"`)
			}
			const onMisfit = (index: number, value: SqlValue) => rescued.add(index, image, column.name, value)
			columns.set(column.fieldId + idOffset, convertColumn(column, vector, from, to, onMisfit))
		}
	}
	convert(changes.row, 'row', 0)
	if (changes.before !== null && hasUpdate(changes.op, from, to)) convert(changes.before, 'before', BEFORE_FIELD_OFFSET)
	if (!rescued.isEmpty) columns.set(CHANGE_FIELDS.rescued.id, textColumn(rescued.toColumn(length)))
	if (lake.storage !== 'columns') {
		columns.set(VARIANT_FIELD_ID, textColumn(rowsAsJson(table, changes.row, from, to, rescued)))
	}
	return columns
}

/** Kinds of changes; most files hold only one. */
function opColumn(op: readonly ChangeOp[], from: number, to: number): LakeColumn {
	const values = op.slice(from, to)
	const [first] = values
	const uniform = first !== undefined && values.every((each) => each === first)
	return uniform ? { kind: 'constant', value: first, length: values.length } : textColumn(values)
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
