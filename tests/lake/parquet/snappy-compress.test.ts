import fc from 'fast-check'
import { snappyUncompress } from 'hyparquet/src/snappy.js'
import { describe, expect, it } from 'vitest'
import { compress, compressPage, decompress } from '../../../src/lake/parquet/compression.ts'

/** Bytes with repeats, near and far, as pages have them. */
const repetitive = fc
	.array(fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 12 }), fc.integer({ min: 1, max: 400 })), { maxLength: 60 })
	.map((parts) => Uint8Array.from(parts.flatMap(([bytes, times]) => Array.from({ length: times }, () => [...bytes]).flat())))

describe('snappyCompress', () => {
	it('gives back the same bytes', () => {
		fc.assert(
			fc.property(fc.oneof(fc.uint8Array({ maxLength: 300 }), repetitive), (bytes) => {
				const restored = new Uint8Array(bytes.length)
				snappyUncompress(compressPage(bytes), restored)
				expect(restored).toEqual(bytes)
			}),
			{ numRuns: 300 },
		)
	})

	it('compresses across more than one block', () => {
		const bytes = Uint8Array.from({ length: 300_000 }, (_, i) => (i % 1000) ^ (i >> 14))
		const compressed = compress(bytes)
		expect(compressed?.length).toBeLessThan(bytes.length / 2)
		expect(decompress('SNAPPY', compressed ?? bytes, bytes.length)).toEqual(bytes)
	})

	it('leaves alone what does not compress', () => {
		let noise = 1
		const bytes = Uint8Array.from({ length: 10_000 }, () => {
			noise = (noise * 48_271) % 2_147_483_647
			return noise >> 8
		})
		expect(compress(bytes)).toBeNull()
	})
})
