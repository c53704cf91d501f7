import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ColumnVector } from '../../../src/cdc/change-batch.ts'
import { storedValues } from '../../../src/cdc/vectors.ts'
import { convertColumn } from '../../../src/lake/parquet/convert-column.ts'
import { type LakeColumn, sliceColumn } from '../../../src/lake/parquet/lake-column.ts'
import type { SqlValue } from '../../../src/schema/sql-value.ts'
import { type SampleKind, sampleKinds, sampleTable } from './sample.ts'

/** Seconds: the furthest moment that DuckDB has. */
const FURTHEST = 9_223_372_022_400

const edges = [0, 1, -1, 2, 0.5, -0.5, -0, FURTHEST, FURTHEST + 1, -FURTHEST, -FURTHEST - 1, 2 ** 53 - 1, 1 - 2 ** 53]

const vectors = fc.oneof(
	fc
		.array(fc.oneof(fc.constant(null), fc.constantFrom(...edges.filter(Number.isInteger)), fc.maxSafeInteger()), { minLength: 1 })
		// A vector of integers has no sign of zero.
		.map((values): ColumnVector => ({ kind: 'integer', values: values.map((value) => (value === null ? null : value + 0)) })),
	fc
		.array(fc.oneof(fc.constant(null), fc.constantFrom(...edges), fc.double({ noNaN: true })), { minLength: 1 })
		.map((values): ColumnVector => ({ kind: 'real', values })),
	fc.array(fc.oneof(fc.constant(null), fc.string()), { minLength: 1 }).map((values): ColumnVector => ({ kind: 'text', values })),
	fc
		.array(fc.oneof(fc.constant(null), fc.uint8Array({ maxLength: 3 })), { minLength: 1 })
		.map((values): ColumnVector => ({ kind: 'blob', values })),
)

function columnOf(kind: SampleKind) {
	const [column] = sampleTable({ c: kind }).columns
	if (column === undefined) throw new Error('no column')
	return column
}

/** The values of a column, NULL as null, and what was told not to fit. */
function converted(kind: SampleKind, vector: ColumnVector, from: number, to: number) {
	const misfits: [number, SqlValue][] = []
	const column = convertColumn(columnOf(kind), vector, from, to, (index, value) => misfits.push([index, value]))
	return { values: Array.from({ length: to - from }, (_, row) => valueAt(column, row)), misfits }
}

function valueAt(column: LakeColumn, row: number): unknown {
	const cell = sliceColumn(column, row, row + 1)
	if (cell.kind === 'constant') return cell.value
	if (cell.kind === 'text' || cell.kind === 'bytes') return cell.values[cell.from]
	if (cell.present !== null) return null
	return cell.kind === 'int64' ? new BigInt64Array(cell.words.slice().buffer)[0] : cell.values[0]
}

describe('a column of changes', () => {
	it('becomes the same by the loop for its kind as value by value, misfits and their places included', () => {
		fc.assert(
			fc.property(vectors, fc.constantFrom(...sampleKinds), fc.nat(), fc.nat(), (vector, kind, a, b) => {
				const length = vector.values.length
				const [from = 0, to = 0] = [a % length, (b % length) + 1].sort((x, y) => x - y)
				const mixed: ColumnVector = { kind: 'mixed', values: [...storedValues(vector)] }
				expect(converted(kind, vector, from, to)).toEqual(converted(kind, mixed, from, to))
			}),
			{ numRuns: 2_000 },
		)
	})

	it('holds moments as far as DuckDB has them, and tells of those beyond', () => {
		const values = [FURTHEST, FURTHEST + 1, -FURTHEST, -FURTHEST - 1]
		expect(converted('timestamp', { kind: 'integer', values }, 0, 4)).toEqual({
			values: [BigInt(FURTHEST) * 1_000_000n, null, BigInt(-FURTHEST) * 1_000_000n, null],
			misfits: [
				[1, BigInt(FURTHEST + 1)],
				[3, BigInt(-FURTHEST - 1)],
			],
		})
	})

	it('counts the places of what does not fit from the start of the range', () => {
		const values = [1, 2, 0, null, 3]
		expect(converted('boolean', { kind: 'integer', values }, 1, 5)).toEqual({
			values: [null, 0, null, null],
			misfits: [
				[0, 2n],
				[3, 3n],
			],
		})
	})
})
