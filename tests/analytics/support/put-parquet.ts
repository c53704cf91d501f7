import { parquetWriteBuffer } from 'hyparquet-writer'
import type { IcebergField } from '../../../src/lake/iceberg/types.ts'
import { parquetSchemaOf } from '../../../src/lake/parquet/parquet-schema.ts'
import type { ObjectStore } from '../../../src/lake/storage/object-store.ts'

/** Values of a row, as hyparquet-writer takes them. */
export type LakeRow = readonly (bigint | string | number | boolean | Uint8Array | null)[]

/** Puts a Parquet file into a store. */
export async function putParquet(store: ObjectStore, key: string, fields: readonly IcebergField[], rows: readonly LakeRow[]) {
	const encoder = new TextEncoder()
	const columnData = fields.map((field, i) => ({
		name: field.name,
		data: rows.map((row) => {
			const value = row[i] ?? null
			return field.type === 'string' && typeof value === 'string' ? encoder.encode(value) : value
		}),
	}))
	const file = new Uint8Array(parquetWriteBuffer({ columnData, schema: parquetSchemaOf(fields), rowGroupSize: 1000 }))
	await store.put(key, file)
	return { key, sizeInBytes: file.length, recordCount: rows.length }
}
