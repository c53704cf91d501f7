/**
 * Building vectors from the values of pages.
 *
 * @module
 */
import type { SchemaElement } from 'hyparquet'
import { exactBuffer } from '../../schema/bytes.ts'
import type { IcebergField } from '../iceberg/types.ts'
import type { LakeVector } from './lake-vector.ts'

/** Takes the pages of a chunk in order. `present` has a 1 for each row with a value, and is null where every row has one. */
export interface VectorBuilder {
	/** @param page `count` values in PLAIN encoding. */
	setDictionary(page: Uint8Array, count: number): void
	/** @param page At least `count` values in PLAIN encoding. @throws RangeError if it holds fewer. */
	appendPlain(page: Uint8Array, count: number, present: Uint8Array | null): void
	/** @throws RangeError if an index is beyond the dictionary. */
	appendIndices(indices: Int32Array, present: Uint8Array | null): void
	/** @param values Pairs of words, low and high. @throws Error if the values do not have eight bytes. */
	appendWords(values: Int32Array, present: Uint8Array | null): void
	/** @returns the vector; the builder is done with. */
	finish(): LakeVector
}

/**
 * Makes the builder for a field, checking that the file's type is the one that the field's type is stored as
 * (Iceberg specification, appendix A, "Parquet"), or the narrower one of a file from before a promotion ("Schema Evolution").
 *
 * @param sizeHint Bytes that all values take, as far as the footer tells.
 * @throws Error if the types do not match.
 */
export function createVectorBuilder(
	field: IcebergField,
	element: SchemaElement,
	rowCount: number,
	sizeHint: number,
): VectorBuilder {
	const { type } = element
	switch (field.type) {
		case 'long':
			if (type === 'INT64') return new WordBuilder(field, rowCount)
			if (type === 'INT32') return new WidenedIntegers(field, rowCount, widenIntegers)
			break
		case 'timestamptz':
			if (type === 'INT64' && isMicros(element)) return new WordBuilder(field, rowCount)
			break
		case 'double':
			if (type === 'DOUBLE') return new WordBuilder(field, rowCount)
			if (type === 'FLOAT') return new WordBuilder(field, rowCount, widenFloats)
			break
		case 'boolean':
			if (type === 'BOOLEAN') return new BooleanBuilder(field, rowCount)
			break
		case 'string':
		case 'binary':
			if (type === 'BYTE_ARRAY') return new BytesBuilder(field, rowCount, sizeHint)
			break
	}
	throw new Error(`expected a ${field.type}, found ${describe(element)}`)
}

function isMicros({ converted_type, logical_type }: SchemaElement): boolean {
	return converted_type === 'TIMESTAMP_MICROS' || (logical_type?.type === 'TIMESTAMP' && logical_type.unit === 'MICROS')
}

function describe({ type, converted_type, logical_type }: SchemaElement): string {
	const annotation = logical_type?.type ?? converted_type
	return annotation === undefined ? `${type}` : `${type} (${annotation})`
}

/** Rows seen so far, and which of them are NULL. */
class Validity {
	readonly #length: number
	#bits: Uint8Array | null = null
	#row = 0
	nullCount = 0

	constructor(length: number) {
		this.#length = length
	}

	get row(): number {
		return this.#row
	}

	advance(count: number, present: Uint8Array | null): void {
		if (present !== null) {
			this.#bits ??= new Uint8Array(bitmapBytes(this.#length)).fill(255)
			for (let i = 0; i < present.length; i++) {
				if (present[i] === 1) continue
				const row = this.#row + i
				this.#bits[row >> 3] = (this.#bits[row >> 3] ?? 0) & ~(1 << (row & 7))
				this.nullCount++
			}
		}
		this.#row += present === null ? count : present.length
	}

	get bitmap(): Uint8Array | null {
		return this.nullCount === 0 ? null : this.#bits
	}
}

/** Values of eight bytes. They are moved as pairs of 32-bit words: exact, and no bigint is made. */
class WordBuilder implements VectorBuilder {
	readonly #field: IcebergField
	readonly #words: Int32Array<ArrayBuffer>
	readonly #validity: Validity
	readonly #read: typeof readWords
	#dictionary: Int32Array = new Int32Array(0)

	/** @param read Gives the words of values in PLAIN encoding. */
	constructor(field: IcebergField, rowCount: number, read = readWords) {
		this.#field = field
		this.#read = read
		this.#words = new Int32Array(rowCount * 2)
		this.#validity = new Validity(rowCount)
	}

	setDictionary(page: Uint8Array, count: number): void {
		this.#dictionary = this.#read(page, count)
	}

