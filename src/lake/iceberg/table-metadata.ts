/**
 * Table metadata (Iceberg specification, "Table Metadata"), changed by pure functions: each returns new metadata.
 *
 * @module
 */
import { SQLakeError } from '../../errors.ts'
import { FIRST_PARTITION_FIELD_ID, typedPartitionFields, UNPARTITIONED } from './partition-spec.ts'
import { highestFieldId, NAME_MAPPING_PROPERTY, nameMappingOf, validateSchema } from './schema.ts'
import { sameFields } from './schema-evolution.ts'
import { sameSnapshot } from './snapshot.ts'
import type { IcebergPartitionSpec, IcebergSchema, IcebergSnapshot, IcebergTableMetadata, SnapshotId } from './types.ts'

/** A snapshot adds about 0.93 KB to the metadata, which is rewritten by every commit: this many are kept. */
export const MAX_SNAPSHOTS = 500

/** Earlier metadata files that are remembered; the default of Iceberg's `write.metadata.previous-versions-max`. */
export const MAX_METADATA_LOG = 100

/** What {@link createTableMetadata} is given. */
export interface CreateTableMetadataOptions {
	/** Where the table is, such as `s3://bucket/metadata/orders_changes`. No other table may lie below it: engines remove orphans by folder. */
	readonly location: string
	readonly schema: IcebergSchema
	/** Not partitioned where absent. */
	readonly partitionSpec?: IcebergPartitionSpec
	readonly properties?: Readonly<Record<string, string>>
	/** Random where absent. */
	readonly uuid?: string
	/** Milliseconds; the present where absent. */
	readonly now?: number
}

/**
 * The metadata of a new, empty table, format version 2.
 *
 * @throws `SCHEMA_EVOLUTION` if the schema is malformed; `LAKE_CORRUPT` if the spec names a column that it does not have.
 * @example
 * ```ts
 * const metadata = createTableMetadata({ location: 's3://bucket/t', schema })
 * ```
 */
export function createTableMetadata(options: CreateTableMetadataOptions): IcebergTableMetadata {
	const { location, partitionSpec = UNPARTITIONED, properties = {}, uuid = crypto.randomUUID(), now = Date.now() } = options
	const schema: IcebergSchema = { ...options.schema, 'schema-id': 0 }
	validateSchema(schema)
	typedPartitionFields(partitionSpec, [schema])
	return {
		'format-version': 2,
		'table-uuid': uuid,
		location,
		'last-sequence-number': 0,
		'last-updated-ms': now,
		'last-column-id': highestFieldId(schema),
		'current-schema-id': 0,
		schemas: [schema],
		'default-spec-id': partitionSpec['spec-id'],
		'partition-specs': [partitionSpec],
		'last-partition-id': partitionSpec.fields.reduce(
			(highest, field) => Math.max(highest, field['field-id']),
			FIRST_PARTITION_FIELD_ID - 1,
		),
		'default-sort-order-id': 0,
		'sort-orders': [{ 'order-id': 0, fields: [] }],
		properties: { [NAME_MAPPING_PROPERTY]: nameMappingOf(schema), ...properties },
		snapshots: [],
		'snapshot-log': [],
		'metadata-log': [],
		refs: {},
	}
}

/**
 * The schema that new data is written and read with.
 *
 * @throws `LAKE_CORRUPT` if the metadata names a schema that it does not have.
 */
export function currentSchema(metadata: IcebergTableMetadata): IcebergSchema {
	return schemaById(metadata, metadata['current-schema-id'])
}

/**
 * A schema of a table by its id.
 *
 * @throws `LAKE_CORRUPT` if the table has none of that id.
 */
export function schemaById(metadata: IcebergTableMetadata, id: number): IcebergSchema {
	const schema = metadata.schemas.find((candidate) => candidate['schema-id'] === id)
	if (schema === undefined) {
		const known = metadata.schemas.map((candidate) => candidate['schema-id']).join(', ')
		throw new SQLakeError('LAKE_CORRUPT', `table at ${metadata.location}: expected a schema ${id}, found only ${known}`)
	}
	return schema
}

/** Schemas that no snapshot names are kept up to this many: each is in every metadata file that is written. */
export const MAX_UNUSED_SCHEMAS = 16

/**
 * Makes a schema the current one: under the id that an equal schema of the table has, or under a new one. The name mapping, if
 * the table has one, learns its names. Where there are many schemas, the oldest of those that no snapshot was written with leave the metadata.
 *
 * @throws `SCHEMA_EVOLUTION` if the schema is malformed.
 */
export function setCurrentSchema(metadata: IcebergTableMetadata, schema: IcebergSchema, now: number): IcebergTableMetadata {
	const equal = metadata.schemas.find((candidate) => sameSchema(candidate, schema))
	const id = equal?.['schema-id'] ?? nextSchemaId(metadata)
	const current: IcebergSchema = equal ?? { ...schema, 'schema-id': id }
	validateSchema(current)
	const schemas = equal === undefined ? [...metadata.schemas, current] : metadata.schemas
	const mapping = metadata.properties[NAME_MAPPING_PROPERTY]
	return {
		...metadata,
		'last-updated-ms': Math.max(now, metadata['last-updated-ms']),
		'last-column-id': Math.max(metadata['last-column-id'], highestFieldId(current)),
		'current-schema-id': id,
		schemas: usedSchemas(schemas, id, metadata.snapshots),
		properties:
			mapping === undefined
				? metadata.properties
				: { ...metadata.properties, [NAME_MAPPING_PROPERTY]: nameMappingOf(current, mapping) },
	}
}

