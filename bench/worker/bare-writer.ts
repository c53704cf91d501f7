import { parquetWriteBuffer } from 'hyparquet-writer'
import type { TableChanges } from '../../src/cdc/change-batch.ts'
import { ROW_GROUP_ROWS } from '../../src/lake/parquet/write-changes-file.ts'
import type { ColumnSchema } from '../../src/schema/table-schema.ts'

/** Columns as hyparquet-writer takes them. */
type BareColumns = Parameters<typeof parquetWriteBuffer>[0]['columnData']

/** The table's columns of these changes, in the types that hyparquet-writer wants; making them is no part of its time. */
export function bareColumns(changes: TableChanges): BareColumns {
	return changes.table.columns.map((column, i) => bareColumn(column, changes.row[i]?.values ?? []))
}

function bareColumn({ name, lakeType }: ColumnSchema, values: readonly unknown[]): BareColumns[number] {
	const convert = (change: (value: number) => unknown) =>
		values.map((value) => (typeof value === 'number' ? change(value) : null))
	switch (lakeType) {
		case 'long':
			return { name, type: 'INT64', data: convert(BigInt) }
		case 'timestamptz':
			return { name, type: 'TIMESTAMP', data: convert((ms) => new Date(ms)) }
		case 'boolean':
			return { name, type: 'BOOLEAN', data: convert((value) => value === 1) }
		case 'double':
			return { name, type: 'DOUBLE', data: [...values] }
		case 'string':
			return { name, type: 'STRING', data: [...values] }
		case 'binary':
			return { name, type: 'BYTE_ARRAY', data: [...values] }
	}
}

/** Writes them with hyparquet-writer alone. */
export function writeBare(columnData: BareColumns): Uint8Array {
	return new Uint8Array(parquetWriteBuffer({ columnData, rowGroupSize: ROW_GROUP_ROWS }))
}
