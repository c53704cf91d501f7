/**
 * How a table of the lake becomes what a commit, or a migration, says it is. Pure: metadata in, metadata out.
 *
 * @module
 */
import { SQLakeError } from '../../errors.ts'
import { type ColumnSchema, FIRST_COLUMN_FIELD_ID, type TableSchema } from '../../schema/table-schema.ts'
import { BEFORE_FIELD_OFFSET, CHANGE_FIELDS, changesPartitionSpec } from '../change-table.ts'
import { UNPARTITIONED } from '../iceberg/partition-spec.ts'
import { highestFieldId } from '../iceberg/schema.ts'
import {
	assertNamesKeepIds,
	assertOlderFits,
	type EvolutionContext,
	evolveForAppend,
	evolveToVersion,
	isTypePromotionAllowed,
} from '../iceberg/schema-evolution.ts'
import { createTableMetadata, currentSchema, setCurrentSchema } from '../iceberg/table-metadata.ts'
import type {
	IcebergPartitionSpec,
	IcebergPrimitiveType,
	IcebergSchema,
	IcebergSnapshot,
	IcebergTableMetadata,
} from '../iceberg/types.ts'
import { LAKE_LOCATION_PROPERTY } from '../lake-path.ts'
import {
	appendToSchemaLog,
	DROPPED_FIELDS_PROPERTY,
	droppedFieldsOf,
	encodeSchemaLog,
	SCHEMA_LOG_PROPERTY,
	SCHEMA_VERSION_PROPERTY,
	type SchemaLogEntry,
	schemaLogOf,
	schemaVersionOf,
} from '../schema-log.ts'
import type { EvolveOptions } from './catalog.ts'

/** The schema that files were written with, or that a migration leaves. */
export interface IncomingSchema {
	/** Name of the Iceberg table. */
	readonly table: string
	readonly schema: IcebergSchema
	readonly schemaVersion?: number
	readonly describes?: TableSchema
}

export interface EvolveTableOptions extends EvolveOptions {
	/** Milliseconds. */
	readonly now: number
	/** Milliseconds: the first moment of the schema. */
	readonly since: number
}

/** Where a new table is. */
export interface NewTableOptions extends EvolveTableOptions {
	/** Folder of its metadata. */
	readonly tableLocation: string
	/** Prefix of all of the lake's paths. */
	readonly lakeLocation: string
}

/** Metadata of a table that the lake does not have yet. */
export function newTable(incoming: IncomingSchema, options: NewTableOptions): IcebergTableMetadata {
	const { schema } = incoming
	const metadata = createTableMetadata({
		location: options.tableLocation,
		schema,
		partitionSpec: partitionSpecFor(schema),
		now: options.now,
		properties: { [LAKE_LOCATION_PROPERTY]: options.lakeLocation, 'write.metadata.path': options.tableLocation },
	})
	return describe(metadata, incoming, options.since)
}

/**
 * The metadata of a table after it was told of a schema. A later version than the table's makes the schema the current one; the
 * same version may add to it; an earlier one must have been possible, and changes nothing.
 *
 * @returns `metadata` itself where nothing changes.
 * @throws `SCHEMA_EVOLUTION`
 */
