/**
 * One column of one row group, laid out as Apache Arrow lays out an array of its type
 * (https://arrow.apache.org/docs/format/Columnar.html): an Arrow `Data` is made of it without copying a value.
 *
 * @module
 */
import { copyBytes } from '../../schema/bytes.ts'
import type { IcebergField } from '../iceberg/types.ts'

/** What every kind of vector has. */
interface VectorBase {
	/** The field as the reader asked for it. */
	readonly field: IcebergField
	readonly length: number
	readonly nullCount: number
	/** Bit `i`, least significant first, is 1 where row `i` has a value; null where every row has one. Padded to 8 bytes. */
	readonly validity: Uint8Array | null
}

/** `long`, and `timestamptz` as microseconds since the epoch. A NULL is 0. */
export interface Int64Vector extends VectorBase {
	readonly kind: 'int64'
	readonly values: BigInt64Array
}

/** `double`. A NULL is 0. */
export interface DoubleVector extends VectorBase {
	readonly kind: 'double'
	readonly values: Float64Array
}

/** `boolean`: bit-packed, least significant bit first, padded to 8 bytes. */
export interface BooleanVector extends VectorBase {
	readonly kind: 'boolean'
	readonly bits: Uint8Array
}

/** `string` (UTF-8) and `binary`: value `i` is `data[offsets[i], offsets[i + 1])`. */
export interface BytesVector extends VectorBase {
	readonly kind: 'bytes'
	/** One more than there are rows. */
	readonly offsets: Int32Array
	readonly data: Uint8Array
}

/** A column that the file does not hold: NULL throughout (Iceberg specification, "Column Projection"). */
export interface MissingVector extends VectorBase {
	readonly kind: 'missing'
}

/** One column of one row group. */
export type LakeVector = Int64Vector | DoubleVector | BooleanVector | BytesVector | MissingVector

/** A value of a lake column in JavaScript: bigint for long and timestamptz (microseconds). */
export type LakeValue = bigint | number | boolean | string | Uint8Array | null

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * The values of a vector, one JavaScript value each. For tests and small results: a query engine takes the vector itself.
 *
 * @throws TypeError for a string that is not UTF-8.
 */
export function vectorValues(vector: LakeVector): LakeValue[] {
	const values: LakeValue[] = new Array(vector.length).fill(null)
	for (let row = 0; row < vector.length; row++) {
		if (isValid(vector, row)) values[row] = valueAt(vector, row)
	}
	return values
}

/** Tells whether row `row` of a vector has a value. */
export function isValid(vector: LakeVector, row: number): boolean {
	if (vector.kind === 'missing') return false
	return vector.validity === null || bitAt(vector.validity, row)
}

function valueAt(vector: LakeVector, row: number): LakeValue {
	switch (vector.kind) {
		case 'int64':
		case 'double':
			return vector.values[row] ?? null
		case 'boolean':
			return bitAt(vector.bits, row)
		case 'bytes': {
			const bytes = vector.data.subarray(vector.offsets[row], vector.offsets[row + 1])
			return vector.field.type === 'string' ? utf8.decode(bytes) : copyBytes(bytes)
		}
		case 'missing':
			return null
	}
}

function bitAt(bits: Uint8Array, index: number): boolean {
	return (((bits[index >> 3] ?? 0) >> (index & 7)) & 1) === 1
}
