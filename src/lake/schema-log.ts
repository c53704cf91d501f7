/**
 * What the lake says of itself: the version of a table's schema, and for every schema that it has had since when it holds and
 * what its columns are in SQL. All of it stands in properties of the Iceberg table, so that a lake can be queried at an old moment
 * by code that no longer knows the tables of then.
 *
 * @module
 */
import { messageOf, SQLakeError } from '../errors.ts'
import type { ColumnSchema, TableSchema } from '../schema/table-schema.ts'
import type { IcebergPrimitiveType, IcebergTableMetadata } from './iceberg/types.ts'

/** Property: version of the current schema, as in `TableSchema.version`. */
export const SCHEMA_VERSION_PROPERTY = 'sqlake.schema-version'

/** Property: the log, as {@link encodeSchemaLog} writes it. */
export const SCHEMA_LOG_PROPERTY = 'sqlake.schema-log'

/** Property: JSON of the types of fields that the current schema lacks, by id. Such an id never comes to mean another type. */
export const DROPPED_FIELDS_PROPERTY = 'sqlake.dropped-fields'

/** The log is in every metadata file, which every commit writes anew: beyond this many characters the oldest entries go. */
export const MAX_SCHEMA_LOG_LENGTH = 128 * 1024

/** One schema of a table, from a moment on. */
export interface SchemaLogEntry {
	/** Its `schema-id` in the metadata, which may have dropped that schema since. */
	readonly schemaId: number
	/** Milliseconds since the epoch: the first change that was captured under it, or when the lake was told of it. */
	readonly since: number
	/** The table in SQL; `version` is the schema's. */
	readonly table: TableSchema
}

/** The version of a table's current schema; 0 for one that was written without a manifest. */
export function schemaVersionOf(metadata: IcebergTableMetadata): number {
	return Number(metadata.properties[SCHEMA_VERSION_PROPERTY] ?? 0)
}

/** The types of the fields that a table's current schema lacks. */
export function droppedFieldsOf(metadata: IcebergTableMetadata): ReadonlyMap<number, IcebergPrimitiveType> {
	const text = metadata.properties[DROPPED_FIELDS_PROPERTY]
	if (text === undefined) return new Map()
	const types = parse<Readonly<Record<string, IcebergPrimitiveType>>>(DROPPED_FIELDS_PROPERTY, text)
	return new Map(Object.entries(types).map(([id, type]) => [Number(id), type]))
}

/** A commit or a query looks more than once. */
const decoded = new WeakMap<IcebergTableMetadata, readonly SchemaLogEntry[]>()

/**
 * The schemas that a table has had, oldest first; empty for a table that nothing describes.
 *
 * @throws `LAKE_CORRUPT` if the property does not decode.
 */
export function schemaLogOf(metadata: IcebergTableMetadata): readonly SchemaLogEntry[] {
	const known = decoded.get(metadata)
	if (known !== undefined) return known
	const text = metadata.properties[SCHEMA_LOG_PROPERTY]
	const log = text === undefined ? [] : decodeSchemaLog(text)
	decoded.set(metadata, log)
	return log
}

/** The schema of a moment, in milliseconds since the epoch; before the first the first, since the lake knows no earlier one. */
export function schemaAt(log: readonly SchemaLogEntry[], moment: number): SchemaLogEntry | undefined {
	return log.findLast(({ since }) => since <= moment) ?? log[0]
}

/**
 * Adds an entry; the moments of a log never decrease. Entries that are not `needed` leave from its front where it grows too long.
 */
export function appendToSchemaLog(
	log: readonly SchemaLogEntry[],
	entry: SchemaLogEntry,
	needed: (entry: SchemaLogEntry) => boolean,
): string {
	const last = log.at(-1)
	let entries = [...log, { ...entry, since: Math.max(entry.since, last?.since ?? entry.since) }]
	let text = encodeSchemaLog(entries)
	while (text.length > MAX_SCHEMA_LOG_LENGTH && entries.length > 1) {
		// A quarter at a time: encoding it all for each entry would take long.
		const go = Math.max(1, entries.length >> 2)
		const kept = [...entries.slice(0, go).filter(needed), ...entries.slice(go)]
		if (kept.length === entries.length) break
		entries = kept
		text = encodeSchemaLog(entries)
	}
	return text
}

/** A column as an array: a name for each value would take most of the room. */
type PackedColumn = readonly [
	fieldId: number,
	name: string,
	property: string,
	declaredType: string,
	affinity: ColumnSchema['affinity'],
	mode: ColumnSchema['mode'],
	lakeType: ColumnSchema['lakeType'],
	flags: number,
]

/** An entry; all but `s`, `t` and `v` stand only where they differ from the entry before. */
interface PackedEntry {
	/** Schema id. */
	readonly s: number
	/** Since. */
	readonly t: number
	/** Version. */
	readonly v: number
	/** Name and property of the table. */
	readonly n?: readonly [name: string, property: string]
	/** Columns that are new or changed. */
	readonly c?: readonly PackedColumn[]
	/** Field ids of all columns in their order, where leaving out what was dropped and adding what is new does not give it. */
	readonly o?: readonly number[]
	/** Field ids that were dropped. */
	readonly d?: readonly number[]
	/** Field ids of the primary key. */
	readonly k?: readonly number[]
	/** Field ids of the shard key; null for a global table. */
	readonly h?: readonly number[] | null
}

