/**
 * The values that can stand in a shard key, and what equality with one says of the rows that match. Where equality in SQLite
 * does not determine the stored value, nothing is claimed.
 *
 * @module
 */
import { parseInt64 } from '../schema/int64.ts'
import { printReal, printsAlikeEverywhere } from '../schema/print-real.ts'
import type { Affinity, ColumnSchema } from '../schema/table-schema.ts'
import { trimSpaces } from '../schema/trim-spaces.ts'

/** A value as it is bound: a number is REAL, a bigint is INTEGER (https://www.sqlite.org/datatype3.html section 2). */
export type SqlValue = string | number | bigint | Uint8Array | ArrayBuffer | null

/**
 * Columns whose stored values are compared without losing what tells them apart: within one domain, values that compare equal
 * name the same shard in every column of the same affinity. TEXT holds text; NUMERIC holds numbers and text that is no number;
 * BLOB holds anything as it came.
 */
export type Domain = 'TEXT' | 'NUMERIC' | 'BLOB'

/** A canonical value of a domain: text, a whole number, or a REAL that is no 64-bit integer. */
export type Element = string | bigint | number

/** The domain of a column's comparisons; null where equality says nothing, because its collation is not BINARY. */
export function domainOf(column: ColumnSchema): Domain | null {
	const collation = /\bcollate\s+["'`[]?(\w+)/i.exec(column.declaredType)?.[1]
	if (collation !== undefined && collation.toUpperCase() !== 'BINARY') return null
	return affinityDomain(column.affinity)
}

function affinityDomain(affinity: Affinity): Domain {
	return affinity === 'TEXT' || affinity === 'BLOB' ? affinity : 'NUMERIC'
}

/**
 * The only value that can equal `value` in a column of the domain. `null` where nothing can, `undefined` where several stored
 * values might, or where this cannot be told.
 *
 * @param value - an operand without affinity: a literal or a parameter
 * @param bound - whether it is a parameter: a bigint is then sent as `CAST(? AS INTEGER)`, whose affinity makes SQLite compare
 * text as numbers (`'05' = CAST('5' AS INTEGER)`)
 */
export function comparand(value: unknown, domain: Domain, bound: boolean): Element | null | undefined {
	if (value === null || Number.isNaN(value)) return null
	if (typeof value === 'string') return domain === 'NUMERIC' ? numericText(value) : value
	if (typeof value === 'number') {
		if (domain === 'NUMERIC') return wholeNumber(value)
		return domain === 'TEXT' ? stableRealText(value) : undefined
	}
	if (typeof value === 'bigint') {
		if (domain === 'NUMERIC') return isSafeInteger64(value) ? value : undefined
		return domain === 'TEXT' && !bound ? value.toString() : undefined
	}
	return undefined
}

/** A REAL as INTEGER affinity stores it. -2^63 stays REAL there and equals the INTEGER of the same value: two names, no claim. */
function wholeNumber(value: number): Element | undefined {
	if (!Number.isInteger(value)) return value
	if (value === -(2 ** 63)) return undefined
	return Math.abs(value) < 2 ** 63 ? BigInt(value) : value
}

function isSafeInteger64(value: bigint): boolean {
	return value > -(2n ** 63n) && value < 2n ** 63n
}

/** Text under numeric affinity: a number where the whole text is one, spaces aside (section 3.4), else itself. */
function numericText(text: string): Element | undefined {
	if (text.includes('\0')) return undefined
	const trimmed = trimSpaces(text)
	if (/^[+-]?\d+$/.test(trimmed)) {
		const whole = parseInt64(trimmed)
		return whole !== null && isSafeInteger64(whole) ? whole : undefined
	}
	const parts = /^[+-]?(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(trimmed)
	if (parts === null || (parts[1] === '' && parts[2] === '')) return text
	return isExactDecimal(parts[1] ?? '', parts[2] ?? '', Number(parts[3] ?? 0)) ? wholeNumber(Number(trimmed)) : undefined
}

/** Whether every correct and every nearly correct conversion gives the same double: 15 digits, and a power of ten that is exact. */
export function isExactDecimal(whole: string, fraction: string, exponent: number): boolean {
	const digits = `${whole}${fraction}`.replace(/^0+/, '')
	return digits.length <= 15 && Math.abs(exponent - fraction.length) <= 22
}

/** The text that TEXT affinity makes of a REAL, where every version of SQLite makes the same; -0.0 it does not. */
function stableRealText(value: number): string | undefined {
	return printsAlikeEverywhere(value) && !Object.is(value, -0) ? printReal(value) : undefined
}
