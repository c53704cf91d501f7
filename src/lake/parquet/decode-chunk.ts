/**
 * Decoding one column chunk into a vector, straight from its pages: no JavaScript value is made for a cell.
 *
 * @module
 */
import type { ColumnMetaData, PageHeader, SchemaElement } from 'hyparquet'
import { parquetHeader } from 'hyparquet/src/column.js'
import { crc32 } from '../crc32.ts'
import type { IcebergField } from '../iceberg/types.ts'
import { decompress } from './compression.ts'
import { decodeDelta } from './delta.ts'
import type { LakeVector } from './lake-vector.ts'
import { decodeRle } from './rle.ts'
import { createVectorBuilder, type VectorBuilder } from './vector-builder.ts'

/** A column chunk and what the footer says of it. */
export interface ChunkSource {
	readonly field: IcebergField
	readonly element: SchemaElement
	readonly meta: ColumnMetaData
	/** The bytes of the chunk, from its first page's header on. */
	readonly bytes: Uint8Array
	readonly rowCount: number
	/** Whether the bytes were compared with a sum already; else the pages' own are, where they have one. */
	readonly isChecked: boolean
}

/** A data page, its levels and values told apart. */
interface DataPage {
	readonly valueCount: number
	readonly encoding: string
	/** Run-length encoded definition levels; null where the page says that no value is NULL. */
	readonly levels: Uint8Array | null
	readonly values: Uint8Array
}

/**
 * Decodes a chunk of a flat column.
 *
 * @throws Error if the bytes are no such chunk.
 */
export function decodeChunk(source: ChunkSource): LakeVector {
	const { bytes, meta, rowCount, element } = source
	if (element.repetition_type === 'REPEATED') throw new Error('the column is repeated')
	const builder = createVectorBuilder(source.field, element, rowCount, Number(meta.total_uncompressed_size))
	const reader = { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), offset: 0 }
	let rows = 0
	while (rows < rowCount) {
		const header = parquetHeader(reader)
		const start = reader.offset
		reader.offset += header.compressed_page_size
		if (!(header.compressed_page_size >= 0) || reader.offset > bytes.length) throw new Error('a page is longer than its chunk')
		if (!(header.uncompressed_page_size >= 0) || header.uncompressed_page_size > Number(meta.total_uncompressed_size)) {
			throw new Error('a page is larger than its chunk')
		}
		const body = bytes.subarray(start, reader.offset)
		if (!source.isChecked && header.crc !== undefined && header.crc >>> 0 !== crc32(body))
			throw new Error('a page has another CRC-32')
		if (header.type === 'DICTIONARY_PAGE') {
			const page = decompress(meta.codec, body, header.uncompressed_page_size)
			builder.setDictionary(page, header.dictionary_page_header?.num_values ?? 0)
			continue
		}
		const page = dataPage(header, body, source)
		if (!(page.valueCount >= 0) || rows + page.valueCount > rowCount)
			throw new Error('its pages hold more rows than the row group')
		appendPage(builder, page)
		rows += page.valueCount
	}
	return builder.finish()
}

function dataPage(header: PageHeader, body: Uint8Array, { meta, element }: ChunkSource): DataPage {
	const optional = element.repetition_type !== 'REQUIRED'
	const v2 = header.data_page_header_v2
	if (header.type === 'DATA_PAGE_V2' && v2 !== undefined) {
		// Levels come first and are never compressed (Parquet format, "Data Pages", version 2).
		const levelsStart = v2.repetition_levels_byte_length
		const valuesStart = levelsStart + v2.definition_levels_byte_length
		const values = body.subarray(valuesStart)
		const length = header.uncompressed_page_size - valuesStart
		return {
			valueCount: v2.num_values,
			encoding: v2.encoding,
			levels: optional && v2.num_nulls !== 0 ? body.subarray(levelsStart, valuesStart) : null,
			values: v2.is_compressed === false || length === 0 ? values : decompress(meta.codec, values, length),
		}
	}
	const v1 = header.data_page_header
	if (header.type === 'DATA_PAGE' && v1 !== undefined) {
		const page = decompress(meta.codec, body, header.uncompressed_page_size)
		if (!optional) return { valueCount: v1.num_values, encoding: v1.encoding, levels: null, values: page }
		const valuesStart = 4 + new DataView(page.buffer, page.byteOffset).getUint32(0, true)
		const levels = page.subarray(4, valuesStart)
		return { valueCount: v1.num_values, encoding: v1.encoding, levels, values: page.subarray(valuesStart) }
	}
	throw new Error(`pages of type ${header.type} are not supported`)
}

function appendPage(builder: VectorBuilder, { valueCount, encoding, levels, values }: DataPage): void {
	let present: Uint8Array | null = null
	let count = valueCount
	if (levels !== null) {
		present = new Uint8Array(valueCount)
		decodeRle(levels, 1, present)
		count = 0
		for (let i = 0; i < valueCount; i++) count += present[i] ?? 0
	}
	switch (encoding) {
		case 'PLAIN':
			builder.appendPlain(values, count, present)
			return
		case 'RLE_DICTIONARY':
		case 'PLAIN_DICTIONARY': {
			const indices = new Int32Array(count)
			if (count > 0) decodeRle(values.subarray(1), values[0] ?? 0, indices)
			builder.appendIndices(indices, present)
			return
		}
		case 'DELTA_BINARY_PACKED':
			builder.appendWords(decodeDelta(values, count), present)
			return
		case 'RLE': {
			// Only booleans; four bytes of length come first.
			const bits = new Int32Array(count)
			if (count > 0) decodeRle(values.subarray(4), 1, bits)
			builder.appendIndices(bits, present)
			return
		}
		default:
			throw new Error(`encoding ${encoding} is not supported`)
	}
}
