/**
 * Functions of dates and times (https://www.sqlite.org/lang_datefunc.html). A Durable Object's clock is UTC.
 *
 * @module
 */
import { quoteText } from '../../engines/duckdb-sql.ts'
import { asReal, asText } from '../convert.ts'
import { constant, NULL, wholeNumber } from '../literals.ts'
import { constantText } from '../operators.ts'
import { BLOB_CLASS, type TypedSql, typed } from '../typed-sql.ts'
import { refused, unsupported } from '../unsupported.ts'
import { shift } from './date-modifier.ts'
import type { ScalarCall, ScalarFunction } from './scalar-function.ts'
import { formatMoment } from './strftime.ts'

export const DATE_FUNCTIONS: Readonly<Record<string, ScalarFunction>> = {
	date: (call) => print(call, call.args, ({ sql }) => formatted(sql, '%Y-%m-%d')),
	time: (call) => print(call, call.args, ({ sql, subsecond }) => formatted(sql, subsecond ? '%H:%M:%S.%g' : '%H:%M:%S')),
	datetime: (call) =>
		print(call, call.args, ({ sql, subsecond }) => formatted(sql, subsecond ? '%Y-%m-%d %H:%M:%S.%g' : '%Y-%m-%d %H:%M:%S')),
	julianday: (call) => print(call, call.args, ({ sql }) => typed('real', `_sl_julianday(${sql})`)),
	unixepoch: (call) =>
		print(call, call.args, ({ sql, subsecond }) =>
			subsecond ? typed('real', `(epoch_ms(${sql}) / 1000e0)`) : typed('integer', `_sl_unixepoch(${sql})`),
		),
	strftime: (call) => {
		const [format, ...rest] = call.args
		if (format === undefined) throw refused('wrong number of arguments to function strftime()', call.position)
		if (format.kind === 'null') return NULL
		const text = constantText(format)
		if (text === undefined) throw unsupported('strftime() with a format that is no constant', call.position)
		return print(call, rest, ({ sql }) => formatMoment(text, sql))
	},
}

/** CURRENT_DATE, CURRENT_TIME and CURRENT_TIMESTAMP. */
export function dateLiteral(type: `Current${'Date' | 'Time' | 'Timestamp'}Literal`, now: number): TypedSql {
	const iso = new Date(now).toISOString()
	if (type === 'CurrentDateLiteral') return constant(iso.slice(0, 10))
	return constant(type === 'CurrentTimeLiteral' ? iso.slice(11, 19) : iso.slice(0, 19).replace('T', ' '))
}

interface Moment {
	/** A TIMESTAMP. */
	readonly sql: string
	readonly subsecond: boolean
}

function formatted(moment: string, format: string): TypedSql {
	return typed('text', `strftime(${moment}, '${format}')`)
}

function print(call: ScalarCall, args: readonly TypedSql[], show: (moment: Moment) => TypedSql): TypedSql {
	const [value = constant('now'), ...modifiers] = args
	if (args.some(({ kind }) => kind === 'null')) return NULL
	const texts = modifiers.map((modifier) => {
		const text = constantText(modifier)
		if (text === undefined)
			throw unsupported(`${call.name}() with a modifier that is no constant`, call.position, 'Pass the modifier as a parameter.')
		return text.toLowerCase()
	})
	const only = constantText(value)?.toLowerCase()
	// datetime('subsec') is short for datetime('now', 'subsec').
	const shortcut = args.length > 0 && (only === 'subsec' || only === 'subsecond')
	const first = texts[0]
	const numeric = first === 'unixepoch' || first === 'julianday' || first === 'auto'
	let sql = start(call, shortcut ? constant('now') : value, numeric ? first : undefined)
	let subsecond = shortcut
	for (const text of numeric ? texts.slice(1) : texts) {
		if (text === 'subsec' || text === 'subsecond') subsecond = true
		else {
			const shifted = shift(sql, text, call.position)
			if (shifted === null) return { ...NULL, sql: 'CAST(NULL AS VARCHAR)' }
			sql = shifted
		}
	}
	return show({ sql: `_sl_moment(${sql})`, subsecond })
}

function start(call: ScalarCall, value: TypedSql, unit: 'unixepoch' | 'julianday' | 'auto' | undefined): string {
	if (value.classes & BLOB_CLASS) throw unsupported(`${call.name}() of a BLOB`, call.position)
	if (value.kind === 'any' && unit === undefined) throw unsupported(`${call.name}() of a value of no certain type`, call.position)
	const text = value.kind === 'text' ? constantText(value) : undefined
	if (text !== undefined && /^now$/i.test(text) && unit === undefined) {
		return `TIMESTAMP ${quoteText(new Date(call.ctx.now).toISOString().replace('T', ' ').replace('Z', ''))}`
	}
	if (unit === undefined) return value.kind === 'text' ? `_sl_text_moment(${value.sql})` : `_sl_julian_moment(${asReal(value)})`
	if (unit === 'unixepoch' && value.kind === 'integer') return `_sl_unix_seconds(${value.sql})`
	if (unit === 'auto' && value.kind === 'text' && text === undefined) throw unsupported("'auto' of a text", call.position)
	// The modifiers want a number: any other text is no moment.
	const number = value.kind === 'text' ? textNumber(text, value) : asReal(value)
	const macro = { unixepoch: '_sl_unix_moment', julianday: '_sl_julian_moment', auto: '_sl_auto_moment' }[unit]
	return unit === 'auto' && text !== undefined && wholeNumber(text) === null
		? `_sl_text_moment(${asText(value)})`
		: `${macro}(${number})`
}

function textNumber(text: string | undefined, value: TypedSql): string {
	if (text === undefined) return `_sl_whole_number(${value.sql})`
	const number = wholeNumber(text)
	return number === null ? 'CAST(NULL AS DOUBLE)' : constant(Number(number)).sql
}
