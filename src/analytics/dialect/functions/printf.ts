/**
 * printf() and format() (https://www.sqlite.org/printf.html).
 *
 * @module
 */
import { quoteText } from '../../engines/duckdb-sql.ts'
import { asInteger, asReal, asText } from '../convert.ts'
import { constant, NULL } from '../literals.ts'
import { constantText } from '../operators.ts'
import { BLOB_CLASS, type TypedSql, typed } from '../typed-sql.ts'
import { type Position, refused, unsupported } from '../unsupported.ts'
import type { ScalarCall, ScalarFunction } from './scalar-function.ts'

export const PRINTF_FUNCTIONS: Readonly<Record<string, ScalarFunction>> = { printf, format: printf }

const DIRECTIVE = /%([-+ 0#,!]*)(\*|\d+)?(?:\.(\*|\d+))?(?:ll|l)?([a-zA-Z%])/y

interface Directive {
	readonly left: boolean
	readonly plus: boolean
	readonly space: boolean
	readonly zero: boolean
	readonly comma: boolean
	readonly width: number
	readonly precision: number | undefined
	readonly letter: string
}

function printf(call: ScalarCall): TypedSql {
	const [format, ...args] = call.args
	if (format === undefined) throw refused('wrong number of arguments to function printf()', call.position)
	if (format.kind === 'null') return NULL
	const source = constantText(format)
	if (source === undefined) throw unsupported(`${call.name}() with a format that is no constant`, call.position)
	const parts: string[] = []
	let plain = ''
	let next = 0
	for (let i = 0; i < source.length; ) {
		if (source[i] !== '%') {
			plain += source[i++]
			continue
		}
		DIRECTIVE.lastIndex = i
		const found = DIRECTIVE.exec(source)
		if (found === null) throw unsupported(`the format ${JSON.stringify(source)}`, call.position)
		i = DIRECTIVE.lastIndex
		const [, flags = '', width = '0', precision, letter = ''] = found
		if (letter === '%') {
			plain += '%'
			continue
		}
		if (/[!#]/.test(flags) || width === '*' || precision === '*')
			throw unsupported(`the format directive ${found[0]}`, call.position)
		if (plain !== '') parts.push(quoteText(plain))
		plain = ''
		const left = flags.includes('-')
		parts.push(
			directive(
				{
					left,
					plus: flags.includes('+'),
					space: flags.includes(' '),
					zero: flags.includes('0') && !left,
					comma: flags.includes(','),
					width: Number(width),
					precision: precision === undefined ? undefined : Number(precision),
					letter,
				},
				args[next++],
				call.position,
			),
		)
	}
	if (parts.length === 0) return source === '' ? NULL : constant(plain)
	if (plain !== '') parts.push(quoteText(plain))
	return typed('text', `(${parts.join(' || ')})`)
}

function directive(d: Directive, arg: TypedSql | undefined, position: Position): string {
	const e = arg ?? NULL
	if (e.classes & BLOB_CLASS) throw unsupported('a BLOB in a format', position)
	const refuse = (what: string) => unsupported(`${what} with %${d.letter}`, position)
	switch (d.letter) {
		case 'd':
		case 'i': {
			if (d.precision !== undefined || (d.zero && (d.comma || d.plus || d.space))) throw refuse('this combination of flags')
			const value = `COALESCE(${asInteger(e)}, 0)`
			if (d.zero && d.width > 0) return `printf('%0${d.width}d', ${value})`
			return padded(signed(d.comma ? `format('{:,}', ${value})` : `CAST(${value} AS VARCHAR)`, value, d), d)
		}
		case 'u':
		case 'x':
		case 'X':
		case 'o': {
			if (d.precision !== undefined || d.comma) throw refuse('this combination of flags')
			const value = `COALESCE(${asInteger(e)}, 0)`
			const unsigned = `(CASE WHEN ${value} < 0 THEN CAST(${value} AS HUGEINT) + 18446744073709551616::HUGEINT ELSE CAST(${value} AS HUGEINT) END)`
			const digits = d.letter === 'u' ? `CAST(${unsigned} AS VARCHAR)` : `format('{:${d.letter}}', ${unsigned})`
			if (d.letter === 'o') throw refuse('octal numbers')
			return d.zero && d.width > 0
				? `(CASE WHEN length(${digits}) < ${d.width} THEN lpad(${digits}, ${d.width}, '0') ELSE ${digits} END)`
				: padded(digits, d)
		}
		case 'f': {
			const precision = d.precision ?? 6
			if (precision > 9 || (d.zero && (d.comma || d.plus || d.space))) throw refuse('this precision or combination of flags')
			const value = `_sl_round(_sl_few_digits(COALESCE(${asReal(e)}, CAST(0 AS DOUBLE))), ${precision})`
			if (d.zero && d.width > 0) return `printf('%0${d.width}.${precision}f', ${value} + 0e0)`
			return padded(signed(`format('{:${d.comma ? ',' : ''}.${precision}f}', ${value} + 0e0)`, value, d), d)
		}
		case 's':
		case 'z': {
			const text = `COALESCE(${asText(e)}, '')`
			return padded(d.precision === undefined ? text : `left(${text}, ${d.precision})`, d)
		}
		case 'c':
			return padded(`COALESCE(left(${asText(e)}, 1), '')`, d)
		case 'q':
			if (d.precision !== undefined) throw refuse('a precision')
			return padded(`COALESCE(replace(${asText(e)}, '''', ''''''), '(NULL)')`, d)
		case 'Q':
			if (d.precision !== undefined) throw refuse('a precision')
			return padded(`COALESCE('''' || replace(${asText(e)}, '''', '''''') || '''', 'NULL')`, d)
		default:
			throw unsupported(`the format directive %${d.letter}`, position)
	}
}

function signed(text: string, value: string, { plus, space }: Directive): string {
	if (!plus && !space) return text
	return `(CASE WHEN ${value} >= 0 THEN '${plus ? '+' : ' '}' ELSE '' END || ${text})`
}

function padded(text: string, { width, left }: Directive): string {
	if (width === 0) return text
	// SQLite counts bytes in widths, DuckDB's strlen() as well.
	const padding = `repeat(' ', greatest(0, ${width} - strlen(${text})))`
	return left ? `(${text} || ${padding})` : `(${padding} || ${text})`
}
