/**
 * Single values as bytes, the form of bounds in manifests (Iceberg specification, appendix D, "Binary single-value
 * serialization").
 *
 * @module
 */
import { SQLakeError } from '../../errors.ts'
import { copyBytes } from '../../schema/bytes.ts'
import type { IcebergPrimitiveType, IcebergValue } from './types.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Encodes a bound.
 *
 * @throws `INTERNAL` if the value is not one of the type.
 */
export function encodeSingleValue(type: IcebergPrimitiveType, value: Exclude<IcebergValue, null>): Uint8Array {
	switch (type) {
		case 'boolean':
			if (typeof value === 'boolean') return Uint8Array.of(value ? 1 : 0)
			break
		case 'int':
		case 'date':
			if (typeof value === 'number' && value === (value | 0)) return fixed(4, (view) => view.setInt32(0, value, true))
			break
		case 'long':
		case 'timestamp':
		case 'timestamptz':
			if (typeof value === 'bigint' || Number.isSafeInteger(value)) {
				const long = BigInt(value as bigint | number)
				if (BigInt.asIntN(64, long) === long) return fixed(8, (view) => view.setBigInt64(0, long, true))
			}
			break
		case 'float':
			if (typeof value === 'number') return fixed(4, (view) => view.setFloat32(0, value, true))
			break
		case 'double':
			if (typeof value === 'number') return fixed(8, (view) => view.setFloat64(0, value, true))
			break
		case 'string':
			if (typeof value === 'string') return encoder.encode(value)
			break
		case 'uuid':
			if (value instanceof Uint8Array && value.length === 16) return value
			break
		case 'binary':
			if (value instanceof Uint8Array) return value
			break
	}
	throw new SQLakeError('INTERNAL', `bound: expected a value of type ${type}, found ${String(value)} (${typeof value})`)
}

/**
 * Decodes a bound. A bound that was written before its column's type was promoted is widened.
 *
 * @returns null if the bytes are not a value of the type: a bound that cannot be read is no bound.
 */
export function decodeSingleValue(type: IcebergPrimitiveType, bytes: Uint8Array): IcebergValue {
	const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
	const size = bytes.length
	switch (type) {
		case 'boolean':
			return size === 1 ? bytes[0] !== 0 : null
		case 'int':
		case 'date':
			return size === 4 ? view.getInt32(0, true) : null
		case 'long':
		case 'timestamp':
		case 'timestamptz':
			return size === 8 ? view.getBigInt64(0, true) : size === 4 ? BigInt(view.getInt32(0, true)) : null
		case 'float':
			return size === 4 ? view.getFloat32(0, true) : null
		case 'double':
			return size === 8 ? view.getFloat64(0, true) : size === 4 ? view.getFloat32(0, true) : null
		case 'string':
			try {
				return decoder.decode(bytes)
			} catch {
				return null
			}
		case 'uuid':
			return size === 16 ? copyBytes(bytes) : null
		case 'binary':
			return copyBytes(bytes)
		default:
			// A type of another writer, such as decimal(9, 2).
			return null
	}
}

function fixed(size: number, write: (view: DataView) => void): Uint8Array {
	const bytes = new Uint8Array(size)
	write(new DataView(bytes.buffer))
	return bytes
}