/** The log as JSON, each entry by what it changes: a thousand schemas of a wide table take little more than its widest. */
export function encodeSchemaLog(log: readonly SchemaLogEntry[]): string {
	return JSON.stringify(log.map((entry, i) => packEntry(entry, log[i - 1]?.table)))
}

/** @throws `LAKE_CORRUPT` if the text is no log. */
export function decodeSchemaLog(text: string): SchemaLogEntry[] {
	const packed = parse<readonly PackedEntry[]>(SCHEMA_LOG_PROPERTY, text)
	const log: SchemaLogEntry[] = []
	for (const entry of packed) log.push(unpackEntry(entry, log.at(-1)?.table))
	return log
}

function packEntry({ schemaId, since, table }: SchemaLogEntry, before: TableSchema | undefined): PackedEntry {
	const earlier = new Map(before?.columns.map((column) => [column.fieldId, JSON.stringify(packColumn(column))]))
	const ids = table.columns.map(({ fieldId }) => fieldId)
	const changed = table.columns.map(packColumn).filter((column) => earlier.get(column[0]) !== JSON.stringify(column))
	const dropped = [...earlier.keys()].filter((id) => !ids.includes(id))
	const expected = orderAfter(before?.columns.map(({ fieldId }) => fieldId) ?? [], dropped, changed)
	const name = [table.name, table.property] as const
	const primaryKey = idsOf(table, table.primaryKey)
	const shardKey = shardKeyIds(table)
	const differs = (value: unknown, earlierValue: unknown) => JSON.stringify(value) !== JSON.stringify(earlierValue)
	return {
		s: schemaId,
		t: since,
		v: table.version ?? 0,
		...(before === undefined || differs(name, [before.name, before.property]) ? { n: name } : {}),
		...(changed.length > 0 ? { c: changed } : {}),
		...(dropped.length > 0 ? { d: dropped } : {}),
		...(differs(ids, expected) ? { o: ids } : {}),
		...(before === undefined || differs(primaryKey, idsOf(before, before.primaryKey)) ? { k: primaryKey } : {}),
		...(before === undefined || differs(shardKey, shardKeyIds(before)) ? { h: shardKey } : {}),
	}
}

function unpackEntry(entry: PackedEntry, before: TableSchema | undefined): SchemaLogEntry {
	const columns = new Map(before?.columns.map((column) => [column.fieldId, column]))
	for (const column of entry.c ?? []) columns.set(column[0], unpackColumn(column))
	const earlier = before?.columns.map(({ fieldId }) => fieldId) ?? []
	const ids = entry.o ?? orderAfter(earlier, entry.d ?? [], entry.c ?? [])
	const column = (id: number): ColumnSchema => {
		const found = columns.get(id)
		if (found !== undefined) return found
		throw new SQLakeError('LAKE_CORRUPT', `property ${SCHEMA_LOG_PROPERTY}: expected a column with field id ${id}, found none`)
	}
	const [name, property] = entry.n ?? [before?.name ?? '', before?.property ?? '']
	const primaryKey = entry.k ?? (before === undefined ? [] : idsOf(before, before.primaryKey))
	const shardKey = entry.h === undefined ? shardKeyIds(before) : entry.h
	return {
		schemaId: entry.s,
		since: entry.t,
		table: {
			name,
			property,
			columns: ids.map(column),
			primaryKey: primaryKey.map((id) => column(id).name),
			shardKey: shardKey?.map((id) => column(id).name) ?? null,
			version: entry.v,
		},
	}
}

/** The order of columns where nobody moved any: what is left of the old ones, then the new ones. */
function orderAfter(earlier: readonly number[], dropped: readonly number[], changed: readonly PackedColumn[]): number[] {
	const left = earlier.filter((id) => !dropped.includes(id))
	return [...left, ...changed.map(([id]) => id).filter((id) => !left.includes(id))]
}

function idsOf(table: TableSchema, names: readonly string[]): number[] {
	return names.map((name) => table.columns.find((column) => column.name === name)?.fieldId ?? 0)
}

function shardKeyIds(table: TableSchema | undefined): readonly number[] | null {
	return table === undefined || table.shardKey === null ? null : idsOf(table, table.shardKey)
}

function packColumn(column: ColumnSchema): PackedColumn {
	const { fieldId, name, property, declaredType, affinity, mode, lakeType, notNull, generated } = column
	return [fieldId, name, property, declaredType, affinity, mode, lakeType, (notNull ? 1 : 0) | (generated ? 2 : 0)]
}

function unpackColumn(packed: PackedColumn): ColumnSchema {
	const [fieldId, name, property, declaredType, affinity, mode, lakeType, flags] = packed
	const notNull = (flags & 1) !== 0
	return { fieldId, name, property, declaredType, affinity, mode, lakeType, notNull, generated: (flags & 2) !== 0 }
}

function parse<T>(property: string, text: string): T {
	try {
		return JSON.parse(text)
	} catch (error) {
		throw new SQLakeError('LAKE_CORRUPT', `property ${property} of a table is not JSON: ${messageOf(error)}`, { cause: error })
	}
}
