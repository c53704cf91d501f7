/**
 * Which shards may hold rows that their shard key does not name. A statement by key goes to the shard that the key names, but a
 * pinned database, a trigger, or an update of the key itself may put a row anywhere. A query may leave out the files of other
 * shards only as far as it is known that no such row is in them.
 *
 * @module
 */
import { SQLakeError } from '../errors.ts'
import type { TableSchema } from '../schema/table-schema.ts'
import type { TableAppend } from './catalog/catalog.ts'
import { CHANGE_FIELDS, shardOf } from './change-table.ts'
import type { IcebergTableMetadata } from './iceberg/types.ts'

/** Property: JSON of what is known of the table's rows and their shards, see {@link StrayShards}. */
export const STRAY_SHARDS_PROPERTY = 'sqlake.stray-shards'

/** Beyond so many shards, or so many characters of their names, any shard counts as one: every commit writes the list anew. */
export const MAX_STRAY_SHARDS = 64
const MAX_NAMES_LENGTH = 8_192

/** What is known of the shards of a table's rows. */
export interface StrayShards {
	/**
	 * The shard key that rows were compared with, as {@link shardKeyId} gives it; null before the first. Of another key nothing is
	 * known.
	 */
	readonly key: string | null
	/** In every other shard each row's key names that shard. */
	readonly shards: readonly string[]
}

/** The property: `through` is the sequence number up to which it holds, and `shards` is null where any shard may be one. */
interface Recorded {
	readonly through: number
	readonly key: string | null
	readonly shards: readonly string[] | null
}

/** Tells a shard key from another: by field ids, because names change, and affinities, because they decide what a value prints as. */
export function shardKeyId({ shardKey, columns }: Pick<TableSchema, 'shardKey' | 'columns'>): string {
	if (shardKey === null) return 'global'
	const parts = shardKey.map((name) => columns.find((column) => column.name === name))
	return parts.map((column) => `${column?.fieldId} ${column?.affinity}`).join()
}

/**
 * What a table says of the shards of its rows; null where any shard may hold any row: too many do, or some commit did not say,
 * such as one by an earlier sqlake or by another engine.
 *
 * @throws `LAKE_CORRUPT` if the property does not decode.
 */
export function strayShardsOf(metadata: IcebergTableMetadata): StrayShards | null {
	const { through, key, shards } = recordedIn(metadata)
	return shards === null || through !== metadata['last-sequence-number'] ? null : { key, shards }
}

/**
 * Records the shards of the rows that a snapshot is about to add. A shard joins the list unless its rows are known to be where the
 * table's shard key says.
 *
 * @param metadata The table before that snapshot.
 * @param isFirst Whether no other append to the table was recorded for the same snapshot.
 * @throws `LAKE_CORRUPT` if the property does not decode.
 */
export function recordShards(metadata: IcebergTableMetadata, append: TableAppend, isFirst: boolean): IcebergTableMetadata {
	const { dataFiles, describes, rowsFollowKey } = append
	const { id, name } = CHANGE_FIELDS.shard
	if (dataFiles.length === 0 || !append.schema.fields.some((field) => field.id === id && field.name === name)) return metadata
	const last = metadata['last-sequence-number']
	const before = recordedIn(metadata)
	const isComplete = before.through === (isFirst ? last : last + 1)
	const key = rowsFollowKey === true && describes !== undefined ? shardKeyId(describes) : null
	const isAsKnown = key !== null && (before.key === null || before.key === key)
	const added = isAsKnown ? [] : dataFiles.map(shardOf)
	const shards = isComplete ? union(before.shards, added) : null
	const recorded: Recorded = { through: last + 1, key: before.key ?? key, shards }
	return { ...metadata, properties: { ...metadata.properties, [STRAY_SHARDS_PROPERTY]: JSON.stringify(recorded) } }
}

/** A table that holds no row yet has no stray one. */
function recordedIn({ properties }: IcebergTableMetadata): Recorded {
	const text = properties[STRAY_SHARDS_PROPERTY]
	if (text === undefined) return { through: 0, key: null, shards: [] }
	try {
		return JSON.parse(text)
	} catch (error) {
		throw SQLakeError.wrap(error, 'LAKE_CORRUPT', `property ${STRAY_SHARDS_PROPERTY} of a table is not JSON`)
	}
}

/** null where any shard may be in it. */
function union(shards: readonly string[] | null, added: readonly (string | null)[]): readonly string[] | null {
	const all = new Set([...(shards ?? []), ...added.filter((shard) => shard !== null)])
	const length = [...all].reduce((sum, shard) => sum + shard.length, 0)
	const isBounded = all.size <= MAX_STRAY_SHARDS && length <= MAX_NAMES_LENGTH
	return shards !== null && isBounded && !added.includes(null) ? [...all].sort() : null
}
