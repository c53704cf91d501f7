/**
 * Functions of values that DuckDB has none for, on values as {@link file://./sql-value.ts} writes them.
 *
 * @module
 */
import { parseRescued } from '../../../lake/parquet/rescue.ts'
import { TextBytes } from '../../../schema/sql-value.ts'
import { formatReal } from './format-real.ts'
import type { TextFunction } from './json-functions.ts'
import { sqlGlob, sqlLike } from './pattern.ts'
import { sqlPrintf } from './printf.ts'
import { realText } from './real-text.ts'
import { decodeSqlValue, encodeSqlValue, hexOf, parseReal, type SqlValue } from './sql-value.ts'

export const VALUE_CALLBACKS: Readonly<Record<string, TextFunction>> = {
	/** A REAL as SQLite writes it, from DuckDB's digits. */
	_slf_real_text: (digits = null) => (digits === null ? null : realText(parseReal(digits))),
	/** A REAL, from DuckDB's digits, to a number of digits. */
	_slf_round: (number = null, digits = null) =>
		number === null || digits === null
			? null
			: formatReal(parseReal(number), { letter: 'f', precision: Math.min(Number(digits), 30), exact: true }),
	/** The format is text, its arguments are encoded. */
	_slf_printf: (format = null, ...args) => (format === null ? null : sqlPrintf(toNul(format), args.map(decodeSqlValue))),
	/** Texts: pattern, subject and what escapes. */
	_slf_like: (pattern = null, text = null, ...escapes) => {
		const [escaping = null] = escapes
		if (pattern === null || text === null || (escapes.length > 0 && escaping === null)) return null
		return sqlLike(toNul(pattern), toNul(text), escaping ?? undefined) ? '1' : '0'
	},
	_slf_glob: (pattern = null, text = null) =>
		pattern === null || text === null ? null : sqlGlob(toNul(pattern), toNul(text)) ? '1' : '0',
	_slf_quote: (value = null) => quote(decodeSqlValue(value)),
	/** A value of `_rescued`, encoded: of a row or the row before it, and of a column by its name when it was written. */
	_slf_rescued: (rescued = null, image = null, column = null) => {
		if (rescued === null || column === null) return null
		const images = parseRescued(rescued)
		const values = image === 'before' ? images.before : images.row
		const value = Object.hasOwn(values, column) ? (values[column] ?? null) : null
		return value instanceof TextBytes ? `x${hexOf(value.bytes)}` : encodeSqlValue(value)
	},
	/** Position of a part, in bytes where both are BLOBs. */
	_slf_instr: (whole = null, part = null) => {
		const [a, b] = [decodeSqlValue(whole), decodeSqlValue(part)]
		if (a === null || b === null) return null
		if (a instanceof Uint8Array && b instanceof Uint8Array) return String(positionOf([...a], [...b]))
		return String(positionOf([...textOf(a)], [...textOf(b)]))
	},
	/** Bytes of hexadecimal digits, between which some characters may stand: a BLOB, encoded. */
	_slf_unhex: (text = null, ignored = null) => {
		if (text === null || ignored === null) return null
		const allowed = new Set(ignored)
		let digits = ''
		for (const character of text) {
			if (/^[0-9a-fA-F]$/.test(character)) digits += character
			else if (!allowed.has(character) || digits.length % 2 === 1) return null
		}
		return digits.length % 2 === 1 ? null : `b${digits}`
	},
}

/** What stands before the first NUL: all that many of SQLite's functions see. */
function toNul(text: string): string {
	const end = text.indexOf('\0')
	return end < 0 ? text : text.slice(0, end)
}

function textOf(value: Exclude<SqlValue, null>): string {
	if (typeof value === 'string') return value
	if (typeof value === 'bigint') return String(value)
	if (typeof value === 'number') return realText(value)
	return value instanceof Uint8Array ? new TextDecoder().decode(value) : value.json
}

function positionOf<T>(whole: readonly T[], part: readonly T[]): number {
	for (let at = 0; at + part.length <= whole.length; at++) {
		if (part.every((each, i) => whole[at + i] === each)) return at + 1
	}
	return 0
}

function quote(value: SqlValue): string {
	if (value === null) return 'NULL'
	switch (typeof value) {
		case 'bigint':
			return String(value)
		case 'number':
			return Number.isFinite(value) ? realText(value) : value > 0 ? '9.0e+999' : '-9.0e+999'
		default: {
			if (value instanceof Uint8Array)
				return `X'${Array.from(value, (byte) => byte.toString(16).padStart(2, '0'))
					.join('')
					.toUpperCase()}'`
			return `'${toNul(textOf(value)).replaceAll("'", "''")}'`
		}
	}
}
