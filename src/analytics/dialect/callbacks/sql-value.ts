/**
 * Values of no certain class on their way between the engine and functions written here: texts whose first letter is the class,
 * as {@link file://../result.ts} reads them as well.
 *
 * @module
 */

/** A value of SQLite. A bigint is INTEGER, a number REAL; text that a JSON function made is apart from other text. */
export type SqlValue = null | bigint | number | string | Uint8Array | { readonly json: string }

/** `i` INTEGER, `r` REAL, `t` TEXT, `j` TEXT that is JSON, `b` BLOB in hexadecimal. */
export function encodeSqlValue(value: SqlValue): string | null {
	if (value === null) return null
	switch (typeof value) {
		case 'bigint':
			return `i${value}`
		case 'number':
			return `r${realDigits(value)}`
		case 'string':
			return `t${value}`
		default:
			if (value instanceof Uint8Array) {
				return `b${hexOf(value)}`
			}
			return `j${value.json}`
	}
}

/** The inverse of {@link encodeSqlValue}. */
export function decodeSqlValue(text: string | null): SqlValue {
	if (text === null) return null
	const rest = text.slice(1)
	switch (text[0]) {
		case 'i':
			return BigInt(rest)
		case 'r':
			return parseReal(rest)
		case 'j':
			return { json: rest }
		case 'b':
			return bytesOf(rest)
		default:
			return rest
	}
}

/** Bytes in hexadecimal digits. */
export function hexOf(bytes: Uint8Array): string {
	return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** The inverse of {@link hexOf}. */
export function bytesOf(digits: string): Uint8Array {
	return Uint8Array.from(digits.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16))
}

/** A REAL as DuckDB writes and reads it. */
function realDigits(value: number): string {
	if (Number.isFinite(value)) return Object.is(value, -0) ? '-0.0' : String(value)
	return value > 0 ? 'inf' : '-inf'
}

/** The inverse of what DuckDB writes for a DOUBLE. */
export function parseReal(digits: string): number {
	if (digits === 'inf') return Number.POSITIVE_INFINITY
	return digits === '-inf' ? Number.NEGATIVE_INFINITY : Number(digits)
}
