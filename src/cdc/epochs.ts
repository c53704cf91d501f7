import { backfill } from './backfill.ts'
import { BUFFER, lastPosition, resetBuffer, widthOf } from './buffer.ts'
import { recallRetries } from './dead-letters.ts'
import { readLayouts, writeLayout } from './layouts.ts'
import { currentEpoch, readState, writeState } from './state.ts'

/**
 * Begins the next epoch after a gap in the shard's history: all rows of all captured tables follow as created. Changes that
 * are still in the buffer stay in their epoch and are delivered before. Call it inside a transaction.
 */
export function addEpoch(sql: SqlStorage): void {
	const state = readState(sql)
	const fromSeq = lastPosition(sql) + 1
	// An epoch that holds no change yet is not worth keeping.
	const earlier = state.epochs.filter((start) => start.fromSeq < fromSeq)
	writeState(sql, { ...state, epochs: [...earlier, { epoch: currentEpoch(state) + 1, fromSeq }] })
	backfillAll(sql)
}

/**
 * Begins an epoch after the shard's history was rewound: what the buffer holds is dropped, because some of it may have been
 * delivered in the history that is no more, and all rows of all captured tables follow as created. Call it inside a
 * transaction.
 */
export function restartAt(sql: SqlStorage, epoch: number): void {
	const state = readState(sql)
	const last = lastPosition(sql)
	writeState(sql, { ...state, epochs: [{ epoch, fromSeq: last + 1 }], acknowledged: last, flight: null, attempt: 1 })
	recallRetries(sql)
	resetBuffer(sql, widthOf(sql, BUFFER), last)
	backfillAll(sql)
}

/** What the lake holds of earlier epochs is void, so that no table of old stands in the way of a new one's name. */
function backfillAll(sql: SqlStorage): void {
	for (const layout of readLayouts(sql)) {
		if (layout.status === 'active') backfill(sql, layout)
		else if (layout.status === 'past') writeLayout(sql, { ...layout, status: 'emptied' })
	}
}
