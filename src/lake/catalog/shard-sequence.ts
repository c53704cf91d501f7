import { SQLakeError } from '../../errors.ts'
import type { CommitRequest, ShardPosition } from './catalog.ts'

/**
 * Judges a commit by its shard's position: exactly-once rests on this.
 *
 * A range is next when it starts right after the position, or in a later epoch: a rewound shard begins it wherever its own
 * sequence stands. The first range of a shard in epoch 1 starts at 1.
 *
 * @returns `next`, or `duplicate` where the whole range is committed already.
 * @throws `COMMIT_SEQUENCE` for a gap, a range that is committed only in part, or an earlier epoch; `RPC_INVALID` for a
 *   malformed request.
 */
export function judgeSequence(position: ShardPosition | null, request: CommitRequest): 'next' | 'duplicate' {
	assertRequest(request)
	const { shard, epoch, fromSeq, toSeq } = request
	const refuse = (what: string, expected: { readonly epoch: number; readonly fromSeq: number }) =>
		new SQLakeError(
			'COMMIT_SEQUENCE',
			`shard "${shard}": expected changes from ${expected.fromSeq} of epoch ${expected.epoch}, found ${fromSeq} to ${toSeq} of epoch ${epoch}: ${what}`,
			{
				hint: 'Ask the catalog for the position of the shard, and go on from there.',
				details: { shard, expected, found: { epoch, fromSeq, toSeq }, position },
			},
		)
	if (position === null) {
		if (epoch === 1 && fromSeq !== 1) throw refuse('a gap', { epoch: 1, fromSeq: 1 })
		return 'next'
	}
	if (epoch > position.epoch) return 'next'
	const expected = { epoch: position.epoch, fromSeq: position.seq + 1 }
	if (epoch < position.epoch) throw refuse('an epoch that is over', expected)
	if (toSeq <= position.seq) return 'duplicate'
	if (fromSeq > expected.fromSeq) throw refuse('a gap', expected)
	if (fromSeq < expected.fromSeq) throw refuse('a part of it is committed', expected)
	return 'next'
}

/** The position after a commit. A watermark never goes back: clocks do. */
export function advance(position: ShardPosition | null, request: CommitRequest): ShardPosition {
	return {
		epoch: request.epoch,
		seq: request.toSeq,
		watermark: Math.max(request.watermark, position?.watermark ?? request.watermark),
	}
}

/** Requests cross RPC: what the code relies on is checked. */
function assertRequest(request: CommitRequest): void {
	const { shard, epoch, fromSeq, toSeq, watermark, commitId, appends } = request
	const integers = [epoch, fromSeq, toSeq].every((value) => Number.isSafeInteger(value) && value >= 1)
	if (integers && fromSeq <= toSeq && Number.isFinite(watermark) && isText(shard) && isText(commitId) && Array.isArray(appends))
		return
	throw new SQLakeError(
		'RPC_INVALID',
		`commit of shard "${shard}": expected a commit id and a range of positive integers, found "${commitId}", epoch ${epoch}, ${fromSeq} to ${toSeq}, watermark ${watermark}`,
	)
}

function isText(value: unknown): boolean {
	return typeof value === 'string' && value !== ''
}
