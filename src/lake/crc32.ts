/**
 * CRC-32 as in gzip (polynomial 0x04C11DB7, reflected): the sum that Parquet's pages carry. It finds every damage within 32 bits,
 * and all but one in four billion of others. WebCrypto has none, and Node's `zlib.crc32` is not in every Worker.
 *
 * @module
 */

/** Table k tells what a byte becomes k bytes later, so that eight bytes are taken at a time ("slicing by 8"). */
const tables = Int32Array.from({ length: 8 * 256 }, (_, index) => {
	let crc = index & 0xff
	for (let bit = 0; bit < 8 * (1 + (index >> 8)); bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0)
	return crc
})

/**
 * The CRC-32 of bytes, as an unsigned number.
 *
 * @param before The sum of the bytes in front of them, where they come in parts.
 * @example
 * ```ts
 * crc32(new TextEncoder().encode('123456789')) // 0xcbf43926
 * ```
 */
export function crc32(bytes: Uint8Array, before = 0): number {
	const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
	const wordsEnd = bytes.length & ~7
	let crc = ~before
	let i = 0
	for (; i < wordsEnd; i += 8) {
		const low = view.getInt32(i, true) ^ crc
		const high = view.getInt32(i + 4, true)
		crc =
			at(1792 + (low & 0xff)) ^
			at(1536 + ((low >>> 8) & 0xff)) ^
			at(1280 + ((low >>> 16) & 0xff)) ^
			at(1024 + (low >>> 24)) ^
			at(768 + (high & 0xff)) ^
			at(512 + ((high >>> 8) & 0xff)) ^
			at(256 + ((high >>> 16) & 0xff)) ^
			at(high >>> 24)
	}
	for (; i < bytes.length; i++) crc = (crc >>> 8) ^ at((crc ^ view.getUint8(i)) & 0xff)
	return ~crc >>> 0
}

function at(index: number): number {
	return tables[index] ?? 0
}
