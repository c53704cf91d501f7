/**
 * Rescued values: what SQLite let into a column that the column's lake type cannot hold. They are kept in the `_rescued`
 * column, exactly, while their own column is NULL.
 *
 * @module
 */

import { messageOf, SQLakeError } from '../../errors.ts'
import type { SqlValue } from '../../schema/sql-value.ts'
import { parseSqlLiteral, sqlLiteral } from './sql-literal.ts'

/** Whether a value belongs to the row of a change or to the row before an update. */
export type RowImage = 'row' | 'before'

/** The rescued values of one change, by column name. */
export interface RescuedValues {
	readonly row: Readonly<Record<string, SqlValue>>
	readonly before: Readonly<Record<string, SqlValue>>
}

/** Collects the values of a file that do not fit. */
export class RescueCollector {
	readonly #rows = new Map<number, Record<RowImage, Map<string, string>>>()

	/** True while nothing was rescued. */
	get isEmpty(): boolean {
		return this.#rows.size === 0
	}

	/** Tells whether a value of change `index` was rescued. */
	has(index: number, image: RowImage, column: string): boolean {
		return this.#rows.get(index)?.[image].has(column) ?? false
	}

	/** @param index Position of the change in the file. */
	add(index: number, image: RowImage, column: string, value: SqlValue): void {
		let images = this.#rows.get(index)
		if (images === undefined) {
			images = { row: new Map(), before: new Map() }
			this.#rows.set(index, images)
		}
		images[image].set(column, sqlLiteral(value))
	}

	/** The `_rescued` column for a file of `length` changes. */
	toColumn(length: number): (string | null)[] {
		const values: (string | null)[] = new Array(length).fill(null)
		for (const [index, { row, before }] of this.#rows) {
			values[index] = JSON.stringify({
				...(row.size === 0 ? {} : { row: Object.fromEntries(row) }),
				...(before.size === 0 ? {} : { before: Object.fromEntries(before) }),
			})
		}
		return values
	}
}

/**
 * Reads a value of the `_rescued` column.
 *
 * @throws `LAKE_CORRUPT` if it is not one.
 * @example
 * parseRescued(`{"row":{"age":"'forty'"}}`).row // { age: 'forty' }
 */
export function parseRescued(text: string): RescuedValues {
	let parsed: unknown
	try {
		parsed = JSON.parse(text)
	} catch (cause) {
		throw new SQLakeError('LAKE_CORRUPT', `rescued values: expected JSON, found ${text.slice(0, 100)} (${messageOf(cause)})`, {
			cause,
		})
	}
	return { row: literals(parsed, 'row'), before: literals(parsed, 'before') }
}

function literals(parsed: unknown, image: RowImage): Record<string, SqlValue> {
	const literals =
		typeof parsed === 'object' && parsed !== null && image in parsed ? (parsed as Record<string, unknown>)[image] : {}
	if (typeof literals !== 'object' || literals === null) {
		throw new SQLakeError('LAKE_CORRUPT', `rescued values: expected an object under "${image}", found ${typeof literals}`)
	}
	// Built from entries: a column may be called __proto__.
	return Object.fromEntries(Object.entries(literals).map(([column, literal]) => [column, parseSqlLiteral(String(literal))]))
}
