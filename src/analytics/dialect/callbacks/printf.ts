/**
 * printf() and format() (https://www.sqlite.org/printf.html), for the formats that DuckDB has no equal for.
 *
 * @module
 */
import { integerPrefix, numberPrefix, realToInteger } from '../literals.ts'
import { formatReal } from './format-real.ts'
import { realText } from './real-text.ts'
import type { SqlValue } from './sql-value.ts'
import { dialectFailure } from './sqlite-failure.ts'

/** Greatest width, and precision, of a format. */
export const MAX_FORMAT_WIDTH = 10_000

const DIRECTIVE = /%([-+ #!0,]*)(\d+|\*)?(?:\.(\d*|\*))?(?:ll?)?([a-zA-Z%])/y

interface Directive {
	readonly left: boolean
	readonly prefix: '+' | ' ' | ''
	readonly alternate: boolean
	readonly exact: boolean
	readonly zero: boolean
	readonly thousands: boolean
	readonly width: number
	readonly precision: number | undefined
	readonly letter: string
}

/** A text made by a format; null where the format says nothing. */
export function sqlPrintf(format: string, args: readonly SqlValue[]): string | null {
	let text: string | null = null
	let next = 0
	const argument = () => args[next++] ?? null
	for (let i = 0; i < format.length; ) {
		if (format[i] !== '%') {
			text = (text ?? '') + format[i++]
			continue
		}
		if (i + 1 === format.length) {
			text = `${text ?? ''}%`
			break
		}
		DIRECTIVE.lastIndex = i
		const found = DIRECTIVE.exec(format)
		if (found === null) throw dialectFailure(`the format ${JSON.stringify(format)}`)
		i = DIRECTIVE.lastIndex
		const [, flags = '', width = '0', precision, letter = ''] = found
		const signs = flags.replace(/[^+ ]/g, '')
		const wide = width === '*' ? Number(integerOf(argument())) : Number(width)
		const precise =
			precision === '*' ? Math.abs(Number(integerOf(argument()))) : precision === undefined ? undefined : Number(precision)
		if (Math.abs(wide) > MAX_FORMAT_WIDTH || (precise ?? 0) > MAX_FORMAT_WIDTH)
			throw dialectFailure('a format of that many characters')
		const directive: Directive = {
			left: flags.includes('-') || wide < 0,
			prefix: signs.endsWith('+') ? '+' : signs.endsWith(' ') ? ' ' : '',
			alternate: flags.includes('#'),
			exact: flags.includes('!'),
			zero: flags.includes('0'),
			thousands: flags.includes(','),
			width: Math.abs(wide),
			precision: precise,
			letter,
		}
		const part = printed(directive, argument)
		// SQLite stops at a letter that it does not know.
		if (part === undefined) break
		text = (text ?? '') + part
	}
	return text
}

function printed(d: Directive, argument: () => SqlValue): string | undefined {
	switch (d.letter) {
		case 'd':
		case 'i':
		case 'r':
		case 'u':
		case 'x':
		case 'X':
		case 'o':
		case 'p':
			return padded(integer(d, integerOf(argument())), d)
		case 'f':
		case 'e':
		case 'E':
		case 'g':
		case 'G':
			return formatReal(realOf(argument()), { ...d, letter: d.letter })
		case 's':
		case 'z':
			return padded(cut(textOf(argument()) ?? '', d), d)
		case 'c': {
			const [first] = textOf(argument()) ?? ''
			if (first === undefined) throw dialectFailure('%c of no character')
			return padded(first.repeat(Math.max(1, d.precision ?? 1)), { ...d, exact: true })
		}
		case 'q':
		case 'Q':
		case 'w': {
			if (d.alternate) throw dialectFailure(`the format directive %#${d.letter}`)
			const text = textOf(argument())
			if (text === null) return padded(cut(d.letter === 'Q' ? 'NULL' : '(NULL)', d), d)
			const quote = d.letter === 'w' ? '"' : "'"
			const escaped = cut(text, d).replaceAll(quote, quote + quote)
			return padded(d.letter === 'Q' ? `'${escaped}'` : escaped, d)
		}
		case 'n':
			return ''
		case '%':
			return padded('%', d)
		case 'T':
		case 'S':
			throw dialectFailure(`the format directive %${d.letter}`)
		default:
			return undefined
	}
}

const RADIX: Readonly<Record<string, readonly [base: number, prefix: string]>> = {
	x: [16, '0x'],
	X: [16, '0X'],
	p: [16, '0x'],
	o: [8, '0'],
}

function integer(d: Directive, value: bigint): string {
	const signed = 'dir'.includes(d.letter)
	const sign = signed ? (value < 0n ? '-' : d.prefix) : ''
	const magnitude = signed ? (value < 0n ? -value : value) : BigInt.asUintN(64, value)
	const [base, mark] = RADIX[d.letter] ?? [10, '']
	let digits = magnitude.toString(base)
	if (d.letter === 'X' || d.letter === 'p') digits = digits.toUpperCase()
	if (d.letter === 'r') digits += ordinal(magnitude)
	let precision = d.precision ?? 0
	if (d.zero) precision = Math.max(precision, d.width - sign.length)
	digits = digits.padStart(precision, '0')
	if (d.thousands && 'diu'.includes(d.letter)) digits = digits.replace(/\B(?=(\d{3})+$)/g, ',')
	return sign + (d.alternate && magnitude !== 0n ? mark : '') + digits
}

function ordinal(value: bigint): string {
	const last = Number(value % 10n)
	return last >= 4 || (value / 10n) % 10n === 1n ? 'th' : (['th', 'st', 'nd', 'rd'][last] ?? 'th')
}

/** The start of a text: by bytes, or with `!` by characters. */
function cut(text: string, { precision, exact }: Directive): string {
	if (precision === undefined) return text
	const characters = [...text]
	if (exact) return characters.slice(0, precision).join('')
	let bytes = 0
	let kept = ''
	for (const character of characters) {
		if (bytes >= precision) break
		bytes += bytesOf(character)
		if (bytes > precision) throw dialectFailure('a format that cuts a character')
		kept += character
	}
	return kept
}

/** Spaces up to the width, in bytes, or with `!` in characters. */
function padded(text: string, { width, left, exact }: Directive): string {
	const length = exact ? [...text].length : bytesOf(text)
	const spaces = ' '.repeat(Math.max(0, width - length))
	return left ? text + spaces : spaces + text
}

const encoder = new TextEncoder()

function bytesOf(text: string): number {
	return encoder.encode(text).length
}

function integerOf(value: SqlValue): bigint {
	if (value === null) return 0n
	if (typeof value === 'bigint') return value
	return typeof value === 'number' ? realToInteger(value) : integerPrefix(textOf(value) ?? '')
}

function realOf(value: SqlValue): number {
	if (value === null) return 0
	if (typeof value === 'bigint' || typeof value === 'number') return Number(value)
	return Number(numberPrefix(textOf(value) ?? ''))
}

/** To the first NUL, where SQLite stops as well. */
function textOf(value: SqlValue): string | null {
	if (value === null) return null
	if (typeof value === 'bigint') return String(value)
	if (typeof value === 'number') return realText(value)
	if (value instanceof Uint8Array) throw dialectFailure('a BLOB in a format')
	const text = typeof value === 'string' ? value : value.json
	const end = text.indexOf('\0')
	return end < 0 ? text : text.slice(0, end)
}
