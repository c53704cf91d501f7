/**
 * Vectors of one column, from several row groups or files, as one.
 *
 * @module
 */
import { type BooleanVector, type BytesVector, isValid, type LakeVector } from './lake-vector.ts'

/**
 * Puts vectors of one field one after the other. The parts are copied, unless there is only one.
 *
 * @param parts At least one; all of them of the same field. A column that a file lacks is NULL in its rows.
 */
export function concatVectors(parts: readonly [LakeVector, ...LakeVector[]]): LakeVector {
	const [first] = parts
	if (parts.length === 1) return first
	const length = sum(parts, (part) => part.length)
	const nullCount = sum(parts, (part) => part.nullCount)
	const base = { field: first.field, length, nullCount, validity: nullCount === 0 ? null : concatValidity(parts, length) }
	const typed = parts.find(({ kind }) => kind !== 'missing') ?? first
	switch (typed.kind) {
		case 'int64':
			return { ...base, kind: typed.kind, values: concatWords(parts, new BigInt64Array(length)) }
		case 'double':
			return { ...base, kind: typed.kind, values: concatWords(parts, new Float64Array(length)) }
		case 'boolean':
			return { ...base, kind: typed.kind, bits: concatBits(parts, length) }
		case 'bytes':
			return { ...base, kind: typed.kind, ...concatBytes(parts, length) }
		case 'missing':
			return { ...base, kind: typed.kind, validity: null }
	}
}

/** Copies values into place; rows of a part without values stay 0, as a NULL is. */
function concatWords<Values extends BigInt64Array | Float64Array>(parts: readonly LakeVector[], target: Values): Values {
	let row = 0
	for (const part of parts) {
		if (part.kind === 'int64' && target instanceof BigInt64Array) target.set(part.values.subarray(0, part.length), row)
		if (part.kind === 'double' && target instanceof Float64Array) target.set(part.values.subarray(0, part.length), row)
		row += part.length
	}
	return target
}

function concatBytes(parts: readonly LakeVector[], length: number): Pick<BytesVector, 'offsets' | 'data'> {
	const offsets = new Int32Array(length + 1)
	const data = new Uint8Array(sum(parts, (part) => (part.kind === 'bytes' ? byteLength(part) : 0)))
	let row = 0
	let end = 0
	for (const part of parts) {
		if (part.kind === 'bytes') {
			const start = part.offsets[0] ?? 0
			data.set(part.data.subarray(start, start + byteLength(part)), end)
			for (let i = 0; i < part.length; i++) offsets[row + i + 1] = end + (part.offsets[i + 1] ?? 0) - start
			end += byteLength(part)
		} else {
			offsets.fill(end, row + 1, row + part.length + 1)
		}
		row += part.length
	}
	return { offsets, data }
}

function byteLength({ offsets, length }: BytesVector): number {
	return (offsets[length] ?? 0) - (offsets[0] ?? 0)
}

function concatBits(parts: readonly LakeVector[], length: number): BooleanVector['bits'] {
	const bits = new Uint8Array(bitmapBytes(length))
	let row = 0
	for (const part of parts) {
		for (let i = 0; part.kind === 'boolean' && i < part.length; i++) {
			if (((part.bits[i >> 3] ?? 0) >> (i & 7)) & 1) setBit(bits, row + i)
		}
		row += part.length
	}
	return bits
}

function concatValidity(parts: readonly LakeVector[], length: number): Uint8Array {
	const bits = new Uint8Array(bitmapBytes(length))
	let row = 0
	for (const part of parts) {
		for (let i = 0; i < part.length; i++) if (isValid(part, i)) setBit(bits, row + i)
		row += part.length
	}
	return bits
}

function setBit(bits: Uint8Array, index: number): void {
	bits[index >> 3] = (bits[index >> 3] ?? 0) | (1 << (index & 7))
}

/** Padded to 8 bytes, as vectors are. */
function bitmapBytes(length: number): number {
	return ((length + 63) >> 6) << 3
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
	return items.reduce((total, item) => total + of(item), 0)
}
