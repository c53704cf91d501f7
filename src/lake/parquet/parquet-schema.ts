/**
 * Parquet schema elements of Iceberg fields (Iceberg specification, appendix A, "Parquet").
 *
 * @module
 */
import type { KeyValue, SchemaElement } from 'hyparquet'
import { SQLakeError } from '../../errors.ts'
import type { IcebergField } from '../iceberg/types.ts'

/** The schema of a file with these columns, with the field ids by which Iceberg finds them. */
export function parquetSchemaOf(fields: readonly IcebergField[]): SchemaElement[] {
	return [{ name: 'table', num_children: fields.length }, ...fields.map(parquetElement)]
}

/** The file's columns as an Iceberg schema, in the place where Iceberg's own writers put it. */
export function icebergSchemaMetadata(fields: readonly IcebergField[]): KeyValue[] {
	const described = fields.map(({ id, name, required, type }) => ({ id, name, required, type }))
	return [{ key: 'iceberg.schema', value: JSON.stringify({ type: 'struct', 'schema-id': 0, fields: described }) }]
}

function parquetElement({ id, name, required, type }: IcebergField): SchemaElement {
	return { name, field_id: id, repetition_type: required ? 'REQUIRED' : 'OPTIONAL', ...physicalType(name, type) }
}

function physicalType(name: string, type: IcebergField['type']): Pick<SchemaElement, 'type' | 'converted_type' | 'logical_type'> {
	switch (type) {
		case 'boolean':
			return { type: 'BOOLEAN' }
		case 'long':
			return { type: 'INT64' }
		case 'double':
			return { type: 'DOUBLE' }
		case 'string':
			return { type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' } }
		case 'binary':
			return { type: 'BYTE_ARRAY' }
		case 'timestamptz':
			return {
				type: 'INT64',
				converted_type: 'TIMESTAMP_MICROS',
				logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MICROS' },
			}
		default:
			throw new SQLakeError('INTERNAL', `column "${name}": the lake writes no ${type}`)
	}
}
