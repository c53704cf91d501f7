/**
 * Constants as DuckDB expressions, and numbers as SQLite reads them in text.
 *
 * @module
 */
import { parseInt64 } from '../../schema/int64.ts'
import { quoteText } from '../engines/duckdb-sql.ts'
import type { EngineValue } from '../query-engine.ts'
import { INTEGER_CLASS, REAL_CLASS, type TypedSql, typed } from './typed-sql.ts'

const MIN_INT64 = -(2n ** 63n)
const MAX_INT64 = 2n ** 63n - 1n

/** A number at the start of a text; spaces before it are skipped. */
const NUMBER_PREFIX = /^[\t-\r ]*([+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)/
const WHOLE_NUMBER = /^[\t-\r ]*([+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)[\t-\r ]*$/

export const NULL: TypedSql = { ...typed('null', 'NULL'), constant: { value: null } }

/** A constant of the class its JavaScript type stands for: a number is REAL, a bigint INTEGER. */
export function constant(value: EngineValue): TypedSql {
	if (value === null || Number.isNaN(value)) return NULL
	switch (typeof value) {
		case 'bigint':
			return { sql: integerText(value), kind: 'integer', classes: INTEGER_CLASS, constant: { value } }
		case 'number':
			return { sql: realText(value), kind: 'real', classes: REAL_CLASS, constant: { value } }
		case 'string':
			return { ...typed('text', `CAST(${quoteText(value)} AS VARCHAR)`), constant: { value } }
		default: {
			const hex = Array.from(value, (byte) => byte.toString(16).padStart(2, '0')).join('')
			return { ...typed('blob', `from_hex('${hex}')`), constant: { value } }
		}
	}
}

/** `TRUE` and `FALSE` are the integers 1 and 0. */
export function truthConstant(truth: boolean): TypedSql {
	return { ...constant(truth ? 1n : 0n), truth }
}

/** A numeric literal: integers beyond 64 bits are REAL, hexadecimal ones wrap. */
export function numericLiteral(text: string): TypedSql {
	const digits = text.replaceAll('_', '')
	if (/^0x/i.test(digits)) return constant(BigInt.asIntN(64, BigInt(digits)))
	return constant(parseInt64(digits) ?? Number(digits))
}

/** The number at the start of a text, as arithmetic reads it; 0 if there is none. */
export function numberPrefix(text: string): bigint | number {
	return parseNumber(NUMBER_PREFIX.exec(text)?.[1]) ?? 0n
}

/** The number that a whole text is, as numeric affinity reads it; null if it is none. */
export function wholeNumber(text: string): bigint | number | null {
	return parseNumber(WHOLE_NUMBER.exec(text)?.[1])
}

/** The integer at the start of a text, as CAST reads it. */
export function integerPrefix(text: string): bigint {
	const digits = /^[\t-\r ]*([+-]?\d+)/.exec(text)?.[1]
	if (digits === undefined) return 0n
	return parseInt64(digits) ?? (digits.startsWith('-') ? MIN_INT64 : MAX_INT64)
}

/** A REAL as CAST to INTEGER makes it: cut off, kept within 64 bits. */
export function realToInteger(value: number): bigint {
	if (value >= 2 ** 63) return MAX_INT64
	if (value <= -(2 ** 63)) return MIN_INT64
	return BigInt(Math.trunc(value))
}

function parseNumber(text: string | undefined): bigint | number | null {
	if (text === undefined) return null
	return parseInt64(text) ?? Number(text)
}

function integerText(value: bigint): string {
	// The smallest integer has no literal: its digits alone are beyond 64 bits.
	return `CAST('${value}' AS BIGINT)`
}

function realText(value: number): string {
	if (value === Number.POSITIVE_INFINITY) return "CAST('inf' AS DOUBLE)"
	if (value === Number.NEGATIVE_INFINITY) return "CAST('-inf' AS DOUBLE)"
	return `CAST('${Object.is(value, -0) ? '-0' : value}' AS DOUBLE)`
}
