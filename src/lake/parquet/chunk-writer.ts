/**
 * The pages of one column chunk, and what the footer says of them.
 *
 * @module
 */
import type { ColumnChunk, Encoding, ParquetType, Statistics } from 'hyparquet'
import { ByteWriter } from 'hyparquet-writer'
import { writePageHeader } from 'hyparquet-writer/src/datapage.js'
import { writeRleBitPackedHybrid } from 'hyparquet-writer/src/encoding.js'
import { crc32 } from '../crc32.ts'
import { compress, compressPage, WRITE_CODEC } from './compression.ts'
import { definitionLevels } from './encode-values.ts'
import type { Presence } from './lake-column.ts'

/** Rows of a page: all of them, and which have a value. */
export interface PageRows {
	readonly count: number
	readonly present: Presence
	readonly nullCount: number
}

/** Writes a chunk's pages one after another to a file. */
export class ChunkWriter {
	readonly #out: ByteWriter
	readonly #required: boolean
	readonly #start: number
	#dictionaryStart: number | null = null
	#dataStart: number | null = null
	#uncompressed = 0
	#rows = 0
	#nulls = 0
	readonly #encodings = new Set<Encoding>()

	constructor(out: ByteWriter, required: boolean) {
		this.#out = out
		this.#required = required
		this.#start = out.offset
	}

	/** @param values In PLAIN encoding. */
	dictionaryPage(values: Uint8Array, count: number): void {
		const body = compressPage(values)
		this.#dictionaryStart = this.#out.offset
		writePageHeader(this.#out, {
			type: 'DICTIONARY_PAGE',
			uncompressed_page_size: values.length,
			compressed_page_size: body.length,
			crc: crc32(body) | 0,
			dictionary_page_header: { num_values: count, encoding: 'PLAIN' },
		})
		this.#uncompressed += this.#out.offset - this.#dictionaryStart + values.length
		this.#out.appendBytes(body)
		this.#encodings.add('PLAIN')
	}

	/** @param indices One for each row that has a value, all below `size`. */
	indexPage(rows: PageRows, indices: Int32Array, size: number): void {
		const bitWidth = 32 - Math.clz32(Math.max(0, size - 1))
		const page = new ByteWriter(1024 + indices.length)
		page.appendUint8(bitWidth)
		writeRleBitPackedHybrid(page, indices, bitWidth)
		this.dataPage(rows, 'RLE_DICTIONARY', page.getBytes())
	}

	/** @param values The rows that have a value, encoded. Only PLAIN leaves anything to compress. */
	dataPage(rows: PageRows, encoding: Encoding, values: Uint8Array): void {
		const levels = this.#required ? new Uint8Array(0) : definitionLevels(rows.present, rows.count)
		const compressed = encoding === 'PLAIN' ? compress(values) : null
		const body = compressed ?? values
		const start = this.#out.offset
		this.#dataStart ??= start
		writePageHeader(this.#out, {
			type: 'DATA_PAGE_V2',
			uncompressed_page_size: levels.length + values.length,
			compressed_page_size: levels.length + body.length,
			// Of all that follows the header (Parquet format, "Checksumming"); Thrift has signed numbers only.
			crc: crc32(body, crc32(levels)) | 0,
			data_page_header_v2: {
				num_values: rows.count,
				num_nulls: rows.nullCount,
				num_rows: rows.count,
				encoding,
				definition_levels_byte_length: levels.length,
				repetition_levels_byte_length: 0,
				is_compressed: compressed !== null,
			},
		})
		this.#uncompressed += this.#out.offset - start + levels.length + values.length
		this.#out.appendBytes(levels)
		this.#out.appendBytes(body)
		this.#rows += rows.count
		this.#nulls += rows.nullCount
		this.#encodings.add(encoding)
	}

	/** @param bounds Absent where no row has a value that bounds. */
	finish(name: string, type: ParquetType, bounds: Pick<Statistics, 'min_value' | 'max_value'>): ColumnChunk {
		return {
			file_offset: BigInt(this.#start),
			meta_data: {
				type,
				encodings: [...this.#encodings],
				path_in_schema: [name],
				codec: WRITE_CODEC,
				num_values: BigInt(this.#rows),
				total_uncompressed_size: BigInt(this.#uncompressed),
				total_compressed_size: BigInt(this.#out.offset - this.#start),
				data_page_offset: BigInt(this.#dataStart ?? this.#start),
				...(this.#dictionaryStart === null ? {} : { dictionary_page_offset: BigInt(this.#dictionaryStart) }),
				statistics: { null_count: BigInt(this.#nulls), ...bounds },
			},
		}
	}
}
