/**
 * Arrow results of DuckDB-WASM as rows in SQLite's storage classes.
 *
 * @module
 */
import { type Data, DataType, type Decimal, RecordBatchReader, type Vector } from 'apache-arrow'
import type { EngineValue } from '../../query-engine.ts'
import { decimalValue, integerValue, realValue, unsupportedColumn } from '../result-value.ts'

/** Rows of one query. */
export interface ArrowRows {
	readonly columns: readonly string[]
	readonly rows: readonly (readonly EngineValue[])[]
}

/**
 * @param parts The parts of one Arrow IPC stream.
 * @throws `ANALYTICS_FAILED` for a column of a type that SQLite lacks.
 */
export function arrowRows(parts: readonly Uint8Array[]): ArrowRows {
	const reader = RecordBatchReader.from(parts)
	const rows: EngineValue[][] = []
	let columns: string[] = []
	for (const batch of reader.open()) {
		columns = batch.schema.fields.map((field) => field.name)
		const first = rows.length
		for (let row = 0; row < batch.numRows; row++) rows.push(new Array(columns.length).fill(null))
		for (const [index, field] of batch.schema.fields.entries()) {
			const vector = batch.getChildAt(index)
			if (vector === null) continue
			const read = columnReader(vector, field.name)
			for (let row = 0; row < batch.numRows; row++) {
				const target = rows[first + row]
				if (target !== undefined && vector.isValid(row)) target[index] = read(row)
			}
		}
	}
	if (columns.length === 0) columns = reader.schema.fields.map((field) => field.name)
	return { columns, rows }
}

/** Reads the valid rows of a column. */
function columnReader(vector: Vector, name: string): (row: number) => EngineValue {
	const type: DataType = vector.type
	if (DataType.isInt(type)) {
		return type.bitWidth === 64 ? (row) => integerValue(vector.get(row)) : (row) => vector.get(row)
	}
	if (DataType.isFloat(type)) return (row) => realValue(vector.get(row))
	if (DataType.isUtf8(type)) return (row) => vector.get(row)
	if (DataType.isBinary(type)) return (row) => Uint8Array.from(vector.get(row))
	if (DataType.isBool(type)) return (row) => (vector.get(row) ? 1 : 0)
	if (DataType.isNull(type)) return () => null
	if (DataType.isDecimal(type)) return decimalReader(vector, type)
	throw unsupportedColumn(name, String(type))
}

/** HUGEINT, which `sum()` gives, comes as a decimal of scale 0. */
function decimalReader(vector: Vector, type: Decimal): (row: number) => EngineValue {
	const data: Data<Decimal> | undefined = vector.data[0]
	return (row) => {
		const words: Uint32Array = data === undefined ? new Uint32Array(4) : data.values.subarray(4 * row, 4 * row + 4)
		const unsigned = words.reduceRight((value, word) => (value << 32n) | BigInt(word), 0n)
		return decimalValue(BigInt.asIntN(128, unsigned), type.scale)
	}
}
