/**
 * Columns of a change batch as columns of the lake.
 *
 * @module
 */
import type { ColumnVector } from '../../cdc/change-batch.ts'
import type { SqlValue } from '../../schema/sql-value.ts'
import { isNumericText } from '../../schema/sqlite-kind.ts'
import type { ColumnSchema } from '../../schema/table-schema.ts'
import { Int64Column, type LakeColumn, textColumn } from './lake-column.ts'
import { isStoredAsInteger, microsPerUnit, numericText, timestampLimit, toLakeValue } from './lake-types.ts'

/** Called for a value that does not fit its column's lake type; `index` counts from the start of the range. */
export type OnMisfit = (index: number, value: SqlValue) => void

/** Rows `[from, to)` of a column, and where to report what does not fit. */
interface Conversion<Values> {
	readonly column: ColumnSchema
	readonly values: Values
	readonly from: number
	readonly to: number
	readonly onMisfit: OnMisfit
}

type Numbers = readonly (number | null)[]

/**
 * Converts rows `[from, to)` of a column. A value that does not fit is NULL in the result and handed to `onMisfit`.
 * Each pairing of a fast-path vector with the type it is made for has a loop of its own; all else goes value by value.
 */
export function convertColumn(
	column: ColumnSchema,
	vector: ColumnVector,
	from: number,
	to: number,
	onMisfit: OnMisfit,
): LakeColumn {
	const { kind, values } = vector
	const range = { column, from, to, onMisfit }
	switch (column.lakeType) {
		case 'string':
			if (isNumericText(column)) return textColumn(convertNumerics({ ...range, values: sqlValues(vector) }))
			if (kind === 'text') return { kind: 'text', values, from, length: to - from }
			return textColumn(convertValues({ ...range, values: sqlValues(vector) }, isText))
		case 'binary':
			if (kind === 'blob') return { kind: 'bytes', values, from, length: to - from }
			return {
				kind: 'bytes',
				values: convertValues({ ...range, values: sqlValues(vector) }, isBytes),
				from: 0,
				length: to - from,
			}
		case 'double':
			return kind === 'real' ? convertReals({ ...range, values }) : convertToReals({ ...range, values: sqlValues(vector) })
		case 'boolean':
			return kind === 'integer' ? convertBits({ ...range, values }) : convertToBits({ ...range, values: sqlValues(vector) })
		case 'long':
			return kind === 'integer'
				? convertIntegers({ ...range, values })
				: convertToIntegers({ ...range, values: sqlValues(vector) })
		case 'timestamptz':
			return kind === 'integer'
				? convertMoments({ ...range, values })
				: convertToIntegers({ ...range, values: sqlValues(vector) })
	}
}

/** Milliseconds, safe integers, as a column of microseconds. */
export function timestampsFromMs(ms: readonly number[], from: number, to: number): LakeColumn {
	const micros = new Int64Column(to - from)
	for (let i = from; i < to; i++) setProduct(micros, i - from, ms[i] ?? 0, 1_000)
	return micros.finish()
}

/** Safe integers as a column. */
export function integersFrom(values: readonly number[], from: number, to: number): LakeColumn {
	const column = new Int64Column(to - from)
	for (let i = from; i < to; i++) column.setNumber(i - from, values[i] ?? 0)
	return column.finish()
}

function convertIntegers({ values, from, to }: Conversion<Numbers>): LakeColumn {
	const converted = new Int64Column(to - from)
	for (let i = from; i < to; i++) {
		const value = values[i]
		if (typeof value === 'number') converted.setNumber(i - from, value)
		else converted.setNull(i - from)
	}
	return converted.finish()
}

function convertMoments({ column, values, from, to, onMisfit }: Conversion<Numbers>): LakeColumn {
	const factor = Number(microsPerUnit(column))
	const limit = Number(timestampLimit(column))
	const converted = new Int64Column(to - from)
	for (let i = from; i < to; i++) {
		const value = values[i]
		if (typeof value === 'number' && Math.abs(value) <= limit) {
			setProduct(converted, i - from, value, factor)
		} else {
			converted.setNull(i - from)
			if (typeof value === 'number') onMisfit(i - from, BigInt(value))
		}
	}
	return converted.finish()
}

