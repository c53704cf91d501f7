import { crc32 as zlibCrc32 } from 'node:zlib'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { crc32 } from '../../src/lake/crc32.ts'

it('is the CRC-32 of gzip, wherever the bytes lie in their buffer', () => {
	fc.assert(
		fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(9), (bytes, from) => {
			const view = bytes.subarray(from)
			expect(crc32(view)).toBe(zlibCrc32(view))
		}),
	)
})

it('goes on from the sum of the bytes before', () => {
	fc.assert(
		fc.property(fc.uint8Array({ maxLength: 50 }), fc.uint8Array({ maxLength: 50 }), (head, tail) => {
			expect(crc32(tail, crc32(head))).toBe(crc32(Uint8Array.of(...head, ...tail)))
		}),
	)
})

it('changes with every single bit', () => {
	fc.assert(
		fc.property(fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.nat(), (bytes, at) => {
			const bit = at % (bytes.length * 8)
			const flipped = bytes.slice()
			flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
			expect(crc32(flipped)).not.toBe(crc32(bytes))
		}),
	)
})
