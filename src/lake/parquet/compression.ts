/**
 * The compression of the lake's Parquet files, in one place.
 *
 * @module
 */
import type { CompressionCodec } from 'hyparquet'
import { snappyUncompress } from 'hyparquet/src/snappy.js'

/** What files are written with. Every engine reads Snappy, and it needs no WebAssembly in a Worker. */
export const WRITE_CODEC: CompressionCodec = 'SNAPPY'

/**
 * Decompresses a page.
 *
 * @param length Bytes of the page once it is decompressed.
 * @throws Error if the bytes do not decompress to exactly that, or the codec is not supported.
 */
export function decompress(codec: CompressionCodec, bytes: Uint8Array, length: number): Uint8Array {
	switch (codec) {
		case 'UNCOMPRESSED':
			return bytes
		case 'SNAPPY': {
			const page = new Uint8Array(length)
			snappyUncompress(bytes, page)
			return page
		}
		default:
			throw new Error(`compression ${codec} is not supported`)
	}
}
