/**
 * SQL literals that SQLite reads back as exactly the value they were made of.
 *
 * @module
 */

import { SQLakeError } from '../../errors.ts'
import { type SqlValue, TextBytes } from '../../schema/sql-value.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Writes a value as a literal. The forms, one for each storage class (https://www.sqlite.org/lang_expr.html#literal_values_constants_):
 * `NULL`, `12`, `1.5e0` (always with an exponent), `'it''s'`, `X'00FF'`; text that holds NUL or is not UTF-8 as
 * `CAST(X'6100' AS TEXT)`, as a string literal would end at the NUL.
 *
 * @example
 * sqlLiteral("it's") // "'it''s'"
 * sqlLiteral(1.5) // '1.5e0'
 */
export function sqlLiteral(value: SqlValue): string {
	if (value === null) return 'NULL'
	switch (typeof value) {
		case 'bigint':
			return value.toString()
		case 'number':
			return realLiteral(value)
		case 'string':
			return value.includes('\0') ? textLiteral(encoder.encode(value)) : `'${value.replaceAll("'", "''")}'`
		default:
			return value instanceof TextBytes ? textLiteral(value.bytes) : blobLiteral(value)
	}
}

/**
 * Reads a literal that {@link sqlLiteral} wrote.
 *
 * @throws `LAKE_CORRUPT` if it is none.
 */
export function parseSqlLiteral(literal: string): SqlValue {
	if (literal === 'NULL') return null
	if (/^-?\d+$/.test(literal)) return BigInt(literal)
	if (/^-?\d+(\.\d+)?e-?\d+$/.test(literal)) return Number(literal)
	if (/^'(?:[^']|'')*'$/.test(literal)) return literal.slice(1, -1).replaceAll("''", "'")
	const [, hex] = /^X'((?:[0-9A-F]{2})*)'$/.exec(literal) ?? []
	if (hex !== undefined) return fromHex(hex)
	const [, text] = /^CAST\(X'((?:[0-9A-F]{2})*)' AS TEXT\)$/.exec(literal) ?? []
	if (text !== undefined) return decodeText(fromHex(text))
	throw new SQLakeError('LAKE_CORRUPT', `rescued value: expected an SQL literal, found ${literal.slice(0, 100)}`)
}

/** Shortest digits that read back as the same double; an infinity as a number too large for a double, as SQLite prints it. */
function realLiteral(value: number): string {
	if (Object.is(value, -0)) return '-0e0'
	if (!Number.isFinite(value)) return value > 0 ? '9e999' : '-9e999'
	return value.toExponential().replace('e+', 'e')
}

function blobLiteral(bytes: Uint8Array): string {
	return `X'${toHex(bytes)}'`
}

function textLiteral(bytes: Uint8Array): string {
	return `CAST(X'${toHex(bytes)}' AS TEXT)`
}

function decodeText(bytes: Uint8Array): string | TextBytes {
	try {
		return decoder.decode(bytes)
	} catch {
		// Not UTF-8: such text has a form of its own.
		return new TextBytes(bytes)
	}
}

function toHex(bytes: Uint8Array): string {
	let hex = ''
	for (const byte of bytes) hex += byte.toString(16).toUpperCase().padStart(2, '0')
	return hex
}

function fromHex(hex: string): Uint8Array {
	const bytes = new Uint8Array(hex.length / 2)
	for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(hex.slice(i * 2, i * 2 + 2), 16)
	return bytes
}
