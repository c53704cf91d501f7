/**
 * Modifiers of moments (https://www.sqlite.org/lang_datefunc.html section 3). A Durable Object's clock is UTC.
 *
 * @module
 */
import { fold } from '../../../schema/fold.ts'
import { type Moment, SUBSECOND, timeOfDay, UNIX_EPOCH, wholeNumber, zoneOf } from './moment.ts'
import { dialectFailure } from './sqlite-failure.ts'

const DAY = 86_400_000

/** Milliseconds of a unit, and the amount that is too much. */
const UNITS: Readonly<Record<string, readonly [milliseconds: number, limit: number]>> = {
	second: [1_000, 4.6427e14],
	minute: [60_000, 7.7379e12],
	hour: [3_600_000, 1.2897e11],
	day: [DAY, 5_373_485],
	month: [30 * DAY, 176_546],
	year: [365 * DAY, 14_713],
}

/**
 * Applies a modifier.
 *
 * @param isFirst Whether it follows the moment at once: some ask what its number counts.
 * @returns false for what is no modifier, or none here: SQLite's answer is NULL.
 */
export function modify(moment: Moment, modifier: string, isFirst: boolean): boolean {
	const lower = fold(modifier)
	if (/^[+\-\d]/.test(lower)) return shift(moment, lower)
	switch (lower) {
		case 'auto':
			return isFirst && adjust(moment)
		case 'ceiling':
			moment.set(moment.julian)
			moment.overflow = 0
			return true
		case 'floor':
			moment.set(moment.julian - moment.overflow * DAY)
			return true
		case 'julianday':
			if (!isFirst || !moment.hasMoment || moment.raw === null) return false
			moment.raw = null
			return true
		case 'unixepoch':
			return isFirst && moment.raw !== null && count(moment, moment.raw * 1_000 + UNIX_EPOCH)
		case 'localtime':
		case 'utc':
			// What SQLite makes of these depends on what it happened to compute before.
			if (!moment.isValid || moment.overflow > 0 || moment.subsecond)
				throw dialectFailure(`the date modifier '${lower}' after these`)
			moment.set(moment.julian)
			return true
		case 'start of month':
		case 'start of year':
		case 'start of day':
			return startOf(moment, lower.slice(9))
		default:
			if (SUBSECOND.test(lower)) {
				moment.subsecond = true
				return true
			}
			return lower.startsWith('weekday ') && toWeekday(moment, wholeNumber(lower.slice(8)))
	}
}

/** What a number counts, by its size. */
function adjust(moment: Moment): boolean {
	const { raw } = moment
	if (raw === null || moment.hasMoment) moment.raw = null
	else if (raw >= -210_866_760_000 && raw <= 253_402_300_799) moment.set(Math.trunc(raw * 1_000 + UNIX_EPOCH + 0.5))
	return true
}

function count(moment: Moment, milliseconds: number): boolean {
	if (!(milliseconds >= 0 && milliseconds < 464_269_060_800_000)) return false
	moment.set(Math.trunc(milliseconds + 0.5))
	return true
}

function startOf(moment: Moment, unit: string): boolean {
	if (!moment.hasMoment && !moment.hasParts) return false
	const { overflow } = moment
	moment.startOfDay()
	const { year, month } = moment.date
	if (unit === 'month') moment.setDate(year, month, 1)
	if (unit === 'year') moment.setDate(year, 1, 1)
	moment.overflow = overflow
	return true
}

function toWeekday(moment: Moment, weekday: number | null): boolean {
	if (weekday === null || !(weekday >= 0 && weekday < 7) || !Number.isInteger(weekday)) return false
	const { overflow } = moment
	const { year, month, day } = moment.date
	moment.setDate(year, month, day)
	moment.overflow = overflow
	const { julian } = moment
	const today = Math.trunc((julian + 1.5 * DAY) / DAY) % 7
	moment.set(julian + (weekday - (today > weekday ? today - 7 : today)) * DAY)
	return true
}

/** `+1 day`, `-00:30` and `+0001-02-03 04:05`. */
function shift(moment: Moment, modifier: string): boolean {
	const date = /^([+-])(\d{4,5})-(\d\d)-(\d\d)(?:([\t-\r ])(.*))?$/s.exec(modifier)
	if (date !== null) {
		const [, sign, years, months, days, , time] = date
		if (Number(years) > 14_712 || Number(months) > 11 || Number(days) > 30) return false
		const direction = sign === '-' ? -1 : 1
		addMonths(moment, direction * (Number(years) * 12 + Number(months)))
		moment.set(moment.julian + direction * Number(days) * DAY)
		return time === undefined || (/^\d\d:\d\d/.test(time) && addTime(moment, time, direction))
	}
	const time = /^([+-]?)(\d\d:.*)$/s.exec(modifier)
	if (time !== null) return addTime(moment, time[2] ?? '', time[1] === '-' ? -1 : 1)
	const amount = /^([+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?)[\t-\r ]+([a-z]+)$/.exec(modifier)
	if (amount === null) return false
	const [, number, name = ''] = amount
	const [milliseconds, limit] = UNITS[name.replace(/s$/, '')] ?? [0, 0]
	const value = Number(number)
	if (!(Math.abs(value) < limit)) return false
	let rest = value
	const whole = Math.trunc(value)
	const start = moment.julian
	moment.overflow = 0
	if (/^(?:month|year)/.test(name)) {
		addMonths(moment, name.startsWith('month') ? whole : whole * 12)
		rest -= whole
	}
	const { overflow } = moment
	const julian = rest === value ? start : moment.julian
	moment.set(julian + Math.trunc(rest * milliseconds + (value < 0 ? -0.5 : 0.5)))
	moment.overflow = overflow
	return true
}

function addMonths(moment: Moment, months: number): void {
	const { year, month, day } = moment.date
	const total = month - 1 + months
	moment.setDate(year + Math.floor(total / 12), (((total % 12) + 12) % 12) + 1, day)
}

function addTime(moment: Moment, text: string, direction: 1 | -1): boolean {
	const time = timeOfDay(text)
	const zone = time === undefined ? undefined : zoneOf(time.rest)
	if (time === undefined || zone === undefined) return false
	const milliseconds = time.hour * 3_600_000 + (time.minute - zone) * 60_000 + Math.trunc(time.second * 1_000 + 0.5)
	const ofDay = ((milliseconds % DAY) + DAY) % DAY
	moment.set(moment.julian + direction * ofDay)
	return true
}
