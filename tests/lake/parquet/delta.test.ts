import fc from 'fast-check'
import { deltaBinaryUnpack } from 'hyparquet/src/delta.js'
import { ByteWriter } from 'hyparquet-writer'
import { deltaBinaryPack } from 'hyparquet-writer/src/delta.js'
import { describe, expect, it } from 'vitest'
import { decodeDelta, encodeDelta } from '../../../src/lake/parquet/delta.ts'

const parameters = { numRuns: 200 }

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

	it('reads differences of every width, where doubles hold the values and where they do not', () => {
		const ofWidth = fc
			.integer({ min: 0, max: 62 })
			.chain((bits) => fc.bigInt({ min: -(2n ** BigInt(bits)), max: 2n ** BigInt(bits) }))
		const any = fc.integer({ min: 0, max: 62 }).chain((bits) => {
			const limit = 2n ** BigInt(bits)
			const clamped = ofWidth.map((value) => (value > limit ? limit : value < -limit ? -limit : value))
			return fc.array(clamped, { minLength: 1, maxLength: 200 })
		})
		fc.assert(
			fc.property(any, (values) => {
				const writer = new ByteWriter()
				deltaBinaryPack(writer, values, 'INT64')
				expect(int64s(decodeDelta(writer.getBytes(), values.length))).toEqual(values)
			}),
			parameters,
		)
	})

	it('refuses numbers and differences of more than 64 bits', () => {
		// A block of 128 values in 4 miniblocks; 2 values, the first 0; a smallest difference of 0; the widths of the miniblocks.
		const head = [0x80, 0x01, 4, 2, 0, 0]
		const padding = new Array<number>(65 * 4).fill(0)
		expect(int64s(decodeDelta(Uint8Array.from([...head, 64, 0, 0, 0, ...padding]), 2))).toEqual([0n, 0n])
		expect(() => decodeDelta(Uint8Array.from([...head, 65, 0, 0, 0, ...padding]), 2)).toThrow(RangeError)
		const long = [0x80, 0x81, ...new Array<number>(8).fill(0x80), 0]
		expect(() => decodeDelta(Uint8Array.from([...long, ...head.slice(2), 0, 0, 0, 0]), 2)).toThrow(RangeError)
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
