import { buildDataFileStats, createDataFile } from '../../../src/lake/iceberg/data-file.ts'
import { partitionOf } from '../../../src/lake/iceberg/partition-spec.ts'
import { createTableMetadata } from '../../../src/lake/iceberg/table-metadata.ts'
import type {
	IcebergDataFile,
	IcebergPartitionSpec,
	IcebergSchema,
	IcebergTableMetadata,
	IcebergValue,
} from '../../../src/lake/iceberg/types.ts'
import { compareIcebergValues } from '../../../src/lake/iceberg/value-order.ts'

/** A small table with a column of every kind that the lake writes. */
export const schema: IcebergSchema = {
	type: 'struct',
	'schema-id': 0,
	fields: [
		{ id: 2, name: '_shard', required: true, type: 'string' },
		{ id: 4, name: '_seq', required: true, type: 'long' },
		{ id: 5, name: '_ts', required: true, type: 'timestamptz' },
		{ id: 101, name: 'amount', required: false, type: 'double' },
		{ id: 102, name: 'name', required: false, type: 'string' },
		{ id: 103, name: 'paid', required: false, type: 'boolean' },
		{ id: 104, name: 'data', required: false, type: 'binary' },
	],
}

export const spec: IcebergPartitionSpec = {
	'spec-id': 0,
	fields: [
		{ 'source-id': 2, 'field-id': 1000, name: '_shard_bucket', transform: 'bucket[16]' },
		{ 'source-id': 5, 'field-id': 1001, name: '_ts_day', transform: 'day' },
	],
}

/** A row by field id; a column that is absent is NULL. */
export type Row = Readonly<Record<number, IcebergValue>>

export function emptyTable(): IcebergTableMetadata {
	return createTableMetadata({ location: 's3://lake/metadata/t', schema, partitionSpec: spec, now: 1000 })
}

/** Describes a file that holds these rows, with exact bounds. */
export function fileOf(
	path: string,
	rows: readonly Row[],
	as: { schema?: IcebergSchema; spec?: IcebergPartitionSpec } = {},
): IcebergDataFile {
	const columns = (as.schema ?? schema).fields.map(({ id }) => {
		const found = rows.map((row) => row[id] ?? null)
		const present = found.filter((value) => value !== null).sort(compareIcebergValues)
		return {
			fieldId: id,
			valueCount: rows.length,
			nullCount: rows.length - present.length,
			sizeInBytes: 10 * rows.length,
			lowerBound: present[0] ?? null,
			upperBound: present.at(-1) ?? null,
		}
	})
	const { schema: _known, ...file } = createDataFile({
		filePath: path,
		partition: partitionOf(as.spec ?? spec, as.schema ?? schema, (id) => rows[0]?.[id] ?? null),
		recordCount: rows.length,
		fileSizeInBytes: 1000,
		stats: buildDataFileStats({ schema: as.schema ?? schema, recordCount: rows.length, columns }),
		splitOffsets: [4],
	})
	// As a manifest gives it back.
	return file
}
