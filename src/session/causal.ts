/**
 * Waits until a write can be seen in the lake.
 *
 * @module
 */
import { SQLakeError } from '../errors.ts'
import type { Connection, Target } from './connection.ts'

/** Milliseconds between the first two looks; the pause doubles up to {@link MAX_PAUSE_MS}. */
const FIRST_PAUSE_MS = 50
const MAX_PAUSE_MS = 1_000

/**
 * Returns once the change that the bookmark names is in the lake.
 *
 * @throws SQLakeError CAUSAL_TIMEOUT when it is not within the target's time limit; HISTORY_REWOUND when the shard was restored
 * to an earlier state after that write; ANALYTICS_ABORTED when the signal fires.
 */
export async function waitUntilVisible(
	{ bookmark, timeoutMs }: Extract<Target, { kind: 'causal' }>,
	connection: Connection,
	signal?: AbortSignal,
): Promise<void> {
	const { shard, seq, epoch } = bookmark
	const deadline = Date.now() + timeoutMs
	for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(2 * pause, MAX_PAUSE_MS)) {
		const position = await connection.position(shard)
		if (position !== null && epoch !== undefined && position.epoch > epoch) {
			throw new SQLakeError(
				'HISTORY_REWOUND',
				`shard ${JSON.stringify(shard)}: the bookmark is of epoch ${epoch}, the lake is in epoch ${position.epoch}`,
				{ hint: 'the shard was restored to an earlier state after that write: read it again', details: { shard, epoch } },
			)
		}
		if (position !== null && position.epoch === (epoch ?? position.epoch) && BigInt(position.seq) >= seq) return
		if (signal?.aborted)
			throw new SQLakeError('ANALYTICS_ABORTED', 'causal query: aborted by its caller', { cause: signal.reason })
		if (Date.now() + pause > deadline) {
			throw new SQLakeError(
				'CAUSAL_TIMEOUT',
				`shard ${JSON.stringify(shard)}: change ${seq} was not in the lake within ${timeoutMs} ms; the lake has ${position === null ? 'nothing of the shard' : `changes up to ${position.seq}`}`,
				{
					hint: 'wait for the next flush (cdcFlushInterval), or call flush() on the Durable Object first',
					details: { shard, seq: String(seq), found: position?.seq ?? 0 },
				},
			)
		}
		await new Promise((resolve) => setTimeout(resolve, pause))
	}
}
