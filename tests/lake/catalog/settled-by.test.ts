import { describe, expect, it } from 'vitest'
import { SQLakeError } from '../../../src/errors.ts'
import type { CommitRequest, ShardPosition } from '../../../src/lake/catalog/catalog.ts'
import { emptyPointer, shardKey } from '../../../src/lake/catalog/lake-pointer.ts'
import { settledBy } from '../../../src/lake/catalog/settled-by.ts'
import { contractCommit, LOCATION } from '../../contract/catalog-fixture.ts'

/** What becomes of commits where a lake is at a position with shard `a`, and has never heard of another. */
function settled(position: ShardPosition, ...requests: readonly CommitRequest[]) {
	const pointer = { ...emptyPointer(LOCATION), shards: new Map([[shardKey('a'), position]]) }
	return settledBy(
		pointer,
		requests.map((request) => ({ kind: 'commit', request })),
	)
}

const request = { ...contractCommit('a', 3, 5), epoch: 2, watermark: 50 }
const there: ShardPosition = { epoch: 2, seq: 5, watermark: 50 }

describe('commits that another has made', () => {
	it('are committed where the lake stands at their end', () => {
		expect(settled(there, request)).toEqual([{ commit: { status: 'committed', position: there, snapshots: {} } }])
		// A watermark never goes back: that of an earlier range may be later.
		const later = { ...there, watermark: 51 }
		expect(settled(later, request)).toMatchObject([{ commit: { status: 'committed', position: later } }])
	})

	it('were there before where the lake stands beyond them, or at their end with an earlier moment', () => {
		for (const position of [
			{ ...there, seq: 6 },
			{ ...there, watermark: 49 },
		]) {
			expect(settled(position, request)).toEqual([{ commit: { status: 'duplicate', position, snapshots: {} } }])
		}
	})

	it('still wait where one of them does', () => {
		const next = { ...request, fromSeq: 6, toSeq: 6 }
		expect(settled(there, next)).toBeNull()
		expect(settled(there, request, next)).toBeNull()
		expect(settled(there, { ...request, epoch: 3 })).toBeNull()
		expect(settled(there, contractCommit('b', 1, 1))).toBeNull()
		const evolution = { kind: 'evolve', tables: [], options: {} } as const
		expect(settledBy(emptyPointer(LOCATION), [evolution])).toBeNull()
	})

	it('are refused where they do not follow, and leave the others alone', () => {
		const outcomes = settled(there, { ...request, epoch: 1 }, { ...request, fromSeq: 4, toSeq: 6 }, request)
		expect(outcomes?.map((outcome) => (SQLakeError.is(outcome) ? outcome.code : outcome))).toMatchObject([
			'COMMIT_SEQUENCE',
			'COMMIT_SEQUENCE',
			{ commit: { status: 'committed' } },
		])
	})
})
