/**
 * How a value of SQLite is held in a lake column of each type, and back. A value fits only where the way back gives exactly
 * the value again, storage class included; what does not fit is rescued.
 *
 * @module
 */
import type { SqlValue } from '../../schema/sql-value.ts'
import { isNumericText } from '../../schema/sqlite-kind.ts'
import type { ColumnSchema } from '../../schema/table-schema.ts'
import type { LakeValue } from './lake-vector.ts'

/**
 * The furthest moments that are held as timestamps, in microseconds from the epoch: the range of DuckDB, which is the
 * narrowest of the engines that count 64-bit microseconds.
 */
const TIMESTAMP_LIMIT_MICROS = 9_223_372_022_400_000_000n

/** Microseconds in one unit of a timestamp column: a second or, for `timestamp_ms`, a millisecond. */
export function microsPerUnit(column: ColumnSchema): bigint {
	return column.mode === 'timestamp_ms' ? 1_000n : 1_000_000n
}

/** The furthest value of a timestamp column from 0, in its own unit, that the lake type holds. A safe integer in seconds only. */
export function timestampLimit(column: ColumnSchema): bigint {
	return TIMESTAMP_LIMIT_MICROS / microsPerUnit(column)
}

/**
 * Tells whether SQLite, given the REAL `value` for this column, stores it as INTEGER: the affinities NUMERIC and INTEGER do so
 * with whole numbers inside the 64-bit range (https://www.sqlite.org/datatype3.html section 3). It makes the storage class of
 * a number in a `double` column known from its value.
 */
export function isStoredAsInteger(column: ColumnSchema, value: number): boolean {
	return (
		(column.affinity === 'NUMERIC' || column.affinity === 'INTEGER') &&
		Number.isInteger(value) &&
		Math.abs(value) < 2 ** 63 &&
		!Object.is(value, -0)
	)
}

/** Text that an engine might take for a number: more than NUMERIC affinity does, which would have left none of that as text. */
const LOOKS_NUMERIC = /^[\s\0]*[+-]?(?:0[xb]|inf|nan|(?=[^e]*\d)[\d_.]+(?:e[+-]?[\d_]*)?[\s\0]*$)/i

/**
 * A value of a numeric column as the text that the lake holds: all digits of a number, or the text itself.
 *
 * @returns undefined for what the text would not give back: a BLOB, an infinity, a text that looks like a number, and numbers of a
 *   class that NUMERIC affinity would have changed.
 */
export function numericText(column: ColumnSchema, value: SqlValue): string | undefined {
	if (typeof value === 'bigint') return value.toString()
	if (typeof value === 'string') return LOOKS_NUMERIC.test(value) ? undefined : value
	if (typeof value !== 'number' || !Number.isFinite(value) || isStoredAsInteger(column, value)) return undefined
	// Their digits are those of an INTEGER.
	return Object.is(value, -0) || value === -(2 ** 63) ? undefined : String(value)
}

/** The value that {@link numericText} made a text of. */
function numericValue(text: string): SqlValue {
	if (!LOOKS_NUMERIC.test(text)) return text
	const integer = /^-?\d+$/.test(text) ? BigInt(text) : undefined
	return integer !== undefined && BigInt.asIntN(64, integer) === integer ? integer : Number(text)
}

/**
 * The lake's value for a value of SQLite.
 *
 * @returns undefined if it does not fit the column's lake type exactly.
 */
export function toLakeValue(column: ColumnSchema, value: SqlValue): LakeValue | undefined {
	if (value === null) return null
	switch (column.lakeType) {
		case 'long':
			return typeof value === 'bigint' ? value : undefined
		case 'timestamptz': {
			if (typeof value !== 'bigint') return undefined
			const limit = timestampLimit(column)
			return value > limit || value < -limit ? undefined : value * microsPerUnit(column)
		}
		case 'boolean':
			return value === 1n ? true : value === 0n ? false : undefined
		case 'double':
			if (typeof value === 'number') return isStoredAsInteger(column, value) ? undefined : value
			if (typeof value !== 'bigint') return undefined
			return isStoredAsInteger(column, Number(value)) && BigInt(Number(value)) === value ? Number(value) : undefined
		case 'string':
			if (isNumericText(column)) return numericText(column, value)
			return typeof value === 'string' ? value : undefined
		case 'binary':
			return value instanceof Uint8Array ? value : undefined
	}
}

/**
 * The value of SQLite that a lake value stands for: the inverse of {@link toLakeValue}.
 *
 * @param value A value that was read from a column of the column's lake type.
 */
export function fromLakeValue(column: ColumnSchema, value: LakeValue): SqlValue {
	if (typeof value === 'boolean') return value ? 1n : 0n
	if (typeof value === 'bigint') return column.lakeType === 'timestamptz' ? value / microsPerUnit(column) : value
	if (typeof value === 'number') return isStoredAsInteger(column, value) ? BigInt(value) : value
	return typeof value === 'string' && isNumericText(column) ? numericValue(value) : value
}
