/**
 * Modifiers of dates and times.
 *
 * @module
 */
import { type Position, unsupported } from '../unsupported.ts'

const MILLISECONDS: Readonly<Record<string, number>> = { second: 1_000, minute: 60_000, hour: 3_600_000, day: 86_400_000 }
/** Beyond these SQLite's answer is NULL; they are its own limits for each unit. */
const LIMITS: Readonly<Record<string, number>> = {
	second: 4.6427e14,
	minute: 7.7379e12,
	hour: 1.2897e11,
	day: 5_373_485,
	month: 176_546,
	year: 14_713,
}

/**
 * A moment moved by one modifier, which is in lower case.
 *
 * @returns null where SQLite's answer is NULL, as for a modifier that it does not know.
 */
export function shift(moment: string, modifier: string, position: Position): string | null {
	const amount = /^([+-]?(?:\d+\.?\d*|\.\d+))\s*(second|minute|hour|day|month|year)s?$/.exec(modifier)
	if (amount !== null) return shiftByAmount(moment, Number(amount[1]), amount[2] ?? '')
	const time = /^([+-])?(\d\d):(\d\d)(?::(\d\d(?:\.\d+)?))?$/.exec(modifier)
	if (time !== null) {
		const [, sign, hours, minutes, seconds = '0'] = time
		if (Number(hours) > 24 || Number(minutes) > 59 || Number(seconds) >= 60) return null
		const total = Number(hours) * 3_600 + Number(minutes) * 60 + Number(seconds)
		return byMilliseconds(moment, Math.round((sign === '-' ? -1 : 1) * total * 1_000))
	}
	const start = /^start of (month|year|day)$/.exec(modifier)
	if (start !== null) return `CAST(date_trunc('${start[1]}', ${moment}) AS TIMESTAMP)`
	const weekday = /^weekday\s+([0-6])(?:\.0*)?$/.exec(modifier)
	if (weekday !== null) {
		return `(${moment} + to_days(CAST((${weekday[1]} - dayofweek(${moment}) + 7) % 7 AS INTEGER)))`
	}
	if (modifier === 'localtime' || modifier === 'utc') return moment
	if (modifier === 'floor' || modifier === 'ceiling' || /^[+-]\d{4,}-/.test(modifier)) {
		throw unsupported(`the date modifier '${modifier}'`, position)
	}
	return null
}

function shiftByAmount(moment: string, amount: number, unit: string): string | null {
	if (Math.abs(amount) >= (LIMITS[unit] ?? 0)) return null
	if (unit !== 'month' && unit !== 'year') return byMilliseconds(moment, Math.round(amount * (MILLISECONDS[unit] ?? 0)))
	const whole = Math.trunc(amount)
	const shifted = `_sl_add_months(${moment}, ${whole * (unit === 'month' ? 1 : 12)})`
	const rest = amount - whole
	return rest === 0 ? shifted : byMilliseconds(shifted, Math.round(rest * (unit === 'month' ? 30 : 365) * 86_400_000))
}

function byMilliseconds(moment: string, milliseconds: number): string {
	return `(${moment} + to_milliseconds(CAST(${milliseconds} AS BIGINT)))`
}
