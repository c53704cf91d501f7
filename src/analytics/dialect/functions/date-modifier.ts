/**
 * Modifiers of dates and times, as far as DuckDB has the same.
 *
 * @module
 */

const MILLISECONDS: Readonly<Record<string, number>> = { second: 1_000, minute: 60_000, hour: 3_600_000, day: 86_400_000 }

/** Days by which a moment may be moved in all: it stays where DuckDB and SQLite print years alike. */
const MOST_DAYS = 36_000

/**
 * A moment moved by one modifier, which is in lower case.
 *
 * @param moment A TIMESTAMP of years that leave room for being moved.
 * @returns undefined for what only SQLite's own rules tell.
 */
export function shift(moment: string, modifier: string): string | undefined {
	const amount = /^([+-]?\d+(?:\.\d+)?) (second|minute|hour|day|month|year)s?$/.exec(modifier)
	if (amount !== null) return shiftByAmount(moment, Number(amount[1]), amount[2] ?? '')
	const start = /^start of (month|year|day)$/.exec(modifier)
	if (start !== null) return `CAST(date_trunc('${start[1]}', ${moment}) AS TIMESTAMP)`
	const weekday = /^weekday ([0-6])$/.exec(modifier)
	if (weekday !== null) return `(${moment} + to_days(CAST((${weekday[1]} - dayofweek(${moment}) + 7) % 7 AS INTEGER)))`
	return modifier === 'localtime' || modifier === 'utc' ? moment : undefined
}

function shiftByAmount(moment: string, amount: number, unit: string): string | undefined {
	const milliseconds = MILLISECONDS[unit]
	if (milliseconds !== undefined) {
		const total = amount * milliseconds
		// Parts of a second, which the moment may have as well, are not kept here.
		if (!Number.isInteger(total / 1_000) || Math.abs(total) > MOST_DAYS * 86_400_000) return undefined
		return `(${moment} + to_milliseconds(CAST(${total} AS BIGINT)))`
	}
	const months = amount * (unit === 'month' ? 1 : 12)
	if (!Number.isInteger(amount) || Math.abs(months) > MOST_DAYS / 31) return undefined
	return `_sl_add_months(${moment}, ${months})`
}
