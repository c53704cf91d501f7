/**
 * Row groups of Parquet files as Arrow IPC streams, the form in which DuckDB-WASM takes rows.
 *
 * @module
 */
import {
	Binary,
	Bool,
	type Data,
	type DataType,
	Field,
	Float64,
	Int64,
	makeData,
	RecordBatch,
	RecordBatchStreamWriter,
	Schema,
	Struct,
	Utf8,
} from 'apache-arrow'
import type { IcebergField } from '../../../lake/iceberg/types.ts'
import type { LakeVector } from '../../../lake/parquet/lake-vector.ts'
import { columnType } from '../duckdb-sql.ts'

/**
 * One row group as a stream of one record batch. The vectors' buffers are used as they are.
 *
 * @param columns Of equal length.
 */
export function arrowStream(columns: readonly LakeVector[], rowCount: number): Uint8Array {
	const children = columns.map(arrowData)
	const fields = columns.map((column, i) => new Field(column.field.name, children[i]?.type ?? arrowType(column.field), true))
	const rows = makeData({ type: new Struct(fields), length: rowCount, nullCount: 0, children })
	return RecordBatchStreamWriter.writeAll([new RecordBatch(new Schema(fields), rows)]).toUint8Array(true)
}

function arrowType(field: IcebergField): DataType {
	switch (columnType(field.type)) {
		case 'BOOLEAN':
			return new Bool()
		case 'BIGINT':
			return new Int64()
		case 'DOUBLE':
			return new Float64()
		case 'VARCHAR':
			return new Utf8()
		case 'BLOB':
			return new Binary()
	}
}

function arrowData(vector: LakeVector): Data {
	const { length, nullCount, validity } = vector
	const common = { length, nullCount, ...(validity === null ? {} : { nullBitmap: validity }) }
	switch (vector.kind) {
		case 'int64':
			return makeData({ ...common, type: new Int64(), data: vector.values })
		case 'double':
			return makeData({ ...common, type: new Float64(), data: vector.values })
		case 'boolean':
			return makeData({ ...common, type: new Bool(), data: vector.bits })
		case 'bytes': {
			const { offsets: valueOffsets, data } = vector
			return vector.field.type === 'string'
				? makeData({ ...common, type: new Utf8(), valueOffsets, data })
				: makeData({ ...common, type: new Binary(), valueOffsets, data })
		}
		case 'missing':
			return missingData(vector.field, length)
	}
}

function missingData(field: IcebergField, length: number): Data {
	const nulls = { length, nullCount: length, nullBitmap: new Uint8Array(((length + 63) >> 6) << 3) }
	switch (columnType(field.type)) {
		case 'BOOLEAN':
			return makeData({ ...nulls, type: new Bool(), data: nulls.nullBitmap })
		case 'BIGINT':
			return makeData({ ...nulls, type: new Int64(), data: new BigInt64Array(length) })
		case 'DOUBLE':
			return makeData({ ...nulls, type: new Float64(), data: new Float64Array(length) })
		case 'VARCHAR':
			return makeData({ ...nulls, type: new Utf8(), valueOffsets: new Int32Array(length + 1), data: new Uint8Array() })
		case 'BLOB':
			return makeData({ ...nulls, type: new Binary(), valueOffsets: new Int32Array(length + 1), data: new Uint8Array() })
	}
}
