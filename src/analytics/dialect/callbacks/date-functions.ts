/**
 * SQLite's functions of dates and times, for what DuckDB's own cannot answer. The first argument of each is now, in milliseconds
 * since 1970; values are as {@link file://./sql-value.ts} writes them.
 *
 * @module
 */
import { formatReal } from './format-real.ts'
import type { TextFunction } from './json-functions.ts'
import { modify } from './modify-moment.ts'
import { Moment, UNIX_EPOCH } from './moment.ts'
import { realText } from './real-text.ts'
import { decodeSqlValue, encodeSqlValue, type SqlValue } from './sql-value.ts'
import { dialectFailure } from './sqlite-failure.ts'

const DAY = 86_400_000

type Print = (moment: Moment) => SqlValue

const of =
	(print: Print): TextFunction =>
	(now, ...args) => {
		const moment = momentOf(Number(now), args)
		return moment === undefined ? null : encodeSqlValue(print(moment))
	}

export const DATE_CALLBACKS: Readonly<Record<string, TextFunction>> = {
	_slf_date: of(dateText),
	_slf_time: of(timeText),
	_slf_datetime: of((moment) => `${dateText(moment)} ${timeText(moment)}`),
	_slf_julianday: of((moment) => moment.julian / DAY),
	_slf_unixepoch: of((moment) =>
		moment.subsecond ? (moment.julian - UNIX_EPOCH) / 1_000 : BigInt(Math.trunc(moment.julian / 1_000) - UNIX_EPOCH / 1_000),
	),
	_slf_strftime: (now, format = null, ...args) => {
		if (format === null) return null
		const moment = momentOf(Number(now), args)
		if (moment?.isOdd) throw dialectFailure('strftime() of 24:00, or of a time with a zone and no date,')
		const text = moment === undefined ? null : strftime(moment, format)
		return text === null ? null : `t${text}`
	},
	_slf_timediff: (now, left = null, right = null) => {
		const [a, b] = [momentOf(Number(now), [left]), momentOf(Number(now), [right])]
		if (a?.isOdd || b?.isOdd) throw dialectFailure('timediff() of 24:00, or of a time with a zone and no date,')
		return a === undefined || b === undefined ? null : `t${difference(a, b)}`
	},
}

/** @returns undefined where SQLite's answer is NULL. */
function momentOf(now: number, [first, ...modifiers]: readonly (string | null)[]): Moment | undefined {
	const value = first === undefined ? 'now' : decodeSqlValue(first)
	if (value === null) return undefined
	const moment =
		typeof value === 'bigint' || typeof value === 'number' ? Moment.ofNumber(Number(value)) : Moment.parse(textOf(value), now)
	if (moment === undefined) return undefined
	if (moment.isOdd && modifiers.length > 0) throw dialectFailure('a modifier of 24:00, or of a time with a zone and no date,')
	for (const [index, modifier] of modifiers.entries()) {
		if (modifier === null || !modify(moment, textOf(decodeSqlValue(modifier)), index === 0)) return undefined
	}
	if (!moment.isValid) return undefined
	// A day that its month lacks, with nothing done to it, is the one that it means.
	if (modifiers.length === 0 && moment.hasDate && moment.date.day > 28) moment.normalise()
	return moment
}

function textOf(value: SqlValue): string {
	// SQLite reads to the first NUL.
	if (typeof value === 'string') return value.split('\0', 1)[0] ?? ''
	if (typeof value === 'bigint') return String(value)
	if (typeof value === 'number') return realText(value)
	if (value !== null && 'json' in value) return value.json
	throw dialectFailure('a BLOB as a date')
}

const digits = (value: number, width: number) => String(Math.trunc(value)).padStart(width, '0')

function dateText(moment: Moment): string {
	const { year, month, day } = moment.date
	return `${year < 0 ? '-' : ''}${digits(Math.abs(year), 4)}-${digits(month, 2)}-${digits(day, 2)}`
}

function timeText(moment: Moment): string {
	const { hour, minute, second } = moment.time
	const start = `${digits(hour, 2)}:${digits(minute, 2)}:`
	if (!moment.subsecond) return start + digits(second, 2)
	const milliseconds = Math.trunc(second * 1_000 + 0.5)
	return `${start}${digits(milliseconds / 1_000, 2)}.${digits(milliseconds % 1_000, 3)}`
}

/** @returns null for a format that SQLite does not know. */
function strftime(moment: Moment, format: string): string | null {
	let text = ''
	for (let i = 0; i < format.length; i++) {
		if (format[i] !== '%') {
			text += format[i]
			continue
		}
		const part = conversion(moment, format[++i] ?? '')
		if (part === undefined) return null
		text += part
	}
	return text
}

