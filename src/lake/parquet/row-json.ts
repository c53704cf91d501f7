/**
 * Rows as JSON text, for the column that holds the whole row.
 *
 * @module
 */
import type { SqlValue } from '../../cdc/change-batch.ts'
import type { TableSchema } from '../../schema/table-schema.ts'
import { fromLakeValue } from './lake-types.ts'
import type { LakeValue } from './lake-vector.ts'

/**
 * The rows of a file as JSON objects, keyed by column name and holding the values as SQLite does: INTEGER with all its
 * digits, REAL always with a point or an exponent (an infinity as `9e999`), TEXT as a string, BLOB in base64. A rescued value
 * is null here, as it is in its own column: its exact form is in `_rescued`.
 *
 * @param columns One array a column, in the order of `table.columns`.
 */
export function rowsAsJson(table: TableSchema, columns: readonly (readonly LakeValue[])[], length: number): string[] {
	const prefixes = table.columns.map(({ name }, i) => `${i === 0 ? '{' : ','}${JSON.stringify(name)}:`)
	const rows = new Array<string>(length)
	for (let row = 0; row < length; row++) {
		let json = ''
		for (const [i, column] of table.columns.entries()) {
			json += prefixes[i] + jsonValue(fromLakeValue(column, columns[i]?.[row] ?? null))
		}
		rows[row] = `${json}}`
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
