/**
 * Rows as JSON text, for the column that holds the whole row.
 *
 * @module
 */
import type { ColumnVector } from '../../cdc/change-batch.ts'
import type { SqlValue } from '../../schema/sql-value.ts'
import type { TableSchema } from '../../schema/table-schema.ts'
import type { RescueCollector } from './rescue.ts'

/**
 * Rows `[from, to)` as JSON objects, keyed by column name and holding the values as SQLite does: INTEGER with all its digits,
 * REAL always with a point or an exponent (an infinity as `9e999`), TEXT as a string, BLOB in base64. A rescued value is null
 * here, as it is in its own column: its exact form is in `_rescued`.
 *
 * @param vectors One a column, in the order of `table.columns`.
 */
export function rowsAsJson(
	table: TableSchema,
	vectors: readonly ColumnVector[],
	from: number,
	to: number,
	rescued: RescueCollector,
): string[] {
	const columns = table.columns.map(({ name }, i) => ({
		name,
		prefix: `${i === 0 ? '{' : ','}${JSON.stringify(name)}:`,
		values: vectors[i]?.values ?? [],
		integers: vectors[i]?.kind === 'integer',
	}))
	const rows = new Array<string>(to - from)
	for (let row = from; row < to; row++) {
		let json = ''
		for (const { name, prefix, values, integers } of columns) {
			const value = rescued.has(row - from, 'row', name) ? null : (values[row] ?? null)
			json += prefix + (integers ? String(value) : jsonValue(value))
		}
		rows[row - from] = `${json}}`
	}
	return rows
}

function jsonValue(value: SqlValue): string {
	switch (typeof value) {
		case 'string':
			return JSON.stringify(value)
		case 'bigint':
			return value.toString()
		case 'number':
			return jsonReal(value)
		default:
			return value instanceof Uint8Array ? `"${toBase64(value)}"` : 'null'
	}
}

function jsonReal(value: number): string {
	if (Object.is(value, -0)) return '-0.0'
	if (!Number.isFinite(value)) return value > 0 ? '9e999' : '-9e999'
	const digits = String(value)
	return /[.e]/.test(digits) ? digits : `${digits}.0`
}

function toBase64(bytes: Uint8Array): string {
	let binary = ''
	for (let i = 0; i < bytes.length; i += 0x2000) binary += String.fromCharCode(...bytes.subarray(i, i + 0x2000))
	return btoa(binary)
}
