import fc from 'fast-check'
import { expect, it } from 'vitest'
import { fromJsonValue, parseJson, toJsonValue } from '../../src/cli/http/json-values.ts'
import type { WireValue } from '../../src/driver/transport.ts'

const value: fc.Arbitrary<WireValue> = fc.oneof(
	fc.string({ unit: 'binary' }),
	// JSON has no -0, and SQLite has no NaN.
	fc.double({ noNaN: true }).map((number) => (Object.is(number, -0) ? 0 : number)),
	fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
	fc.uint8Array(),
	fc.constant(null),
)

it('every value of SQLite comes back from JSON as it was', () => {
	fc.assert(
		fc.property(value, (before) => {
			const text = JSON.stringify(toJsonValue(before))
			expect(fromJsonValue(parseJson(text), 'value')).toEqual(before)
		}),
		{ numRuns: 500 },
	)
})

it('an integer that stands in JSON as it is, however large, loses no digit', () => {
	fc.assert(
		fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (before) => {
			expect(String(fromJsonValue(parseJson(String(before)), 'value'))).toBe(String(before))
		}),
		{ numRuns: 300 },
	)
})
