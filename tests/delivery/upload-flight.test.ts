import { describe, expect, it } from 'vitest'
import { DEFAULT_DELIVERY_LIMITS } from '../../src/delivery/limits.ts'
import { uploadFlight } from '../../src/delivery/upload-flight.ts'
import { R2PointerCatalog } from '../../src/lake/catalog/r2-pointer-catalog.ts'
import { changesSchema } from '../../src/lake/change-table.ts'
import { currentSchema } from '../../src/lake/iceberg/table-metadata.ts'
import { schemaLogOf, schemaVersionOf } from '../../src/lake/schema-log.ts'
import { MemoryObjectStore } from '../../src/lake/storage/memory.ts'
import { createObservability } from '../../src/observability/create-observability.ts'
import type { TableSchema } from '../../src/schema/table-schema.ts'
import { FaultyStore } from '../contract/faulty-store.ts'
import { batchOf, creations, itemsLake, itemsTable } from './table-changes.ts'

const location = 's3://uploads'
const { tracer } = createObservability()

const renamed: TableSchema = {
	...itemsTable,
	version: 2,
	columns: itemsTable.columns.map((column) => ({ ...column, name: 'key' })),
	primaryKey: ['key'],
	shardKey: ['key'],
}

describe('an upload', () => {
	it('appends the changes of each version with the schema they were captured under, the earlier first', async () => {
		const store = new MemoryObjectStore()
		const older = { ...itemsTable, version: 1 }
		const tables = [
			{ ...creations([20, 21], 3), table: renamed },
			{ ...creations([10, 11], 1), table: older },
		]
		const batch = { ...batchOf([10, 11, 20, 21]), tables }
		const outcome = await uploadFlight({
			batch,
			attempt: 1,
			lake: itemsLake,
			store,
			location,
			tracer,
			limits: DEFAULT_DELIVERY_LIMITS,
		})
		if (outcome.kind !== 'uploaded') throw new Error(outcome.kind)
		expect(outcome.appends).toMatchObject([
			{ table: 'items_changes', schemaVersion: 1, describes: older, schema: changesSchema(older, itemsLake) },
			{ table: 'items_changes', schemaVersion: 2, describes: renamed, schema: changesSchema(renamed, itemsLake) },
		])
		expect(outcome.files).toBe(2)

		const catalog = new R2PointerCatalog({ store, location })
		const { shard, epoch, fromSeq, toSeq, watermark } = batch
		await catalog.commit({ commitId: 'c', shard, epoch, fromSeq, toSeq, watermark, appends: outcome.appends })
		const metadata = (await catalog.load()).tables.get('items_changes')?.metadata
		if (metadata === undefined) throw new Error('no table')
		expect(schemaVersionOf(metadata)).toBe(2)
		expect(currentSchema(metadata).fields.find(({ id }) => id === 101)?.name).toBe('key')
		expect(schemaLogOf(metadata)).toEqual([
			{ schemaId: 0, since: 10, table: older },
			{ schemaId: 1, since: 20, table: renamed },
		])
	})

	it('is of version 0 where no manifest tells, and still describes its columns, and whether rows are where their key says', async () => {
		const store = new MemoryObjectStore()
		const upload = { attempt: 1, lake: itemsLake, store, location, tracer, limits: DEFAULT_DELIVERY_LIMITS }
		const outcome = await uploadFlight({ ...upload, batch: batchOf([10]) })
		expect(outcome).toMatchObject({
			kind: 'uploaded',
			appends: [{ schemaVersion: 0, describes: itemsTable, rowsFollowKey: false }],
		})
		const own = await uploadFlight({ ...upload, attempt: 2, batch: { ...batchOf([10]), shard: 'item-1' } })
		expect(own).toMatchObject({ appends: [{ rowsFollowKey: true }] })
	})

	it('names and places each file by the first of its own changes', async () => {
		const store = new MemoryObjectStore()
		const day = 86_400_000
		const limits = { ...DEFAULT_DELIVERY_LIMITS, maxFileRows: 2 }
		const batch = batchOf([day + 1, day + 2, day + 3, 2 * day + 4], 7)
		const outcome = await uploadFlight({ batch, attempt: 2, lake: itemsLake, store, location, tracer, limits })
		if (outcome.kind !== 'uploaded') throw new Error(outcome.kind)
		const files = outcome.appends.flatMap(({ dataFiles }) => dataFiles)
		expect(files.map(({ filePath, recordCount, partition }) => [filePath.split('/').at(-1), recordCount, partition])).toEqual([
			[`cdc_${day + 1}_10000000000000007000002.parquet`, 2, expect.objectContaining({ _ts_day: 1 })],
			[`cdc_${day + 3}_10000000000000009000002.parquet`, 1, expect.objectContaining({ _ts_day: 1 })],
			[`cdc_${2 * day + 4}_10000000000000010000002.parquet`, 1, expect.objectContaining({ _ts_day: 2 })],
		])
	})

	it('gives up on a store that hangs', async () => {
		const store = new FaultyStore(new MemoryObjectStore(), () => 'hang')
		const limits = { ...DEFAULT_DELIVERY_LIMITS, callTimeout: 10 }
		const upload = uploadFlight({ batch: batchOf([10]), attempt: 1, lake: itemsLake, store, location, tracer, limits })
		await expect(upload).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
	})
})
