/**
 * The Iceberg table of a table's changes: its name, schema and partition spec. One row a change.
 *
 * @module
 */
import type { LakeSchema, TableSchema } from '../schema/table-schema.ts'
import type { TableEvolution } from './catalog/catalog.ts'
import type { IcebergDataFile, IcebergField, IcebergPartitionSpec, IcebergSchema } from './iceberg/types.ts'

/** The columns that the lake adds in front of a table's own, with their field ids. Stable for the life of a lake. */
export const CHANGE_FIELDS = {
	/** 'c', 'u' or 'd'. */
	op: { id: 1, name: '_op', required: true, type: 'string', doc: "Kind of the change: 'c' create, 'u' update, 'd' delete." },
	shard: { id: 2, name: '_shard', required: true, type: 'string', doc: 'Name of the shard.' },
	epoch: { id: 3, name: '_epoch', required: true, type: 'long', doc: "Grows when the shard's history was rewound." },
	seq: { id: 4, name: '_seq', required: true, type: 'long', doc: "Position in the shard's total order within the epoch." },
	ts: { id: 5, name: '_ts', required: true, type: 'timestamptz', doc: 'Moment of the change, never decreasing within a shard.' },
	rescued: {
		id: 6,
		name: '_rescued',
		required: false,
		type: 'string',
		doc: 'JSON of the values that do not fit the type of their column, as SQLite literals; such a column is NULL.',
	},
} as const satisfies Readonly<Record<string, IcebergField>>

/** Field id of the column that holds the whole row as JSON text, where the lake's storage is not 'columns'. */
export const VARIANT_FIELD_ID = 7

/** A column's before image has the column's field id plus this. */
export const BEFORE_FIELD_OFFSET = 10_000

/** Number of partitions that shards are spread over. */
export const SHARD_BUCKETS = 16

/** Partition fields of a change table. */
export const CHANGE_PARTITION_FIELDS = {
	shardBucket: { id: 1000, name: '_shard_bucket' },
	tsDay: { id: 1001, name: '_ts_day' },
} as const

/** Name of the Iceberg table that holds the changes of the SQL table `table`. */
export function changesTableName(table: string): string {
	return `${table}_changes`
}

/** The shard of a file's rows; null where the file does not say that it has one only. */
export function shardOf(file: IcebergDataFile): string | null {
	const lower = file.lowerBounds.get(CHANGE_FIELDS.shard.id)
	return typeof lower === 'string' && lower === file.upperBounds.get(CHANGE_FIELDS.shard.id) ? lower : null
}

/** Name of the lake column that holds the value of `column` before an update. */
export function beforeColumnName(column: string): string {
	return `_before_${column}`
}

/**
 * The Iceberg schema of a table's changes: the lake's own columns, the whole row where storage asks for it, then each column's
 * after image and each column's before image. Only the change's own coordinates are required: an after image is NULL where
 * its value was rescued, even in a NOT NULL column.
 *
 * @example
 * changesSchema(users, lake).fields.map((field) => field.name)
 * // ['_op', '_shard', '_epoch', '_seq', '_ts', '_rescued', 'id', 'email', '_before_id', '_before_email']
 */
export function changesSchema(table: TableSchema, lake: LakeSchema): IcebergSchema {
	const { op, shard, epoch, seq, ts, rescued } = CHANGE_FIELDS
	return {
		type: 'struct',
		'schema-id': 0,
		'identifier-field-ids': [shard.id, epoch.id, seq.id],
		fields: [
			op,
			shard,
			epoch,
			seq,
			ts,
			rescued,
			...(lake.storage === 'columns' ? [] : [variantField(lake.variantColumn)]),
			...table.columns.map(
				(column): IcebergField => ({
					id: column.fieldId,
					name: column.name,
					required: false,
					type: column.lakeType,
				}),
			),
			...table.columns.map(
				(column): IcebergField => ({
					id: column.fieldId + BEFORE_FIELD_OFFSET,
					name: beforeColumnName(column.name),
					required: false,
					type: column.lakeType,
					doc: `${column.name} before an update.`,
				}),
			),
		],
	}
}

/**
 * What a catalog is asked for so that a lake knows the tables of a schema.
 *
 * @example
 * await catalog.evolve(tableEvolutions(schemaOf(manifest, db.lake)))
 */
export function tableEvolutions(lake: LakeSchema): TableEvolution[] {
	return Array.from(lake.tables.values(), (table) => ({
		table: changesTableName(table.name),
		schema: changesSchema(table, lake),
		schemaVersion: table.version ?? 0,
		describes: table,
	}))
}

/** The partition spec of every change table: a bucket of the shard, and the UTC day of the change. */
export function changesPartitionSpec(): IcebergPartitionSpec {
	const { shardBucket, tsDay } = CHANGE_PARTITION_FIELDS
	return {
		'spec-id': 0,
		fields: [
			{
				'source-id': CHANGE_FIELDS.shard.id,
				'field-id': shardBucket.id,
				name: shardBucket.name,
				transform: `bucket[${SHARD_BUCKETS}]`,
			},
			{ 'source-id': CHANGE_FIELDS.ts.id, 'field-id': tsDay.id, name: tsDay.name, transform: 'day' },
		],
	}
}

/** A column of JSON text: a format version 2 table has no VARIANT (Iceberg specification, "Primitive Types"). */
function variantField(name: string): IcebergField {
	return { id: VARIANT_FIELD_ID, name, required: false, type: 'string', doc: 'The row as JSON.' }
}
