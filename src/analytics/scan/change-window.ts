/**
 * Which changes a moment of a query means.
 *
 * A change carries the time of its shard's clock. Clocks jump: then changes that are in the lake already seem to be of the future, and
 * so do later ones of that shard, since its times never decrease. They did happen, and belong to the present.
 *
 * @module
 */
import type { LakeMoment } from '../../driver/transport.ts'
import { CHANGE_FIELDS } from '../../lake/change-table.ts'
import type { ScanPredicate } from '../../lake/iceberg/scan-predicate.ts'
import type { IcebergDataFile } from '../../lake/iceberg/types.ts'
import { parseTime, parseTimeRange, recent } from '../time-travel.ts'
import { and, or } from './scan-conditions.ts'

/** The rows wanted of a change table, in microseconds since the epoch. */
export interface ChangeWindow {
	/** The state after the changes of the window, or these changes themselves. */
	readonly kind: 'state' | 'changes'
	/** Inclusive; null for all from the beginning. */
	readonly from: bigint | null
	/** Exclusive; null for all up to now. */
	readonly before: bigint | null
	/** Changes of a later time than this one are in the window, too; null where it has none of them. */
	readonly beyond: bigint | null
}

/**
 * The window of a moment. One that is not before the present means everything that is in the lake. One that was the present a
 * short time ago, when the query was on its way, means as well what claims to be of a time that has not come yet.
 *
 * @param now The present, in milliseconds since the epoch.
 * @throws `TIME_INVALID`
 */
export function windowOf(moment: LakeMoment, now: number): ChangeWindow {
	switch (moment.kind) {
		case 'current':
		case 'snapshot':
			return { kind: 'state', from: null, before: null, beyond: null }
		case 'asOf': {
			const at = Math.floor(parseTime(moment.at))
			return { kind: 'state', from: null, ...endOf(at, now, micros(at) + 1n) }
		}
		case 'between': {
			const { from, to } = parseTimeRange(moment.from, moment.to)
			return { kind: 'changes', from: micros(Math.ceil(from)), ...endOf(to, now, micros(Math.ceil(to))) }
		}
	}
}

function endOf(end: number, now: number, before: bigint): Pick<ChangeWindow, 'before' | 'beyond'> {
	if (end >= now) return { before: null, beyond: null }
	return { before, beyond: recent(end, now) ? micros(now) : null }
}

/** Times in requests are milliseconds, in the lake microseconds. */
export function micros(ms: number): bigint {
	return BigInt(Math.floor(ms)) * 1_000n
}

/** What a window asks of `_ts`. */
export function windowPredicate({ from, before, beyond }: ChangeWindow): ScanPredicate {
	const fieldId = CHANGE_FIELDS.ts.id
	return and([
		...(from === null ? [] : [{ op: 'gte', fieldId, value: from } as const]),
		...(before === null
			? []
			: [
					or([{ op: 'lt', fieldId, value: before }, ...(beyond === null ? [] : [{ op: 'gt', fieldId, value: beyond } as const])]),
				]),
	])
}

/** The same in SQL; empty for all changes. */
export function windowCondition({ from, before, beyond }: ChangeWindow): string {
	const { name } = CHANGE_FIELDS.ts
	const ends = [...(before === null ? [] : [`${name} < ${before}`]), ...(beyond === null ? [] : [`${name} > ${beyond}`])]
	return [...(from === null ? [] : [`${name} >= ${from}`]), ...(ends.length === 0 ? [] : [`(${ends.join(' OR ')})`])].join(
		' AND ',
	)
}

/** Whether a file may hold changes outside of the window. */
export function reachesOut(file: IcebergDataFile, { from, before, beyond }: ChangeWindow): boolean {
	const lower = file.lowerBounds.get(CHANGE_FIELDS.ts.id)
	const upper = file.upperBounds.get(CHANGE_FIELDS.ts.id)
	if (typeof lower !== 'bigint' || typeof upper !== 'bigint') return from !== null || before !== null
	if (from !== null && lower < from) return true
	return before !== null && upper >= before && !(beyond !== null && lower > beyond)
}

/** Whether something of this time, in microseconds, had come about at the end of the window. */
export function isBeforeEnd(time: bigint, { before, beyond }: ChangeWindow): boolean {
	return before === null || time < before || (beyond !== null && time > beyond)
}
