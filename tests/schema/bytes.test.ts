import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { copyBytes, exactBuffer, isBytes, viewBytes } from '../../src/schema/bytes.ts'
import { randomBytes, unkeepable } from '../support/random-bytes.ts'

const property = (check: Parameters<typeof fc.property<[import('../support/random-bytes.ts').RandomBytes]>>[1]) =>
	fc.assert(fc.property(randomBytes, check), { numRuns: 500 })

describe('bytes', () => {
	it('are those that a view shows, whatever lies around them', () =>
		property(({ value, shown }) => {
			expect(isBytes(value)).toBe(true)
			expect(viewBytes(value)).toEqual(shown)
			expect(copyBytes(value)).toEqual(shown)
			expect(copyBytes(value, 1, 3)).toEqual(shown.slice(1, 3))
			expect(new Uint8Array(exactBuffer(value))).toEqual(shown)
		}))

	it('are copied into a buffer of their own', () =>
		property(({ value, shown }) => {
			const copy = copyBytes(value)
			expect(copy.buffer.byteLength).toBe(shown.length)
			viewBytes(value).fill(0xaa)
			expect(copy).toEqual(shown)
		}))

	it('are not shared memory, memory that was given away, or what only looks like a buffer', () => {
		for (const value of unkeepable()) expect(isBytes(value)).toBe(false)
		for (const value of [null, undefined, 'text', [1], { byteLength: 1 }, new Date()]) expect(isBytes(value)).toBe(false)
	})
})
