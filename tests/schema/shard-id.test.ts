import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { printReal, printsAlikeEverywhere } from '../../src/schema/print-real.ts'
import { MAX_SHARD_ID_LENGTH, type ShardKeyValue, shardIdFromKey } from '../../src/schema/shard-id.ts'
import type { Affinity } from '../../src/schema/table-schema.ts'

const parameters = { numRuns: 1_000 }
const one = (value: ShardKeyValue, affinity: Affinity = 'TEXT') => shardIdFromKey([value], [affinity])
const refusal = (code: string) => expect.objectContaining({ name: 'SQLakeError', code })

describe('the name of a shard with a single key', () => {
	it.each([
		'user-123',
		'a/b',
		'..',
		'../..',
		'%',
		'%2F',
		'/',
		'//',
		'%%/',
		'/%/',
		'%2F/a',
		'https://example.com/a%2Fb?c=%25',
		'😀',
		' ',
		'a\0b',
		'0',
		'5.0',
		'NULL',
		'x'.repeat(2_000),
		'😀'.repeat(1_000),
	])('is the text itself: %j', (text) => {
		expect(one(text)).toBe(text)
	})

	it.each<[ShardKeyValue, Affinity, string]>([
		[5n, 'INTEGER', '5'],
		[5, 'INTEGER', '5'],
		[-0, 'INTEGER', '0'],
		['5', 'INTEGER', '5'],
		[' 5 ', 'INTEGER', '5'],
		['+005', 'INTEGER', '5'],
		['5e0', 'INTEGER', '5'],
		['5.', 'NUMERIC', '5'],
		[5.5, 'INTEGER', '5.5'],
		['5x', 'INTEGER', '5x'],
		['0x10', 'INTEGER', '0x10'],
		['.', 'INTEGER', '.'],
		[9_223_372_036_854_775_807n, 'INTEGER', '9223372036854775807'],
		['9223372036854775807', 'INTEGER', '9223372036854775807'],
		['0.25', 'REAL', '0.25'],
		['1e22', 'REAL', '1.0e+22'],
		['000000000000000000000001.50', 'REAL', '1.5'],
		[-(2 ** 63), 'INTEGER', '-9223372036854775808'],
		[1e18, 'INTEGER', '1000000000000000000'],
		[5, 'TEXT', '5.0'],
		[5n, 'TEXT', '5'],
		[5, 'REAL', '5.0'],
		[5n, 'REAL', '5.0'],
		['5', 'REAL', '5.0'],
		[0.1, 'REAL', '0.1'],
		[-1e-7, 'REAL', '-1.0e-07'],
		['abc', 'REAL', 'abc'],
	])('is what SQLite prints of %s in a column of affinity %s: %s', (value, affinity, shard) => {
		expect(one(value, affinity)).toBe(shard)
	})

	it.each<[ShardKeyValue]>([[null], [undefined], [''], [Number.NaN]])('does not exist for %j', (value) => {
		for (const affinity of ['TEXT', 'INTEGER', 'REAL'] as const)
			expect(() => one(value, affinity)).toThrow(refusal('ROUTE_SHARD_KEY_NULL'))
	})

	it('has at most 2,000 UTF-16 units', () => {
		expect(() => one('x'.repeat(MAX_SHARD_ID_LENGTH + 1))).toThrow(refusal('SHARD_ID_INVALID'))
		expect(() => one(`${'😀'.repeat(1_000)}x`)).toThrow(refusal('SHARD_ID_INVALID'))
	})

	it('is neither a BLOB nor text that UTF-8 cannot carry, nor the shard of the global tables', () => {
		for (const value of [new Uint8Array([1]), new ArrayBuffer(1), '\ud800', 'a\udc00', '_global']) {
			expect(() => one(value)).toThrow(refusal('SHARD_ID_INVALID'))
		}
	})

	it('is refused in a text column for a number whose text depends on the version of SQLite', () => {
		for (const value of [0.1 + 0.2, 1 / 3, 1e15, 1e-5, Number.POSITIVE_INFINITY])
			expect(() => one(value)).toThrow(refusal('SHARD_ID_INVALID'))
	})

	it('is refused in a numeric column for text that SQLite may round', () => {
		for (const text of ['9223372036854775808', '0.30000000000000004', '1e300', '1e-300', '1234567890.123456']) {
			expect(() => one(text, 'REAL')).toThrow(refusal('SHARD_ID_INVALID'))
		}
	})

	it('is equal for numbers that SQLite finds equal in a numeric column, however they are written', () => {
		fc.assert(
			fc.property(fc.maxSafeInteger(), fc.constantFrom<Affinity>('INTEGER', 'NUMERIC', 'REAL'), (integer, affinity) => {
				const names = [integer, BigInt(integer), String(integer), ` ${integer} `].map((value) => one(value, affinity))
				expect(new Set(names).size).toBe(1)
			}),
			parameters,
		)
	})

	it('differs for different numbers', () => {
		fc.assert(
			fc.property(
				fc.double({ noNaN: true }),
				fc.double({ noNaN: true }),
				fc.constantFrom<Affinity>('NUMERIC', 'REAL'),
				(a, b, affinity) => {
					expect(one(a, affinity) === one(b, affinity)).toBe(a === b)
				},
			),
			parameters,
		)
	})
})

