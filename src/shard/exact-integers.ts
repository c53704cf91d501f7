/**
 * Integers beyond 2^53, which Durable Object SQLite hands out as doubles that have lost their last digits.
 *
 * @module
 */
import type { WireValue } from '../driver/transport.ts'

/** From here on neighbouring doubles are two apart: an integer that arrives as one may have been another. */
const FIRST_INEXACT = 2 ** 53

/** Names of the columns of the query that is asked again. */
const column = (index: number): string => `sqlake_c${index}`

/**
 * Puts bigints where a query's answer holds integers that a double cannot: the columns that hold such a number are asked for
 * again, as text. It is called at once after the query, so that nothing has changed in between. A cell whose text does not
 * belong to the number that was answered, as with `random()`, stays as it is.
 *
 * @param text - of one query that wrote nothing, without a semicolon
 * @param exec - runs SQL with the values of the query
 * @param rows - of the query; changed in place
 */
export function restoreExactIntegers(
	text: string,
	exec: (sql: string) => Iterable<readonly unknown[]>,
	rows: readonly WireValue[][],
): void {
	const inexact = inexactColumns(rows)
	if (inexact.length === 0) return
	const width = rows[0]?.length ?? 0
	const names = Array.from({ length: width }, (_, index) => column(index)).join(', ')
	const exact = inexact.map((index) => `iif(typeof(${column(index)}) = 'integer', CAST(${column(index)} AS TEXT), NULL)`)
	const query = `WITH sqlake_exact(${names}) AS (${text}) SELECT ${exact.join(', ')} FROM sqlake_exact`
	let position = 0
	for (const digits of exec(query)) {
		const row = rows[position++]
		if (row === undefined) return
		restoreDigits(row, inexact, digits)
	}
}

/** The columns that hold a number which a double may not hold exactly. */
export function inexactColumns(rows: readonly (readonly WireValue[])[]): number[] {
	const width = rows[0]?.length ?? 0
	return Array.from({ length: width }, (_, index) => index).filter((index) => rows.some((row) => isInexact(row[index])))
}

/**
 * Puts bigints where digits say what a number is exactly.
 *
 * @param columns - the columns that the digits are of, in their order; changed in `row`
 * @param digits - text of an integer, or anything else for a value that is none
 */
export function restoreDigits(row: WireValue[], columns: readonly number[], digits: readonly unknown[]): void {
	for (const [place, index] of columns.entries()) {
		const found = digits[place]
		if (typeof found === 'string' && isInexact(row[index]) && Number(found) === row[index]) row[index] = BigInt(found)
	}
}

function isInexact(value: unknown): boolean {
	return typeof value === 'number' && (value >= FIRST_INEXACT || value <= -FIRST_INEXACT) && Number.isFinite(value)
}
