import { describe, expect, it } from 'vitest'
import { integer, text } from '../../src/columns.ts'
import type { TableAppend } from '../../src/lake/catalog/catalog.ts'
import { changesSchema } from '../../src/lake/change-table.ts'
import { createTableMetadata } from '../../src/lake/iceberg/table-metadata.ts'
import type { IcebergTableMetadata } from '../../src/lake/iceberg/types.ts'
import { MAX_STRAY_SHARDS, recordShards, STRAY_SHARDS_PROPERTY, shardKeyId, strayShardsOf } from '../../src/lake/stray-shards.ts'
import { SQLake } from '../../src/schema/database.ts'
import type { TableSchema } from '../../src/schema/table-schema.ts'
import { contractFile } from '../contract/catalog-fixture.ts'

const { lake } = SQLake({
	orders: { id: text('id').primaryKey(), owner: text('owner'), number: integer('number') },
	shard: { orders: 'owner' },
})
const orders = lake.tables.get('orders') as TableSchema
const schema = changesSchema(orders, lake)
const key = shardKeyId(orders)

const empty = createTableMetadata({ location: 's3://lake/orders', schema })
const append = (shard: string, rest: Partial<TableAppend> = {}): TableAppend => ({
	table: 'orders_changes',
	schema,
	describes: orders,
	rowsFollowKey: true,
	dataFiles: [contractFile('orders', shard, 1, 1)],
	...rest,
})
/** The table after a snapshot that adds what the appends say. */
function committed(metadata: IcebergTableMetadata, ...appends: readonly TableAppend[]): IcebergTableMetadata {
	const recorded = appends.reduce((table, each, i) => recordShards(table, each, i === 0), metadata)
	return { ...recorded, 'last-sequence-number': metadata['last-sequence-number'] + 1 }
}

describe('the stray shards of a table', () => {
	it('are none while every row is where its key says', () => {
		expect(strayShardsOf(empty)).toEqual({ key: null, shards: [] })
		expect(strayShardsOf(committed(committed(empty, append('a'), append('b')), append('c')))).toEqual({ key, shards: [] })
	})

	it('are those with a row elsewhere, and those of which a commit does not say', () => {
		const elsewhere = append('b', { rowsFollowKey: false })
		const silent = append('c')
		const { rowsFollowKey: _, ...earlier } = silent
		const metadata = committed(committed(committed(empty, append('a')), elsewhere, append('a')), earlier, append('d'))
		expect(strayShardsOf(metadata)).toEqual({ key, shards: ['b', 'c'] })
		expect(strayShardsOf(committed(metadata, append('b')))).toEqual({ key, shards: ['b', 'c'] })
	})

	it('are known of one shard key: a shard whose rows follow another is a stray one', () => {
		const number: TableSchema = { ...orders, shardKey: ['number'] }
		const metadata = committed(committed(empty, append('a')), append('7', { describes: number }))
		expect(strayShardsOf(metadata)).toEqual({ key, shards: ['7'] })
		const retyped = { ...orders, columns: orders.columns.map((column) => ({ ...column, affinity: 'NUMERIC' as const })) }
		for (const other of [number, retyped, { ...orders, shardKey: null }]) expect(shardKeyId(other)).not.toBe(key)
		const renamed = {
			...orders,
			shardKey: ['o'],
			columns: orders.columns.map((column) => (column.name === 'owner' ? { ...column, name: 'o' } : column)),
		}
		expect(shardKeyId(renamed)).toBe(key)
	})

	it('may be any after a commit that left the record as it was', () => {
		const metadata = committed(empty, append('a'))
		const byAnother = { ...metadata, 'last-sequence-number': 2 }
		expect(strayShardsOf(byAnother)).toBeNull()
		expect(strayShardsOf(committed(byAnother, append('a')))).toBeNull()
	})

	it('may be any where rows are older than the record', () => {
		const old = { ...empty, 'last-sequence-number': 5 }
		expect(strayShardsOf(old)).toBeNull()
		expect(strayShardsOf(committed(old, append('a')))).toBeNull()
	})

	it('may be any where a file does not name its shard, and where they are too many or their names too long', () => {
		const file = contractFile('orders', 'a', 1, 1)
		const unnamed = append('a', { rowsFollowKey: false, dataFiles: [{ ...file, upperBounds: new Map() }] })
		expect(strayShardsOf(committed(empty, unnamed))).toBeNull()
		const many = (count: number, name: (i: number) => string) =>
			committed(
				empty,
				append('', {
					rowsFollowKey: false,
					dataFiles: Array.from({ length: count }, (_, i) => contractFile('orders', name(i), 1, 1)),
				}),
			)
		expect(strayShardsOf(many(MAX_STRAY_SHARDS, String))?.shards).toHaveLength(MAX_STRAY_SHARDS)
		expect(strayShardsOf(many(MAX_STRAY_SHARDS + 1, String))).toBeNull()
		const long = many(5, (i) => `${i}`.repeat(2_000))
		expect(strayShardsOf(long)).toBeNull()
		expect(strayShardsOf(committed(long, append('a')))).toBeNull()
		expect(long.properties[STRAY_SHARDS_PROPERTY]?.length).toBeLessThan(100)
	})

	it('are nothing that a table without shards has', () => {
		const plain = append('a', { schema: { ...schema, fields: schema.fields.slice(6) } })
		expect(committed(empty, plain).properties).toEqual(empty.properties)
		expect(recordShards(empty, append('a', { dataFiles: [] }), true)).toBe(empty)
	})
})
