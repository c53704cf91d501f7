import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { CommitRequest } from '../../../src/lake/catalog/catalog.ts'
import { decodeIntent, encodeIntent } from '../../../src/lake/catalog/commit-intent.ts'
import { contractCommit } from '../../contract/catalog-fixture.ts'

const value = fc.oneof(
	fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
	fc.double(),
	fc.string({ unit: 'binary' }),
	fc.boolean(),
	fc.constant(null),
	fc.uint8Array(),
)
const bounds = fc.array(fc.tuple(fc.integer(), value)).map((entries) => new Map(entries))

describe('an intent', () => {
	it('comes back as the commits that were put, whatever their bounds are', () => {
		fc.assert(
			fc.property(bounds, bounds, fc.dictionary(fc.string(), value), (lowerBounds, upperBounds, partition) => {
				const request = contractCommit('a', 1, 5)
				const appends = request.appends.map((append) => ({
					...append,
					dataFiles: append.dataFiles.map((file) => ({ ...file, lowerBounds, upperBounds, partition })),
				}))
				const requests: CommitRequest[] = [{ ...request, appends }, contractCommit('b', 1, 1)]
				expect(decodeIntent(encodeIntent(requests), 'key')).toEqual(requests)
			}),
		)
	})

	it('of which bytes are missing or others is refused', () => {
		const bytes = encodeIntent([contractCommit('a', 1, 5)])
		const corrupt = expect.objectContaining({ code: 'LAKE_CORRUPT', message: expect.stringContaining('commits/intents/x') })
		const refusal = (changed: Uint8Array) => {
			try {
				return decodeIntent(changed, 'commits/intents/x')
			} catch (error) {
				return error
			}
		}
		fc.assert(
			fc.property(fc.nat(bytes.length - 1), fc.nat(7), (at, bit) => {
				expect(refusal(bytes.slice(0, at))).toEqual(corrupt)
				expect(refusal(bytes.map((byte, i) => (i === at ? byte ^ (1 << bit) : byte)))).toEqual(corrupt)
			}),
		)
	})
})
