/**
 * Manifests: which data files a table has (Iceberg specification, "Manifests").
 *
 * @module
 */
import { readAvroFile, writeAvroFile } from '../avro/container.ts'
import type { AvroRecordValue, AvroValue } from '../avro/schema.ts'
import { hex } from '../summed-name.ts'
import { AvroRecordReader, corrupt, namingByFieldId } from './avro-record.ts'
import { avroName, fieldNamesById, manifestEntrySchema } from './manifest-schema.ts'
import { type TypedPartitionField, typedPartitionFields } from './partition-spec.ts'
import { decodeSingleValue, encodeSingleValue } from './single-value.ts'
import type {
	IcebergDataFile,
	IcebergFieldSummary,
	IcebergManifest,
	IcebergManifestEntry,
	IcebergPartitionSpec,
	IcebergPrimitiveType,
	IcebergSchema,
	IcebergValue,
	SnapshotId,
} from './types.ts'
import { compareIcebergValues } from './value-order.ts'

/** Entry of the header: the CRC-32s of the data files, in the order of their entries. */
const SUMS_KEY = 'sqlake.crc32'

const STATUS = { existing: 0, added: 1, deleted: 2 } as const
const statusNames = ['existing', 'added', 'deleted'] as const

/** What {@link encodeManifest} is given. */
export interface EncodeManifestOptions {
	/** The table's current schema; its id and JSON stand in the header, and its types encode the bounds. */
	readonly schema: IcebergSchema
	readonly spec: IcebergPartitionSpec
	readonly entries: readonly IcebergManifestEntry[]
}

/** Adds a file to a table. Its snapshot and sequence number are inherited from the manifest list. */
export function createManifestEntry(dataFile: IcebergDataFile): IcebergManifestEntry {
	return { status: 'added', dataFile }
}

/** Encodes a manifest of data files, format version 2. */
export async function encodeManifest(options: EncodeManifestOptions): Promise<Uint8Array<ArrayBuffer>> {
	const { schema, spec, entries } = options
	const partition = typedPartitionFields(spec, [schema])
	const types = fieldTypes([schema])
	return writeAvroFile({
		schema: manifestEntrySchema(partition),
		metadata: {
			schema: JSON.stringify(schema),
			'schema-id': String(schema['schema-id']),
			'partition-spec': JSON.stringify(spec.fields),
			'partition-spec-id': String(spec['spec-id']),
			'format-version': '2',
			content: 'data',
			...sumsMetadata(entries),
		},
		records: entries.map((entry) => ({
			status: STATUS[entry.status],
			snapshot_id: entry.snapshotId ?? null,
			sequence_number: entry.sequenceNumber ?? null,
			file_sequence_number: entry.fileSequenceNumber ?? null,
			data_file: dataFileRecord(entry.dataFile, partition, types),
		})),
	})
}

/** The sums of the files, one an entry, in hex; those that are not known are empty. */
function sumsMetadata(entries: readonly IcebergManifestEntry[]): Record<string, string> {
	const sums = entries.map(({ dataFile }) => (dataFile.crc32 === undefined ? '' : hex(dataFile.crc32)))
	return sums.every((sum) => sum === '') ? {} : { [SUMS_KEY]: sums.join() }
}

/** Who writes the entries of a manifest anew does not keep its header; and who adds to them would leave sums of other files. */
function sumsOf(text: string | undefined, entries: number, name: string): readonly (number | undefined)[] {
	if (text === undefined) return []
	const sums = text.split(',')
	if (sums.length !== entries) throw corrupt(`manifest "${name}", ${SUMS_KEY}`, `${entries} sums`, sums.length)
	return sums.map((sum) => (sum === '' ? undefined : Number.parseInt(sum, 16)))
}

