/**
 * Reading columns of a Parquet file, a row group at a time, with as few requests and bytes as the file's layout allows.
 *
 * @module
 */
import type { ColumnChunk, ColumnMetaData, RowGroup, SchemaElement } from 'hyparquet'
import { messageOf, SQLakeError } from '../../errors.ts'
import { crc32 } from '../crc32.ts'
import type { IcebergField } from '../iceberg/types.ts'
import { hex } from '../summed-name.ts'
import type { SumSpan } from './chunk-sums.ts'
import { decodeChunk } from './decode-chunk.ts'
import type { LakeVector } from './lake-vector.ts'
import { corrupt, type ParquetFile } from './open-parquet.ts'

/** Two ranges closer than this are read as one. */
const COALESCE_GAP_BYTES = 64 * 1024

/** Row groups are fetched together up to about this many bytes, so that a small file takes one request. */
const BATCH_BYTES = 2 * 1024 * 1024

/** What to read of a file. */
export interface ReadColumnsOptions {
	readonly file: ParquetFile
	/** The columns wanted. They are found in the file by field id, never by name (Iceberg specification, "Column Projection"). */
	readonly columns: readonly IcebergField[]
	/** Indices of the row groups wanted, ascending; all when left out. */
	readonly rowGroups?: readonly number[]
}

/** The wanted columns of one row group. */
export interface RowGroupChunk {
	/** Index of the row group in the file. */
	readonly rowGroup: number
	/** Position of its first row in the file. */
	readonly rowStart: number
	readonly rowCount: number
	/** In the order asked for. */
	readonly columns: readonly LakeVector[]
}

/**
 * Reads columns of a file, yielding each row group as it is decoded.
 *
 * @throws `LAKE_CORRUPT` naming the file, if it does not decode or holds a column of another type; `STORE_UNAVAILABLE`.
 * @example
 * for await (const { rowCount, columns } of readColumns({ file, columns: schema.fields })) insert(columns, rowCount)
 */
export async function* readColumns(options: ReadColumnsOptions): AsyncGenerator<RowGroupChunk, void, undefined> {
	const { file, columns } = options
	const elements = columns.map((column) => elementOf(file, column))
	const wanted = options.rowGroups ?? file.metadata.row_groups.keys()
	const rowStarts = firstRows(file.metadata.row_groups)

	for (const batch of batches(file, [...wanted], elements)) {
		const read = await fetchRanges(
			file,
			batch.flatMap((group) => group.chunks.flatMap((chunk) => chunk ?? [])),
		)
		for (const { index, rowCount, chunks } of batch) {
			yield {
				rowGroup: index,
				rowStart: rowStarts[index] ?? 0,
				rowCount,
				columns: columns.map((field, i) => {
					const chunk = chunks[i]
					const element = elements[i]
					if (chunk === undefined || element === undefined) return missing(field, rowCount)
					return decode(file, field, element, chunk, read(chunk), rowCount)
				}),
			}
		}
	}
}

/** A column chunk's place in the file. */
interface ChunkRange {
	readonly name: string
	readonly meta: ColumnMetaData
	/** Sums of the file around it; null where it has none. */
	readonly sum: SumSpan | null
	readonly start: number
	readonly end: number
}

interface GroupPlan {
	readonly index: number
	readonly rowCount: number
	/** One for each wanted column; undefined where the file lacks it. */
	readonly chunks: readonly (ChunkRange | undefined)[]
}

/** Cuts the wanted row groups into batches of about {@link BATCH_BYTES}. */
function batches(file: ParquetFile, wanted: readonly number[], elements: readonly (SchemaElement | undefined)[]): GroupPlan[][] {
	const result: GroupPlan[][] = []
	let size = Number.POSITIVE_INFINITY
	for (const index of wanted) {
		const group = file.metadata.row_groups[index]
		if (group === undefined) throw corrupt(file.key, `expected row group ${index}, found ${file.metadata.row_groups.length}`)
		const chunks = elements.map((element) => element && chunkRange(file, index, group, element))
		const bytes = chunks.reduce((sum, chunk) => sum + (chunk ? chunk.end - chunk.start : 0), 0)
		const plan = { index, rowCount: Number(group.num_rows), chunks }
		const last = result.at(-1)
		if (last === undefined || size + bytes > BATCH_BYTES) {
			result.push([plan])
			size = bytes
		} else {
			last.push(plan)
			size += bytes
		}
	}
	return result
}

