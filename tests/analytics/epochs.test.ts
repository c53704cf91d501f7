import { afterAll, describe, expect, it } from 'vitest'
import { NativeEngine } from '../../src/analytics/engines/native/native-engine.node.ts'
import { loadWasmModules } from '../../src/analytics/engines/wasm/modules.node.ts'
import { WasmEngine } from '../../src/analytics/engines/wasm/wasm-engine.ts'
import { createLakeQuery } from '../../src/analytics/lake-query.ts'
import type { QueryEngine } from '../../src/analytics/query-engine.ts'
import type { LakeMoment } from '../../src/driver/transport.ts'
import type { Catalog } from '../../src/lake/catalog/catalog.ts'
import { CHANGE_FIELDS } from '../../src/lake/change-table.ts'
import type { IcebergDataFile, IcebergTableMetadata } from '../../src/lake/iceberg/types.ts'
import { type TestChange, TestLake, withoutShard } from './support/test-lake.ts'
import { lakeWith, tableAt } from './support/versions.ts'

const T = Date.UTC(2026, 0, 15, 12)
const schema = lakeWith(
	tableAt(1, [[101, 'id', 'text']], 'users'),
	tableAt(
		1,
		[
			[101, 'id', 'text'],
			[102, 'n', 'integer'],
		],
		'orders',
	),
)
const created = (table: string, id: string): TestChange => ({ table, op: 'c', ts: T, row: { id } })
const deleted = (table: string, id: string): TestChange => ({ table, op: 'd', ts: T, row: { id } })

/** A file as its metadata would tell of it where it held rows of the first two epochs. */
function ofTwoEpochs(file: IcebergDataFile): IcebergDataFile {
	const { id } = CHANGE_FIELDS.epoch
	return { ...file, lowerBounds: new Map([...file.lowerBounds, [id, 1n]]), upperBounds: new Map([...file.upperBounds, [id, 2n]]) }
}

/** A catalog whose tables keep their newest snapshot only. */
function withNewestSnapshots(catalog: Catalog): Catalog {
	const newest = (metadata: IcebergTableMetadata): IcebergTableMetadata => ({
		...metadata,
		snapshots: metadata.snapshots.slice(-1),
		'snapshot-log': metadata['snapshot-log'].slice(-1),
	})
	return {
		load: async () => {
			const { version, tables } = await catalog.load()
			return {
				version,
				tables: new Map([...tables].map(([name, table]) => [name, { ...table, metadata: newest(table.metadata) }])),
			}
		},
		position: (shard) => catalog.position(shard),
		commit: (request) => catalog.commit(request),
		evolve: (tables) => catalog.evolve(tables),
	}
}

describe.each<[string, QueryEngine]>([
	['wasm', new WasmEngine({ modules: loadWasmModules })],
	['native', new NativeEngine()],
])('the epochs of shards, on the %s engine', (_name, engine) => {
	afterAll(() => engine.close())

	const idsIn = async (
		table: string,
		lake: TestLake,
		catalog: Catalog = lake.catalog,
		moment: LakeMoment = { kind: 'current' },
	) => {
		const query = createLakeQuery({ catalog, store: lake.store, schema, engine })
		const { rows } = await query.query({
			statement: { sql: `SELECT id FROM ${table} ORDER BY id`, params: [] },
			moment,
		})
		return rows.map(([id]) => id)
	}

	/** Ada's shard was rewound to before its order, of which no file of `orders` tells; Ben's was not. */
	const rewound = async (asTold?: (file: IcebergDataFile) => IcebergDataFile) => {
		const lake = new TestLake(schema)
		await lake.deliver('ada', [created('users', 'ada'), created('orders', 'of ada')], schema, asTold)
		lake.rewind('ada')
		await lake.deliver('ada', [created('users', 'ada')])
		await lake.deliver('ben', [created('users', 'ben'), created('orders', 'of ben')], schema, asTold)
		return lake
	}

	it('are known from other tables', async () => {
		const lake = await rewound()
		expect(await idsIn('orders', lake)).toEqual(['of ben'])
		expect(await idsIn('users', lake)).toEqual(['ada', 'ben'])
	})

	it('are known from other tables for files that do not name their shard', async () => {
		const lake = await rewound(withoutShard)
		expect(await idsIn('orders', lake)).toEqual(['of ben'])
		expect(await idsIn('users', lake)).toEqual(['ada', 'ben'])
	})

	it('are known from other tables for files of several epochs', async () => {
		const lake = new TestLake(schema)
		await lake.deliver('ada', [created('orders', 'of ada')], schema, ofTwoEpochs)
		lake.rewind('ada')
		await lake.deliver('ada', [created('users', 'ada')])
		expect(await idsIn('orders', lake)).toEqual([])
	})

	it.each([
		['are of several epochs', ofTwoEpochs],
		['do not name their shard', withoutShard],
	])('are known from the rows of other tables in files that %s, as of the moment asked for', async (_what, asTold) => {
		const lake = new TestLake(schema)
		await lake.deliver('ada', [created('orders', 'of ada')])
		await lake.deliver('ben', [created('orders', 'of ben')])
		lake.rewind('ada')
		await lake.deliver('ada', [{ ...created('users', 'ada'), ts: T + 5 }], schema, asTold)
		expect(await idsIn('orders', lake)).toEqual(['of ben'])
		expect(await idsIn('users', lake)).toEqual(['ada'])
		expect(await idsIn('orders', lake, lake.catalog, { kind: 'asOf', at: T + 4 })).toEqual(['of ada', 'of ben'])
	})

	it('are known after the snapshots that told of them were expired', async () => {
		const lake = await rewound()
		expect(await idsIn('orders', lake, withNewestSnapshots(lake.catalog))).toEqual(['of ben'])
	})

	it('are not taken from a file of several epochs: which of them a shard is in only its rows tell', async () => {
		const lake = new TestLake(schema)
		await lake.deliver('ada', [created('users', 'ada')], schema, ofTwoEpochs)
		await lake.deliver('ada', [created('orders', 'of ada')])
		await lake.deliver('ben', [created('users', 'ben')])
		lake.rewind('ben')
		await lake.deliver('ben', [created('users', 'bob')])
		expect(await idsIn('orders', lake)).toEqual(['of ada'])
		expect(await idsIn('users', lake)).toEqual(['ada', 'bob'])
	})

	it.each([
		['creates', withoutShard, undefined],
		['deletes', undefined, withoutShard],
	])('do not hide that a file which does not name its shard %s a row of any', async (_what, first, second) => {
		const lake = new TestLake(schema)
		await lake.deliver('ada', [created('users', 'ada'), created('users', 'ann')], schema, first)
		await lake.deliver('ben', [created('users', 'ben')])
		await lake.deliver('ada', [deleted('users', 'ada')], schema, second)
		expect(await idsIn('users', lake)).toEqual(['ann', 'ben'])
	})
})