function dataFileRecord(
	file: IcebergDataFile,
	partition: readonly TypedPartitionField[],
	types: ReadonlyMap<number, IcebergPrimitiveType>,
): AvroRecordValue {
	const partitionRecord: Record<string, AvroValue> = {}
	for (const { field } of partition) partitionRecord[avroName(field.name)] = file.partition[field.name] ?? null
	return {
		content: 0,
		file_path: file.filePath,
		file_format: file.fileFormat,
		partition: partitionRecord,
		record_count: file.recordCount,
		file_size_in_bytes: file.fileSizeInBytes,
		column_sizes: mapRecords(file.columnSizes),
		value_counts: mapRecords(file.valueCounts),
		null_value_counts: mapRecords(file.nullValueCounts),
		nan_value_counts: file.nanValueCounts === undefined ? null : mapRecords(file.nanValueCounts),
		lower_bounds: boundRecords(file.lowerBounds, types),
		upper_bounds: boundRecords(file.upperBounds, types),
		key_metadata: null,
		split_offsets: file.splitOffsets.length === 0 ? null : file.splitOffsets,
		equality_ids: null,
		sort_order_id: file.sortOrderId ?? null,
	}
}

function mapRecords(map: ReadonlyMap<number, number>): AvroRecordValue[] {
	return [...map].map(([key, value]) => ({ key, value }))
}

function boundRecords(
	bounds: ReadonlyMap<number, IcebergValue>,
	types: ReadonlyMap<number, IcebergPrimitiveType>,
): AvroRecordValue[] {
	const records: AvroRecordValue[] = []
	for (const [key, value] of bounds) {
		const type = types.get(key)
		// A column that the schema has no more keeps its data and loses its bounds.
		if (type !== undefined && value !== null) records.push({ key, value: encodeSingleValue(type, value) })
	}
	return records
}

export interface DecodeManifestOptions {
	/** The manifest as its list describes it: what entries inherit. */
	readonly manifest: IcebergManifest
	/** All schemas of the table, oldest first. */
	readonly schemas: readonly IcebergSchema[]
	/** The spec that the manifest was written with. */
	readonly spec: IcebergPartitionSpec
}

/**
 * Decodes a manifest of any writer, with inherited snapshot ids and sequence numbers filled in.
 *
 * @throws `LAKE_CORRUPT`, naming the manifest, if the bytes are not one.
 */
export async function decodeManifest(
	bytes: Uint8Array,
	options: DecodeManifestOptions,
): Promise<readonly IcebergManifestEntry[]> {
	const { manifest, schemas, spec } = options
	const name = manifest.manifestPath
	const partition = typedPartitionFields(spec, schemas)
	const partitionNames = new Map(partition.map(({ field }) => [field['field-id'], field.name] as const))
	const types = fieldTypes(schemas)
	const file = await readAvroFile(bytes, { name, naming: namingByFieldId(new Map([...fieldNamesById, ...partitionNames])) })
	const sums = sumsOf(file.metadata.get(SUMS_KEY), file.records.length, name)
	return file.records.map((record, i) => {
		const sum = sums[i]
		const entry = new AvroRecordReader(record, `manifest "${name}"`)
		const status = statusNames[entry.number('status')]
		if (status === undefined) throw corrupt(`manifest "${name}", field status`, '0, 1 or 2', entry.number('status'))
		// Only what is added inherits a sequence number; format version 1 has none, which reads as 0.
		const inherited = status === 'added' ? manifest.sequenceNumber : manifest.minSequenceNumber
		const sequenceNumber = entry.optionalNumber('sequence_number') ?? inherited
		return {
			status,
			snapshotId: entry.optionalId('snapshot_id') ?? manifest.addedSnapshotId,
			sequenceNumber,
			fileSequenceNumber: entry.optionalNumber('file_sequence_number') ?? sequenceNumber,
			dataFile: { ...dataFileOf(entry.record('data_file'), partition, types), ...(sum === undefined ? {} : { crc32: sum }) },
		}
	})
}

function dataFileOf(
	record: AvroRecordReader,
	partition: readonly TypedPartitionField[],
	types: ReadonlyMap<number, IcebergPrimitiveType>,
): IcebergDataFile {
	const format = record.string('file_format').toUpperCase()
	const filePath = record.string('file_path')
	if (format !== 'PARQUET') throw corrupt(`data file "${filePath}"`, 'the format PARQUET', format)
	const count = (value: AvroValue) => (typeof value === 'number' ? value : 0)
	const bound = (value: AvroValue, fieldId: number) => {
		const type = types.get(fieldId)
		return type !== undefined && value instanceof Uint8Array ? decodeSingleValue(type, value) : null
	}
	const partitionRecord = record.record('partition')
	const sortOrderId = record.optionalNumber('sort_order_id')
	return {
		filePath,
		fileFormat: 'PARQUET',
		partition: Object.fromEntries(
			partition.map(({ field, resultType }) => [field.name, partitionValue(partitionRecord.optional(field.name), resultType)]),
		),
		recordCount: record.number('record_count'),
		fileSizeInBytes: record.number('file_size_in_bytes'),
		columnSizes: record.intMap('column_sizes', count),
		valueCounts: record.intMap('value_counts', count),
		nullValueCounts: record.intMap('null_value_counts', count),
		...(record.optional('nan_value_counts') === undefined ? {} : { nanValueCounts: record.intMap('nan_value_counts', count) }),
		lowerBounds: withoutNull(record.intMap('lower_bounds', bound)),
		upperBounds: withoutNull(record.intMap('upper_bounds', bound)),
		splitOffsets: record.array('split_offsets').map(count),
		...(sortOrderId === undefined ? {} : { sortOrderId }),
	}
}

