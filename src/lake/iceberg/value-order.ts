import { compareUtf8 } from '../utf8-order.ts'
import type { IcebergValue } from './types.ts'

/**
 * Orders two values of one type as Iceberg orders bounds: numbers by value, strings by UTF-8, binary by unsigned byte, false
 * before true.
 *
 * @returns negative, zero or positive; NaN where the values have no order (NaN, NULL or values of unlike types).
 */
export function compareIcebergValues(a: IcebergValue, b: IcebergValue): number {
	if (isNumeric(a) && isNumeric(b)) return a < b ? -1 : a > b ? 1 : a <= b ? 0 : Number.NaN
	if (typeof a === 'string' && typeof b === 'string') return compareUtf8(a, b)
	if (typeof a === 'boolean' && typeof b === 'boolean') return Number(a) - Number(b)
	if (a instanceof Uint8Array && b instanceof Uint8Array) return compareBytes(a, b)
	return Number.NaN
}

function isNumeric(value: IcebergValue): value is number | bigint {
	return typeof value === 'number' || typeof value === 'bigint'
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
	const length = Math.min(a.length, b.length)
	for (let i = 0; i < length; i++) {
		const difference = (a[i] ?? 0) - (b[i] ?? 0)
		if (difference !== 0) return difference
	}
	return a.length - b.length
}
