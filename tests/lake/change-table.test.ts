import { describe, expect, it } from 'vitest'
import { changesPartitionSpec, changesSchema, changesTableName } from '../../src/lake/change-table.ts'
import { sampleLake, sampleTable } from './parquet/sample.ts'

const table = sampleTable({ id: 'text', at: 'timestamp', ok: 'boolean' }, 'orders')

describe('the change table', () => {
	it('is named after its table', () => {
		expect(changesTableName('orders')).toBe('orders_changes')
	})

	it('has the lake’s columns, then the row, then the row before an update', () => {
		const { fields } = changesSchema(table, sampleLake(table))
		expect(fields.map(({ id, name, type, required }) => `${id} ${name} ${type}${required ? ' required' : ''}`)).toEqual([
			'1 _op string required',
			'2 _shard string required',
			'3 _epoch long required',
			'4 _seq long required',
			'5 _ts timestamptz required',
			'6 _rescued string',
			'101 id string',
			'102 at timestamptz',
			'103 ok boolean',
			'10101 _before_id string',
			'10102 _before_at timestamptz',
			'10103 _before_ok boolean',
		])
	})

	it('holds the whole row where the storage says so, under the name that the schema gives it', () => {
		for (const storage of ['hybrid', 'variant'] as const) {
			const { fields } = changesSchema(table, { ...sampleLake(table, storage), variantColumn: '_document' })
			expect(fields[6]).toMatchObject({ id: 7, name: '_document', type: 'string', required: false })
		}
	})

	it('tells a change by shard, epoch and position, which are required', () => {
		const schema = changesSchema(table, sampleLake(table))
		expect(schema['identifier-field-ids']).toEqual([2, 3, 4])
	})

	it('is partitioned by a bucket of the shard and the day of the change', () => {
		expect(changesPartitionSpec().fields).toEqual([
			{ 'source-id': 2, 'field-id': 1000, name: '_shard_bucket', transform: 'bucket[16]' },
			{ 'source-id': 5, 'field-id': 1001, name: '_ts_day', transform: 'day' },
		])
	})
})
