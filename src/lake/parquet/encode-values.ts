/**
 * Values in Parquet's PLAIN encoding (Parquet format, "Encodings", PLAIN = 0), and definition levels.
 *
 * @module
 */
import type { Presence } from './lake-column.ts'

const encoder = new TextEncoder()

/** Texts shorter than this are encoded by hand: a call into the encoder costs more than they do. */
const SHORT_TEXT = 64

/** Collects byte arrays in PLAIN encoding: each with its length in front, as four bytes. */
export class ByteArrayBuffer {
	#bytes = new Uint8Array(64 * 1024)
	#view = new DataView(this.#bytes.buffer)
	#used = 0
	/** True while every text was ASCII. */
	ascii = true

	get length(): number {
		return this.#used
	}

	appendText(text: string): void {
		const { length } = text
		this.#reserve(4 + length * 3)
		const start = this.#used + 4
		const written = length < SHORT_TEXT ? this.#appendAscii(text, start) : 0
		let end = start + written
		if (written < length) {
			const rest = written === 0 ? text : text.slice(written)
			const result = encoder.encodeInto(rest, this.#bytes.subarray(end))
			if (result.written !== rest.length) this.ascii = false
			end += result.written
		}
		this.#view.setUint32(this.#used, end - start, true)
		this.#used = end
	}

	appendBytes(bytes: Uint8Array): void {
		this.#reserve(4 + bytes.length)
		this.#view.setUint32(this.#used, bytes.length, true)
		this.#bytes.set(bytes, this.#used + 4)
		this.#used += 4 + bytes.length
	}

	/** Starts again. */
	reset(): this {
		this.#used = 0
		this.ascii = true
		return this
	}

	/** What was collected; the buffer starts again, and the bytes are good until something is appended. */
	take(): Uint8Array {
		const bytes = this.#bytes.subarray(0, this.#used)
		this.#used = 0
		return bytes
	}

	/** @returns how many units were ASCII up to the first that is not. */
	#appendAscii(text: string, start: number): number {
		const bytes = this.#bytes
		for (let i = 0; i < text.length; i++) {
			const unit = text.charCodeAt(i)
			if (unit > 0x7f) return i
			bytes[start + i] = unit
		}
		return text.length
	}

	#reserve(bytes: number): void {
		const needed = this.#used + bytes
		if (needed <= this.#bytes.length) return
		const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2))
		grown.set(this.#bytes.subarray(0, this.#used))
		this.#bytes = grown
		this.#view = new DataView(grown.buffer)
	}
}

/** The rows of an `int64` or `double` column that have a value, eight bytes each. */
export function plainWords(words: Int32Array, present: Presence): Uint8Array {
	if (present === null) return new Uint8Array(words.buffer, words.byteOffset, words.byteLength)
	const packed = new Int32Array(words.length)
	let to = 0
	for (let row = 0; row < present.length; row++) {
		if (present[row] !== 1) continue
		packed[to++] = words[row * 2] ?? 0
		packed[to++] = words[row * 2 + 1] ?? 0
	}
	return new Uint8Array(packed.buffer, 0, to * 4)
}

/** The rows of a boolean column that have a value, one bit each. */
export function plainBits(values: Uint8Array, present: Presence): Uint8Array {
	const bits = new Uint8Array(Math.ceil(values.length / 8))
	let count = 0
	for (let row = 0; row < values.length; row++) {
		if (present !== null && present[row] !== 1) continue
		if (values[row] === 1) bits[count >> 3] = (bits[count >> 3] ?? 0) | (1 << (count & 7))
		count++
	}
	return bits.subarray(0, Math.ceil(count / 8))
}

/** Definition levels of `count` rows of an optional column: one run where they are all alike, else one bit a row. */
export function definitionLevels(present: Presence, count: number): Uint8Array {
	if (present === null) return Uint8Array.of(...varint(count << 1), 1)
	if (!present.includes(1)) return Uint8Array.of(...varint(count << 1), 0)
	const header = varint((Math.ceil(count / 8) << 1) | 1)
	const levels = new Uint8Array(header.length + Math.ceil(count / 8))
	levels.set(header)
	levels.set(plainBits(present, null), header.length)
	return levels
}

function varint(value: number): number[] {
	const bytes: number[] = []
	let rest = value
	for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80)
	bytes.push(rest)
	return bytes
}
