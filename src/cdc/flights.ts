/**
 * Flights: the ranges of the buffer that are recorded durably before they are delivered.
 *
 * @module
 */
import { SQLakeError } from '../errors.ts'
import { BUFFER, lastPosition, widthOf } from './buffer.ts'
import { contentBytes, VALUE_OVERHEAD } from './buffer-size.ts'
import { settleRetries } from './dead-letters.ts'
import { firstNumber, firstRow } from './query.ts'
import { dropDelivered } from './rotation.ts'
import { type CaptureState, type Flight, readState, writeState } from './state.ts'

/** How large a flight may be, where transactions allow. */
export interface FlightLimits {
	/** Rows of the buffer. */
	readonly maxChanges: number
	/** Bytes that its values take in memory, roughly. */
	readonly maxBytes: number
}

/** The recorded flight if there is one, else a new one, recorded; null where there is nothing to deliver. */
export function openFlight(sql: SqlStorage, { maxChanges, maxBytes }: FlightLimits): Flight | null {
	if (!Number.isSafeInteger(maxChanges) || maxChanges < 1) {
		throw new SQLakeError('FLUSH_FAILED', `flight: expected at least 1 change, found ${maxChanges}`)
	}
	const state = readState(sql)
	if (state.flight !== null) return state.flight
	const last = lastPosition(sql)
	if (last <= state.acknowledged) return null
	const fromSeq = state.acknowledged + 1
	const epochs = state.epochs.filter((start) => start.fromSeq <= fromSeq)
	const nextEpoch = state.epochs.find((start) => start.fromSeq > fromSeq)
	const limit = Math.min(last, (nextEpoch?.fromSeq ?? Number.POSITIVE_INFINITY) - 1)
	const flight: Flight = {
		epoch: epochs.at(-1)?.epoch ?? 1,
		fromSeq,
		toSeq: cut(sql, state.acknowledged, limit, rowsWithin(sql, state.acknowledged, limit, { maxChanges, maxBytes })),
		attempt: state.attempt,
	}
	writeState(sql, { ...state, flight })
	return flight
}

/** Drops the changes of a flight that is in the lake. Does nothing when that is done already. */
export function closeFlight(sql: SqlStorage, flight: Flight): void {
	const state = readState(sql)
	if (state.flight === null && state.acknowledged >= flight.toSeq) return
	requireRecorded(state, flight)
	const mark = watermarkOf(sql, state, flight)
	dropDelivered(sql, flight.toSeq)
	settleRetries(sql, flight.toSeq)
	const epochs = state.epochs.filter(
		(_, index) => (state.epochs[index + 1]?.fromSeq ?? Number.POSITIVE_INFINITY) > flight.toSeq + 1,
	)
	writeState(sql, { epochs, acknowledged: flight.toSeq, mark, flight: null, attempt: 1 })
}

/** Forgets a flight that is known not to be in the lake; the next one gets a higher attempt and may be cut differently. */
export function dropFlight(sql: SqlStorage, flight: Flight): void {
	const state = readState(sql)
	requireRecorded(state, flight)
	writeState(sql, { ...state, flight: null, attempt: flight.attempt + 1 })
}

/**
 * Records the flight under the next attempt, with the same range: an earlier attempt's commit may still be on its way, and could
 * be told from a later one of another range by nothing.
 */
export function renumberFlight(sql: SqlStorage, flight: Flight): void {
	const state = readState(sql)
	requireRecorded(state, flight)
	writeState(sql, { ...state, flight: { ...flight, attempt: flight.attempt + 1 } })
}

/**
 * The moment of a flight's last change, in milliseconds since the epoch. Later than the last delivered one, so that a moment
 * once delivered is never added to.
 */
export function watermarkOf(sql: SqlStorage, state: CaptureState, { fromSeq, toSeq }: Flight): number {
	const latest = firstNumber(sql, `SELECT max(ts) FROM ${BUFFER} WHERE seq BETWEEN ? AND ?`, 0, fromSeq, toSeq)
	return Math.max(state.mark + 1, Math.round(latest * 1000))
}

/** @throws SQLakeError FLUSH_FAILED when the flight is not the recorded one. */
export function requireRecorded({ flight: recorded }: CaptureState, flight: Flight): void {
	const same =
		recorded !== null && (['epoch', 'fromSeq', 'toSeq', 'attempt'] as const).every((key) => recorded[key] === flight[key])
	if (same) return
	throw new SQLakeError(
		'FLUSH_FAILED',
		`flight: expected the recorded one, ${JSON.stringify(recorded)}, found ${JSON.stringify(flight)}`,
		{ hint: 'ask nextFlight() for the flight to deliver', details: { recorded, flight } },
	)
}

/** How many rows may go before their values take too much memory: at least one, at most `maxChanges`. */
function rowsWithin(sql: SqlStorage, acknowledged: number, limit: number, { maxChanges, maxBytes }: FlightLimits): number {
	const rows = Math.min(maxChanges, limit - acknowledged)
	const width = widthOf(sql, BUFFER)
	const overhead = width * VALUE_OVERHEAD
	// Texts and blobs cannot have more bytes than the whole database; small flights need no look at them.
	if (sql.databaseSize + rows * overhead <= maxBytes) return rows
	const bytes = contentBytes(width)
	const range = `FROM ${BUFFER} WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?`
	const total = firstNumber(sql, `SELECT sum(bytes) FROM (SELECT ${bytes} AS bytes ${range})`, 0, acknowledged, limit, rows)
	if (total + rows * overhead <= maxBytes) return rows
	const fitting = firstNumber(
		sql,
		`SELECT count(*) FROM (SELECT sum(${overhead} + ${bytes}) OVER (ORDER BY seq) AS total ${range}) WHERE total <= ?`,
		rows,
		acknowledged,
		limit,
		rows,
		maxBytes,
	)
	return Math.max(1, fitting)
}

/**
 * The last position of a flight: a place where the moment changes, because the changes of one transaction share theirs. The
 * last such place within `maxChanges`, or the first one behind where one transaction alone is larger.
 */
function cut(sql: SqlStorage, acknowledged: number, limit: number, maxChanges: number): number {
	const full = firstRow(
		sql,
		`SELECT seq, ts FROM ${BUFFER} WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT 1 OFFSET ?`,
		acknowledged,
		limit,
		maxChanges - 1,
	)
	if (full === null) return limit
	const [seq, ts] = full
	const next = firstRow(sql, `SELECT ts FROM ${BUFFER} WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT 1`, seq, limit)
	if (next === null || next[0] !== ts) return Number(seq)
	const earlier = firstRow(
		sql,
		`SELECT seq FROM ${BUFFER} WHERE seq > ? AND seq < ? AND ts <> ? ORDER BY seq DESC LIMIT 1`,
		acknowledged,
		seq,
		ts,
	)
	if (earlier !== null) return Number(earlier[0])
	const later = firstRow(
		sql,
		`SELECT seq FROM ${BUFFER} WHERE seq > ? AND seq <= ? AND ts <> ? ORDER BY seq LIMIT 1`,
		seq,
		limit,
		ts,
	)
	return later === null ? limit : Number(later[0]) - 1
}
