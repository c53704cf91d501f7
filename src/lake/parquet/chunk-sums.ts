/**
 * CRC-32s over the bytes of a Parquet file, so that a reader of some columns can tell that what it has read is what was written.
 * Pages have CRCs of their own, which every reader may check, but they leave out the headers of the pages.
 *
 * The footer's key-value metadata lists the sum of the file up to the end of each column chunk, row group by row group. A chunk
 * is checked by going on from the sum of the one before it. In the same way the sum of the whole file, which the manifest
 * states, is the last of the list gone on with over the footer: it vouches for the footer, and so for the list.
 *
 * @module
 */
import type { FileMetaData, KeyValue, RowGroup } from 'hyparquet'
import { crc32 } from '../crc32.ts'
import { hex } from '../summed-name.ts'

const KEY = 'sqlake.crc32'

/** 'PAR1', with which a file begins. */
const HEAD = Uint8Array.of(0x50, 0x41, 0x52, 0x31)

/** Sums of a file before and after some bytes of it. */
export interface SumSpan {
	readonly before: number
	readonly after: number
}

/**
 * The entry of the footer for the chunks of a file, which lie one after another from byte 4 on.
 *
 * @param bytes The file up to its footer.
 */
export function chunkSumsMetadata(bytes: Uint8Array, rowGroups: readonly RowGroup[]): KeyValue {
	let sum = crc32(HEAD)
	let start = HEAD.length
	const sums = rowGroups.flatMap(({ columns }) =>
		columns.map(({ meta_data }) => {
			const end = start + Number(meta_data?.total_compressed_size ?? 0)
			sum = crc32(bytes.subarray(start, end), sum)
			start = end
			return hex(sum)
		}),
	)
	return { key: KEY, value: sums.join('') }
}

/** The sum of a whole file, from the entry of its footer and the bytes of the footer. */
export function fileSum({ value = '' }: KeyValue, footer: Uint8Array): number {
	return crc32(footer, Number.parseInt(value.slice(-8), 16))
}

/** The sums that a footer lists. */
export class ChunkSums {
	readonly #sums: readonly number[]
	readonly #columns: number

	constructor(sums: readonly number[], columns: number) {
		this.#sums = sums
		this.#columns = columns
	}

	/** Of the file up to its footer. */
	get last(): number {
		return this.#sums.at(-1) ?? crc32(HEAD)
	}

	/** Around a chunk, by the positions of its row group and column. */
	around(rowGroup: number, column: number): SumSpan {
		const index = rowGroup * this.#columns + column
		return { before: this.#sums[index - 1] ?? crc32(HEAD), after: this.#sums[index] ?? Number.NaN }
	}
}

/**
 * Reads the list of a footer.
 *
 * @returns null where there is none.
 * @throws Error for a list that does not fit the file.
 */
export function readChunkSums({ key_value_metadata, row_groups }: FileMetaData): ChunkSums | null {
	const text = key_value_metadata?.find(({ key }) => key === KEY)?.value
	if (text === undefined) return null
	const columns = row_groups[0]?.columns.length ?? 0
	if (!/^[0-9a-f]*$/.test(text) || text.length !== 8 * columns * row_groups.length) {
		throw new Error(`its sums are ${text.length} characters for ${row_groups.length} row groups of ${columns} columns`)
	}
	const sums = (text.match(/.{8}/g) ?? []).map((digits) => Number.parseInt(digits, 16))
	return new ChunkSums(sums, columns)
}
