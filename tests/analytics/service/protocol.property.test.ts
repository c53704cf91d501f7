import fc from 'fast-check'
import { expect, it } from 'vitest'
import {
	type DuckDBQueryRequest,
	decodeRequest,
	decodeValue,
	encodeRequest,
	encodeValue,
} from '../../../src/analytics/service/protocol.ts'
import type { LakeMoment, WireValue } from '../../../src/driver/transport.ts'

const value: fc.Arbitrary<WireValue> = fc.oneof(
	fc.constant(null),
	fc.string({ unit: 'binary' }),
	fc.double(),
	fc.constantFrom(-0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 5e-324, Number.MAX_VALUE),
	fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
	fc.uint8Array(),
)
const ms = fc.double({ noNaN: true, noDefaultInfinity: true, min: 0, max: 8.64e15 })
const moment: fc.Arbitrary<LakeMoment> = fc.oneof(
	fc.constant({ kind: 'current' as const }),
	fc.record({ kind: fc.constant('asOf' as const), at: ms }),
	fc.record({ kind: fc.constant('snapshot' as const), id: fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }) }),
	fc.record({ kind: fc.constant('between' as const), from: ms, to: ms }),
)

it('values cross exactly: 64-bit integers, every double, bytes, text of any kind', () => {
	fc.assert(
		fc.property(value, (original) => {
			expect(decodeValue(JSON.parse(JSON.stringify(encodeValue(original))))).toStrictEqual(original)
		}),
		{ numRuns: 2_000 },
	)
})

it('a large blob crosses', () => {
	const bytes = Uint8Array.from({ length: 200_000 }, (_, i) => i % 251)
	expect(decodeValue(JSON.parse(JSON.stringify(encodeValue(bytes))))).toStrictEqual(bytes)
	expect(decodeValue(encodeValue(bytes.buffer))).toStrictEqual(bytes)
})

it('requests cross whole', () => {
	const base = { sql: fc.string(), params: fc.array(value), moment, streamed: fc.boolean() }
	const request = fc.oneof(fc.record(base), fc.record({ ...base, names: fc.constant('code' as const) }))
	fc.assert(
		fc.property(request, ({ sql, params, ...rest }) => {
			const original: DuckDBQueryRequest = { statement: { sql, params }, timeoutMs: 5, dialect: 'duckdb', ...rest }
			const { moment, ...decoded } = decodeRequest(encodeRequest(original))
			const { moment: _, ...others } = rest
			expect(decoded).toStrictEqual({ statement: { sql, params }, timeoutMs: 5, dialect: 'duckdb', ...others })
			// A moment's -0 is 0.
			expect(moment).toEqual(
				JSON.parse(
					JSON.stringify(rest.moment, (_, v) => (typeof v === 'bigint' ? `${v}` : v)),
					(key, v) => (key === 'id' ? BigInt(v) : v),
				),
			)
		}),
		{ numRuns: 500 },
	)
})

it.each([
	['', 'JSON'],
	['5', 'expected an object'],
	['{}', 'sql: expected text'],
	['{"sql":1}', 'sql: expected text'],
	['{"sql":"","params":[true],"moment":{"kind":"current"}}', 'expected a value, found true'],
	['{"sql":"","params":[],"moment":{"kind":"asOf"}}', 'moment: found {"kind":"asOf"}'],
])('refuses %s', (text, message) => {
	expect(() => decodeRequest(text)).toThrow(message)
})
