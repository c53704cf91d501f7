import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { IcebergField, IcebergPrimitiveType } from '../../../src/lake/iceberg/types.ts'
import { concatVectors } from '../../../src/lake/parquet/concat-vectors.ts'
import { type LakeValue, type LakeVector, vectorValues } from '../../../src/lake/parquet/lake-vector.ts'

const valuesOf = {
	long: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
	double: fc.double({ noNaN: true }),
	boolean: fc.boolean(),
	string: fc.string({ unit: 'grapheme' }),
	binary: fc.uint8Array({ maxLength: 8 }),
} satisfies Partial<Record<IcebergPrimitiveType, fc.Arbitrary<LakeValue>>>

/** A vector as the reader would make it: bitmaps padded to 8 bytes, none where no value is NULL. */
function vectorOf(field: IcebergField, values: readonly LakeValue[] | number): LakeVector {
	if (typeof values === 'number') return { kind: 'missing', field, length: values, nullCount: values, validity: null }
	const bitmap = (set: (value: LakeValue) => boolean) => {
		const bits = new Uint8Array(((values.length + 63) >> 6) << 3)
		values.forEach((value, i) => {
			if (set(value)) bits[i >> 3] = (bits[i >> 3] ?? 0) | (1 << (i & 7))
		})
		return bits
	}
	const nullCount = values.filter((value) => value === null).length
	const base = { field, length: values.length, nullCount, validity: nullCount === 0 ? null : bitmap((value) => value !== null) }
	switch (field.type) {
		case 'long':
			return { ...base, kind: 'int64', values: BigInt64Array.from(values, (value) => (typeof value === 'bigint' ? value : 0n)) }
		case 'double':
			return { ...base, kind: 'double', values: Float64Array.from(values, (value) => (typeof value === 'number' ? value : 0)) }
		case 'boolean':
			return { ...base, kind: 'boolean', bits: bitmap((value) => value === true) }
		default: {
			const parts = values.map((value) => (value instanceof Uint8Array ? value : new TextEncoder().encode(String(value ?? ''))))
			const offsets = new Int32Array(values.length + 1)
			parts.forEach((part, i) => {
				offsets[i + 1] = (offsets[i] ?? 0) + part.length
			})
			const data = new Uint8Array(offsets.at(-1) ?? 0)
			parts.forEach((part, i) => {
				data.set(part, offsets[i])
			})
			return { ...base, kind: 'bytes', offsets, data }
		}
	}
}

it.each(['long', 'double', 'boolean', 'string', 'binary'] as const)('values of type %s come out as they went in', (type) => {
	const field: IcebergField = { id: 101, name: 'x', required: false, type }
	const part = fc.oneof(fc.array(fc.option(valuesOf[type] as fc.Arbitrary<LakeValue>), { maxLength: 20 }), fc.nat({ max: 20 }))
	fc.assert(
		fc.property(part, fc.array(part, { maxLength: 5 }), (first, rest) => {
			const vectors = [first, ...rest].map((values) => vectorOf(field, values))
			const [head = vectorOf(field, 0), ...tail] = vectors
			const joined = concatVectors([head, ...tail])
			const expected = vectors.flatMap(vectorValues)
			expect(vectorValues(joined)).toEqual(expected)
			expect(joined.nullCount).toBe(expected.filter((value) => value === null).length)
		}),
		{ numRuns: 200 },
	)
})
