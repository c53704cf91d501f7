import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { dataFileKey } from '../../src/delivery/file-name.ts'

describe('dataFileKey', () => {
	it('names table, shard, moment and position', () => {
		expect(dataFileKey('orders', 'user/1', { epoch: 1, firstSeq: 42, firstTs: 1_767_225_600_000, attempt: 3 })).toBe(
			'data/orders/_shard=user%2F1/cdc_1767225600000_10000000000000042000003.parquet',
		)
	})

	it('gives different epochs, positions and attempts different names', () => {
		const position = fc.record({
			epoch: fc.integer({ min: 1, max: 10_000 }),
			firstSeq: fc.oneof(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER })),
			firstTs: fc.constant(0),
			attempt: fc.integer({ min: 1, max: 999_999 }),
		})
		fc.assert(
			fc.property(position, position, (a, b) => {
				const same = a.epoch === b.epoch && a.firstSeq === b.firstSeq && a.attempt === b.attempt
				expect(dataFileKey('t', 's', a) === dataFileKey('t', 's', b)).toBe(same)
			}),
		)
	})
})
