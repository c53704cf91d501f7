/**
 * Encoding one column of one row group. `hyparquet-writer` takes a JavaScript value for each cell; the columns here already
 * are as Parquet wants them, so their pages are made here, and `hyparquet-writer` frames them and writes the footer.
 *
 * @module
 */
import type { ColumnChunk, Statistics } from 'hyparquet'
import type { ByteWriter } from 'hyparquet-writer'
import type { IcebergField } from '../iceberg/types.ts'
import { compareUtf8 } from '../utf8-order.ts'
import { ChunkWriter, type PageRows } from './chunk-writer.ts'
import { encodeDelta } from './delta.ts'
import { buildDictionary } from './dictionary.ts'
import { ByteArrayBuffer, plainBits, plainWords } from './encode-values.ts'
import type { LakeColumn, Presence } from './lake-column.ts'

/** A page of text or bytes is cut at about this size, before compression (Parquet format, "Data Page Size"). */
const PAGE_BYTES = 1024 * 1024

/** Encoding is synchronous: one buffer serves all chunks. */
const scratch = new ByteArrayBuffer()

type Bounds = Pick<Statistics, 'min_value' | 'max_value'>
type ColumnOf<Kind extends LakeColumn['kind']> = LakeColumn & { readonly kind: Kind }

/**
 * Appends a column's pages to a file.
 *
 * @returns what the footer says of them, with whole minima and maxima.
 */
export function encodeChunk(out: ByteWriter, { name, required }: IcebergField, column: LakeColumn): ColumnChunk {
	const chunk = new ChunkWriter(out, required)
	switch (column.kind) {
		case 'int64':
			return chunk.finish(name, 'INT64', encodeInt64(chunk, column))
		case 'double':
			return chunk.finish(name, 'DOUBLE', encodeDouble(chunk, column))
		case 'boolean':
			return chunk.finish(name, 'BOOLEAN', encodeBoolean(chunk, column))
		case 'text':
			return chunk.finish(name, 'BYTE_ARRAY', encodeText(chunk, column))
		case 'bytes':
			return chunk.finish(name, 'BYTE_ARRAY', encodeBytes(chunk, column))
		case 'constant':
			return chunk.finish(name, 'BYTE_ARRAY', encodeConstant(chunk, column))
	}
}

function encodeInt64(chunk: ChunkWriter, { words, present }: ColumnOf<'int64'>): Bounds {
	const rows = pageRows(words.length / 2, present)
	let min = -1
	let max = -1
	let dictionaryFits = true
	for (let row = 0; row < rows.count; row++) {
		if (present !== null && present[row] !== 1) continue
		const high = words[row * 2 + 1] ?? 0
		// Numbers beyond 2^53 would be taken for their neighbours in a dictionary.
		if (high >= 0x20_0000 || high < -0x20_0000) dictionaryFits = false
		if (min === -1 || isLess(words, row, min)) min = row
		if (max === -1 || isLess(words, max, row)) max = row
	}
	const dictionary = dictionaryFits
		? buildDictionary(rows.count, (row) =>
				present !== null && present[row] !== 1
					? undefined
					: (words[row * 2 + 1] ?? 0) * 0x1_0000_0000 + ((words[row * 2] ?? 0) >>> 0),
			)
		: null
	if (dictionary === null) {
		const offsets = min === -1 ? null : offsetsFrom(words, present, min, max)
		if (offsets === null) chunk.dataPage(rows, 'PLAIN', plainWords(words, present))
		else chunk.dataPage(rows, 'DELTA_BINARY_PACKED', encodeDelta(int64At(words, min) + BigInt(offsets[0] ?? 0), offsets))
	} else {
		const values = BigInt64Array.from(dictionary.values, BigInt)
		chunk.dictionaryPage(new Uint8Array(values.buffer), values.length)
		chunk.indexPage(rows, dictionary.indices, values.length)
	}
	return min === -1 ? {} : { min_value: int64At(words, min), max_value: int64At(words, max) }
}

/** Whether the value of row `a` is less than that of row `b`: by high words, then by low words, which have no sign. */
function isLess(words: Int32Array, a: number, b: number): boolean {
	const difference = (words[a * 2 + 1] ?? 0) - (words[b * 2 + 1] ?? 0)
	return difference < 0 || (difference === 0 && (words[a * 2] ?? 0) >>> 0 < (words[b * 2] ?? 0) >>> 0)
}

/** The values that are there, less the least of them; null where they lie too far apart for {@link encodeDelta}. */
function offsetsFrom(words: Int32Array, present: Presence, min: number, max: number): Int32Array | null {
	const range = int64At(words, max) - int64At(words, min)
	if (range >= 0x8000_0000n) return null
	const base = words[min * 2] ?? 0
	const offsets = new Int32Array(words.length / 2)
	let count = 0
	for (let row = 0; row < offsets.length; row++) {
		// The range is below 2^31, so that the difference of the low words alone is the difference.
		if (present === null || present[row] === 1) offsets[count++] = (words[row * 2] ?? 0) - base
	}
	return offsets.subarray(0, count)
}

function int64At(words: Int32Array, row: number): bigint {
	return (BigInt(words[row * 2 + 1] ?? 0) << 32n) | BigInt((words[row * 2] ?? 0) >>> 0)
}

