/**
 * Dead letters: changes that could not be delivered, set aside so that they do not hold up the rest.
 *
 * Their rows are in `_cdc_dead_letters`, shaped like the buffer; what happened to them is in `_sqlake_dead_letters`.
 *
 * @module
 */

import { fold } from '../schema/fold.ts'
import { quoteIdentifier } from '../schema/quote-identifier.ts'
import type { LakeSchema } from '../schema/table-schema.ts'
import { restate } from './backfill.ts'
import { BUFFER, ensureWidth, kindOf, lastPosition, layoutOf, RowKind, tagOf, valueColumns, widthOf } from './buffer.ts'
import type { CDCEvent } from './change-batch.ts'
import { decodeEvents } from './events.ts'
import { type Layout, placeIn, readLayouts } from './layouts.ts'
import { allRows, firstRow, textOf } from './query.ts'
import { readChanges } from './reader.ts'
import { NOW } from './triggers.ts'

/** A change that was set aside. */
export interface DeadLetter {
	readonly seq: number
	readonly reason: string
	/** How often it was put back into the buffer. */
	readonly retries: number
	/** When it was set aside, in milliseconds since the epoch. */
	readonly at: number
	readonly event: CDCEvent
}

/** Which dead letters to put back. */
export interface RetryOptions {
	/** Leaves those alone that were put back so often. Default: 3. */
	readonly maxRetries?: number
	/** How many at most. Default: 100. */
	readonly batchSize?: number
}

const ROWS = '_cdc_dead_letters'
const RECORDS = '_sqlake_dead_letters'

/** Creates the tables, as wide as the buffer. */
export function ensureDeadLetters(sql: SqlStorage, width: number): void {
	ensureWidth(sql, ROWS, Math.max(width, widthOf(sql, BUFFER)))
	// retried_as: the position at which the change is in the buffer again.
	sql.exec(
		`CREATE TABLE IF NOT EXISTS ${RECORDS} (seq INTEGER PRIMARY KEY, reason TEXT NOT NULL, retries INTEGER NOT NULL, at INTEGER NOT NULL, retried_as INTEGER)`,
	)
}

/** Moves changes out of the buffer. Their positions stay taken. Call it inside a transaction. */
export function setAside(sql: SqlStorage, seqs: readonly number[], reason: string, now: number): void {
	const columns = valueColumns(0, widthOf(sql, BUFFER))
	for (const seq of seqs) {
		const tag = firstRow(sql, `SELECT tag FROM ${BUFFER} WHERE seq = ? AND tag <> 0`, seq)?.[0]
		if (typeof tag !== 'number' || kindOf(tag) === RowKind.before) continue
		const first = kindOf(tag) === RowKind.after ? seq - 1 : seq
		const retried = firstRow(sql, `SELECT seq FROM ${RECORDS} WHERE retried_as = ?`, seq)?.[0]
		if (retried === undefined) {
			sql.exec(`INSERT INTO ${ROWS} SELECT * FROM ${BUFFER} WHERE seq BETWEEN ? AND ?`, first, seq)
			sql.exec(
				`INSERT INTO ${RECORDS} (seq, reason, retries, at) VALUES (CAST(? AS INTEGER), ?, 0, CAST(? AS INTEGER))`,
				seq,
				reason,
				now,
			)
		} else {
			sql.exec(`UPDATE ${RECORDS} SET reason = ?, at = CAST(? AS INTEGER), retried_as = NULL WHERE seq = ?`, reason, now, retried)
		}
		// An empty row keeps the position: deleting the newest row would give its position to the next change.
		const cleared = columns.map((column) => `${column} = NULL`)
		sql.exec(`UPDATE ${BUFFER} SET tag = 0, ${cleared.join(', ')} WHERE seq BETWEEN ? AND ?`, first, seq)
	}
}

/** The oldest dead letters that are not in the buffer again. */
export function listDeadLetters(sql: SqlStorage, schema: LakeSchema, shard: string, limit: number): DeadLetter[] {
	const layouts = readLayouts(sql)
	const records = allRows(
		sql,
		`SELECT seq, reason, retries, at FROM ${RECORDS} WHERE retried_as IS NULL ORDER BY seq LIMIT ?`,
		limit,
	)
	return records.flatMap(([position, reason, retries, at]) => {
		const seq = Number(position)
		const changes = readChanges(sql, { schema, layouts, source: ROWS, fromSeq: firstOf(sql, seq), toSeq: seq, earliest: 0 })
		const events = decodeEvents({ shard, epoch: 1, fromSeq: seq, toSeq: seq, watermark: 0, ...changes })
		return events.map((event) => ({ seq, reason: textOf(reason), retries: Number(retries), at: Number(at), event }))
	})
}

/**
 * Puts dead letters back at the end of the buffer. Rows may have changed since, so each one is followed by the row as it is
 * now: what the lake holds in the end is right. Call it inside a transaction.
 *
 * @returns how many were put back
 */
