/**
 * Snappy compression (https://github.com/google/snappy/blob/main/format_description.txt), written for this: pages of tens of
 * kilobytes to a megabyte, in JavaScript, into one buffer. The matching is that of the reference implementation.
 *
 * @module
 */

const HASH_BITS = 14
const hashTable = new Int32Array(1 << HASH_BITS)

/** Matches are looked for within blocks, so that an offset always takes two bytes. */
const BLOCK_BYTES = 1 << 16

let output = new Uint8Array(0)

/**
 * Compresses bytes; the result may be a little longer where they do not compress. It is good until the next call.
 */
export function snappyCompress(input: Uint8Array): Uint8Array {
	// The reference's bound on the size of the result.
	const bound = 32 + input.length + Math.ceil(input.length / 6)
	if (output.length < bound) output = new Uint8Array(bound)
	let position = 0
	let rest = input.length
	while (rest > 0x7f) {
		output[position++] = (rest & 0x7f) | 0x80
		rest >>>= 7
	}
	output[position++] = rest
	for (let start = 0; start < input.length; start += BLOCK_BYTES) {
		position = compressBlock(input, start, Math.min(input.length, start + BLOCK_BYTES), position)
	}
	return output.subarray(0, position)
}

function compressBlock(input: Uint8Array, start: number, end: number, at: number): number {
	let position = at
	let literalStart = start
	const view = new DataView(input.buffer, input.byteOffset, input.byteLength)
	if (end - start >= 16) {
		hashTable.fill(-1)
		const limit = end - 12
		let cursor = start
		let misses = 32
		let word = view.getInt32(cursor, true)
		while (cursor < limit) {
			const hash = Math.imul(word, 0x1e35a7bd) >>> (32 - HASH_BITS)
			const candidate = hashTable[hash] ?? -1
			hashTable[hash] = cursor
			if (candidate < start || view.getInt32(candidate, true) !== word) {
				// Bytes that do not compress are skipped over faster and faster.
				cursor += misses++ >> 5
				if (cursor < limit) word = view.getInt32(cursor, true)
				continue
			}
			position = emitLiteral(input, literalStart, cursor, position)
			let length = 4
			while (cursor + length < end && input[candidate + length] === input[cursor + length]) length++
			position = emitCopy(cursor - candidate, length, position)
			cursor += length
			literalStart = cursor
			misses = 32
			if (cursor < limit) {
				const before = view.getInt32(cursor - 1, true)
				hashTable[Math.imul(before, 0x1e35a7bd) >>> (32 - HASH_BITS)] = cursor - 1
				word = view.getInt32(cursor, true)
			}
		}
	}
	return emitLiteral(input, literalStart, end, position)
}

function emitLiteral(input: Uint8Array, from: number, to: number, at: number): number {
	const length = to - from
	if (length === 0) return at
	let position = at
	const tag = length - 1
	if (tag < 60) {
		output[position++] = tag << 2
	} else if (tag < 0x100) {
		output[position++] = 60 << 2
		output[position++] = tag
	} else {
		output[position++] = 61 << 2
		output[position++] = tag & 0xff
		output[position++] = tag >>> 8
	}
	if (length > 64) {
		output.set(input.subarray(from, to), position)
	} else {
		for (let i = 0; i < length; i++) output[position + i] = input[from + i] ?? 0
	}
	return position + length
}

function emitCopy(offset: number, size: number, at: number): number {
	let position = at
	let length = size
	// A copy of 64 bytes at most; the last one is kept at four bytes or more.
	while (length >= 68) {
		position = emitTwoByteCopy(offset, 64, position)
		length -= 64
	}
	if (length > 64) {
		position = emitTwoByteCopy(offset, 60, position)
		length -= 60
	}
	if (length >= 12 || offset >= 2048) return emitTwoByteCopy(offset, length, position)
	output[position++] = 1 | ((length - 4) << 2) | ((offset >>> 8) << 5)
	output[position++] = offset & 0xff
	return position
}

function emitTwoByteCopy(offset: number, length: number, at: number): number {
	output[at] = 2 | ((length - 1) << 2)
	output[at + 1] = offset & 0xff
	output[at + 2] = offset >>> 8
	return at + 3
}