/** Sets `value * factor`, by bigint only where a double would round it. */
function setProduct(column: Int64Column, row: number, value: number, factor: number): void {
	const product = value * factor
	if (Number.isSafeInteger(product)) column.setNumber(row, product)
	else column.setBigInt(row, BigInt(value) * BigInt(factor))
}

function convertToIntegers({ column, values, from, to, onMisfit }: Conversion<readonly SqlValue[]>): LakeColumn {
	const converted = new Int64Column(to - from)
	for (let i = from; i < to; i++) {
		const value = values[i] ?? null
		const fitting = toLakeValue(column, value)
		if (typeof fitting === 'bigint') converted.setBigInt(i - from, fitting)
		else converted.setNull(i - from)
		if (fitting === undefined) onMisfit(i - from, value)
	}
	return converted.finish()
}

function convertReals({ column, values, from, to, onMisfit }: Conversion<Numbers>): LakeColumn {
	const converted = new Float64Array(to - from)
	let present: Uint8Array | null = null
	for (let i = from; i < to; i++) {
		const value = values[i]
		if (typeof value === 'number' && !isStoredAsInteger(column, value)) {
			converted[i - from] = value
		} else {
			present ??= new Uint8Array(to - from).fill(1)
			present[i - from] = 0
			if (typeof value === 'number') onMisfit(i - from, value)
		}
	}
	return { kind: 'double', present, values: converted }
}

function convertToReals({ column, values, from, to, onMisfit }: Conversion<readonly SqlValue[]>): LakeColumn {
	const converted = new Float64Array(to - from)
	const present = new Uint8Array(to - from)
	for (let i = from; i < to; i++) {
		const value = values[i] ?? null
		const fitting = toLakeValue(column, value)
		if (typeof fitting === 'number') {
			converted[i - from] = fitting
			present[i - from] = 1
		} else if (fitting === undefined) {
			onMisfit(i - from, value)
		}
	}
	return { kind: 'double', present, values: converted }
}

function convertBits({ values, from, to, onMisfit }: Conversion<Numbers>): LakeColumn {
	const converted = new Uint8Array(to - from)
	let present: Uint8Array | null = null
	for (let i = from; i < to; i++) {
		const value = values[i]
		if (value === 0 || value === 1) {
			converted[i - from] = value
		} else {
			present ??= new Uint8Array(to - from).fill(1)
			present[i - from] = 0
			if (typeof value === 'number') onMisfit(i - from, BigInt(value))
		}
	}
	return { kind: 'boolean', present, values: converted }
}

function convertToBits({ column, values, from, to, onMisfit }: Conversion<readonly SqlValue[]>): LakeColumn {
	const converted = new Uint8Array(to - from)
	const present = new Uint8Array(to - from)
	for (let i = from; i < to; i++) {
		const value = values[i] ?? null
		const fitting = toLakeValue(column, value)
		if (typeof fitting === 'boolean') {
			converted[i - from] = fitting ? 1 : 0
			present[i - from] = 1
		} else if (fitting === undefined) {
			onMisfit(i - from, value)
		}
	}
	return { kind: 'boolean', present, values: converted }
}

function convertNumerics({ column, values, from, to, onMisfit }: Conversion<readonly SqlValue[]>): (string | null)[] {
	const converted = new Array<string | null>(to - from).fill(null)
	for (let i = from; i < to; i++) {
		const value = values[i] ?? null
		if (value === null) continue
		const text = numericText(column, value)
		if (text === undefined) onMisfit(i - from, value)
		else converted[i - from] = text
	}
	return converted
}

function convertValues<T extends string | Uint8Array>(
	{ values, from, to, onMisfit }: Conversion<readonly SqlValue[]>,
	fits: (value: SqlValue) => value is T,
): (T | null)[] {
	const converted = new Array<T | null>(to - from).fill(null)
	for (let i = from; i < to; i++) {
		const value = values[i] ?? null
		if (fits(value)) converted[i - from] = value
		else if (value !== null) onMisfit(i - from, value)
	}
	return converted
}

function isText(value: SqlValue): value is string {
	return typeof value === 'string'
}

function isBytes(value: SqlValue): value is Uint8Array {
	return value instanceof Uint8Array
}

/** The values of a vector with their storage class; the fast path of integers holds them as numbers. */
function sqlValues({ kind, values }: ColumnVector): readonly SqlValue[] {
	return kind === 'integer' ? values.map((value) => (value === null ? null : BigInt(value))) : values
}
