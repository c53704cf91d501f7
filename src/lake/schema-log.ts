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
export const MAX_SCHEMA_LOG_LENGTH = 256 * 1024

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
 *
 * @param text The log as it stands in the property; undefined for none.
 */
export function appendToSchemaLog(
	text: string | undefined,
	entry: SchemaLogEntry,
	needed: (entry: SchemaLogEntry) => boolean,
): string {
	const log = text === undefined ? [] : decodeSchemaLog(text)
	const last = log.at(-1)
	if (text === undefined || last === undefined) return encodeSchemaLog([entry])
	const added = { ...entry, since: Math.max(entry.since, last.since) }
	const longer = `${text.slice(0, -1)},${JSON.stringify(packEntry(added, last.table))}]`
	return longer.length <= MAX_SCHEMA_LOG_LENGTH ? longer : shortened([...log, added], needed)
}

function shortened(log: readonly SchemaLogEntry[], needed: (entry: SchemaLogEntry) => boolean): string {
	let entries = log
	for (;;) {
		const text = encodeSchemaLog(entries)
		if (text.length <= MAX_SCHEMA_LOG_LENGTH) return text
		// A quarter at a time: encoding it all for each entry would take long.
		const go = Math.max(1, entries.length >> 2)
		const kept = [...entries.slice(0, go).filter(needed), ...entries.slice(go)]
		if (kept.length === entries.length) return text
		entries = kept
	}
}

/** A column as an array: a name for each value would take most of the room. */
type PackedColumn = readonly [
	fieldId: number,
	name: string,
	/** Empty where it is the name. */
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
	/** Field ids that were dropped. */
	readonly d?: readonly number[]
	/** Places of the new columns among all, ascending, where they are not the last ones. */
	readonly i?: readonly number[]
	/** Field ids of all columns in their order, where others moved. */
	readonly o?: readonly number[]
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
	const unpacker = new Unpacker()
	return packed.map((entry) => unpacker.next(entry))
}

function packEntry({ schemaId, since, table }: SchemaLogEntry, before: TableSchema | undefined): PackedEntry {
	const earlier = new Map(before?.columns.map((column) => [column.fieldId, column]))
	const ids = table.columns.map(({ fieldId }) => fieldId)
	const held = new Set(ids)
	const changed = table.columns.filter((column) => !sameColumn(column, earlier.get(column.fieldId))).map(packColumn)
	const dropped = [...earlier.keys()].filter((id) => !held.has(id))
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
		...packOrder(ids, [...earlier.keys()], dropped),
		...(before === undefined || differs(primaryKey, idsOf(before, before.primaryKey)) ? { k: primaryKey } : {}),
		...(before === undefined || differs(shardKey, shardKeyIds(before)) ? { h: shardKey } : {}),
	}
}

/** Goes through a log, each entry from the one before. */
class Unpacker {
	readonly #columns = new Map<number, ColumnSchema>()
	#ids: readonly number[] = []
	#name: readonly [name: string, property: string] = ['', '']
	#primaryKey: readonly number[] = []
	#shardKey: readonly number[] | null = null

	next({ s, t, v, n, c = [], d = [], i, o, k, h }: PackedEntry): SchemaLogEntry {
		const left = d.length === 0 ? this.#ids : without(this.#ids, d)
		const known = new Set(left)
		this.#ids =
			o ??
			insert(
				left,
				c.map(([id]) => id).filter((id) => !known.has(id)),
				i,
			)
		for (const column of c) this.#columns.set(column[0], unpackColumn(column))
		this.#name = n ?? this.#name
		this.#primaryKey = k ?? this.#primaryKey
		this.#shardKey = h === undefined ? this.#shardKey : h
		const nameOf = (id: number) => this.#column(id).name
		const table: TableSchema = {
			name: this.#name[0],
			property: this.#name[1],
			columns: this.#ids.map((id) => this.#column(id)),
			primaryKey: this.#primaryKey.map(nameOf),
			shardKey: this.#shardKey?.map(nameOf) ?? null,
			version: v,
		}
		return { schemaId: s, since: t, table }
	}

	#column(id: number): ColumnSchema {
		const found = this.#columns.get(id)
		if (found !== undefined) return found
		throw new SQLakeError('LAKE_CORRUPT', `property ${SCHEMA_LOG_PROPERTY}: expected a column with field id ${id}, found none`)
	}
}

/** How the order of columns follows from the one before. */
function packOrder(ids: readonly number[], before: readonly number[], dropped: readonly number[]): Pick<PackedEntry, 'i' | 'o'> {
	const known = new Set(before)
	const left = without(before, dropped)
	const added = ids.filter((id) => !known.has(id))
	const places = added.map((id) => ids.indexOf(id))
	const isSame = (order: readonly number[]) => order.every((id, i) => id === ids[i])
	if (isSame(insert(left, added))) return {}
	return isSame(insert(left, added, places)) ? { i: places } : { o: ids }
}

function without(ids: readonly number[], dropped: readonly number[]): number[] {
	const gone = new Set(dropped)
	return ids.filter((id) => !gone.has(id))
}

/** @param places Of each new id in the result, ascending; at the end where absent. */
function insert(ids: readonly number[], added: readonly number[], places?: readonly number[]): number[] {
	const order = [...ids]
	for (const [i, id] of added.entries()) order.splice(places?.[i] ?? order.length, 0, id)
	return order
}

function idsOf(table: TableSchema, names: readonly string[]): number[] {
	return names.map((name) => table.columns.find((column) => column.name === name)?.fieldId ?? 0)
}

function shardKeyIds(table: TableSchema | undefined): readonly number[] | null {
	return table === undefined || table.shardKey === null ? null : idsOf(table, table.shardKey)
}

/** Entries that were decoded share the columns that they have in common. */
function sameColumn(a: ColumnSchema, b: ColumnSchema | undefined): boolean {
	return a === b || (b !== undefined && JSON.stringify(packColumn(a)) === JSON.stringify(packColumn(b)))
}

function packColumn(column: ColumnSchema): PackedColumn {
	const { fieldId, name, property, declaredType, affinity, mode, lakeType, notNull, generated } = column
	return [
		fieldId,
		name,
		property === name ? '' : property,
		declaredType,
		affinity,
		mode,
		lakeType,
		(notNull ? 1 : 0) | (generated ? 2 : 0),
	]
}

function unpackColumn(packed: PackedColumn): ColumnSchema {
	const [fieldId, name, property, declaredType, affinity, mode, lakeType, flags] = packed
	const notNull = (flags & 1) !== 0
	return {
		fieldId,
		name,
		property: property || name,
		declaredType,
		affinity,
		mode,
		lakeType,
		notNull,
		generated: (flags & 2) !== 0,
	}
}

function parse<T>(property: string, text: string): T {
	try {
		return JSON.parse(text)
	} catch (error) {
		throw new SQLakeError('LAKE_CORRUPT', `property ${property} of a table is not JSON: ${messageOf(error)}`, { cause: error })
	}
}
