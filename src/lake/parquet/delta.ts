/**
 * Integers as differences (Parquet format, "Encodings", DELTA_BINARY_PACKED = 5): the positions and moments of changes grow by
 * little from row to row, and so do most keys.
 *
 * @module
 */

/** Values of a block, and of each of its four miniblocks. */
const BLOCK = 128
const MINIBLOCK = 32

/**
 * Encodes values that lie close together.
 *
 * @param first The first value.
 * @param offsets Each value less `min`; all below 2^31, so that differences are exact in 32 bits.
 */
export function encodeDelta(first: bigint, offsets: Int32Array): Uint8Array {
	// At worst 32 bits a value, and a few bytes for each block.
	const output = new Uint8Array(64 + Math.ceil(offsets.length / BLOCK) * (BLOCK * 4 + 16))
	let position = 0
	const varint = (value: bigint) => {
		let rest = value
		for (; rest > 0x7fn; rest >>= 7n) output[position++] = Number(rest & 0x7fn) | 0x80
		output[position++] = Number(rest)
	}
	const zigzag = (value: bigint) => varint(BigInt.asUintN(64, (value << 1n) ^ (value >> 63n)))
	varint(BigInt(BLOCK))
	varint(BigInt(BLOCK / MINIBLOCK))
	varint(BigInt(offsets.length))
	zigzag(first)

	const deltas = new Float64Array(BLOCK)
	for (let start = 1; start < offsets.length; start += BLOCK) {
		const count = Math.min(BLOCK, offsets.length - start)
		let min = Number.POSITIVE_INFINITY
		for (let i = 0; i < count; i++) {
			const delta = (offsets[start + i] ?? 0) - (offsets[start + i - 1] ?? 0)
			deltas[i] = delta
			if (delta < min) min = delta
		}
		zigzag(BigInt(min))
		const widths = position
		position += BLOCK / MINIBLOCK
		for (let from = 0; from < BLOCK; from += MINIBLOCK) {
			// A miniblock beyond the last value has no bytes; one that the values end in is padded.
			const to = Math.min(count, from + MINIBLOCK)
			let all = 0
			for (let i = from; i < to; i++) {
				const rest = (deltas[i] ?? 0) - min
				// A difference of differences takes up to 32 bits, which are the same bits with or without a sign.
				deltas[i] = rest
				all |= rest
			}
			const width = from < to ? 32 - Math.clz32(all) : 0
			output[widths + from / MINIBLOCK] = width
			if (width > 0) {
				pack(deltas, from, to, width, output, position)
				position += (MINIBLOCK / 8) * width
			}
		}
	}
	return output.subarray(0, position)
}

/**
 * Decodes exactly `count` values into pairs of words, low and high.
 *
 * @throws RangeError if the bytes hold fewer.
 */
export function decodeDelta(bytes: Uint8Array, count: number): Int32Array {
	const header = new DeltaReader(bytes)
	const block = Number(header.varint())
	const miniblocks = Number(header.varint())
	const total = Number(header.varint())
	const first = header.zigzag()
	const size = block / miniblocks
	if (!(size > 0 && size % MINIBLOCK === 0 && miniblocks <= 256)) throw new RangeError('its blocks have no size')
	if (total !== count) throw new RangeError(`expected ${count} values, found ${total}`)
	const layout = { count, miniblocks, size, first }
	// Doubles do where all values are well within 2^53, which moments in microseconds are.
	return decodeSmall(header.fork(), layout) ?? decodeLarge(header.fork(), layout)
}

interface DeltaLayout {
	readonly count: number
	readonly miniblocks: number
	/** Values of a miniblock. */
	readonly size: number
	readonly first: bigint
}

/** @returns null where a value or a difference is too large for it. */
function decodeSmall(reader: DeltaReader, { count, miniblocks, size, first }: DeltaLayout): Int32Array | null {
	const words = new Int32Array(count * 2)
	let value = Number(first)
	if (!isSmall(value)) return null
	for (let row = 0, width = 0, min = 0, next = 0; row < count; row++) {
		if (row > 0) {
			if (next % size === 0) {
				if (next % (size * miniblocks) === 0) {
					min = Number(reader.zigzag())
					reader.startBlock(miniblocks)
				}
				width = reader.startMiniblock(size)
				if (width > 32) return null
			}
			next++
			value += min + reader.unpack(width)
			if (!isSmall(value)) return null
		}
		const high = Math.floor(value / 0x1_0000_0000)
		words[row * 2] = value - high * 0x1_0000_0000
		words[row * 2 + 1] = high
	}
	return words
}

