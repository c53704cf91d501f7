/**
 * Which data files a batch becomes.
 *
 * @module
 */
import type { ChangeBatch, TableChanges } from '../cdc/change-batch.ts'

/** A run of a table's changes that becomes one data file. */
export interface DataFilePlan {
	readonly changes: TableChanges
	/** First row of the run. */
	readonly from: number
	/** Row after the last of the run. */
	readonly to: number
}

/** Bounds of one data file. */
export interface DataFileLimits {
	/** Rows in a file at most. */
	readonly maxRows: number
}

const DAY = 86_400_000

/**
 * Splits a batch into data files: one table and one UTC day each, because the partition spec is `day(_ts)`, and at most
 * `maxRows` rows. The plan depends on nothing but the batch and the limits. Times never decrease within a batch, so the end of
 * a day is found by bisection and not by looking at each row.
 */
export function planDataFiles(batch: ChangeBatch, limits: DataFileLimits): DataFilePlan[] {
	return batch.tables.flatMap((changes) => planTable(changes, limits))
}

function planTable(changes: TableChanges, { maxRows }: DataFileLimits): DataFilePlan[] {
	const plans: DataFilePlan[] = []
	for (let from = 0; from < changes.length; ) {
		const to = Math.min(endOfDay(changes.ts, from, changes.length), from + maxRows)
		plans.push({ changes, from, to })
		from = to
	}
	return plans
}

/** The first row from `from` on whose day is another. */
function endOfDay(ts: readonly number[], from: number, length: number): number {
	const nextDay = (Math.floor((ts[from] ?? 0) / DAY) + 1) * DAY
	let low = from + 1
	let high = length
	while (low < high) {
		const middle = (low + high) >>> 1
		if ((ts[middle] ?? 0) < nextDay) low = middle + 1
		else high = middle
	}
	return low
}
