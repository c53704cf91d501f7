import { describe, expect, it } from 'vitest'
import { filterDataFiles, P } from '../../../src/analytics/predicate.ts'
import { createIcebergRegistry } from '../../../src/lake/catalog/iceberg-registry.ts'
import { POINTER_KEY } from '../../../src/lake/catalog/lake-pointer.ts'
import { R2PointerCatalog } from '../../../src/lake/catalog/r2-pointer-catalog.ts'
import { CDCStatsToIcebergConverter } from '../../../src/lake/iceberg/cdc-stats-converter.ts'
import { createDataFile } from '../../../src/lake/iceberg/data-file.ts'
import type { IcebergSchema } from '../../../src/lake/iceberg/types.ts'
import { lakePath } from '../../../src/lake/lake-path.ts'
import { MemoryObjectStore } from '../../../src/lake/storage/memory.ts'
import type { ObjectStore } from '../../../src/lake/storage/object-store.ts'
import { contractCommit, LOCATION } from '../../contract/catalog-fixture.ts'
import { FaultyStore } from '../../contract/faulty-store.ts'

const schema: IcebergSchema = {
	type: 'struct',
	'schema-id': 0,
	fields: [
		{ id: 101, name: 'id', required: false, type: 'long' },
		{ id: 102, name: 'plan', required: false, type: 'string' },
		{ id: 103, name: 'created_at', required: false, type: 'timestamptz' },
	],
}

const stats = new CDCStatsToIcebergConverter(schema)

/** A file of 10 rows whose ids are in a range. */
function file(name: string, min: number, plan: string) {
	return createDataFile({
		filePath: lakePath(LOCATION, `data/imports/${name}`),
		partition: {},
		recordCount: 10,
		fileSizeInBytes: 3,
		stats: stats.convert({
			recordCount: 10,
			columns: { id: { min, max: min + 9, nullCount: 0 }, plan: { min: plan, max: plan, nullCount: 2, sizeInBytes: 7 } },
		}),
	})
}

async function open(over: (store: ObjectStore) => ObjectStore = (store) => store) {
	const store = new MemoryObjectStore()
	for (const name of ['a', 'b']) await store.put(`data/imports/${name}`, new Uint8Array([1, 2, 3]))
	const catalog = new R2PointerCatalog({ store: over(store), location: LOCATION })
	return { store, catalog, registry: createIcebergRegistry({ store, catalog, location: LOCATION }) }
}
const register = (name: string, min = 0, plan = 'free') => ({ table: 'imports', schema, dataFile: file(name, min, plan) })

