import fc from 'fast-check'
import { expect, it } from 'vitest'
import { decodeSingleValue, encodeSingleValue } from '../../../src/lake/iceberg/single-value.ts'
import type { IcebergPrimitiveType, IcebergValue } from '../../../src/lake/iceberg/types.ts'
import { compareIcebergValues } from '../../../src/lake/iceberg/value-order.ts'

type Value = Exclude<IcebergValue, null>
const long = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
const values: Readonly<Record<IcebergPrimitiveType, fc.Arbitrary<Value>>> = {
	boolean: fc.boolean(),
	int: fc.integer(),
	date: fc.integer(),
	long,
	timestamp: long,
	timestamptz: long,
	float: fc.float({ noNaN: true }),
	double: fc.double({ noNaN: true }),
	string: fc.string({ unit: 'binary' }).filter((text) => text.isWellFormed()),
	binary: fc.uint8Array(),
	uuid: fc.uint8Array({ minLength: 16, maxLength: 16 }),
}

it('gives back every value of every type', () => {
	for (const [type, arbitrary] of Object.entries(values) as [IcebergPrimitiveType, fc.Arbitrary<Value>][]) {
		fc.assert(
			fc.property(arbitrary, (value) => {
				expect(decodeSingleValue(type, encodeSingleValue(type, value))).toEqual(value)
			}),
			{ numRuns: 100 },
		)
	}
})

it('writes the bytes of appendix D', () => {
	const hex = (type: IcebergPrimitiveType, value: Value) => Buffer.from(encodeSingleValue(type, value)).toString('hex')
	expect(hex('boolean', true)).toBe('01')
	expect(hex('int', 34)).toBe('22000000')
	expect(hex('long', -2n)).toBe('feffffffffffffff')
	expect(hex('date', -1)).toBe('ffffffff')
	expect(hex('double', 1)).toBe('000000000000f03f')
	expect(hex('string', 'é')).toBe('c3a9')
})

it('widens a bound that was written before its column was promoted', () => {
	expect(decodeSingleValue('long', encodeSingleValue('int', -7))).toBe(-7n)
	expect(decodeSingleValue('double', encodeSingleValue('float', 0.5))).toBe(0.5)
})

it('takes what it cannot read as no bound', () => {
	expect(decodeSingleValue('int', Uint8Array.of(1))).toBeNull()
	expect(decodeSingleValue('string', Uint8Array.of(0xff))).toBeNull()
	expect(decodeSingleValue('decimal(9,2)' as IcebergPrimitiveType, Uint8Array.of(1))).toBeNull()
})

it('refuses to write a value of another type', () => {
	expect(() => encodeSingleValue('long', 1.5)).toThrow(/expected a value of type long, found 1.5 \(number\)/)
	expect(() => encodeSingleValue('string', 1)).toThrow(/type string/)
})

it('orders text by UTF-8 bytes', () => {
	const text = fc.string({ unit: 'binary' }).filter((value) => value.isWellFormed())
	fc.assert(
		fc.property(text, text, (a, b) => {
			expect(Math.sign(compareIcebergValues(a, b))).toBe(Math.sign(Buffer.compare(Buffer.from(a), Buffer.from(b))))
		}),
		{ numRuns: 500 },
	)
})

it('has no order between values of unlike kinds, nor with NaN', () => {
	expect(compareIcebergValues(1, 'a')).toBeNaN()
	expect(compareIcebergValues(null, 1)).toBeNaN()
	expect(compareIcebergValues(Number.NaN, 1)).toBeNaN()
	expect(compareIcebergValues(2n ** 60n + 1n, 2 ** 60)).toBe(1)
})
