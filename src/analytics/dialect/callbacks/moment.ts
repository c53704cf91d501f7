/**
 * Moments as SQLite counts them (https://www.sqlite.org/lang_datefunc.html): milliseconds since noon of the first day of the
 * Julian calendar, with the parts of a date or a time of day where a modifier has just set them.
 *
 * @module
 */

const DAY = 86_400_000
/** The last millisecond of the year 9999. */
const LAST = 464_269_060_799_999
/** 1970-01-01. */
export const UNIX_EPOCH = 210_866_760_000_000

/** How a text may say that it is now. */
export const SUBSECOND = /^subsec(?:ond)?$/i

/** A moment in the making: as in SQLite each form of it may be there, and is computed from another when it is asked for. */
export class Moment {
	/** Milliseconds; NaN while it is not known. */
	#julian = Number.NaN
	#year = 2000
	#month = 1
	#day = 1
	#hasDate = false
	#hour = 0
	#minute = 0
	#second = 0
	#hasTime = false
	/** Minutes that the time of day is ahead of UTC. */
	#zone = 0
	/** The number that it began with, as long as a modifier may still say what it counts. */
	raw: number | null = null
	/** Whether it is written in a way with which SQLite computes by forms that contradict each other: 24:00, or a zone without a date. */
	isOdd = false
	/** Days that the day of the month is beyond the month's end. */
	overflow = 0
	subsecond = false
	failed = false

	/** A number: days, unless a modifier says otherwise. */
	static ofNumber(value: number): Moment {
		const moment = new Moment()
		moment.raw = value
		if (value >= 0 && value < 5_373_484.5) moment.#julian = Math.trunc(value * DAY + 0.5)
		return moment
	}

	/** @param milliseconds Since 1970. */
	static ofUnix(milliseconds: number): Moment {
		const moment = new Moment()
		moment.#julian = milliseconds + UNIX_EPOCH
		return moment
	}