describe('IcebergRegistry', () => {
	it('registers files in a table, lists them, and lets them be chosen by the names of their columns', async () => {
		const { registry, catalog } = await open()
		expect(await registry.tables()).toEqual([])
		expect(await registry.dataFiles('imports')).toEqual([])
		expect(await registry.registerDataFile(register('a'))).toMatchObject({ status: 'registered', fileCount: 1 })
		const { snapshotId } = await registry.registerDataFile(register('b', 10, 'pro'))
		expect((await catalog.load()).tables.get('imports')?.metadata['current-snapshot-id']).toBe(snapshotId)
		expect(await registry.tables()).toEqual(['imports'])
		const files = await registry.dataFiles('imports')
		expect(files.map(({ filePath, recordCount }) => [filePath, recordCount])).toEqual([
			[lakePath(LOCATION, 'data/imports/a'), 10],
			[lakePath(LOCATION, 'data/imports/b'), 10],
		])
		expect(filterDataFiles(files, P.eq('plan', 'pro'))).toMatchObject({ files: [{ recordCount: 10 }], pruned: 1 })
		expect(filterDataFiles(files, P.lt('id', 10))).toMatchObject({ files: [{ filePath: files[0]?.filePath }], pruned: 1 })
		expect(await registry.dataFiles('imports', { op: 'eq', fieldId: 101, value: 15n })).toMatchObject([
			{ filePath: files[1]?.filePath },
		])
	})

	it('registers a file once, also when two do it at the same time or an answer is lost', async () => {
		let lost = 0
		const { registry, catalog, store } = await open(
			(inner) =>
				new FaultyStore(inner, ({ key, operation }) =>
					key === POINTER_KEY && operation === 'put' && lost++ === 1 ? 'after' : undefined,
				),
		)
		const other = createIcebergRegistry({
			store,
			catalog: new R2PointerCatalog({ store, location: LOCATION }),
			location: LOCATION,
		})
		await registry.registerDataFile(register('a'))
		expect(lost).toBeGreaterThan(1)
		const both = await Promise.all([registry.registerDataFile(register('b')), other.registerDataFile(register('b'))])
		expect(both.map(({ fileCount }) => fileCount)).toEqual([2, 2])
		expect(await registry.registerDataFile(register('b'))).toMatchObject({ status: 'already-registered' })
		expect(await registry.dataFiles('imports')).toHaveLength(2)
		await catalog.commit(contractCommit('ada', 1, 2))
		expect(await registry.tables()).toEqual(['imports', 'orders_changes', 'users_changes'])
	})

	it('refuses a file that is not there, has another size or lies elsewhere, and one that does not fit its table', async () => {
		const { registry, store } = await open()
		const refused = (name: string) => expect(registry.registerDataFile(register(name))).rejects
		await refused('missing').toMatchObject({
			code: 'LAKE_CORRUPT',
			message: expect.stringContaining('expected 3 bytes in the store'),
		})
		await store.put('data/imports/b', new Uint8Array(4))
		await refused('b').toMatchObject({ code: 'LAKE_CORRUPT', message: expect.stringContaining('found one of 4') })
		const elsewhere = { ...file('a', 0, 'free'), filePath: 's3://other/a' }
		await expect(registry.registerDataFile({ table: 'imports', schema, dataFile: elsewhere })).rejects.toMatchObject({
			code: 'LAKE_CORRUPT',
		})
		await registry.registerDataFile(register('a'))
		await store.put('data/imports/b', new Uint8Array(3))
		const other: IcebergSchema = { ...schema, fields: [{ id: 101, name: 'id', required: false, type: 'string' }] }
		await expect(registry.registerDataFile({ ...register('b'), schema: other })).rejects.toMatchObject({
			code: 'SCHEMA_EVOLUTION',
		})
		expect(await registry.dataFiles('imports')).toHaveLength(1)
	})
})

describe('CDCStatsToIcebergConverter', () => {
	it('turns values of JavaScript into bounds of the column types, by field id', () => {
		const at = new Date('2026-01-01T00:00:00Z')
		expect(
			stats.convert({
				recordCount: 3,
				columns: { id: { min: 1, max: 2n ** 60n, nullCount: 0 }, created_at: { min: at, max: at.getTime(), nullCount: 1 } },
			}),
		).toEqual({
			columnSizes: new Map(),
			valueCounts: new Map([
				[101, 3],
				[103, 3],
				[102, 3],
			]),
			nullValueCounts: new Map([
				[101, 0],
				[103, 1],
				[102, 3],
			]),
			lowerBounds: new Map([
				[101, 1n],
				[103, 1767225600000000n],
			]),
			upperBounds: new Map([
				[101, 2n ** 60n],
				[103, 1767225600000000n],
			]),
			schema,
		})
	})

	it('leaves out a bound that is no value of the column, and refuses a column that the schema does not have', () => {
		const { lowerBounds, upperBounds } = stats.convert({ recordCount: 1, columns: { id: { min: 'x', max: null, nullCount: 0 } } })
		expect([lowerBounds.size, upperBounds.size]).toEqual([0, 0])
		expect(() => stats.convert({ recordCount: 1, columns: { nope: { nullCount: 0 } } })).toThrow(
			expect.objectContaining({ code: 'SCHEMA_EVOLUTION', message: expect.stringContaining('"nope"') }),
		)
	})
})
