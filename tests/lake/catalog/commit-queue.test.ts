import { describe, expect, it } from 'vitest'
import { SQLakeError, type SQLakeErrorCode } from '../../../src/errors.ts'
import type { LakeChange } from '../../../src/lake/catalog/admit-changes.ts'
import type { CommitRequest } from '../../../src/lake/catalog/catalog.ts'
import type { LakeOutcome } from '../../../src/lake/catalog/commit-outcome.ts'
import { CommitQueue } from '../../../src/lake/catalog/commit-queue.ts'

const request = (shard: string): CommitRequest => ({
	commitId: shard,
	shard,
	epoch: 1,
	fromSeq: 1,
	toSeq: 1,
	watermark: 0,
	appends: [],
})
const shardOf = (change: LakeChange) => (change.kind === 'commit' ? change.request.shard : '')
const committed = (toSeq: number): LakeOutcome => ({
	commit: { status: 'committed', position: { epoch: 1, seq: toSeq, watermark: 0 }, snapshots: {} },
})

/** A queue whose groups are noted; `commit` decides what becomes of each. */
function open(commit: (shards: readonly string[]) => readonly LakeOutcome[] = (shards) => shards.map((_, i) => committed(i))) {
	const groups: string[][] = []
	const queue = new CommitQueue(async (changes) => {
		const shards = changes.map(shardOf)
		groups.push(shards)
		await new Promise((resolve) => setTimeout(resolve, 1))
		return commit(shards)
	})
	return { queue, groups }
}

describe('CommitQueue', () => {
	it('commits what is asked for in one turn as one group', async () => {
		const { queue, groups } = open()
		await Promise.all(['a', 'b', 'c'].map((shard) => queue.commit(request(shard))))
		expect(groups).toEqual([['a', 'b', 'c']])
	})

	it('commits what arrives meanwhile as the next group, and what arrives after a pause by itself', async () => {
		const { queue, groups } = open()
		const first = queue.commit(request('a'))
		await Promise.resolve()
		await Promise.resolve()
		const next = [queue.commit(request('b')), queue.commit(request('c'))]
		await Promise.all([first, ...next])
		await queue.commit(request('d'))
		expect(groups).toEqual([['a'], ['b', 'c'], ['d']])
	})

	it('takes 256 changes into a group at most, all of them, in their order', async () => {
		const { queue, groups } = open()
		const shards = Array.from({ length: 600 }, (_, i) => `s${i}`)
		const results = await Promise.all(shards.map((shard) => queue.commit(request(shard))))
		expect(groups.map(({ length }) => length)).toEqual([256, 256, 88])
		expect(groups.flat()).toEqual(shards)
		expect(results.map(({ position }) => position.seq)).toEqual(shards.map((_, i) => i % 256))
	})

	it('tries each change by itself where something in one of them fails the group', async () => {
		const { queue, groups } = open((shards) => {
			if (shards.includes('bad')) throw new SQLakeError('SCHEMA_EVOLUTION', 'cannot be')
			return shards.map((_, i) => committed(i))
		})
		const outcomes = await Promise.allSettled(['a', 'bad', 'c'].map((shard) => queue.commit(request(shard))))
		expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
		expect(groups).toEqual([['a', 'bad', 'c'], ['a'], ['bad'], ['c']])
	})

	it.each<SQLakeErrorCode>(['STORE_UNAVAILABLE', 'COMMIT_CONFLICT', 'LAKE_CORRUPT'])(
		'tells every change of %s, and tries none of them again: it is no fault of one',
		async (code) => {
			const { queue, groups } = open(() => {
				throw new SQLakeError(code, 'not now')
			})
			const outcomes = await Promise.allSettled(['a', 'b'].map((shard) => queue.commit(request(shard))))
			for (const outcome of outcomes) expect(outcome).toMatchObject({ status: 'rejected', reason: { code } })
			expect(groups).toEqual([['a', 'b']])
		},
	)

	it('gives a change the error that is its outcome, and the others theirs', async () => {
		const refused = new SQLakeError('COMMIT_SEQUENCE', 'out of order')
		const { queue } = open(() => [committed(1), refused])
		const outcomes = await Promise.allSettled(['a', 'b'].map((shard) => queue.commit(request(shard))))
		expect(outcomes).toMatchObject([{ status: 'fulfilled' }, { status: 'rejected', reason: { code: 'COMMIT_SEQUENCE' } }])
	})
})
