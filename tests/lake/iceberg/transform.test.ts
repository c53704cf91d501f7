import { describe, expect, it } from 'vitest'
import { applyTransform, bucketHash, parseTransform, transformResultType } from '../../../src/lake/iceberg/transform.ts'
import type { IcebergTransform } from '../../../src/lake/iceberg/types.ts'

const bytes = (hex: string) => Uint8Array.from(Buffer.from(hex.replaceAll('-', ''), 'hex'))
const micros = (iso: string) => BigInt(Date.parse(iso)) * 1000n

describe('bucket', () => {
	it('hashes as the test vectors of appendix B say', () => {
		expect(bucketHash('int', 34)).toBe(2017239379)
		expect(bucketHash('long', 34n)).toBe(2017239379)
		expect(bucketHash('date', Date.parse('2017-11-16') / 86_400_000)).toBe(-653330422)
		expect(bucketHash('timestamp', micros('2017-11-16T22:31:08Z'))).toBe(-2047944441)
		expect(bucketHash('timestamptz', micros('2017-11-16T14:31:08-08:00'))).toBe(-2047944441)
		expect(bucketHash('timestamptz', micros('2017-11-16T22:31:08Z') + 1n)).toBe(-1207196810)
		expect(bucketHash('string', 'iceberg')).toBe(1210000089)
		expect(bucketHash('uuid', bytes('f79c3e09-677c-4bbd-a479-3f349cb785e7'))).toBe(1488055340)
		expect(bucketHash('binary', bytes('00010203'))).toBe(-188683207)
	})

	it('is the positive hash modulo the count, and NULL for NULL', () => {
		expect(applyTransform('bucket[16]', 'string', 'iceberg')).toBe(1210000089 % 16)
		expect(applyTransform('bucket[100]', 'date', 17486)).toBe((-653330422 & 0x7fffffff) % 100)
		expect(applyTransform('bucket[16]', 'string', null)).toBeNull()
	})

	it('is refused for a type it is not defined for', () => {
		expect(() => applyTransform('bucket[16]', 'double', 1.5)).toThrow(/expected a type it is defined for, found double/)
	})
})

describe('truncate', () => {
	it('rounds numbers down, also below zero, and cuts text at a code point', () => {
		expect(applyTransform('truncate[10]', 'int', 1)).toBe(0)
		expect(applyTransform('truncate[10]', 'int', -1)).toBe(-10)
		expect(applyTransform('truncate[10]', 'long', -1n)).toBe(-10n)
		expect(applyTransform('truncate[3]', 'string', 'iceberg')).toBe('ice')
		expect(applyTransform('truncate[2]', 'string', 'a😀b')).toBe('a😀')
		expect(applyTransform('truncate[2]', 'binary', Uint8Array.of(1, 2, 3))).toEqual(Uint8Array.of(1, 2))
	})
})

describe('the transforms of time', () => {
	it('count whole units from 1970, rounding towards the past', () => {
		const at = micros('2017-11-16T22:31:08Z')
		expect(applyTransform('year', 'timestamptz', at)).toBe(47)
		expect(applyTransform('month', 'timestamptz', at)).toBe(47 * 12 + 10)
		expect(applyTransform('day', 'timestamptz', at)).toBe(17486)
		expect(applyTransform('hour', 'timestamptz', at)).toBe(17486 * 24 + 22)
		expect(applyTransform('day', 'date', 17486)).toBe(17486)
		for (const [transform, expected] of [
			['year', -1],
			['month', -1],
			['day', -1],
			['hour', -1],
		] as const) {
			expect(applyTransform(transform, 'timestamptz', -1n)).toBe(expected)
		}
	})
})

describe('a transform', () => {
	it('knows the type of its result', () => {
		expect(transformResultType('day', 'timestamptz')).toBe('date')
		expect(transformResultType('bucket[4]', 'string')).toBe('int')
		expect(transformResultType('identity', 'string')).toBe('string')
	})

	it('of a later specification is unknown, not an error', () => {
		expect(parseTransform('zorder[3]' as IcebergTransform)).toEqual({ kind: 'unknown' })
		expect(parseTransform('bucket[0]')).toEqual({ kind: 'unknown' })
	})
})