/** Avro gives small longs as numbers; here a long is a bigint. */
function partitionValue(value: AvroValue | undefined, type: IcebergPrimitiveType): IcebergValue {
	if (value === undefined || value === null) return null
	if (typeof value === 'number' && (type === 'long' || type === 'timestamp' || type === 'timestamptz')) return BigInt(value)
	return typeof value === 'object' && !(value instanceof Uint8Array) ? null : value
}

function withoutNull(bounds: Map<number, IcebergValue>): ReadonlyMap<number, IcebergValue> {
	for (const [fieldId, value] of bounds) if (value === null) bounds.delete(fieldId)
	return bounds
}

/** What {@link createManifest} is given. */
export interface CreateManifestOptions {
	readonly manifestPath: string
	/** Bytes of the encoded manifest. */
	readonly manifestLength: number
	readonly schema: IcebergSchema
	readonly spec: IcebergPartitionSpec
	readonly entries: readonly IcebergManifestEntry[]
	/** Of the snapshot that the manifest is written for. */
	readonly sequenceNumber: number
	readonly snapshotId: SnapshotId
}

/** Describes a manifest for a manifest list: counts, and the range of each partition field. */
export function createManifest(options: CreateManifestOptions): IcebergManifest {
	const { entries, sequenceNumber } = options
	const filesAndRows = (status: IcebergManifestEntry['status']) => {
		const files = entries.filter((entry) => entry.status === status).map((entry) => entry.dataFile)
		return { files: files.length, rows: files.reduce((sum, file) => sum + file.recordCount, 0) }
	}
	const added = filesAndRows('added')
	const existing = filesAndRows('existing')
	const deleted = filesAndRows('deleted')
	return {
		manifestPath: options.manifestPath,
		manifestLength: options.manifestLength,
		partitionSpecId: options.spec['spec-id'],
		content: 'data',
		sequenceNumber,
		minSequenceNumber: entries.reduce(
			(lowest, entry) => Math.min(lowest, entry.sequenceNumber ?? sequenceNumber),
			sequenceNumber,
		),
		addedSnapshotId: options.snapshotId,
		addedFilesCount: added.files,
		existingFilesCount: existing.files,
		deletedFilesCount: deleted.files,
		addedRowsCount: added.rows,
		existingRowsCount: existing.rows,
		deletedRowsCount: deleted.rows,
		partitions: options.spec.fields.map((field) =>
			summaryOf(entries.map((entry) => entry.dataFile.partition[field.name] ?? null)),
		),
	}
}

/** The summary of a partition field over the files of a manifest. */
function summaryOf(values: readonly IcebergValue[]): IcebergFieldSummary {
	let lowerBound: IcebergValue = null
	let upperBound: IcebergValue = null
	let containsNull = false
	for (const value of values) {
		if (value === null) {
			containsNull = true
			continue
		}
		if (lowerBound === null || compareIcebergValues(value, lowerBound) < 0) lowerBound = value
		if (upperBound === null || compareIcebergValues(value, upperBound) > 0) upperBound = value
	}
	return { containsNull, ...(lowerBound === null ? {} : { lowerBound }), ...(upperBound === null ? {} : { upperBound }) }
}

/** The type of every field, also of columns that only an older schema has; the newest schema decides. */
function fieldTypes(schemas: readonly IcebergSchema[]): ReadonlyMap<number, IcebergPrimitiveType> {
	return new Map(schemas.flatMap((schema) => schema.fields.map((field) => [field.id, field.type] as const)))
}
