import { SQLakeError } from '../../errors.ts'
import { applyTransform, transformResultType } from './transform.ts'
import type {
	IcebergPartitionField,
	IcebergPartitionSpec,
	IcebergPrimitiveType,
	IcebergSchema,
	IcebergTableMetadata,
	IcebergValue,
} from './types.ts'

/** The spec of a table that is not partitioned. */
export const UNPARTITIONED: IcebergPartitionSpec = { 'spec-id': 0, fields: [] }

/** Partition field ids start here (specification, "Partition Evolution"); `last-partition-id` without a field is one less. */
export const FIRST_PARTITION_FIELD_ID = 1000

/** A partition field with the types on both sides of its transform. */
export interface TypedPartitionField {
	readonly field: IcebergPartitionField
	readonly sourceType: IcebergPrimitiveType
	readonly resultType: IcebergPrimitiveType
}

/**
 * The fields of a spec with their types, in the spec's order.
 *
 * @throws `LAKE_CORRUPT` if a field's source column is in none of the schemas. Older schemas count: a spec may name a column that was dropped since.
 */
export function typedPartitionFields(
	spec: IcebergPartitionSpec,
	schemas: readonly IcebergSchema[],
): readonly TypedPartitionField[] {
	return spec.fields.map((field) => {
		const source = schemas.flatMap((schema) => schema.fields).findLast((column) => column.id === field['source-id'])
		if (source === undefined) {
			throw new SQLakeError(
				'LAKE_CORRUPT',
				`partition field "${field.name}": expected a source column with id ${field['source-id']}, found none`,
			)
		}
		return { field, sourceType: source.type, resultType: transformResultType(field.transform, source.type) }
	})
}

/**
 * The partition of a row: the value of every partition field by its name.
 *
 * @param valueOfField The row's value of a column, by field id.
 * @example
 * ```ts
 * partitionOf(changesPartitionSpec(), schema, (id) => (id === 2 ? 'user-1' : 1_700_000_000_000_000n))
 * // { _shard_bucket: 5, _ts_day: 19675 }
 * ```
 */
export function partitionOf(
	spec: IcebergPartitionSpec,
	schema: IcebergSchema,
	valueOfField: (fieldId: number) => IcebergValue,
): Readonly<Record<string, IcebergValue>> {
	return Object.fromEntries(
		typedPartitionFields(spec, [schema]).map(({ field, sourceType }) => [
			field.name,
			applyTransform(field.transform, sourceType, valueOfField(field['source-id'])),
		]),
	)
}

/**
 * A spec of a table by its id.
 *
 * @throws `LAKE_CORRUPT` if the table has none of that id.
 */
export function partitionSpecById(metadata: IcebergTableMetadata, id: number): IcebergPartitionSpec {
	const spec = metadata['partition-specs'].find((candidate) => candidate['spec-id'] === id)
	if (spec === undefined) {
		const known = metadata['partition-specs'].map((candidate) => candidate['spec-id']).join(', ')
		throw new SQLakeError('LAKE_CORRUPT', `table at ${metadata.location}: expected a partition spec ${id}, found only ${known}`)
	}
	return spec
}
