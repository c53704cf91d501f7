import { SQLakeError } from '../../errors.ts'
import type { LakeChange } from './admit-changes.ts'
import type { LakeOutcome } from './commit-outcome.ts'
import { type LakePointer, shardKey } from './lake-pointer.ts'
import { judgeSequence } from './shard-sequence.ts'

/**
 * The outcomes of changes that another committer has put into the lake; null where one of them still waits, or cannot be told from
 * the pointer. Their snapshots are not told: they are that committer's.
 */
export function settledBy(pointer: LakePointer, changes: readonly LakeChange[]): LakeOutcome[] | null {
	const outcomes: LakeOutcome[] = []
	for (const change of changes) {
		if (change.kind !== 'commit') return null
		const { request } = change
		const position = pointer.shards.get(shardKey(request.shard)) ?? null
		try {
			if (judgeSequence(position, request) === 'next' || position === null) return null
		} catch (error) {
			if (!SQLakeError.is(error)) throw error
			outcomes.push(error)
			continue
		}
		// Beyond the range, or earlier: the range was there before, by whomever.
		const isIts = position.seq === request.toSeq && position.watermark >= request.watermark
		outcomes.push({ commit: { status: isIts ? 'committed' : 'duplicate', position, snapshots: {} } })
	}
	return outcomes
}