/** The newest schema is never dropped, so that no id is given out twice. */
function nextSchemaId(metadata: IcebergTableMetadata): number {
	return metadata.schemas.reduce((highest, schema) => Math.max(highest, schema['schema-id']), -1) + 1
}

function sameSchema(a: IcebergSchema, b: IcebergSchema): boolean {
	const identifiers = (schema: IcebergSchema) => [...(schema['identifier-field-ids'] ?? [])].sort((x, y) => x - y).join()
	return sameFields(a.fields, b.fields) && identifiers(a) === identifiers(b)
}

function usedSchemas(
	schemas: readonly IcebergSchema[],
	currentId: number,
	snapshots: readonly IcebergSnapshot[],
): readonly IcebergSchema[] {
	if (schemas.length <= MAX_UNUSED_SCHEMAS) return schemas
	const newest = schemas.reduce((highest, schema) => Math.max(highest, schema['schema-id']), 0)
	const used = new Set([currentId, newest, ...snapshots.map((snapshot) => snapshot['schema-id'])])
	const isUsed = (schema: IcebergSchema) => used.has(schema['schema-id'])
	let excess = schemas.filter((schema) => !isUsed(schema)).length - MAX_UNUSED_SCHEMAS
	return schemas.filter((schema) => isUsed(schema) || excess-- <= 0)
}

/** Remembers the metadata file that is being replaced (specification, `metadata-log`). */
export function logMetadata(metadata: IcebergTableMetadata, file: string, moment: number): IcebergTableMetadata {
	const log = [...metadata['metadata-log'], { 'metadata-file': file, 'timestamp-ms': moment }]
	return { ...metadata, 'metadata-log': log.slice(-MAX_METADATA_LOG) }
}

/** What {@link addSnapshot} may be told. */
export interface AddSnapshotOptions {
	/** Full path of the metadata file that this one replaces. */
	readonly previousMetadataLocation?: string
	/** Default: {@link MAX_SNAPSHOTS}. */
	readonly maxSnapshots?: number
}

/**
 * Makes a snapshot the current one of `main`. Where there are too many snapshots the oldest leave the metadata, but for those
 * that a branch or a tag names; their files stay.
 *
 * @throws `INTERNAL` if the snapshot's sequence number is not above the table's last one, or its id is taken.
 */
export function addSnapshot(
	metadata: IcebergTableMetadata,
	snapshot: IcebergSnapshot,
	options: AddSnapshotOptions = {},
): IcebergTableMetadata {
	const id = snapshot['snapshot-id']
	const sequenceNumber = snapshot['sequence-number']
	if (sequenceNumber <= metadata['last-sequence-number']) {
		throw new SQLakeError(
			'INTERNAL',
			`snapshot ${id}: expected a sequence number above ${metadata['last-sequence-number']}, found ${sequenceNumber}`,
		)
	}
	if (metadata.snapshots.some((other) => sameSnapshot(other['snapshot-id'], id))) {
		throw new SQLakeError('INTERNAL', `snapshot ${id}: expected an id of its own, found it in the table already`)
	}
	const moment = snapshot['timestamp-ms']
	const refs = { ...metadata.refs, main: { 'snapshot-id': id, type: 'branch' as const } }
	const snapshots = retained([...metadata.snapshots, snapshot], refs, options.maxSnapshots ?? MAX_SNAPSHOTS)
	const { previousMetadataLocation } = options
	const logged =
		previousMetadataLocation === undefined
			? metadata
			: logMetadata(metadata, previousMetadataLocation, metadata['last-updated-ms'])
	return {
		...logged,
		'last-sequence-number': sequenceNumber,
		'last-updated-ms': Math.max(moment, metadata['last-updated-ms']),
		'current-snapshot-id': id,
		snapshots,
		'snapshot-log': logOf([...metadata['snapshot-log'], { 'snapshot-id': id, 'timestamp-ms': moment }], snapshots),
		refs,
	}
}

function retained(
	snapshots: readonly IcebergSnapshot[],
	refs: IcebergTableMetadata['refs'],
	limit: number,
): readonly IcebergSnapshot[] {
	let excess = snapshots.length - limit
	if (excess <= 0) return snapshots
	const referenced = new Set<SnapshotId>(Object.values(refs).map((ref) => ref['snapshot-id']))
	return snapshots.filter((snapshot) => excess <= 0 || referenced.has(snapshot['snapshot-id']) || excess-- <= 0)
}

/** The log starts after the newest entry whose snapshot is gone (specification, `snapshot-log`): history has no holes. */
function logOf(
	log: IcebergTableMetadata['snapshot-log'],
	snapshots: readonly IcebergSnapshot[],
): IcebergTableMetadata['snapshot-log'] {
	const known = new Set<SnapshotId>(snapshots.map((snapshot) => snapshot['snapshot-id']))
	const lastGone = log.findLastIndex((entry) => !known.has(entry['snapshot-id']))
	return lastGone < 0 ? log : log.slice(lastGone + 1)
}
