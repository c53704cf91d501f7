/**
 * What an application may say for a moment in time.
 *
 * @module
 */

import type { LakeMoment } from '../driver/transport.ts'
import { SQLakeError } from '../errors.ts'

/** A moment: a Date, ISO 8601 text with its offset (or a date alone, in UTC), or milliseconds since the epoch. */
export type MomentInput = Date | string | number

/** ISO 8601 as ECMAScript reads it; a time of day without an offset would mean another moment on every machine. */
const ISO_8601 = /^[+-]?\d{4,6}(?:-\d{2}(?:-\d{2})?)?(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2}))?$/

/**
 * The moment in milliseconds since the epoch.
 *
 * @throws SQLakeError TIME_INVALID
 * @example
 * ```ts
 * momentMs('2026-11-01T00:00:00Z') // 1793491200000
 * ```
 */
export function momentMs(moment: MomentInput, what = 'moment'): number {
	const ms = millisecondsOf(moment)
	// Date holds 8.64e15 ms around the epoch (ECMA-262, "Time Values and Time Range").
	if (Number.isFinite(ms) && Math.abs(ms) <= 8.64e15) return Math.trunc(ms)
	const found = typeof moment === 'string' ? JSON.stringify(moment) : String(moment)
	throw new SQLakeError('TIME_INVALID', `${what}: expected a Date, ISO 8601 text or milliseconds, found ${found}`, {
		hint: "text with a time of day needs its offset: '2026-11-01T12:00:00Z'",
	})
}

function millisecondsOf(moment: unknown): number {
	if (typeof moment === 'number') return moment
	if (moment instanceof Date) return moment.getTime()
	return typeof moment === 'string' && ISO_8601.test(moment) ? Date.parse(moment) : Number.NaN
}

/** @throws SQLakeError TIME_INVALID */
export function asOfMoment(at: MomentInput): LakeMoment {
	return { kind: 'asOf', at: momentMs(at, 'asOf()') }
}

/**
 * Changes from `from`, inclusive, to `to`, exclusive.
 *
 * @throws SQLakeError TIME_INVALID, also where the range runs backwards
 */
export function betweenMoment(from: MomentInput, to: MomentInput): LakeMoment {
	const [start, end] = [momentMs(from, 'between(), from'), momentMs(to, 'between(), to')]
	if (start > end) {
		throw new SQLakeError(
			'TIME_INVALID',
			`between(): expected a range that runs forward, found ${new Date(start).toISOString()} to ${new Date(end).toISOString()}`,
			{ hint: 'swap the two moments', details: { from: start, to: end } },
		)
	}
	return { kind: 'between', from: start, to: end }
}

/**
 * One Iceberg snapshot.
 *
 * @param id - a bigint, decimal text, or a number that holds the id exactly
 * @throws SQLakeError TIME_INVALID
 */
export function snapshotMoment(id: bigint | number | string): LakeMoment {
	if (typeof id === 'bigint') return { kind: 'snapshot', id }
	if (typeof id === 'number' && Number.isSafeInteger(id)) return { kind: 'snapshot', id: BigInt(id) }
	if (typeof id === 'string' && /^\d{1,19}$/.test(id)) return { kind: 'snapshot', id: BigInt(id) }
	throw new SQLakeError('TIME_INVALID', `snapshot(): expected a snapshot id, found ${JSON.stringify(id)}`, {
		hint: 'pass the id as a bigint or as text: ids may be beyond what a number holds exactly',
	})
}
