/**
 * Functions of dates and times (https://www.sqlite.org/lang_datefunc.html). DuckDB answers for texts and numbers that are plainly
 * moments, moved by constants; the engine calls back for all others.
 *
 * @module
 */
import { callBack } from '../callbacks/callbacks.ts'
import { DATE_CALLBACKS } from '../callbacks/date-functions.ts'
import { encodeSqlValue } from '../callbacks/sql-value.ts'
import { asEncoded, asText, asUnblobbed, decoded } from '../convert.ts'
import { constant, NULL } from '../literals.ts'
import { constantText } from '../operators.ts'
import { INTEGER_CLASS, NUMBER_CLASSES, TEXT_CLASS, type TypedSql, typed } from '../typed-sql.ts'
import { refused } from '../unsupported.ts'
import { shift } from './date-modifier.ts'
import type { ScalarCall, ScalarFunction } from './scalar-function.ts'
import { type MomentFormat, momentFormat } from './strftime.ts'

const DATE: MomentFormat = { parts: [{ field: '%Y-%m-%d' }] }
const TIME: MomentFormat = { parts: [{ field: '%H:%M:%S' }] }
const DATETIME: MomentFormat = { parts: [{ field: '%Y-%m-%d %H:%M:%S' }] }

export const DATE_FUNCTIONS: Readonly<Record<string, ScalarFunction>> = {
	date: (call) => textOf(call, DATE),
	time: (call) => textOf(call, TIME),
	datetime: (call) => textOf(call, DATETIME),
	julianday: (call) => {
		const { slow, moment } = partsOf(call, call.args, true)
		if (slow === null) return NULL
		const number = `CAST(substr(${slow}, 2) AS DOUBLE)`
		return typed('real', moment === undefined ? number : `COALESCE(_sl_julianday(${moment}), ${number})`)
	},
	unixepoch: (call) => {
		const { slow, moment, certain } = partsOf(call, call.args, false)
		if (slow === null) return NULL
		// 'subsec' makes it a REAL.
		if (!certain) return decoded(slow, NUMBER_CLASSES)
		const number = `CAST(substr(${slow}, 2) AS BIGINT)`
		return typed('integer', moment === undefined ? number : `COALESCE(_sl_unixepoch(${moment}), ${number})`)
	},
	strftime: (call) => {
		const [format, ...rest] = call.args
		if (format === undefined) throw refused('wrong number of arguments to function strftime()', call.position)
		if (format.kind === 'null') return NULL
		const text = constantText(format)
		const known = text === undefined ? undefined : momentFormat(text)
		if (known === null) return { ...NULL, sql: 'CAST(NULL AS VARCHAR)' }
		return textOf({ ...call, args: rest }, known, format)
	},
	timediff: (call) => {
		if (call.args.length !== 2) throw refused('wrong number of arguments to function timediff()', call.position)
		const { slow } = partsOf(call, call.args, true)
		return slow === null ? NULL : typed('text', `substr(${slow}, 2)`)
	},
}

/** CURRENT_DATE, CURRENT_TIME and CURRENT_TIMESTAMP. */
export function dateLiteral(type: `Current${'Date' | 'Time' | 'Timestamp'}Literal`, now: number): TypedSql {
	const iso = new Date(now).toISOString()
	if (type === 'CurrentDateLiteral') return constant(iso.slice(0, 10))
	return constant(type === 'CurrentTimeLiteral' ? iso.slice(11, 19) : iso.slice(0, 19).replace('T', ' '))
}

/** A moment as text. @param format Undefined for one that DuckDB cannot print. */
function textOf(call: ScalarCall, format: MomentFormat | undefined, formatArgument?: TypedSql): TypedSql {
	const { slow, moment, iso } = partsOf(call, call.args, false, formatArgument)
	if (slow === null) return NULL
	const rest = `substr(${slow}, 2)`
	const fast = format === undefined ? undefined : (sliceOf(format, iso) ?? printOf(format, moment))
	return typed('text', fast === undefined ? rest : `COALESCE(${fast}, ${rest})`)
}

/** Where the fields stand in a moment as text. */
const SLICES: Readonly<Record<string, readonly [from: number, length: number]>> = {
	'%Y-%m-%d': [1, 10],
	'%Y-%m': [1, 7],
	'%Y': [1, 4],
	'%m': [6, 2],
	'%d': [9, 2],
	'%m-%d': [6, 5],
	'%H:%M:%S': [12, 8],
	'%H:%M': [12, 5],
	'%H': [12, 2],
	'%M': [15, 2],
	'%S': [18, 2],
	'%Y-%m-%d %H:%M:%S': [1, 19],
	'%Y-%m-%d %H:%M': [1, 16],
	'%Y-%m-%d %H': [1, 13],
}

/** A part of a text that is a moment, where the format asks for no more. */
function sliceOf({ parts }: MomentFormat, iso: string | undefined): string | undefined {
	const [part, other] = parts
	if (iso === undefined || part === undefined || other !== undefined || !('field' in part)) return undefined
	const slice = SLICES[part.field]
	if (slice === undefined) return undefined
	const [from, length] = slice
	// The date stands in the text itself.
	return `substr(${from + length <= 11 ? iso.replace(/^_sl_iso\(/, '_sl_iso_date(') : iso}, ${from}, ${length})`
}

