/**
 * The compression of the lake's Parquet files, in one place.
 *
 * @module
 */
import type { CompressionCodec } from 'hyparquet'
import { snappyUncompress } from 'hyparquet/src/snappy.js'
import { snappyCompress } from './snappy-compress.ts'

/** What files are written with. Every engine reads Snappy, and it needs no WebAssembly in a Worker. */
export const WRITE_CODEC: CompressionCodec = 'SNAPPY'

/**
 * Compresses the values of a page with {@link WRITE_CODEC}.
 *
 * @returns null where it would save less than an eighth: reading such a page costs more than its bytes are worth. Else the
 *   result, good until the next call.
 */
export function compress(bytes: Uint8Array): Uint8Array | null {
	const compressed = snappyCompress(bytes)
	return compressed.length < bytes.length - (bytes.length >>> 3) ? compressed : null
}

/** Compresses a page of a kind that cannot say that it is not compressed. The result is good until the next call. */
export function compressPage(bytes: Uint8Array): Uint8Array {
	return snappyCompress(bytes)
}

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
