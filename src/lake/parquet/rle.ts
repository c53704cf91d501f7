/**
 * Reading the run-length encoding / bit-packing hybrid (Parquet format, "Encodings", RLE = 3): definition levels, booleans and
 * dictionary indices.
 *
 * @module
 */

/**
 * Decodes exactly `output.length` values of `bitWidth` bits. Never writes or reads out of bounds, whatever the bytes hold.
 *
 * @param bytes The runs, without the length in front.
 * @param bitWidth Bits a value, 0 to 24.
 * @throws RangeError if the runs end early.
 */
export function decodeRle(bytes: Uint8Array, bitWidth: number, output: Uint8Array | Int32Array): void {
	if (bitWidth > 24) throw new RangeError(`expected values of at most 24 bits, found ${bitWidth}`)
	const count = output.length
	let position = 0
	let done = 0
	while (done < count) {
		let header = 0
		for (let shift = 0; ; shift += 7) {
			const byte = bytes[position++]
			if (byte === undefined || shift > 28) throw new RangeError(`expected ${count} encoded values, found ${done}`)
			header |= (byte & 0x7f) << shift
			if (byte < 0x80) break
		}
		if ((header & 1) === 0) {
			const end = Math.min(count, done + (header >>> 1))
			let value = 0
			for (let byte = 0; byte < bitWidth; byte += 8) value |= (bytes[position++] ?? 0) << byte
			output.fill(value, done, end)
			done = end
		} else {
			// Groups of eight values; the last group of a page may be padded.
			const groups = header >>> 1
			const end = Math.min(count, done + groups * 8)
			if (position + Math.ceil(((end - done) * bitWidth) / 8) > bytes.length) {
				throw new RangeError(`expected ${count} encoded values, found ${done}`)
			}
			unpack(bytes, position, bitWidth, output, done, end)
			position += groups * bitWidth
			done = end
		}
	}
}

function unpack(
	bytes: Uint8Array,
	start: number,
	bitWidth: number,
	output: Uint8Array | Int32Array,
	from: number,
	to: number,
): void {
	const mask = (1 << bitWidth) - 1
	let position = start
	let window = 0
	let bits = 0
	for (let i = from; i < to; i++) {
		while (bits < bitWidth) {
			window |= (bytes[position++] ?? 0) << bits
			bits += 8
		}
		output[i] = window & mask
		window >>>= bitWidth
		bits -= bitWidth
	}
}
