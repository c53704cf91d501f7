/**
 * The Avro schemas of manifests and manifest lists, format version 2, with the field ids of the specification ("Manifests",
 * "Manifest Lists" and appendix A).
 *
 * @module
 */
import { type AvroField, type AvroRecordSchema, type AvroSchema, isAvroUnion } from '../avro/schema.ts'
import type { TypedPartitionField } from './partition-spec.ts'
import type { IcebergPrimitiveType } from './types.ts'

/** Schema of `manifest_entry`, whose partition struct follows the spec. */
export function manifestEntrySchema(partition: readonly TypedPartitionField[]): AvroRecordSchema {
	const dataFile: AvroRecordSchema = {
		type: 'record',
		name: 'r2',
		fields: [
			required(134, 'content', 'int'),
			required(100, 'file_path', 'string'),
			required(101, 'file_format', 'string'),
			required(102, 'partition', partitionSchema(partition)),
			required(103, 'record_count', 'long'),
			required(104, 'file_size_in_bytes', 'long'),
			optional(108, 'column_sizes', intMap(117, 118, 'long')),
			optional(109, 'value_counts', intMap(119, 120, 'long')),
			optional(110, 'null_value_counts', intMap(121, 122, 'long')),
			optional(137, 'nan_value_counts', intMap(138, 139, 'long')),
			optional(125, 'lower_bounds', intMap(126, 127, 'bytes')),
			optional(128, 'upper_bounds', intMap(129, 130, 'bytes')),
			optional(131, 'key_metadata', 'bytes'),
			optional(132, 'split_offsets', { type: 'array', items: 'long', 'element-id': 133 }),
			optional(135, 'equality_ids', { type: 'array', items: 'int', 'element-id': 136 }),
			optional(140, 'sort_order_id', 'int'),
		],
	}
	return {
		type: 'record',
		name: 'manifest_entry',
		fields: [
			required(0, 'status', 'int'),
			optional(1, 'snapshot_id', 'long'),
			optional(3, 'sequence_number', 'long'),
			optional(4, 'file_sequence_number', 'long'),
			required(2, 'data_file', dataFile),
		],
	}
}

/** Schema of `manifest_file`, an entry of a manifest list. */
export const manifestFileSchema: AvroRecordSchema = {
	type: 'record',
	name: 'manifest_file',
	fields: [
		required(500, 'manifest_path', 'string'),
		required(501, 'manifest_length', 'long'),
		required(502, 'partition_spec_id', 'int'),
		required(517, 'content', 'int'),
		required(515, 'sequence_number', 'long'),
		required(516, 'min_sequence_number', 'long'),
		required(503, 'added_snapshot_id', 'long'),
		required(504, 'added_files_count', 'int'),
		required(505, 'existing_files_count', 'int'),
		required(506, 'deleted_files_count', 'int'),
		required(512, 'added_rows_count', 'long'),
		required(513, 'existing_rows_count', 'long'),
		required(514, 'deleted_rows_count', 'long'),
		optional(507, 'partitions', {
			type: 'array',
			'element-id': 508,
			items: {
				type: 'record',
				name: 'r508',
				fields: [
					required(509, 'contains_null', 'boolean'),
					optional(518, 'contains_nan', 'boolean'),
					optional(510, 'lower_bound', 'bytes'),
					optional(511, 'upper_bound', 'bytes'),
				],
			},
		}),
		optional(519, 'key_metadata', 'bytes'),
	],
}

/** Our names of the fields, by id. Other writers call some otherwise, such as `added_data_files_count`. */
export const fieldNamesById: ReadonlyMap<number, string> = new Map(
	[...fieldsOf(manifestEntrySchema([])), ...fieldsOf(manifestFileSchema)].flatMap((field) =>
		field['field-id'] === undefined ? [] : [[field['field-id'], field.name] as const],
	),
)

function partitionSchema(partition: readonly TypedPartitionField[]): AvroRecordSchema {
	return {
		type: 'record',
		name: 'r102',
		fields: partition.map(({ field, resultType }) => optional(field['field-id'], avroName(field.name), avroTypeOf(resultType))),
	}
}

/** Appendix A, "Data Type Mappings". */
function avroTypeOf(type: IcebergPrimitiveType): AvroSchema {
	switch (type) {
		case 'binary':
			return 'bytes'
		case 'date':
			return { type: 'int', logicalType: 'date' }
		case 'timestamp':
		case 'timestamptz':
			// Appendix A: the two differ by `adjust-to-utc`.
			return { type: 'long', logicalType: 'timestamp-micros', ...{ 'adjust-to-utc': type === 'timestamptz' } }
		case 'uuid':
			return { type: 'fixed', name: 'uuid_fixed', size: 16, logicalType: 'uuid' }
		default:
			return type
	}
}

/**
 * A name that Avro allows, as Iceberg's Java library makes it: another character becomes `_x` and its code in hexadecimal, a
 * leading digit gets `_` in front. Readers go by the field id.
 */
export function avroName(name: string): string {
	const replaced = Array.from(name, (char) =>
		/\w/.test(char) ? char : `_x${char.codePointAt(0)?.toString(16).toUpperCase()}`,
	).join('')
	return /^\d/.test(replaced) ? `_${replaced}` : replaced
}

function required(id: number, name: string, type: AvroSchema): AvroField {
	return { name, type, 'field-id': id }
}

function optional(id: number, name: string, type: AvroSchema): AvroField {
	return { name, type: ['null', type], default: null, 'field-id': id }
}

function intMap(keyId: number, valueId: number, value: 'long' | 'bytes'): AvroSchema {
	return {
		type: 'array',
		logicalType: 'map',
		items: {
			type: 'record',
			name: `k${keyId}_v${valueId}`,
			fields: [required(keyId, 'key', 'int'), required(valueId, 'value', value)],
		},
	}
}

function fieldsOf(schema: AvroRecordSchema): AvroField[] {
	return schema.fields.flatMap((field) => [field, ...nestedFields(field.type)])
}

function nestedFields(schema: AvroSchema): AvroField[] {
	if (typeof schema === 'string') return []
	if (isAvroUnion(schema)) return schema.flatMap(nestedFields)
	if (schema.type === 'record') return fieldsOf(schema)
	return schema.type === 'array' ? nestedFields(schema.items) : []
}