export function evolveTable(
	metadata: IcebergTableMetadata,
	incoming: IncomingSchema,
	{ now, since, force = false }: EvolveTableOptions,
): IcebergTableMetadata {
	const { table } = incoming
	const current = currentSchema(metadata)
	const version = schemaVersionOf(metadata)
	const incomingVersion = incoming.schemaVersion ?? 0
	let known: ReadonlyMap<number, IcebergPrimitiveType> | undefined
	const context: EvolutionContext = {
		table,
		knownTypes: () => {
			known ??= knownTypes(metadata)
			return known
		},
	}
	if (incomingVersion < version && !force) {
		assertOlderFits(current, incoming.schema, context, incomingVersion === 0 ? (id) => namesOf(metadata, id) : undefined)
		return rememberDropped(metadata, incoming.schema)
	}
	if (incomingVersion === version && !force) {
		const schema = evolveForAppend(current, incoming.schema, context)
		if (schema === current && (metadata.properties[SCHEMA_LOG_PROPERTY] !== undefined || !incoming.describes)) return metadata
		return describe(schema === current ? metadata : setCurrentSchema(metadata, schema, now), incoming, since)
	}
	// Without a manifest field ids follow the order of the columns: a name under another id would mix up the values of two columns.
	if (version === 0 && !force) assertNamesKeepIds(current, incoming.schema, table)
	assertPartitionsStay(metadata, incoming)
	const schema = evolveToVersion(current, incoming.schema, isLakeField, context)
	const evolved = schema === current ? metadata : setCurrentSchema(metadata, schema, now)
	return describe(rememberDropped(evolved, current), incoming, since)
}

/** The lake's own columns are no migration's to drop. */
function isLakeField(fieldId: number): boolean {
	return fieldId < FIRST_COLUMN_FIELD_ID
}

/** The widest type of every field that the table has, or had. */
function knownTypes(metadata: IcebergTableMetadata): ReadonlyMap<number, IcebergPrimitiveType> {
	const types = new Map(droppedFieldsOf(metadata))
	for (const { id, type } of metadata.schemas.flatMap((schema) => schema.fields)) {
		const known = types.get(id)
		if (known === undefined || isTypePromotionAllowed(known, type)) types.set(id, type)
	}
	return types
}

/** The names of a field in all schemas that are known, oldest first. */
function namesOf(metadata: IcebergTableMetadata, fieldId: number): ReadonlySet<string> {
	const fields = metadata.schemas.flatMap((schema) => schema.fields)
	return new Set(fields.filter(({ id }) => id === fieldId).map(({ name }) => name))
}

/** Keeps the types of fields that the current schema lacks, and `last-column-id` above them. */
function rememberDropped(metadata: IcebergTableMetadata, schema: IcebergSchema): IcebergTableMetadata {
	const current = new Set(currentSchema(metadata).fields.map(({ id }) => id))
	const before = droppedFieldsOf(metadata)
	const dropped = new Map([...before].filter(([id]) => !current.has(id)))
	for (const { id, type } of schema.fields) {
		const known = dropped.get(id)
		if (!current.has(id) && (known === undefined || isTypePromotionAllowed(known, type))) dropped.set(id, type)
	}
	const lastColumnId = Math.max(metadata['last-column-id'], highestFieldId(schema))
	const isSame = dropped.size === before.size && [...dropped].every(([id, type]) => before.get(id) === type)
	if (isSame && lastColumnId === metadata['last-column-id']) return metadata
	return {
		...metadata,
		'last-column-id': lastColumnId,
		properties: { ...metadata.properties, [DROPPED_FIELDS_PROPERTY]: JSON.stringify(Object.fromEntries(dropped)) },
	}
}

/** Records the version of the current schema, and what its columns are in SQL. */
function describe(metadata: IcebergTableMetadata, incoming: IncomingSchema, since: number): IcebergTableMetadata {
	const properties = { ...metadata.properties, ...versionProperty(incoming), ...logProperty(metadata, incoming, since) }
	const isSame = Object.entries(properties).every(([name, value]) => metadata.properties[name] === value)
	return isSame ? metadata : { ...metadata, properties }
}

function versionProperty({ schemaVersion = 0 }: IncomingSchema): Readonly<Record<string, string>> {
	return schemaVersion === 0 ? {} : { [SCHEMA_VERSION_PROPERTY]: String(schemaVersion) }
}