	appendPlain(page: Uint8Array, count: number, present: Uint8Array | null): void {
		this.appendWords(this.#read(page, count), present)
	}

	appendWords(values: Int32Array, present: Uint8Array | null): void {
		const start = this.#validity.row
		this.#validity.advance(values.length / 2, present)
		if (present === null) {
			this.#words.set(values, start * 2)
			return
		}
		for (let i = 0, from = 0, to = start * 2; i < present.length; i++, to += 2) {
			if (present[i] !== 1) continue
			this.#words[to] = values[from++] ?? 0
			this.#words[to + 1] = values[from++] ?? 0
		}
	}

	appendIndices(indices: Int32Array, present: Uint8Array | null): void {
		checkIndices(indices, this.#dictionary.length / 2)
		const start = this.#validity.row
		this.#validity.advance(indices.length, present)
		const words = this.#words
		const dictionary = this.#dictionary
		const count = present === null ? indices.length : present.length
		for (let i = 0, next = 0, to = start * 2; i < count; i++, to += 2) {
			if (present !== null && present[i] !== 1) continue
			const from = (indices[next++] ?? 0) * 2
			words[to] = dictionary[from] ?? 0
			words[to + 1] = dictionary[from + 1] ?? 0
		}
	}

	finish(): LakeVector {
		const { buffer } = this.#words
		const base = {
			field: this.#field,
			length: this.#words.length / 2,
			nullCount: this.#validity.nullCount,
			validity: this.#validity.bitmap,
		}
		return this.#field.type === 'double'
			? { kind: 'double', ...base, values: new Float64Array(buffer) }
			: { kind: 'int64', ...base, values: new BigInt64Array(buffer) }
	}
}

/** Integers of four bytes. Differences between them wrap around at 32 bits, where the encoding has differences. */
class WidenedIntegers extends WordBuilder {
	override appendWords(values: Int32Array, present: Uint8Array | null): void {
		super.appendWords(
			values.map((word, i) => (i % 2 === 0 ? word : (values[i - 1] ?? 0) >> 31)),
			present,
		)
	}
}

class BooleanBuilder implements VectorBuilder {
	readonly #field: IcebergField
	readonly #rowCount: number
	readonly #bits: Uint8Array
	readonly #validity: Validity

	constructor(field: IcebergField, rowCount: number) {
		this.#field = field
		this.#rowCount = rowCount
		this.#bits = new Uint8Array(bitmapBytes(rowCount))
		this.#validity = new Validity(rowCount)
	}

	setDictionary(): void {
		throw new Error('a boolean column has a dictionary')
	}

	appendPlain(page: Uint8Array, count: number, present: Uint8Array | null): void {
		if (page.length * 8 < count) throw new RangeError(`expected ${count} booleans, found ${page.length * 8}`)
		const values = new Int32Array(count)
		for (let i = 0; i < count; i++) values[i] = ((page[i >> 3] ?? 0) >> (i & 7)) & 1
		this.appendIndices(values, present)
	}

	/** @param values 0 or 1 each. */
	appendIndices(values: Int32Array, present: Uint8Array | null): void {
		const start = this.#validity.row
		this.#validity.advance(values.length, present)
		const count = present === null ? values.length : present.length
		for (let i = 0, next = 0; i < count; i++) {
			if (present !== null && present[i] !== 1) continue
			const row = start + i
			if (values[next++] === 1) this.#bits[row >> 3] = (this.#bits[row >> 3] ?? 0) | (1 << (row & 7))
		}
	}

	appendWords(): void {
		throw new Error('a boolean column holds integers')
	}

	finish(): LakeVector {
		const { nullCount, bitmap: validity } = this.#validity
		return { kind: 'boolean', field: this.#field, length: this.#rowCount, nullCount, validity, bits: this.#bits }
	}
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Values of any length, one after another in one buffer. */
class BytesBuilder implements VectorBuilder {
	readonly #field: IcebergField
	readonly #offsets: Int32Array
	readonly #validity: Validity
	#data: Uint8Array
	#used = 0
	#dictionary = new Uint8Array(0)
	/** Where each value of the dictionary starts; one more than there are values. */
	#dictionaryOffsets = new Int32Array(1)

	constructor(field: IcebergField, rowCount: number, sizeHint: number) {
		this.#field = field
		this.#offsets = new Int32Array(rowCount + 1)
		this.#validity = new Validity(rowCount)
		this.#data = new Uint8Array(Math.max(0, sizeHint))
	}

	setDictionary(page: Uint8Array, count: number): void {
		if (count * 4 > page.length) throw new RangeError(`expected ${count} values, found a page of ${page.length} bytes`)
		const view = new DataView(page.buffer, page.byteOffset, page.byteLength)
		this.#dictionary = new Uint8Array(page.length)
		this.#dictionaryOffsets = new Int32Array(count + 1)
		let position = 0
		let end = 0
		for (let i = 0; i < count; i++) {
			const length = view.getUint32(position, true)
			position += 4
			if (position + length > page.length) throw new RangeError('a value is longer than its page')
			copyBytes(page, position, this.#dictionary, end, length)
			position += length
			end += length
			this.#dictionaryOffsets[i + 1] = end
		}
		this.#checkText(this.#dictionary, this.#dictionaryOffsets, 0, count)
	}

	appendPlain(page: Uint8Array, count: number, present: Uint8Array | null): void {
		if (count * 4 > page.length) throw new RangeError(`expected ${count} values, found a page of ${page.length} bytes`)
		const start = this.#validity.row
		this.#validity.advance(count, present)
		this.#reserve(page.length)
		const view = new DataView(page.buffer, page.byteOffset, page.byteLength)
		const rows = present === null ? count : present.length
		let position = 0
		for (let i = 0; i < rows; i++) {
			if (present === null || present[i] === 1) {
				const length = view.getUint32(position, true)
				position += 4
				if (position + length > page.length) throw new RangeError('a value is longer than its page')
				copyBytes(page, position, this.#data, this.#used, length)
				position += length
				this.#used += length
			}
			this.#offsets[start + i + 1] = this.#used
		}
		this.#checkText(this.#data, this.#offsets, start, start + rows)
	}

	appendIndices(indices: Int32Array, present: Uint8Array | null): void {
		checkIndices(indices, this.#dictionaryOffsets.length - 1)
		const start = this.#validity.row
		this.#validity.advance(indices.length, present)
		const offsets = this.#dictionaryOffsets
		let total = 0
		for (const index of indices) total += (offsets[index + 1] ?? 0) - (offsets[index] ?? 0)
		this.#reserve(total)
		const rows = present === null ? indices.length : present.length
		for (let i = 0, next = 0; i < rows; i++) {
			if (present === null || present[i] === 1) {
				const index = indices[next++] ?? 0
				const from = offsets[index] ?? 0
				const length = (offsets[index + 1] ?? 0) - from
				copyBytes(this.#dictionary, from, this.#data, this.#used, length)
				this.#used += length
			}
			this.#offsets[start + i + 1] = this.#used
		}
	}

	appendWords(): void {
		throw new Error('a column of bytes holds integers')
	}

	finish(): LakeVector {
		const { nullCount, bitmap: validity } = this.#validity
		const data = this.#data.subarray(0, this.#used)
		return {
			kind: 'bytes',
			field: this.#field,
			length: this.#offsets.length - 1,
			nullCount,
			validity,
			offsets: this.#offsets,
			data,
		}
	}

	/** An engine that is handed text trusts it to be UTF-8, so values `[from, to)` are checked: all at once, then at their seams. */
	#checkText(data: Uint8Array, offsets: Int32Array, from: number, to: number): void {
		if (this.#field.type !== 'string') return
		const end = offsets[to] ?? 0
		utf8.decode(data.subarray(offsets[from], end))
		for (let i = from; i < to; i++) {
			const start = offsets[i] ?? 0
			if (start < end && ((data[start] ?? 0) & 0xc0) === 0x80) throw new TypeError('a value begins inside a character')
		}
	}

	#reserve(bytes: number): void {
		const needed = this.#used + bytes
		if (needed > 0x7fff_ffff) throw new RangeError('a column of a row group is larger than 2 GiB')
		if (needed <= this.#data.length) return
		const grown = new Uint8Array(Math.max(needed, this.#data.length * 2))
		grown.set(this.#data.subarray(0, this.#used))
		this.#data = grown
	}
}

/** Short values, which most are, copy faster by hand than by a call with a view of its own. */
function copyBytes(from: Uint8Array, start: number, to: Uint8Array, at: number, length: number): void {
	if (length > 48) {
		to.set(from.subarray(start, start + length), at)
		return
	}
	for (let i = 0; i < length; i++) to[at + i] = from[start + i] ?? 0
}

function readWords(page: Uint8Array, count: number): Int32Array {
	if (count < 0 || count * 8 > page.length)
		throw new RangeError(`expected ${count} values of 8 bytes, found ${page.length} bytes`)
	if (page.byteOffset % 4 === 0) return new Int32Array(page.buffer, page.byteOffset, count * 2)
	return new Int32Array(exactBuffer(page.subarray(0, count * 8)))
}

function widenIntegers(page: Uint8Array, count: number): Int32Array {
	const words = new Int32Array(count * 2)
	const view = fourByteValues(page, count)
	for (let i = 0; i < count; i++) {
		const value = view.getInt32(i * 4, true)
		words[i * 2] = value
		words[i * 2 + 1] = value >> 31
	}
	return words
}

function widenFloats(page: Uint8Array, count: number): Int32Array {
	const view = fourByteValues(page, count)
	const doubles = Float64Array.from({ length: count }, (_, i) => view.getFloat32(i * 4, true))
	return new Int32Array(doubles.buffer)
}

function fourByteValues(page: Uint8Array, count: number): DataView {
	if (count >= 0 && count * 4 <= page.length) return new DataView(page.buffer, page.byteOffset, page.length)
	throw new RangeError(`expected ${count} values of 4 bytes, found ${page.length} bytes`)
}

function checkIndices(indices: Int32Array, size: number): void {
	for (const index of indices) {
		if (index >= size) throw new RangeError(`expected an index below ${size}, found ${index}`)
	}
}

/** Arrow pads its buffers to eight bytes. */
function bitmapBytes(rows: number): number {
	return Math.ceil(rows / 64) * 8
}
