/**
 * Which changes a moment of a query means.
 *
 * A change carries the time of its shard's clock. Clocks jump: then changes that are in the lake already seem to be of the future, and
 * so do later ones of that shard, since its times never decrease. They did happen, and belong to the present.
 *
 * @module
 */
import type { LakeMoment } from '../../driver/transport.ts'
import { CHANGE_FIELDS, shardOf } from '../../lake/change-table.ts'
import type { ScanPredicate } from '../../lake/iceberg/scan-predicate.ts'
import type { IcebergDataFile, IcebergField } from '../../lake/iceberg/types.ts'
import { quoteText } from '../engines/duckdb-sql.ts'
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
	/** The present, where the window ends at what was so a short time ago; null for every other. */
	readonly present: bigint | null
	/** Shards whose clocks were ahead: their changes after the end are in the window, too. All or none of them, or rows would lack a part of their history. */
	readonly ahead: readonly string[]
}

/**
 * The window of a moment. One that is not before the present means everything that is in the lake. One that was the present a
 * short time ago, when the query was on its way, still means all of the shards whose clocks were ahead: `withShardsAhead` adds them.
 *
 * @param now The present, in milliseconds since the epoch.
 * @throws `TIME_INVALID`
 */
export function windowOf(moment: LakeMoment, now: number): ChangeWindow {
	switch (moment.kind) {
		case 'current':
		case 'snapshot':
			return { kind: 'state', from: null, before: null, present: null, ahead: [] }
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

function endOf(end: number, now: number, before: bigint): Pick<ChangeWindow, 'before' | 'present' | 'ahead'> {
	if (end >= now) return { before: null, present: null, ahead: [] }
	return { before, present: recent(end, now) ? micros(now) : null, ahead: [] }
}

/** Times in requests are milliseconds, in the lake microseconds. */
function micros(ms: number): bigint {
	return BigInt(Math.floor(ms)) * 1_000n
}

/** What a window asks of `_ts` and `_shard`. */
export function windowPredicate({ from, before, ahead }: ChangeWindow): ScanPredicate {
	const { shard, ts } = CHANGE_FIELDS
	const start: ScanPredicate[] = from === null ? [] : [{ op: 'gte', fieldId: ts.id, value: from }]
	if (before === null) return and(start)
	const isAhead: ScanPredicate[] = ahead.length === 0 ? [] : [{ op: 'in', fieldId: shard.id, values: ahead }]
	return and([...start, or([{ op: 'lt', fieldId: ts.id, value: before }, ...isAhead])])
}

/** The same in SQL; empty for all changes. */
export function windowCondition({ from, before, ahead }: ChangeWindow): string {
	const { shard, ts } = CHANGE_FIELDS
	const isAhead = ahead.length === 0 ? '' : ` OR ${shard.name} IN (${ahead.map(quoteText).join(', ')})`
	const end = before === null ? [] : [`(${ts.name} < ${before}${isAhead})`]
	return [...(from === null ? [] : [`${ts.name} >= ${from}`]), ...end].join(' AND ')
}

/** The fields that {@link windowCondition} is about. */
export function windowFields({ ahead }: ChangeWindow): readonly IcebergField[] {
	const { shard, ts } = CHANGE_FIELDS
	return ahead.length === 0 ? [ts] : [ts, shard]
}

/** Whether a file may hold changes outside of the window. */
export function reachesOut(file: IcebergDataFile, window: ChangeWindow): boolean {
	const { from, before } = window
	const lower = file.lowerBounds.get(CHANGE_FIELDS.ts.id)
	const upper = file.upperBounds.get(CHANGE_FIELDS.ts.id)
	if (from !== null && !(typeof lower === 'bigint' && lower >= from)) return true
	if (before === null) return false
	const shard = shardOf(file)
	return !(typeof upper === 'bigint' && upper < before) && !(shard !== null && window.ahead.includes(shard))
}

/** Whether a schema that holds since a moment, in milliseconds, is that of the end of the window; one of a time to come is the present's. */
export function holdsAtEnd(since: number, { before, present }: ChangeWindow): boolean {
	return before === null || micros(since) < before || (present !== null && micros(since) > present)
}

/** Whether a change of a shard, at a time in microseconds, is before the end of the window. */
export function isBeforeEnd(shard: string, time: bigint, { before, ahead }: ChangeWindow): boolean {
	return before === null || time < before || ahead.includes(shard)
}