function logProperty(
	metadata: IcebergTableMetadata,
	{ describes, schemaVersion = 0 }: IncomingSchema,
	since: number,
): Readonly<Record<string, string>> {
	if (describes === undefined) return {}
	const last = schemaLogOf(metadata).at(-1)
	const columns =
		last?.table.version === schemaVersion ? joined(last.table.columns, describes.columns, metadata) : describes.columns
	const table = { ...describes, version: schemaVersion, columns }
	const entry: SchemaLogEntry = { schemaId: metadata['current-schema-id'], since, table }
	if (last !== undefined && encodeSchemaLog([{ ...entry, since: last.since }]) === encodeSchemaLog([last])) return {}
	return { [SCHEMA_LOG_PROPERTY]: appendToSchemaLog(metadata.properties[SCHEMA_LOG_PROPERTY], entry, neededBy(metadata)) }
}

/** The columns of a version that several shards have described, each as far as it knows. */
function joined(
	before: readonly ColumnSchema[],
	after: readonly ColumnSchema[],
	metadata: IcebergTableMetadata,
): readonly ColumnSchema[] {
	const current = new Set(currentSchema(metadata).fields.map(({ id }) => id))
	const known = new Set(after.map(({ fieldId }) => fieldId))
	return [...after, ...before.filter(({ fieldId }) => !known.has(fieldId) && current.has(fieldId))]
}

/** Tells the entries that a snapshot of the table was written under. */
function neededBy({ snapshots }: { readonly snapshots: readonly IcebergSnapshot[] }): (entry: SchemaLogEntry) => boolean {
	const used = new Set(snapshots.map((snapshot) => snapshot['schema-id']))
	return ({ schemaId }) => used.has(schemaId)
}

/** A change log is partitioned by shard and day; another table is not partitioned. */
function partitionSpecFor(schema: IcebergSchema): IcebergPartitionSpec {
	const has = ({ id, name }: { readonly id: number; readonly name: string }) =>
		schema.fields.some((field) => field.id === id && field.name === name)
	return has(CHANGE_FIELDS.shard) && has(CHANGE_FIELDS.ts) ? changesPartitionSpec() : UNPARTITIONED
}

/**
 * Requests cross RPC: what the code relies on is checked.
 *
 * @throws `RPC_INVALID`; `SCHEMA_EVOLUTION` for a field id that a column cannot have.
 */
export function assertIncoming({ table, schema, schemaVersion = 0, describes }: IncomingSchema): void {
	if (typeof table !== 'string' || table === '' || !Array.isArray(schema?.fields)) {
		throw new SQLakeError('RPC_INVALID', `table ${JSON.stringify(table)}: expected a name and a schema`)
	}
	if (!Number.isSafeInteger(schemaVersion) || schemaVersion < 0) {
		throw new SQLakeError('RPC_INVALID', `table "${table}": expected a schema version from 0 on, found ${schemaVersion}`)
	}
	const last = FIRST_COLUMN_FIELD_ID + BEFORE_FIELD_OFFSET - 1
	const beyond = describes?.columns.find(({ fieldId }) => !(fieldId >= FIRST_COLUMN_FIELD_ID && fieldId <= last))
	if (beyond === undefined) return
	throw new SQLakeError(
		'SCHEMA_EVOLUTION',
		`table "${table}", column "${beyond.name}": expected a field id from ${FIRST_COLUMN_FIELD_ID} to ${last}, found ${beyond.fieldId}`,
		{ hint: 'A table has room for 10,000 columns over its whole life; begin a new table.' },
	)
}

/** A partition field whose column is gone could not be computed for new files. */
function assertPartitionsStay(metadata: IcebergTableMetadata, { table, schema }: IncomingSchema): void {
	const spec = metadata['partition-specs'].find((candidate) => candidate['spec-id'] === metadata['default-spec-id'])
	const ids = new Set(schema.fields.map(({ id }) => id))
	const field = spec?.fields.find((candidate) => !ids.has(candidate['source-id']) && !isLakeField(candidate['source-id']))
	if (field === undefined) return
	throw new SQLakeError(
		'SCHEMA_EVOLUTION',
		`table "${table}": expected the column of partition field "${field.name}", found none`,
	)
}