export function putBack(sql: SqlStorage, schema: LakeSchema, { maxRetries = 3, batchSize = 100 }: RetryOptions): number {
	const layouts = readLayouts(sql)
	const records = allRows(
		sql,
		`SELECT seq FROM ${RECORDS} WHERE retried_as IS NULL AND retries < ? ORDER BY seq LIMIT ?`,
		maxRetries,
		batchSize,
	)
	for (const [position] of records) {
		const seq = Number(position)
		const values = valueColumns(0, widthOf(sql, ROWS)).join(', ')
		const first = firstOf(sql, seq)
		sql.exec(
			`INSERT INTO ${BUFFER} (ts, tag, ${values}) SELECT ${NOW}, tag, ${values} FROM ${ROWS} WHERE seq BETWEEN ? AND ? ORDER BY seq`,
			first,
			seq,
		)
		sql.exec(`UPDATE ${RECORDS} SET retries = retries + 1, retried_as = CAST(? AS INTEGER) WHERE seq = ?`, lastPosition(sql), seq)
		for (const row of allRows(sql, `SELECT seq, tag FROM ${ROWS} WHERE seq BETWEEN ? AND ?`, first, seq)) {
			const layout = layouts.find(({ id }) => id === layoutOf(Number(row[1])))
			if (layout === undefined) continue
			writeCurrent(sql, { schema, layouts, layout, row: Number(row[0]), offset: 0 })
			if (kindOf(Number(row[1])) === RowKind.update) {
				writeCurrent(sql, { schema, layouts, layout, row: Number(row[0]), offset: layout.columns.length })
			}
		}
	}
	return records.length
}

/** Forgets the dead letters that were put back and have been delivered. Call it inside a transaction. */
export function settleRetries(sql: SqlStorage, toSeq: number): void {
	for (const [seq] of allRows(sql, `SELECT seq FROM ${RECORDS} WHERE retried_as <= ?`, toSeq)) forget(sql, Number(seq))
}

/** Counts dead letters that were put back as set aside again, because the buffer is emptied. Call it inside a transaction. */
export function recallRetries(sql: SqlStorage): void {
	sql.exec(`UPDATE ${RECORDS} SET retried_as = NULL WHERE retried_as IS NOT NULL`)
}

/**
 * Deletes dead letters for good. Call it inside a transaction.
 *
 * @param before - those set aside before this moment, in milliseconds since the epoch
 * @returns how many were deleted
 */
export function purge(sql: SqlStorage, before: number): number {
	const records = allRows(sql, `SELECT seq FROM ${RECORDS} WHERE retried_as IS NULL AND at < ?`, before)
	for (const [seq] of records) forget(sql, Number(seq))
	return records.length
}

function forget(sql: SqlStorage, seq: number): void {
	sql.exec(`DELETE FROM ${ROWS} WHERE seq BETWEEN ? AND ?`, firstOf(sql, seq), seq)
	sql.exec(`DELETE FROM ${RECORDS} WHERE seq = ?`, seq)
}

/** The first row of a dead letter: an update in two rows begins one before its position. */
function firstOf(sql: SqlStorage, seq: number): number {
	const tag = firstRow(sql, `SELECT tag FROM ${ROWS} WHERE seq = ?`, seq)?.[0]
	return typeof tag === 'number' && kindOf(tag) === RowKind.after ? seq - 1 : seq
}

interface CurrentOptions {
	readonly schema: LakeSchema
	readonly layouts: readonly Layout[]
	readonly layout: Layout
	/** Position of the dead letter's row. */
	readonly row: number
	/** Where the image that names the row starts. */
	readonly offset: number
}

/**
 * Writes the row that an image is of as it is now: restated where it exists, deleted where it does not. Rows are told apart by
 * the bytes of their keys, as the lake does, not by the key's collation.
 */
function writeCurrent(sql: SqlStorage, { schema, layouts, layout, row, offset }: CurrentOptions): void {
	const active = layouts.find(({ table, status }) => status === 'active' && fold(table) === fold(layout.table))
	const table = [...schema.tables.values()].find(({ name }) => fold(name) === fold(layout.table))
	if (active === undefined || table === undefined) return
	const matches = table.primaryKey.map((name) => {
		const place = active.columns.findIndex((column) => fold(column.name) === fold(name))
		const index = placeIn(layout, active, place)
		return `row.${quoteIdentifier(name)} COLLATE BINARY IS ${index < 0 ? 'NULL' : `dead.v${offset + index}`}`
	})
	const dead = `FROM ${ROWS} AS dead WHERE dead.seq = ${row}`
	const isRow = matches.join(' AND ')
	restate(sql, active, `EXISTS (SELECT 1 ${dead} AND ${isRow})`)
	const size = layout.columns.length
	const image = valueColumns(offset, offset + size).map((column) => `dead.${column}`)
	sql.exec(
		`INSERT INTO ${BUFFER} (ts, tag, ${valueColumns(0, size).join(', ')}) ` +
			`SELECT ${NOW}, ${tagOf(layout.id, RowKind.delete)}, ${image.join(', ')} ${dead} ` +
			`AND NOT EXISTS (SELECT 1 FROM ${quoteIdentifier(active.table)} AS row WHERE ${isRow})`,
	)
}
