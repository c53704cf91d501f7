/**
 * Partition transforms (Iceberg specification, "Partition Transforms").
 *
 * @module
 */
import { SQLakeError } from '../../errors.ts'
import { copyBytes } from '../../schema/bytes.ts'
import { murmur3 } from './murmur3.ts'
import { encodeSingleValue } from './single-value.ts'
import type { IcebergPrimitiveType, IcebergTransform, IcebergValue } from './types.ts'

const MICROS_PER_HOUR = 3_600_000_000n
const MICROS_PER_DAY = 86_400_000_000n
const MILLIS_PER_DAY = 86_400_000

/** A transform taken apart. */
export type ParsedTransform =
	| { readonly kind: 'identity' | 'void' | 'year' | 'month' | 'day' | 'hour' }
	| { readonly kind: 'bucket' | 'truncate'; readonly parameter: number }
	/** One of a later version of the specification: it never prunes. */
	| { readonly kind: 'unknown' }

/** Takes a transform apart. */
export function parseTransform(transform: IcebergTransform): ParsedTransform {
	const match = /^(bucket|truncate)\[(\d+)\]$/.exec(transform)
	if (match !== null) {
		const parameter = Number(match[2])
		if (parameter > 0) return { kind: match[1] as 'bucket' | 'truncate', parameter }
	}
	switch (transform) {
		case 'identity':
		case 'void':
		case 'year':
		case 'month':
		case 'day':
		case 'hour':
			return { kind: transform }
		default:
			return { kind: 'unknown' }
	}
}

/** The type of a transform's result. */
export function transformResultType(transform: IcebergTransform, source: IcebergPrimitiveType): IcebergPrimitiveType {
	const { kind } = parseTransform(transform)
	if (kind === 'day') return 'date'
	return kind === 'bucket' || kind === 'year' || kind === 'month' || kind === 'hour' ? 'int' : source
}

/**
 * Applies a transform to a value of its source column. NULL stays NULL.
 *
 * @throws `INTERNAL` if the transform is not defined for the type.
 */
export function applyTransform(transform: IcebergTransform, type: IcebergPrimitiveType, value: IcebergValue): IcebergValue {
	if (value === null) return null
	const parsed = parseTransform(transform)
	switch (parsed.kind) {
		case 'identity':
			return value
		case 'void':
			return null
		case 'bucket':
			return (bucketHash(type, value) & 0x7fffffff) % parsed.parameter
		case 'truncate':
			return truncate(type, value, parsed.parameter)
		case 'hour':
			if (typeof value === 'bigint' && isTimestamp(type)) return Number(floorDivide(value, MICROS_PER_HOUR))
			break
		case 'day':
		case 'month':
		case 'year': {
			const days = daysOf(type, value)
			if (days === null) break
			if (parsed.kind === 'day') return days
			const date = new Date(days * MILLIS_PER_DAY)
			const years = date.getUTCFullYear() - 1970
			return parsed.kind === 'year' ? years : years * 12 + date.getUTCMonth()
		}
	}
	throw new SQLakeError('INTERNAL', `transform ${transform}: expected a type it is defined for, found ${type} ${String(value)}`)
}

/** The hash of appendix B: integers, dates and timestamps as 8-byte longs, the others as their bytes. */
export function bucketHash(type: IcebergPrimitiveType, value: Exclude<IcebergValue, null>): number {
	switch (type) {
		case 'int':
		case 'date':
		case 'long':
		case 'timestamp':
		case 'timestamptz':
			return murmur3(encodeSingleValue('long', typeof value === 'number' ? BigInt(value) : value))
		case 'string':
		case 'binary':
		case 'uuid':
			return murmur3(encodeSingleValue(type, value))
		default:
			throw new SQLakeError('INTERNAL', `transform bucket: expected a type it is defined for, found ${type}`)
	}
}

function truncate(type: IcebergPrimitiveType, value: Exclude<IcebergValue, null>, width: number): IcebergValue {
	if (type === 'int' && typeof value === 'number') return value - (((value % width) + width) % width)
	if (type === 'long' && (typeof value === 'bigint' || typeof value === 'number')) {
		const long = BigInt(value)
		const wide = BigInt(width)
		return long - (((long % wide) + wide) % wide)
	}
	// Characters are code points, so that no surrogate pair is cut.
	if (type === 'string' && typeof value === 'string') return Array.from(value).slice(0, width).join('')
	if (type === 'binary' && value instanceof Uint8Array) return copyBytes(value, 0, width)
	throw new SQLakeError('INTERNAL', `transform truncate: expected a type it is defined for, found ${type}`)
}

function daysOf(type: IcebergPrimitiveType, value: IcebergValue): number | null {
	if (type === 'date' && typeof value === 'number') return value
	return typeof value === 'bigint' && isTimestamp(type) ? Number(floorDivide(value, MICROS_PER_DAY)) : null
}

function isTimestamp(type: IcebergPrimitiveType): boolean {
	return type === 'timestamp' || type === 'timestamptz'
}

/** Rounds towards the past, also before 1970. */
function floorDivide(value: bigint, by: bigint): bigint {
	const quotient = value / by
	return value % by < 0n ? quotient - 1n : quotient
}