	/** A text; undefined for one that is no date, time or number. @param now Milliseconds since 1970. */
	static parse(text: string, now: number): Moment | undefined {
		const moment = new Moment()
		if (moment.#readDate(text) || moment.#readTime(text)) return moment
		if (/^now$/i.test(text)) return Moment.ofUnix(now)
		const number = wholeNumber(text)
		if (number !== null) return Moment.ofNumber(number)
		if (!SUBSECOND.test(text)) return undefined
		const current = Moment.ofUnix(now)
		current.subsecond = true
		return current
	}

	/** Another with the same time of day, at a date of its own. */
	withDate(year: number, month: number, day: number): Moment {
		const { hour, minute, second } = this.time
		const moment = new Moment()
		moment.#hour = hour
		moment.#minute = minute
		moment.#second = second
		moment.#hasTime = true
		moment.setDate(year, month, day)
		return moment
	}

	/** Milliseconds since the Julian epoch. */
	get julian(): number {
		if (Number.isNaN(this.#julian)) this.#computeJulian()
		return this.#julian
	}

	/** Whether SQLite can print it. */
	get isValid(): boolean {
		const { julian } = this
		return !this.failed && julian >= 0 && julian <= LAST
	}

	get hasMoment(): boolean {
		return !Number.isNaN(this.#julian)
	}

	get hasParts(): boolean {
		return this.#hasDate || this.#hasTime
	}

	get date(): { readonly year: number; readonly month: number; readonly day: number } {
		this.#computeDate()
		return { year: this.#year, month: this.#month, day: this.#day }
	}

	get time(): { readonly hour: number; readonly minute: number; readonly second: number } {
		this.#computeTime()
		return { hour: this.#hour, minute: this.#minute, second: this.#second }
	}

	/** Whether the day of the month is as it was written. */
	get hasDate(): boolean {
		return this.#hasDate
	}

	/** Sets the moment, and forgets the parts. */
	set(julian: number): void {
		this.#julian = julian
		this.#hasDate = false
		this.#hasTime = false
		this.#zone = 0
		this.raw = null
	}

	/** Sets the date, which need not exist: days beyond the end of a month run over. */
	setDate(year: number, month: number, day: number): void {
		this.#computeTime()
		this.#zone = 0
		this.#year = year
		this.#month = month
		this.#day = day
		this.#hasDate = true
		this.#julian = Number.NaN
		this.overflow = overflowOf(year, month, day)
	}

	/** Sets the beginning of a day. */
	startOfDay(): void {
		this.#computeDate()
		this.#hour = 0
		this.#minute = 0
		this.#second = 0
		this.#hasTime = true
		this.#zone = 0
		this.raw = null
		this.#julian = Number.NaN
	}

	/** Reads the date as one that exists. */
	normalise(): void {
		this.#hasDate = false
	}

	#readDate(text: string): boolean {
		const found = /^(-?)(\d{4})-(\d\d)-(\d\d)/.exec(text)
		if (found === null) return false
		const [all, sign, year, month, day] = found
		if (Number(month) < 1 || Number(month) > 12 || Number(day) < 1 || Number(day) > 31) return false
		const rest = text.slice(all.length).replace(/^[\t-\r T]+/, '')
		if (rest !== '' && !this.#readTime(rest)) return false
		this.#year = sign === '-' ? -Number(year) : Number(year)
		this.#month = Number(month)
		this.#day = Number(day)
		this.#hasDate = true
		this.isOdd = this.#hour === 24
		this.overflow = overflowOf(this.#year, this.#month, this.#day)
		if (this.#zone !== 0) this.#computeJulian()
		return true
	}

	#readTime(text: string): boolean {
		const time = timeOfDay(text)
		if (time === undefined) return false
		const zone = zoneOf(time.rest)
		if (zone === undefined) return false
		this.#hour = time.hour
		this.#minute = time.minute
		this.#second = time.second
		this.#hasTime = true
		this.#zone = zone
		this.isOdd = time.hour === 24 || zone !== 0
		return true
	}

	#computeJulian(): void {
		const [givenYear, givenMonth, day] = this.#hasDate ? [this.#year, this.#month, this.#day] : [2000, 1, 1]
		if (givenYear < -4713 || givenYear > 9999 || this.raw !== null) {
			this.failed = true
			this.#julian = 0
			return
		}
		const [year, month] = givenMonth <= 2 ? [givenYear - 1, givenMonth + 12] : [givenYear, givenMonth]
		const century = Math.trunc((year + 4800) / 100)
		const leap = 38 - century + Math.trunc(century / 4)
		const years = Math.trunc((36_525 * (year + 4716)) / 100)
		const months = Math.trunc((306_001 * (month + 1)) / 10_000)
		this.#julian = Math.trunc((years + months + day + leap - 1524.5) * DAY)
		if (!this.#hasTime) return
		this.#julian += this.#hour * 3_600_000 + this.#minute * 60_000 + Math.trunc(this.#second * 1_000 + 0.5)
		if (this.#zone === 0) return
		this.#julian -= this.#zone * 60_000
		this.#hasDate = false
		this.#hasTime = false
		this.#zone = 0
	}

	#computeDate(): void {
		if (this.#hasDate) return
		this.#hasDate = true
		if (Number.isNaN(this.#julian)) {
			this.#year = 2000
			this.#month = 1
			this.#day = 1
			return
		}
		if (this.#julian < 0 || this.#julian > LAST) {
			this.failed = true
			return
		}
		const days = Math.trunc((this.#julian + DAY / 2) / DAY)
		const alpha = Math.trunc((days + 32_044.75) / 36_524.25) - 52
		const a = days + 1 + alpha - Math.trunc((alpha + 100) / 4) + 25
		const b = a + 1524
		const c = Math.trunc((b - 122.1) / 365.25)
		const d = Math.trunc((36_525 * (c & 32_767)) / 100)
		const e = Math.trunc((b - d) / 30.6001)
		this.#day = b - d - Math.trunc(30.6001 * e)
		this.#month = e < 14 ? e - 1 : e - 13
		this.#year = this.#month > 2 ? c - 4716 : c - 4715
	}

	#computeTime(): void {
		if (this.#hasTime) return
		const milliseconds = (this.julian + DAY / 2) % DAY
		this.#second = (milliseconds % 60_000) / 1_000
		const minutes = Math.trunc(milliseconds / 60_000)
		this.#minute = minutes % 60
		this.#hour = Math.trunc(minutes / 60)
		this.raw = null
		this.#hasTime = true
	}
}

/** A number that is the whole text, spaces aside. */
export function wholeNumber(text: string): number | null {
	const [, digits] = /^[\t-\r ]*([+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)[\t-\r ]*$/.exec(text) ?? []
	return digits === undefined ? null : Number(digits)
}

/** `HH:MM`, `HH:MM:SS` or `HH:MM:SS.FFF` at the start of a text; thousandths are the most that counts. */
export function timeOfDay(
	text: string,
): { readonly hour: number; readonly minute: number; readonly second: number; readonly rest: string } | undefined {
	const found = /^(\d\d):(\d\d)(?::(\d\d)(\.\d+)?)?/.exec(text)
	if (found === null) return undefined
	const [all, hour = '', minute = '', second, fraction = ''] = found
	if (Number(hour) > 24 || Number(minute) > 59 || Number(second ?? 0) > 59) return undefined
	const rest = text.slice(all.length)
	if (second === undefined && rest.startsWith(':')) return undefined
	const part = Math.min(Number(fraction === '' ? 0 : `0${fraction}`), 0.999)
	return { hour: Number(hour), minute: Number(minute), second: Number(second ?? 0) + part, rest }
}

/** Minutes ahead of UTC; undefined for what is no zone. */
export function zoneOf(text: string): number | undefined {
	const found = /^[\t-\r ]*(?:(?:[zZ]|([+-])(\d\d):(\d\d))[\t-\r ]*)?$/.exec(text)
	if (found === null) return undefined
	const [, sign, hours, minutes] = found
	if (sign === undefined) return 0
	if (Number(hours) > 14 || Number(minutes) > 59) return undefined
	return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes))
}

function overflowOf(year: number, month: number, day: number): number {
	if (day <= 28) return 0
	if ([1, 3, 5, 7, 8, 10, 12].includes(month)) return 0
	if (month !== 2) return day === 31 ? 1 : 0
	const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
	return day - (isLeap ? 29 : 28)
}
