import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseInt64 } from '../../src/schema/int64.ts'

describe('parseInt64', () => {
	it('reads every integer of 64 bits, with a sign, with zeros before it', () => {
		fc.assert(
			fc.property(fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n), fc.nat(40), fc.boolean(), (value, zeros, plus) => {
				const sign = value < 0n ? '-' : plus ? '+' : ''
				const digits = String(value < 0n ? -value : value)
				expect(parseInt64(`${sign}${'0'.repeat(zeros)}${digits}`)).toBe(value)
			}),
		)
	})

	it('knows its bounds', () => {
		expect(parseInt64('9223372036854775807')).toBe(2n ** 63n - 1n)
		expect(parseInt64('9223372036854775808')).toBeNull()
		expect(parseInt64('-9223372036854775808')).toBe(-(2n ** 63n))
		expect(parseInt64('-9223372036854775809')).toBeNull()
		expect(parseInt64('-0')).toBe(0n)
	})

	it.each(['', '+', '-', '1.0', '1e3', ' 1', '1 ', '0x10', '--1', '٣', '9'.repeat(20)])('takes %j for none', (text) => {
		expect(parseInt64(text)).toBeNull()
	})
})