function isSmall(value: number): boolean {
	return value < 2 ** 52 && value > -(2 ** 52)
}

function decodeLarge(reader: DeltaReader, { count, miniblocks, size, first }: DeltaLayout): Int32Array {
	const values = new BigInt64Array(count)
	let value = first
	for (let row = 0, width = 0, min = 0n, next = 0; row < count; row++) {
		if (row > 0) {
			if (next % size === 0) {
				if (next % (size * miniblocks) === 0) {
					min = reader.zigzag()
					reader.startBlock(miniblocks)
				}
				width = reader.startMiniblock(size)
			}
			next++
			const low = reader.unpack(Math.min(32, width))
			const high = width > 32 ? reader.unpack(width - 32) : 0
			// Sums wrap around, by the specification.
			value = BigInt.asIntN(64, value + min + ((BigInt(high) << 32n) | BigInt(low)))
		}
		values[row] = value
	}
	return new Int32Array(values.buffer)
}

/** A position in encoded bytes. */
class DeltaReader {
	readonly #bytes: Uint8Array
	#position: number
	/** Where the miniblock after the current one starts. */
	#next = 0
	#widths: Uint8Array = new Uint8Array(0)
	#miniblock = 0
	#window = 0
	#bits = 0

	constructor(bytes: Uint8Array, position = 0) {
		this.#bytes = bytes
		this.#position = position
	}

	/** A reader of its own at this position. */
	fork(): DeltaReader {
		return new DeltaReader(this.#bytes, this.#position)
	}

	varint(): bigint {
		let value = 0n
		for (let shift = 0n; ; shift += 7n) {
			const byte = this.#bytes[this.#position++]
			if (byte === undefined || shift > 63n) throw new RangeError('its values end early')
			value |= BigInt(byte & 0x7f) << shift
			if (byte < 0x80) return BigInt.asUintN(64, value)
		}
	}

	zigzag(): bigint {
		const value = this.varint()
		return (value >> 1n) ^ -(value & 1n)
	}

	startBlock(miniblocks: number): void {
		this.#widths = this.#bytes.subarray(this.#position, this.#position + miniblocks)
		this.#next = this.#position + miniblocks
		this.#miniblock = 0
	}

	/** @returns bits a value. */
	startMiniblock(size: number): number {
		const width = this.#widths[this.#miniblock++] ?? 0
		this.#position = this.#next
		this.#next += (size / 8) * width
		this.#window = 0
		this.#bits = 0
		if (width > 64 || this.#next > this.#bytes.length) throw new RangeError('its values end early')
		return width
	}

	/** @param width At most 32. */
	unpack(width: number): number {
		// Up to 7 + 32 bits: a double holds them, 32-bit operators do not.
		while (this.#bits < width) {
			this.#window += (this.#bytes[this.#position++] ?? 0) * 2 ** this.#bits
			this.#bits += 8
		}
		const divisor = 2 ** width
		const rest = Math.floor(this.#window / divisor)
		const value = this.#window - rest * divisor
		this.#window = rest
		this.#bits -= width
		return value
	}
}

/** Packs values `[from, to)` of at most 32 bits, least significant bit first. */
function pack(values: Float64Array, from: number, to: number, width: number, output: Uint8Array, at: number): void {
	let position = at
	let window = 0
	let bits = 0
	for (let i = from; i < to; i++) {
		// Halves of 16 bits keep the window within 32.
		let value = values[i] ?? 0
		for (let rest = width; rest > 0; rest -= 16) {
			const size = Math.min(16, rest)
			window |= (value & ((1 << size) - 1)) << bits
			bits += size
			value = Math.floor(value / 0x1_0000)
			for (; bits >= 8; bits -= 8) {
				output[position++] = window & 0xff
				window >>>= 8
			}
		}
	}
	if (bits > 0) output[position] = window & 0xff
}
