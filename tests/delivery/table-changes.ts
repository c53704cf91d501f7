import type { ChangeBatch, TableChanges } from '../../src/cdc/change-batch.ts'
import type { LakeSchema, TableSchema } from '../../src/schema/table-schema.ts'

/** A table of one text column. */
export const itemsTable: TableSchema = {
	name: 'items',
	property: 'items',
	columns: [
		{
			name: 'id',
			property: 'id',
			fieldId: 101,
			declaredType: 'text',
			affinity: 'TEXT',
			mode: 'text',
			lakeType: 'string',
			notNull: true,
			generated: false,
		},
	],
	primaryKey: ['id'],
	shardKey: ['id'],
}

export const itemsLake: LakeSchema = {
	tables: new Map([['items', itemsTable]]),
	storage: 'columns',
	cdc: true,
	bucketBinding: 'SQLAKE_BUCKET',
	variantColumn: '_row',
}

/** Creations in the items table at the given moments, from position `firstSeq` on. */
export function creations(ts: readonly number[], firstSeq = 1): TableChanges {
	return {
		table: itemsTable,
		length: ts.length,
		op: ts.map(() => 'c'),
		seq: ts.map((_, index) => firstSeq + index),
		ts,
		row: [{ kind: 'text', values: ts.map((_, index) => `item-${firstSeq + index}`) }],
		before: null,
	}
}

/** A batch of creations. */
export function batchOf(ts: readonly number[], firstSeq = 1): ChangeBatch {
	return {
		shard: 'shard-1',
		epoch: 1,
		fromSeq: firstSeq,
		toSeq: firstSeq + ts.length - 1,
		watermark: ts.at(-1) ?? 0,
		raisedBy: 0,
		tables: [creations(ts, firstSeq)],
	}
}