/** Days since a Monday, or Sunday. */
const sinceMonday = ({ julian }: Moment) => Math.trunc((julian + DAY / 2) / DAY) % 7
const sinceSunday = ({ julian }: Moment) => Math.trunc((julian + 1.5 * DAY) / DAY) % 7

function sinceNewYear(moment: Moment): number {
	const first = moment.withDate(moment.date.year, 1, 1)
	return Math.trunc((moment.julian - first.julian + DAY / 2) / DAY)
}

/** Thursday of the moment's week: it decides the year that the week belongs to. */
function thursday(moment: Moment): Moment {
	return Moment.ofUnix(moment.julian + (3 - sinceMonday(moment)) * DAY - UNIX_EPOCH)
}

function conversion(moment: Moment, letter: string): string | undefined {
	const { year, month, day } = moment.date
	const { hour, minute, second } = moment.time
	switch (letter) {
		case 'd':
			return digits(day, 2)
		case 'e':
			return digits(day, 1).padStart(2)
		case 'f':
			return formatReal(Math.min(second, 59.999), { letter: 'f', width: 6, precision: 3, zero: true })
		case 'F':
			return `${yearText(year)}-${digits(month, 2)}-${digits(day, 2)}`
		case 'G':
			return yearText(thursday(moment).date.year)
		case 'g':
			return digits(thursday(moment).date.year % 100, 2)
		case 'H':
			return digits(hour, 2)
		case 'k':
			return digits(hour, 1).padStart(2)
		case 'I':
			return digits(((hour + 11) % 12) + 1, 2)
		case 'l':
			return digits(((hour + 11) % 12) + 1, 1).padStart(2)
		case 'j':
			return digits(sinceNewYear(moment) + 1, 3)
		case 'J':
			return formatReal(moment.julian / DAY, { letter: 'g', precision: 16 })
		case 'm':
			return digits(month, 2)
		case 'M':
			return digits(minute, 2)
		case 'p':
			return hour >= 12 ? 'PM' : 'AM'
		case 'P':
			return hour >= 12 ? 'pm' : 'am'
		case 'R':
			return `${digits(hour, 2)}:${digits(minute, 2)}`
		case 's':
			return moment.subsecond
				? formatReal((moment.julian - UNIX_EPOCH) / 1_000, { letter: 'f', precision: 3 })
				: String(Math.trunc(moment.julian / 1_000) - UNIX_EPOCH / 1_000)
		case 'S':
			return digits(second, 2)
		case 'T':
			return `${digits(hour, 2)}:${digits(minute, 2)}:${digits(second, 2)}`
		case 'u':
			return String(sinceSunday(moment) || 7)
		case 'w':
			return String(sinceSunday(moment))
		case 'U':
			return digits((sinceNewYear(moment) - sinceSunday(moment) + 7) / 7, 2)
		case 'V':
			return digits(sinceNewYear(thursday(moment)) / 7 + 1, 2)
		case 'W':
			return digits((sinceNewYear(moment) - sinceMonday(moment) + 7) / 7, 2)
		case 'Y':
			return yearText(year)
		case '%':
			return '%'
		default:
			return undefined
	}
}

/** `%04d`: the sign counts. */
function yearText(year: number): string {
	return year < 0 ? `-${digits(-year, 3)}` : digits(year, 4)
}

/** What is between two moments, as years, months, days and time. */
function difference(left: Moment, right: Moment): string {
	const forward = left.julian >= right.julian
	const [a, b] = [left.date, right.date]
	let years = forward ? a.year - b.year : b.year - a.year
	let months = forward ? a.month - b.month : b.month - a.month
	let { year, month } = b
	if (years !== 0) year = a.year
	if (months < 0) {
		years -= 1
		months += 12
	}
	if (months !== 0) month = a.month
	right.setDate(year, month, b.day)
	while (forward ? left.julian < right.julian : left.julian > right.julian) {
		months -= 1
		if (months < 0) {
			months = 11
			years -= 1
		}
		month += forward ? -1 : 1
		if (month < 1) {
			month = 12
			year -= 1
		} else if (month > 12) {
			month = 1
			year += 1
		}
		right.setDate(year, month, b.day)
	}
	const rest = new Date(Math.abs(left.julian - right.julian))
	const time = rest.toISOString().slice(11, 23)
	const days = Math.trunc(rest.getTime() / DAY)
	return `${forward ? '+' : '-'}${digits(years, 4)}-${digits(months, 2)}-${digits(days, 2)} ${time}`
}
