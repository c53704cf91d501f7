import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { lowerBound, upperBound } from '../../../src/lake/parquet/bounds.ts'
import { writeChangesFile } from '../../../src/lake/parquet/write-changes-file.ts'
import { sampleChanges, sampleLake, sampleTable } from './sample.ts'

const parameters = { numRuns: 1000 }
const bytesOf = (value: unknown) => (typeof value === 'string' ? new TextEncoder().encode(value) : (value as Uint8Array))
const compare = (a: unknown, b: unknown) => Buffer.compare(bytesOf(a), bytesOf(b))

/** Characters where one more is a byte longer, skips the surrogates, or does not exist. */
const edge = fc.constantFrom('a', '\u007f', '\u07ff', '\ud7ff', '\ue000', '\uffff', '\u{10ffff}', 'é', '🛩')
const text = fc.oneof(
	fc.string({ unit: 'binary' }),
	fc.array(edge, { maxLength: 20 }).map((parts) => parts.join('')),
)
const binary = fc.oneof(
	fc.uint8Array({ maxLength: 20 }),
	fc.array(fc.constantFrom(0, 254, 255)).map((each) => Uint8Array.from(each)),
)

/** Whether a value is too long, and nothing as short is greater than all that begin as it does. */
function hasNoUpperBound(value: string | Uint8Array, limit: number): boolean {
	if (bytesOf(value).length <= limit) return false
	if (typeof value !== 'string') return value.subarray(0, limit).every((byte) => byte === 255)
	const { read } = new TextEncoder().encodeInto(value, new Uint8Array(limit))
	return [...value.slice(0, read)].every((point) => point === '\u{10ffff}')
}

describe('bounds', () => {
	it('hold the value between them, however short they are', () => {
		fc.assert(
			fc.property(fc.oneof(text, binary), fc.integer({ min: 4, max: 12 }), (value, limit) => {
				const lower = lowerBound(value, limit)
				const upper = upperBound(value, limit)
				expect(compare(lower, value)).toBeLessThanOrEqual(0)
				expect(bytesOf(lower).length).toBeLessThanOrEqual(limit)
				expect(upper === undefined).toBe(hasNoUpperBound(value, limit))
				if (upper === undefined) return
				expect(compare(upper, value)).toBeGreaterThanOrEqual(0)
				// Half of a surrogate pair is no text: what is stored for it is another character.
				if (typeof upper === 'string') expect(upper.isWellFormed()).toBe(true)
			}),
			parameters,
		)
	})

	it('are the value itself where that is short enough', () => {
		expect([lowerBound('user-1', 64), upperBound('user-1', 64)]).toEqual(['user-1', 'user-1'])
		expect([lowerBound(5n, 1), upperBound(-0.5, 1), lowerBound(false, 1)]).toEqual([5n, -0.5, false])
	})

	it('are absent for NaN and NULL', () => {
		expect([lowerBound(Number.NaN, 64), upperBound(null, 64), upperBound(undefined, 64)]).toEqual([
			undefined,
			undefined,
			undefined,
		])
	})

	it('of a column are by the order of UTF-8 bytes, not of UTF-16 units', () => {
		const table = sampleTable({ id: 'text', note: 'text' })
		// U+FF5E has a greater unit than the surrogates of U+1F6E9, and fewer bytes.
		const rows = ['\uff5e', '🛩', 'a', '\uff5e'].map((value, i) => ({ row: [`${value}${i}`, value] }))
		const { stats } = writeChangesFile({ changes: sampleChanges(table, rows), shard: 's', epoch: 1, lake: sampleLake(table) })
		for (const [field, last] of [
			[101, '🛩1'],
			[102, '🛩'],
		] as const) {
			expect(String(stats.lowerBounds.get(field)).startsWith('a')).toBe(true)
			expect(stats.upperBounds.get(field)).toBe(last)
		}
	})
})