function chunkRange(file: ParquetFile, rowGroup: number, group: RowGroup, element: SchemaElement): ChunkRange {
	const position = group.columns.findIndex(
		({ meta_data }: ColumnChunk) => meta_data?.path_in_schema.length === 1 && meta_data.path_in_schema[0] === element.name,
	)
	const meta = group.columns[position]?.meta_data
	if (meta === undefined) throw corrupt(file.key, `a row group lacks the column "${element.name}"`)
	const dictionary = meta.dictionary_page_offset
	const start = Number(
		dictionary !== undefined && dictionary > 0n && dictionary < meta.data_page_offset ? dictionary : meta.data_page_offset,
	)
	const sum = file.sums === null ? null : file.sums.around(rowGroup, position)
	return { name: element.name, meta, sum, start, end: start + Number(meta.total_compressed_size) }
}

/** Fetches ranges, neighbours together; @returns a look-up of each range's bytes. */
async function fetchRanges(
	file: ParquetFile,
	ranges: readonly ChunkRange[],
): Promise<(range: ChunkRange) => Uint8Array<ArrayBuffer>> {
	const spans: { start: number; end: number; ranges: ChunkRange[] }[] = []
	for (const range of [...ranges].sort((a, b) => a.start - b.start)) {
		const { start, end } = range
		const last = spans.at(-1)
		if (last !== undefined && start <= last.end + COALESCE_GAP_BYTES) {
			last.end = Math.max(last.end, end)
			last.ranges.push(range)
		} else spans.push({ start, end, ranges: [range] })
	}
	const read = await Promise.all(
		spans.map(async (span) => {
			const check = (bytes: Uint8Array) => {
				for (const range of span.ranges)
					assertChunkSum(file, range, bytes.subarray(range.start - span.start, range.end - span.start))
			}
			return { ...span, bytes: await file.read(span.start, span.end, check) }
		}),
	)
	return ({ start, end }) => {
		const span = read.find((candidate) => candidate.start <= start && end <= candidate.end)
		if (span === undefined) throw new SQLakeError('INTERNAL', `file "${file.key}": bytes ${start} to ${end} were not fetched`)
		return span.bytes.subarray(start - span.start, end - span.start)
	}
}

function assertChunkSum(file: ParquetFile, { name, sum }: ChunkRange, bytes: Uint8Array): void {
	if (sum === null) return
	const found = crc32(bytes, sum.before)
	if (found === sum.after) return
	throw corrupt(file.key, `column "${name}": expected bytes with the CRC-32 ${hex(sum.after)}, found ${hex(found)}`)
}

function elementOf(file: ParquetFile, field: IcebergField): SchemaElement | undefined {
	return file.metadata.schema.find((element) => element.field_id === field.id)
}

function decode(
	file: ParquetFile,
	field: IcebergField,
	element: SchemaElement,
	chunk: ChunkRange,
	bytes: Uint8Array<ArrayBuffer>,
	rowCount: number,
): LakeVector {
	try {
		return decodeChunk({ field, element, meta: chunk.meta, bytes, rowCount, isChecked: chunk.sum !== null })
	} catch (error) {
		throw corrupt(file.key, `column "${element.name}" does not decode (${messageOf(error)})`, error)
	}
}

/** Position of each row group's first row in the file. */
function firstRows(groups: readonly RowGroup[]): number[] {
	const starts: number[] = []
	let row = 0
	for (const group of groups) {
		starts.push(row)
		row += Number(group.num_rows)
	}
	return starts
}

function missing(field: IcebergField, length: number): LakeVector {
	return { kind: 'missing', field, length, nullCount: length, validity: null }
}
