/**
 * From a value of JavaScript to a value that crosses to SQLite.
 *
 * @module
 */
import type { WireValue } from '../driver/transport.ts'
import { SQLakeError } from '../errors.ts'
import { copyBytes, isBytes } from '../schema/bytes.ts'

const MIN_INT64 = -(2n ** 63n)
const MAX_INT64 = 2n ** 63n - 1n

/**
 * The value as it is bound. A boolean becomes the INTEGER 0 or 1; a buffer, a typed array or a DataView becomes a copy of the
 * bytes that it shows, so that the caller may change them at once, and no other memory goes over RPC with them. A bigint stays one and is bound as INTEGER, a number is bound as REAL.
 *
 * @param value - what Drizzle's encoders or the `sql` template left
 * @param position - of the parameter, from 1, for the message
 * @throws SQLakeError VALUE_UNSUPPORTED for anything that SQLite has no storage class for, and for a bigint beyond 64 bits.
 */
export function bindValue(value: unknown, position: number): WireValue {
	switch (typeof value) {
		case 'string':
		case 'number':
			return value
		case 'boolean':
			return value ? 1n : 0n
		case 'bigint':
			if (value < MIN_INT64 || value > MAX_INT64) throw unsupported(position, 'a bigint beyond 64 bits', 'bind it as text')
			return value
		case 'undefined':
			throw unsupported(position, 'undefined', 'bind null for NULL')
		case 'object':
			if (value === null) return null
			if (isBytes(value)) return copyBytes(value)
			if (value instanceof Date) {
				throw unsupported(
					position,
					'a Date',
					'compare it with the column through eq(), or bind date.getTime() for timestamp_ms and Math.floor(date.getTime() / 1000) for timestamp',
				)
			}
			throw unsupported(position, describe(value), hintFor(value))
		default:
			throw unsupported(position, `a ${typeof value}`, 'bind text, a number, a bigint, a boolean, bytes or null')
	}
}

/** All values of a statement as they are bound. */
export function bindValues(values: readonly unknown[]): WireValue[] {
	return values.map((value, index) => bindValue(value, index + 1))
}

function describe(value: object): string {
	if (Array.isArray(value)) return 'an array'
	if (ArrayBuffer.isView(value)) return `a ${value.constructor.name} on memory that is shared or was given away`
	const name = value.constructor?.name
	return name === undefined || name === 'Object' ? 'an object' : `an object of class ${name}`
}

function hintFor(value: object): string {
	const memory = ArrayBuffer.isView(value) || /ArrayBuffer]$/.test(Object.prototype.toString.call(value))
	return memory ? 'bind a copy of the bytes' : 'bind JSON.stringify(value), or compare it with the column through eq()'
}

function unsupported(position: number, found: string, hint: string): SQLakeError {
	return new SQLakeError(
		'VALUE_UNSUPPORTED',
		`parameter ${position}: expected text, a number, a bigint, a boolean, bytes or null, found ${found}`,
		{ hint, details: { position } },
	)
}
