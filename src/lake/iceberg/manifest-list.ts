/**
 * Manifest lists: the manifests of one snapshot (Iceberg specification, "Manifest Lists").
 *
 * @module
 */
import { readAvroFile, writeAvroFile } from '../avro/container.ts'
import type { AvroRecordValue, AvroValue } from '../avro/schema.ts'
import { AvroRecordReader, namingByFieldId } from './avro-record.ts'
import { fieldNamesById, manifestFileSchema } from './manifest-schema.ts'
import { partitionSpecById, type TypedPartitionField, typedPartitionFields } from './partition-spec.ts'
import { decodeSingleValue, encodeSingleValue } from './single-value.ts'
import type { IcebergFieldSummary, IcebergManifest, IcebergTableMetadata, IcebergValue, SnapshotId } from './types.ts'

export interface EncodeManifestListOptions {
	readonly table: IcebergTableMetadata
	readonly manifests: readonly IcebergManifest[]
	readonly snapshotId: SnapshotId
	readonly parentSnapshotId?: SnapshotId
	readonly sequenceNumber: number
}

/** Encodes a manifest list, format version 2. */
export async function encodeManifestList(options: EncodeManifestListOptions): Promise<Uint8Array<ArrayBuffer>> {
	const { table, manifests, snapshotId, parentSnapshotId, sequenceNumber } = options
	return writeAvroFile({
		schema: manifestFileSchema,
		metadata: {
			'snapshot-id': String(snapshotId),
			'parent-snapshot-id': parentSnapshotId === undefined ? 'null' : String(parentSnapshotId),
			'sequence-number': String(sequenceNumber),
			'format-version': '2',
		},
		records: manifests.map((manifest) => ({
			manifest_path: manifest.manifestPath,
			manifest_length: manifest.manifestLength,
			partition_spec_id: manifest.partitionSpecId,
			content: manifest.content === 'data' ? 0 : 1,
			sequence_number: manifest.sequenceNumber,
			min_sequence_number: manifest.minSequenceNumber,
			added_snapshot_id: manifest.addedSnapshotId,
			added_files_count: manifest.addedFilesCount,
			existing_files_count: manifest.existingFilesCount,
			deleted_files_count: manifest.deletedFilesCount,
			added_rows_count: manifest.addedRowsCount,
			existing_rows_count: manifest.existingRowsCount,
			deleted_rows_count: manifest.deletedRowsCount,
			partitions: summaryRecords(manifest.partitions, partitionFieldsOf(table, manifest.partitionSpecId)),
			key_metadata: null,
		})),
	})
}

function summaryRecords(
	summaries: readonly IcebergFieldSummary[],
	fields: readonly TypedPartitionField[],
): readonly AvroRecordValue[] {
	return summaries.map((summary, i) => {
		const type = fields[i]?.resultType
		const bound = (value: IcebergValue | undefined) =>
			type === undefined || value === undefined || value === null ? null : encodeSingleValue(type, value)
		return {
			contains_null: summary.containsNull,
			contains_nan: summary.containsNan ?? null,
			lower_bound: bound(summary.lowerBound),
			upper_bound: bound(summary.upperBound),
		}
	})
}

/**
 * Decodes a manifest list of any writer.
 *
 * @param name Path of the manifest list, for error messages.
 * @throws `LAKE_CORRUPT`, naming the list, if the bytes are not one.
 */
export async function decodeManifestList(
	bytes: Uint8Array,
	options: { readonly name: string; readonly table: IcebergTableMetadata },
): Promise<readonly IcebergManifest[]> {
	const { name, table } = options
	const file = await readAvroFile(bytes, { name, naming: namingByFieldId(fieldNamesById) })
	return file.records.map((value) => {
		const record = new AvroRecordReader(value, `manifest list "${name}"`)
		const partitionSpecId = record.number('partition_spec_id')
		const fields = partitionFieldsOf(table, partitionSpecId)
		// Counts and sequence numbers are optional in format version 1. An unknown count of files must not read as no files.
		return {
			manifestPath: record.string('manifest_path'),
			manifestLength: record.number('manifest_length'),
			partitionSpecId,
			content: record.number('content', 0) === 0 ? 'data' : 'deletes',
			sequenceNumber: record.number('sequence_number', 0),
			minSequenceNumber: record.number('min_sequence_number', 0),
			addedSnapshotId: record.optionalId('added_snapshot_id') ?? 0,
			addedFilesCount: record.number('added_files_count', 1),
			existingFilesCount: record.number('existing_files_count', 1),
			deletedFilesCount: record.number('deleted_files_count', 0),
			addedRowsCount: record.number('added_rows_count', 0),
			existingRowsCount: record.number('existing_rows_count', 0),
			deletedRowsCount: record.number('deleted_rows_count', 0),
			partitions: record.array('partitions').map((summary, i) => summaryOf(summary, fields[i], name)),
		}
	})
}

function summaryOf(value: AvroValue, field: TypedPartitionField | undefined, name: string): IcebergFieldSummary {
	const record = new AvroRecordReader(value, `manifest list "${name}", field partitions`)
	const bound = (key: string) => {
		const bytes = record.optional(key)
		return field !== undefined && bytes instanceof Uint8Array ? decodeSingleValue(field.resultType, bytes) : null
	}
	const lowerBound = bound('lower_bound')
	const upperBound = bound('upper_bound')
	const containsNan = record.optional('contains_nan')
	return {
		containsNull: record.boolean('contains_null'),
		...(typeof containsNan === 'boolean' ? { containsNan } : {}),
		...(lowerBound === null ? {} : { lowerBound }),
		...(upperBound === null ? {} : { upperBound }),
	}
}

function partitionFieldsOf(table: IcebergTableMetadata, specId: number): readonly TypedPartitionField[] {
	return typedPartitionFields(partitionSpecById(table, specId), table.schemas)
}
