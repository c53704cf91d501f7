/**
 * Columns of a change batch as columns of the lake.
 *
 * @module
 */
import type { ColumnVector, SqlValue } from '../../cdc/change-batch.ts'
import type { ColumnSchema } from '../../schema/table-schema.ts'
import { isStoredAsInteger, microsPerUnit, timestampLimit, toLakeValue } from './lake-types.ts'
import type { LakeValue } from './lake-vector.ts'

/** Called for a value that does not fit its column's lake type; `index` counts from the start of the range. */
export type OnMisfit = (index: number, value: SqlValue) => void

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
): readonly LakeValue[] {
	const { kind, values } = vector
	switch (column.lakeType) {
		case 'string':
			if (kind === 'text') return values.slice(from, to)
			break
		case 'binary':
			if (kind === 'blob') return values.slice(from, to)
			break
		case 'double':
			if (kind === 'real' && column.affinity === 'REAL') return values.slice(from, to)
			if (kind === 'real') return convertReals(column, values, from, to, onMisfit)
			break
		case 'long':
			if (kind === 'integer') return convertIntegers(values, from, to)
			break
		case 'timestamptz':
			if (kind === 'integer') return convertTimestamps(column, values, from, to, onMisfit)
			break
		case 'boolean':
			if (kind === 'integer') return convertBooleans(values, from, to, onMisfit)
			break
	}
	return convertAny(column, vector, from, to, onMisfit)
}

function convertIntegers(values: readonly (number | null)[], from: number, to: number): LakeValue[] {
	const converted = new Array<bigint | null>(to - from)
	for (let i = from; i < to; i++) {
		const value = values[i]
		converted[i - from] = typeof value === 'number' ? BigInt(value) : null
	}
	return converted
}

function convertTimestamps(
	column: ColumnSchema,
	values: readonly (number | null)[],
	from: number,
	to: number,
	onMisfit: OnMisfit,
): LakeValue[] {
	const factor = microsPerUnit(column)
	const limit = Number(timestampLimit(column))
	const converted = new Array<bigint | null>(to - from).fill(null)
	for (let i = from; i < to; i++) {
		const value = values[i]
		if (typeof value !== 'number') continue
		if (Math.abs(value) <= limit) converted[i - from] = BigInt(value) * factor
		else onMisfit(i - from, BigInt(value))
	}
	return converted
}

function convertBooleans(values: readonly (number | null)[], from: number, to: number, onMisfit: OnMisfit): LakeValue[] {
	const converted = new Array<boolean | null>(to - from).fill(null)
	for (let i = from; i < to; i++) {
		const value = values[i]
		if (typeof value !== 'number') continue
		if (value === 0 || value === 1) converted[i - from] = value === 1
		else onMisfit(i - from, BigInt(value))
	}
	return converted
}

function convertReals(
	column: ColumnSchema,
	values: readonly (number | null)[],
	from: number,
	to: number,
	onMisfit: OnMisfit,
): LakeValue[] {
	const converted = new Array<number | null>(to - from).fill(null)
	for (let i = from; i < to; i++) {
		const value = values[i]
		if (typeof value !== 'number') continue
		if (isStoredAsInteger(column, value)) onMisfit(i - from, value)
		else converted[i - from] = value
	}
	return converted
}

function convertAny(
	column: ColumnSchema,
	{ kind, values }: ColumnVector,
	from: number,
	to: number,
	onMisfit: OnMisfit,
): LakeValue[] {
	const converted = new Array<LakeValue>(to - from).fill(null)
	for (let i = from; i < to; i++) {
		const raw = values[i] ?? null
		if (raw === null) continue
		// The fast path of integers holds them as numbers; everywhere else a number is a REAL.
		const value = kind === 'integer' && typeof raw === 'number' ? BigInt(raw) : raw
		const fitting = toLakeValue(column, value)
		if (fitting === undefined) onMisfit(i - from, value)
		else converted[i - from] = fitting
	}
	return converted
}
