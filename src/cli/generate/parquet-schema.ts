/**
 * `.sqlake/parquet-schema.json`: the tables as the lake will hold them.
 *
 * @module
 */
import { changesPartitionSpec, changesSchema, changesTableName } from '../../lake/change-table.ts'
import type { IcebergPartitionSpec, IcebergSchema } from '../../lake/iceberg/types.ts'
import { parquetSchemaOf } from '../../lake/parquet/parquet-schema.ts'
import type { LakeSchema } from '../../schema/table-schema.ts'

/** One table of the lake. */
export interface ParquetTable {
	/** Name of the Iceberg table. */
	readonly icebergTable: string
	/** Version of the manifest that last changed it. */
	readonly version: number
	readonly icebergSchema: IcebergSchema
	readonly partitionSpec: IcebergPartitionSpec
	/** The columns of its Parquet files. */
	readonly parquetColumns: readonly ParquetColumn[]
}

/** One column of a Parquet file. */
export interface ParquetColumn {
	readonly fieldId: number
	readonly name: string
	/** Physical type. */
	readonly type: string
	readonly logicalType: string | null
	readonly repetition: string
}

/** All captured tables, by their name in SQL. */
export function parquetSchema(lake: LakeSchema, version: number) {
	const tables = Object.fromEntries(
		Array.from(lake.tables.values(), (table): [string, ParquetTable] => {
			const icebergSchema = changesSchema(table, lake)
			return [
				table.name,
				{
					icebergTable: changesTableName(table.name),
					version: table.version ?? 0,
					icebergSchema,
					partitionSpec: changesPartitionSpec(),
					parquetColumns: parquetColumns(icebergSchema),
				},
			]
		}),
	)
	return { formatVersion: 1, version, tables }
}

function parquetColumns({ fields }: IcebergSchema): ParquetColumn[] {
	return parquetSchemaOf(fields).flatMap(({ field_id, name, type, logical_type, repetition_type }) =>
		type === undefined || field_id === undefined
			? []
			: [{ fieldId: field_id, name, type, logicalType: logical_type?.type ?? null, repetition: repetition_type ?? 'OPTIONAL' }],
	)
}
