/**
 * printf() and format() (https://www.sqlite.org/printf.html): DuckDB prints what it prints alike, the engine calls back for the rest.
 *
 * @module
 */

import { quoteText } from '../../engines/duckdb-sql.ts'
import { callBack } from '../callbacks/callbacks.ts'
import { MAX_FORMAT_WIDTH } from '../callbacks/printf.ts'
import { asEncoded, asInteger, asReal, asText, asUnblobbed } from '../convert.ts'
import { constant, NULL } from '../literals.ts'
import { constantText } from '../operators.ts'
import { type TypedSql, typed } from '../typed-sql.ts'
import { refused } from '../unsupported.ts'
import type { ScalarCall, ScalarFunction } from './scalar-function.ts'

export const PRINTF_FUNCTIONS: Readonly<Record<string, ScalarFunction>> = { printf, format: printf }

const DIRECTIVE = /%([-+ 0#,!]*)(\*|\d+)?(?:\.(\*|\d*))?(?:ll|l)?([a-zA-Z%])/y

interface Directive {
	readonly left: boolean
	readonly zero: boolean
	readonly width: number
	readonly precision: number | undefined
	readonly letter: string
}

function printf(call: ScalarCall): TypedSql {
	const [format, ...given] = call.args
	const args = given.map(asUnblobbed)
	if (format === undefined) throw refused('wrong number of arguments to function printf()', call.position)
	if (format.kind === 'null') return NULL
	const source = constantText(format)
	const parts = source === undefined ? undefined : partsOf(source, args)
	if (parts === undefined) {
		const encoded = args.map((arg) => asEncoded({ ...arg, json: undefined }, call.position))
		return typed('text', callBack('_slf_printf', [asText(format), ...encoded]))
	}
	if (parts.length === 0) return source === '' ? NULL : constant('')
	return typed('text', `(${parts.join(' || ')})`)
}

/** The parts of a text that DuckDB formats as well; undefined if one of them is SQLite's own. */
function partsOf(source: string, args: readonly TypedSql[]): string[] | undefined {
	const parts: string[] = []
	let plain = ''
	let next = 0
	const flush = () => {
		if (plain !== '') parts.push(quoteText(plain))
		plain = ''
	}
	for (let i = 0; i < source.length; ) {
		if (source[i] !== '%') {
			plain += source[i++]
			continue
		}
		DIRECTIVE.lastIndex = i
		const found = DIRECTIVE.exec(source)
		if (found === null) return undefined
		i = DIRECTIVE.lastIndex
		const [all, flags = '', width = '0', precision, letter = ''] = found
		if (all === '%%') {
			plain += '%'
			continue
		}
		if (/[!#+ ,]/.test(flags) || letter === '%' || width === '*' || precision === '*') return undefined
		if (Number(width) > MAX_FORMAT_WIDTH) return undefined
		const left = flags.includes('-')
		const zero = flags.includes('0')
		if (left && zero) return undefined
		const part = directive(
			{ left, zero, width: Number(width), precision: precision === undefined ? undefined : Number(precision), letter },
			args[next++] ?? NULL,
		)
		if (part === undefined) return undefined
		flush()
		parts.push(part)
	}
	flush()
	return parts
}

function directive(d: Directive, e: TypedSql): string | undefined {
	switch (d.letter) {
		case 'd':
		case 'i': {
			if (d.precision !== undefined) return undefined
			const value = `COALESCE(${asInteger(e)}, 0)`
			return d.zero && d.width > 0 ? `printf('%0${d.width}d', ${value})` : padded(`CAST(${value} AS VARCHAR)`, d)
		}
		case 'f': {
			// Large numbers, and those that a double leaves in doubt, are SQLite's to round.
			const precision = d.precision ?? 6
			if (precision > 9) return undefined
			const value = `COALESCE(${asReal(e)}, CAST(0 AS DOUBLE))`
			const width = d.width === 0 ? '' : `${d.left ? '-' : ''}${d.zero ? '0' : ''}${d.width}`
			return `COALESCE(_sl_plain_fixed(${value}, ${precision}, '%${width}.${precision}f'), _slf_printf('%${width}.${precision}f', 'r' || CAST(${value} AS VARCHAR)))`
		}
		case 's':
		case 'z':
			if (d.precision !== undefined) return undefined
			return padded(`COALESCE(_sl_to_nul(${asText(e)}), '')`, d)
		default:
			return undefined
	}
}

function padded(text: string, { width, left }: Directive): string {
	if (width === 0) return text
	// SQLite counts bytes in widths, DuckDB's strlen() as well.
	const padding = `repeat(' ', greatest(0, ${width} - strlen(${text})))`
	return left ? `(${text} || ${padding})` : `(${padding} || ${text})`
}
