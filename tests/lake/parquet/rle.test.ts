import { describe, expect, it } from 'vitest'
import { decodeRle } from '../../../src/lake/parquet/rle.ts'

function decode(bytes: readonly number[], bitWidth: number, count: number): number[] {
	const output = new Int32Array(count)
	decodeRle(Uint8Array.from(bytes), bitWidth, output)
	return [...output]
}

describe('decodeRle', () => {
	it('reads values of 24 bits, in a run and packed', () => {
		expect(decode([3 << 1, 0xff, 0xfe, 0xfd], 24, 3)).toEqual([0xfdfeff, 0xfdfeff, 0xfdfeff])
		const packed = Array.from({ length: 8 }, (_, i) => [i, 0xff, 0xf0 + i]).flat()
		expect(decode([(1 << 1) | 1, ...packed], 24, 8)).toEqual(Array.from({ length: 8 }, (_, i) => 0xf0ff00 + i * 0x10001))
	})

	it('goes on with the next run behind a packed one of odd width', () => {
		// Eight values of 3 bits, 0 to 7, take three bytes.
		expect(decode([(1 << 1) | 1, 0b10001000, 0b11000110, 0b11111010, 2 << 1, 5], 3, 10)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 5, 5])
	})

	it('refuses wider values, which it would read wrongly', () => {
		expect(() => decode([1 << 1, 0, 0, 0, 0], 25, 1)).toThrow(/at most 24 bits, found 25/)
	})

	it('refuses runs that end early', () => {
		expect(() => decode([2 << 1, 1], 1, 3)).toThrow(/expected 3 encoded values, found 2/)
		expect(() => decode([(1 << 1) | 1, 0], 2, 8)).toThrow(/expected 8 encoded values, found 0/)
		expect(() => decode([0x80], 1, 1)).toThrow(RangeError)
	})

	it('refuses a length of more than 32 bits', () => {
		expect(decode([0x82, 0x80, 0x80, 0x80, 0x00, 1], 1, 1)).toEqual([1])
		expect(() => decode([0x82, 0x80, 0x80, 0x80, 0x80, 0x00, 1], 1, 1)).toThrow(RangeError)
	})
})