describe('the name of a shard with a composite key', () => {
	it('joins the parts and escapes what joins them', () => {
		expect(shardIdFromKey(['eu', 'user-1'], ['TEXT', 'TEXT'])).toBe('%/eu/user-1')
		expect(shardIdFromKey(['a/b', '50%', 7], ['TEXT', 'TEXT', 'INTEGER'])).toBe('%/a%2Fb/50%25/7')
	})

	it('is never that of a single key', () => {
		expect(one('x/y')).toBe('x/y')
		expect(shardIdFromKey(['x', 'y'], ['TEXT', 'TEXT'])).toBe('%/x/y')
		expect(one('%/x/y')).toBe('%/%25%2Fx%2Fy')
		expect(one('%/')).toBe('%/%25%2F')
	})

	it('differs for different keys, of whatever number of columns, and for what others are called', () => {
		const part = fc.string({ minLength: 1, maxLength: 6, unit: fc.constantFrom('a', '/', '%', '2', 'F', '5') })
		const nameOf = (key: readonly string[]) => shardIdFromKey(key, Array<Affinity>(key.length).fill('TEXT'))
		const key = fc.array(part, { minLength: 1, maxLength: 3 })
		// A key that is the name of another, or of one of its beginnings, is what comes nearest to a clash.
		const named = key.map((other) => [nameOf(other)])
		const parts = key.map((other) => ['a', ...nameOf(other).split('/').filter(Boolean)].slice(-3))
		const any = fc.oneof(
			key,
			named,
			named.map(([name = '']) => [nameOf([name])]),
			parts,
		)
		fc.assert(
			fc.property(any, any, (a, b) => {
				const same = a.length === b.length && a.every((value, index) => value === b[index])
				expect(nameOf(a) === nameOf(b)).toBe(same)
				expect(nameOf(a) === nameOf([nameOf(b)])).toBe(a.length === 1 && a[0] === nameOf(b))
			}),
			{ ...parameters, numRuns: 10_000 },
		)
	})

	it('needs every part', () => {
		expect(() => shardIdFromKey(['eu', null], ['TEXT', 'TEXT'])).toThrow(refusal('ROUTE_SHARD_KEY_NULL'))
		expect(() => shardIdFromKey(['', 'x'], ['TEXT', 'TEXT'])).toThrow(refusal('ROUTE_SHARD_KEY_NULL'))
		expect(() => shardIdFromKey(['eu'], ['TEXT', 'TEXT'])).toThrow(refusal('INTERNAL'))
	})

	it('is bounded after escaping', () => {
		expect(() => shardIdFromKey(['/'.repeat(700), 'x'], ['TEXT', 'TEXT'])).toThrow(refusal('SHARD_ID_INVALID'))
	})
})

describe('printReal', () => {
	it.each([
		[0, '0.0'],
		[-0, '0.0'],
		[1, '1.0'],
		[-1.5, '-1.5'],
		[100, '100.0'],
		[1234.5, '1234.5'],
		[0.0001, '0.0001'],
		[0.00001, '1.0e-05'],
		[1e16, '10000000000000000.0'],
		[1e17, '1.0e+17'],
		[1.5e300, '1.5e+300'],
		[5e-324, '5.0e-324'],
		[Number.POSITIVE_INFINITY, 'Inf'],
		[Number.NEGATIVE_INFINITY, '-Inf'],
	])('writes %d as %s', (value, text) => {
		expect(printReal(value)).toBe(text)
	})

	it('reads back as the same number, with a decimal point', () => {
		fc.assert(
			fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
				expect(Number(printReal(value))).toBe(value === 0 ? 0 : value)
				expect(printReal(value)).toMatch(/^-?\d+\.\d+(?:e[+-]\d{2,})?$/)
			}),
			parameters,
		)
	})

	it('knows that only short exact decimals print alike in every version of SQLite', () => {
		expect([5, 5.5, -0.25, 999_999_999_999_999].every(printsAlikeEverywhere)).toBe(true)
		expect([0.1, 1e15, 1 / 3, 2 ** -20].some(printsAlikeEverywhere)).toBe(false)
	})
})
