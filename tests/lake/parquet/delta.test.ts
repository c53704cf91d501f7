import fc from 'fast-check'
import { deltaBinaryUnpack } from 'hyparquet/src/delta.js'
import { ByteWriter } from 'hyparquet-writer'
import { deltaBinaryPack } from 'hyparquet-writer/src/delta.js'
import { describe, expect, it } from 'vitest'
import { decodeDelta, encodeDelta } from '../../../src/lake/parquet/delta.ts'

const parameters = { numRuns: 200, seed: 20_261_123 }

/** Values at most 2^31 - 1 above the first argument, in runs that grow by little and jumps that do not. */
const close = fc
	.tuple(
		fc.bigInt({ min: -(2n ** 62n), max: 2n ** 62n }),
		fc.array(fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 0x7fff_ffff })), {
			minLength: 1,
			maxLength: 600,
		}),
	)
	.map(([min, offsets]) => ({ min, offsets: Int32Array.from(offsets) }))

function int64s(words: Int32Array): bigint[] {
	return [...new BigInt64Array(words.buffer, words.byteOffset, words.length / 2)]
}

describe('encodeDelta', () => {
	it('is read back as it was, by us and by hyparquet', () => {
		fc.assert(
			fc.property(close, ({ min, offsets }) => {
				const values = [...offsets].map((offset) => min + BigInt(offset))
				const bytes = encodeDelta(values[0] ?? 0n, offsets)
				expect(int64s(decodeDelta(bytes, offsets.length))).toEqual(values)

				const theirs = new BigInt64Array(offsets.length)
				const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
				deltaBinaryUnpack({ view, offset: 0 }, offsets.length, theirs)
				expect([...theirs]).toEqual(values)
			}),
			parameters,
		)
	})

	it('takes next to nothing for values that grow evenly', () => {
		const offsets = Int32Array.from({ length: 20_000 }, (_, i) => i * 1_000)
		expect(encodeDelta(1_735_689_600_000_000n, offsets).length).toBeLessThan(1_600)
	})
})

describe('decodeDelta', () => {
	it('reads what another writer wrote, of any 64-bit integers', () => {
		const any = fc.array(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), { minLength: 1, maxLength: 300 })
		fc.assert(
			fc.property(any, (values) => {
				const writer = new ByteWriter()
				deltaBinaryPack(writer, values, 'INT64')
				expect(int64s(decodeDelta(writer.getBytes(), values.length))).toEqual(values)
			}),
			parameters,
		)
	})

	it('refuses bytes that end early, and counts that are not theirs', () => {
		const bytes = encodeDelta(
			5n,
			Int32Array.from({ length: 500 }, (_, i) => (i * 7_919) % 1_000),
		)
		for (let length = 0; length < bytes.length; length += 7) {
			expect(() => decodeDelta(bytes.slice(0, length), 500)).toThrow(RangeError)
		}
		expect(() => decodeDelta(bytes, 499)).toThrow(/expected 499 values, found 500/)
	})
})
