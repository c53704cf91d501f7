import { BUFFER, valueColumns, widthOf } from './buffer.ts'
import { balanced, firstNumber } from './query.ts'

/** How much may wait for delivery before writes are refused. */
export interface BufferLimits {
	/** Changes. */
	readonly maxChanges: number
	/** Bytes that the values of the changes take. A Durable Object's database holds 10 GB. */
	readonly maxBytes: number
}

/** The limits that hold unless others are given. */
export const DEFAULT_BUFFER_LIMITS: BufferLimits = { maxChanges: 1_000_000, maxBytes: 1024 ** 3 }

/** Bytes that are counted for a value besides those of its text or BLOB. */
export const VALUE_OVERHEAD = 8

/** Bytes of the texts and BLOBs in a row of the buffer, in SQL. */
export function contentBytes(width: number): string {
	// Numbers are below every text in SQLite's order; octet_length of one would print it.
	return balanced(
		valueColumns(0, width).map((column) => `(CASE WHEN ${column} >= '' THEN octet_length(${column}) ELSE 0 END)`),
		'+',
	)
}

/**
 * Bytes that wait in the buffer. Each row is looked at once when it has come and once before it goes, so that a write does not
 * pay for all that waits; what went by another way makes it look at all rows again.
 */
export class BufferSize {
	/** The rows that are counted are those behind `#from`, up to `#to`. */
	#from = 0
	#to = 0
	#bytes = 0

	/** Must be told before each write which rows wait: a transaction that rolled back takes some away, and others come in their place. */
	follow(acknowledged: number, last: number): void {
		if (acknowledged === this.#from && last >= this.#to) return
		this.#from = acknowledged
		this.#to = acknowledged
		this.#bytes = 0
	}

	/** @returns the bytes of the rows that wait, up to `last`, the newest */
	measure(sql: SqlStorage, last: number): number {
		this.#bytes += bytesBetween(sql, this.#to, last)
		this.#to = last
		return this.#bytes
	}

	/** Must be told before the rows up to a position are dropped. */
	forget(sql: SqlStorage, toSeq: number): void {
		if (toSeq <= this.#from || toSeq >= this.#to) return
		this.#bytes -= bytesBetween(sql, this.#from, toSeq)
		this.#from = toSeq
	}
}

function bytesBetween(sql: SqlStorage, after: number, to: number): number {
	if (to <= after) return 0
	const width = widthOf(sql, BUFFER)
	const row = `${width * VALUE_OVERHEAD} + ${contentBytes(width)}`
	return firstNumber(sql, `SELECT sum(${row}) FROM ${BUFFER} WHERE seq > ? AND seq <= ? AND tag <> 0`, 0, after, to)
}