function printOf({ parts }: MomentFormat, moment: string | undefined): string | undefined {
	if (moment === undefined) return undefined
	const texts = parts.map((part) =>
		'field' in part ? `strftime(${moment}, '${part.field.replaceAll("'", "''")}')` : part.print(moment),
	)
	return texts.length === 0 ? undefined : texts.length === 1 ? texts[0] : `(${texts.join(' || ')})`
}

interface DateParts {
	/** What the engine's callback answers, encoded; null for NULL. */
	readonly slow: string | null
	/** A TIMESTAMP, or NULL for a value that only the callback knows; undefined where it always has to be asked. */
	readonly moment: string | undefined
	/** The same as `YYYY-MM-DD HH:MM:SS`, where it is one already. */
	readonly iso: string | undefined
	/** Whether the class of the answer is certain. */
	readonly certain: boolean
}

/** @param exact Whether milliseconds count. */
function partsOf(call: ScalarCall, given: readonly TypedSql[], exact: boolean, format?: TypedSql): DateParts {
	const args = given.map(asUnblobbed)
	const nothing = { slow: null, moment: undefined, iso: undefined, certain: true }
	if (args.some(({ kind }) => kind === 'null')) return nothing
	const constants = [...(format === undefined ? [] : [format]), ...args].map((arg) => arg.constant)
	const texts = args.slice(1).map(constantText)
	const certain =
		!texts.some((text) => text === undefined || /^subsec(?:ond)?$/i.test(text)) &&
		!/^subsec/i.test(constantText(args[0] ?? NULL) ?? '')
	const known = constants.every((value) => value !== undefined) ? answerOf(call, args, format) : undefined
	if (known !== undefined) return { ...nothing, slow: known, certain }
	const parameters = [
		`'${call.ctx.now}'`,
		...(format === undefined ? [] : [asText(format)]),
		...args.map((arg) => asEncoded({ ...arg, json: undefined }, call.position)),
	]
	const slow = callBack(`_slf_${call.name}`, parameters)
	const [subject = NULL] = args
	const begin = call.name === 'timediff' ? undefined : beginning(subject, texts, exact)
	if (begin === undefined) return { ...nothing, slow: whereKnown(slow, subject), certain }
	let { moment } = begin
	for (const text of begin.modifiers) {
		const shifted = shift(moment, text)
		if (shifted === undefined) return { ...nothing, slow: whereKnown(slow, subject), certain }
		moment = shifted
	}
	return { slow: whereKnown(slow, subject), moment, iso: begin.modifiers.length === 0 ? begin.iso : undefined, certain }
}

/** The callback need not be asked for NULL. */
function whereKnown(slow: string, subject: TypedSql): string {
	return subject.constant === undefined ? `(CASE WHEN ${subject.sql} IS NOT NULL THEN ${slow} END)` : slow
}

/** The answer where the statement alone tells it: as encoded text; undefined where it fails, which the query does when it runs. */
function answerOf(call: ScalarCall, args: readonly TypedSql[], format: TypedSql | undefined): string | null | undefined {
	const encoded = args.map(({ constant: known }) => encodeSqlValue(known?.value ?? null))
	const start = [String(call.ctx.now), ...(format === undefined ? [] : [constantText(format) ?? null])]
	try {
		const answer = DATE_CALLBACKS[`_slf_${call.name}`]?.(...start, ...encoded) ?? null
		return answer === null ? null : constant(answer).sql
	} catch {
		// It fails again where it is evaluated, if it is: within a CASE it may never be.
		return undefined
	}
}

interface Beginning {
	readonly moment: string
	readonly iso?: string
	/** Those that are left. */
	readonly modifiers: readonly string[]
}

/** What DuckDB can make a moment of; undefined if it is nothing of the kind. */
function beginning(subject: TypedSql, texts: readonly (string | undefined)[], exact: boolean): Beginning | undefined {
	const modifiers: string[] = []
	for (const text of texts) {
		if (text === undefined) return undefined
		modifiers.push(text.toLowerCase())
	}
	const text = subject.kind === 'any' && subject.classes & TEXT_CLASS ? `(${subject.sql}).t` : subject.sql
	// Unless it is text there is nothing to look at, and the callback is asked.
	if ((subject.kind === 'text' && subject.constant === undefined) || text !== subject.sql) {
		const iso = `_sl_iso(${text})`
		const moved = modifiers.length > 0
		const macro = exact ? '_sl_whole_moment' : moved ? '_sl_movable_moment' : '_sl_moment'
		return { moment: `${macro}(${text})`, iso, modifiers }
	}
	if (modifiers[0] !== 'unixepoch') return undefined
	if (subject.kind === 'integer' || (subject.kind === 'any' && subject.classes === INTEGER_CLASS)) {
		return { moment: `_sl_unix_seconds(${subject.sql})`, modifiers: modifiers.slice(1) }
	}
	return subject.kind === 'real' && !exact
		? { moment: `_sl_unix_moment(${subject.sql})`, modifiers: modifiers.slice(1) }
		: undefined
}
