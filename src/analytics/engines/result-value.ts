/**
 * Values of a result in SQLite's storage classes.
 *
 * @module
 */
import { SQLakeError } from '../../errors.ts'
import type { EngineValue } from '../query-engine.ts'

const MIN_INT64 = -(2n ** 63n)
const MAX_INT64 = 2n ** 63n - 1n

/**
 * An integer as a number where that is exact, else as a bigint.
 *
 * @throws `ANALYTICS_FAILED` beyond 64 bits, where SQLite's `sum()` says "integer overflow".
 */
export function integerValue(value: bigint): number | bigint {
	if (value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(value)
	if (value < MIN_INT64 || value > MAX_INT64) throw new SQLakeError('ANALYTICS_FAILED', 'integer overflow')
	return value
}

/** A double; NaN is NULL in SQLite. */
export function realValue(value: number): number | null {
	return Number.isNaN(value) ? null : value
}

/** A decimal of `scale` digits after the point. */
export function decimalValue(unscaled: bigint, scale: number): EngineValue {
	if (scale === 0) return integerValue(unscaled)
	const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, '0')
	return Number(`${unscaled < 0n ? '-' : ''}${digits.slice(0, -scale)}.${digits.slice(-scale)}`)
}

/** The error for a column of a type that SQLite does not have. */
export function unsupportedColumn(column: string, type: string): SQLakeError {
	return new SQLakeError('ANALYTICS_FAILED', `column "${column}" of the result has the type ${type}, which SQLite lacks`, {
		hint: 'CAST it to TEXT, INTEGER, REAL or BLOB.',
		details: { column, type },
	})
}