function encodeDouble(chunk: ChunkWriter, { values, present }: ColumnOf<'double'>): Bounds {
	const rows = pageRows(values.length, present)
	let min = Number.POSITIVE_INFINITY
	let max = Number.NEGATIVE_INFINITY
	let bounded = false
	let negativeZero = false
	for (let row = 0; row < values.length; row++) {
		if (present !== null && present[row] !== 1) continue
		const value = values[row] ?? 0
		if (value === 0 && Object.is(value, -0)) negativeZero = true
		// NaN is in no order, and in no bound.
		if (value <= min) min = value
		if (value >= max) max = value
		if (!Number.isNaN(value)) bounded = true
	}
	// The keys of a Map do not tell the two zeros apart.
	const dictionary = negativeZero
		? null
		: buildDictionary(values.length, (row) => (present !== null && present[row] !== 1 ? undefined : values[row]))
	if (dictionary === null) {
		chunk.dataPage(rows, 'PLAIN', plainWords(new Int32Array(values.buffer, values.byteOffset, values.length * 2), present))
	} else {
		chunk.dictionaryPage(new Uint8Array(Float64Array.from(dictionary.values).buffer), dictionary.values.length)
		chunk.indexPage(rows, dictionary.indices, dictionary.values.length)
	}
	// A bound of zero covers both zeros (Parquet format, "ColumnOrder").
	return bounded ? { min_value: min === 0 ? -0 : min, max_value: max === 0 ? 0 : max } : {}
}

function encodeBoolean(chunk: ChunkWriter, { values, present }: ColumnOf<'boolean'>): Bounds {
	const rows = pageRows(values.length, present)
	chunk.dataPage(rows, 'PLAIN', plainBits(values, present))
	if (rows.nullCount === rows.count) return {}
	// The slot of a NULL is 0, so a 1 always is a value.
	const max = values.includes(1)
	const min = max && !values.some((value, row) => value === 0 && (present === null || present[row] === 1))
	return { min_value: min, max_value: max }
}

function encodeConstant(chunk: ChunkWriter, { value, length }: ColumnOf<'constant'>): Bounds {
	scratch.reset().appendText(value)
	chunk.dictionaryPage(scratch.take(), 1)
	chunk.indexPage({ count: length, present: null, nullCount: 0 }, new Int32Array(length), 1)
	return { min_value: value, max_value: value }
}

function encodeText(chunk: ChunkWriter, column: ColumnOf<'text'>): Bounds {
	const { values, from, length } = column
	scratch.reset()
	const dictionary = buildDictionary(length, (row) => values[from + row] ?? undefined)
	if (dictionary !== null) {
		for (const value of dictionary.values) scratch.appendText(value)
		chunk.dictionaryPage(scratch.take(), dictionary.values.length)
		chunk.indexPage(pageRows(length, presenceOf(values, from, from + length)), dictionary.indices, dictionary.values.length)
		return textBounds(dictionary.values, 0, dictionary.values.length, scratch.ascii)
	}
	let page = from
	for (let row = from; row < from + length; row++) {
		const value = values[row] ?? null
		if (value !== null) scratch.appendText(value)
		if (scratch.length >= PAGE_BYTES) page = plainPage(chunk, values, page, row + 1)
	}
	plainPage(chunk, values, page, from + length)
	return textBounds(values, from, from + length, scratch.ascii)
}

function encodeBytes(chunk: ChunkWriter, { values, from, length }: ColumnOf<'bytes'>): Bounds {
	scratch.reset()
	let page = from
	let min: Uint8Array | null = null
	let max: Uint8Array | null = null
	for (let row = from; row < from + length; row++) {
		const value = values[row] ?? null
		if (value !== null) {
			scratch.appendBytes(value)
			if (min === null || compareBytes(value, min) < 0) min = value
			if (max === null || compareBytes(value, max) > 0) max = value
		}
		if (scratch.length >= PAGE_BYTES) page = plainPage(chunk, values, page, row + 1)
	}
	plainPage(chunk, values, page, from + length)
	return min === null || max === null ? {} : { min_value: min, max_value: max }
}

/** Writes what was collected of rows `[from, to)` as a page, if that is any row. @returns where the next page begins. */
function plainPage(chunk: ChunkWriter, values: readonly unknown[], from: number, to: number): number {
	if (to > from) chunk.dataPage(pageRows(to - from, presenceOf(values, from, to)), 'PLAIN', scratch.take())
	return to
}

/** @param ascii Whether all texts are ASCII, so that JavaScript's own order is that of their bytes. */
function textBounds(values: readonly (string | null)[], from: number, to: number, ascii: boolean): Bounds {
	let min: string | null = null
	let max: string | null = null
	for (let row = from; row < to; row++) {
		const value = values[row] ?? null
		if (value === null) continue
		if (min === null || (ascii ? value < min : compareUtf8(value, min) < 0)) min = value
		if (max === null || (ascii ? value > max : compareUtf8(value, max) > 0)) max = value
	}
	return min === null || max === null ? {} : { min_value: min, max_value: max }
}

/** Order of byte strings, unsigned. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
	const length = Math.min(a.length, b.length)
	for (let i = 0; i < length; i++) {
		const difference = (a[i] ?? 0) - (b[i] ?? 0)
		if (difference !== 0) return difference
	}
	return a.length - b.length
}

function presenceOf(values: readonly unknown[], from: number, to: number): Presence {
	let present: Uint8Array | null = null
	for (let row = from; row < to; row++) {
		if (values[row] !== null) continue
		present ??= new Uint8Array(to - from).fill(1)
		present[row - from] = 0
	}
	return present
}

function pageRows(count: number, present: Presence): PageRows {
	let nullCount = 0
	if (present !== null) for (let row = 0; row < count; row++) if (present[row] !== 1) nullCount++
	return { count, present: nullCount === 0 ? null : present, nullCount }
}
