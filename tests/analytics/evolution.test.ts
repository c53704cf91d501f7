import { parquetWriteBuffer } from 'hyparquet-writer'
import { afterAll, describe, expect, it } from 'vitest'
import { NativeEngine } from '../../src/analytics/engines/native/native-engine.node.ts'
import { loadWasmModules } from '../../src/analytics/engines/wasm/modules.node.ts'
import { WasmEngine } from '../../src/analytics/engines/wasm/wasm-engine.ts'
import { createLakeQuery } from '../../src/analytics/lake-query.ts'
import type { LakeMoment } from '../../src/driver/transport.ts'
import { SQLakeError } from '../../src/errors.ts'
import { CHANGE_FIELDS, changesPartitionSpec, tableEvolutions } from '../../src/lake/change-table.ts'
import { buildDataFileStats, createDataFile } from '../../src/lake/iceberg/data-file.ts'
import { partitionOf } from '../../src/lake/iceberg/partition-spec.ts'
import type { IcebergSchema } from '../../src/lake/iceberg/types.ts'
import { MemoryObjectStore } from '../../src/lake/storage/memory.ts'
import type { LakeSchema } from '../../src/schema/table-schema.ts'
import { type TestChange, TestLake, type TestRow } from './support/test-lake.ts'
import { lakeWith, tableAt, withoutManifest } from './support/versions.ts'

const T = Date.UTC(2026, 0, 15, 12)
const HOUR = 3_600_000

const first = lakeWith(
	tableAt(1, [
		[101, 'id', 'text'],
		[102, 'email', 'text'],
		[103, 'age', 'integer'],
	]),
)
/** `email` became `mail`, and `plan` is new. */
const second = lakeWith(
	tableAt(2, [
		[101, 'id', 'text'],
		[104, 'plan', 'text'],
		[102, 'mail', 'text'],
		[103, 'age', 'integer'],
	]),
)
/** `age` is gone, and another `email` has come. */
const third = lakeWith(
	tableAt(3, [
		[101, 'id', 'text'],
		[102, 'mail', 'text'],
		[104, 'plan', 'text'],
		[105, 'email', 'text'],
	]),
)

const created = (ts: number, row: TestRow, table = 'users'): TestChange => ({ table, op: 'c', ts, row })
const asOf = (at: number): LakeMoment => ({ kind: 'asOf', at })

describe.each([
	['wasm', new WasmEngine({ modules: loadWasmModules })],
	['native', new NativeEngine()],
])('a lake whose tables evolve, on the %s engine', (_name, engine) => {
	afterAll(() => engine.close())

	const open = () => {
		const lake = new TestLake(first, new MemoryObjectStore())
		const ask = async (schema: LakeSchema, sql: string, moment: LakeMoment = { kind: 'current' }, names?: 'code') => {
			const transport = createLakeQuery({ catalog: lake.catalog, store: lake.store, schema, engine })
			const { columns, rows } = await transport.query({
				statement: { sql, params: [] },
				moment,
				...(names === undefined ? {} : { names }),
			})
			return { columns, rows }
		}
		const refusal = async (schema: LakeSchema, sql: string, moment?: LakeMoment) => {
			const error = await ask(schema, sql, moment).catch((thrown: unknown) => thrown)
			if (SQLakeError.is(error)) return error
			throw new Error(`expected an error, found ${JSON.stringify(error)}`)
		}
		return { lake, ask, refusal }
	}

	/** Three shards, each at another version. */
	const filled = async () => {
		const opened = open()
		const { lake } = opened
		await lake.deliver('ada', [created(T, { id: 'ada', email: 'a@x', age: 36n })], first)
		await lake.deliver('ben', [created(T + HOUR, { id: 'ben', mail: 'b@x', age: 20n, plan: 'pro' })], second)
		await lake.deliver('cleo', [created(T + 2 * HOUR, { id: 'cleo', mail: 'c@x', plan: 'free', email: 'new' })], third)
		// Shards that have not migrated yet go on delivering.
		await lake.deliver('dan', [created(T + 3 * HOUR, { id: 'dan', email: 'd@x', age: 50n })], first)
		return opened
	}

	it('reads each column by its field id, whatever it was called when the file was written', async () => {
		const { ask } = await filled()
		expect(await ask(third, 'SELECT * FROM users ORDER BY id')).toEqual({
			columns: ['id', 'mail', 'plan', 'email'],
			rows: [
				['ada', 'a@x', null, null],
				['ben', 'b@x', 'pro', null],
				['cleo', 'c@x', 'free', 'new'],
				['dan', 'd@x', null, null],
			],
		})
		expect(await ask(third, "SELECT id FROM users WHERE mail = 'd@x' OR email = 'new' ORDER BY id")).toMatchObject({
			rows: [['cleo'], ['dan']],
		})
	})

	it('finds the columns of code without a manifest by the names of the lake', async () => {
		const { ask, refusal } = await filled()
		expect(await ask(withoutManifest(third), 'SELECT email, plan, mail FROM users ORDER BY id')).toMatchObject({
			rows: [
				[null, null, 'a@x'],
				[null, 'pro', 'b@x'],
				['new', 'free', 'c@x'],
				[null, null, 'd@x'],
			],
		})
		// Code that the lake has left behind: the log tells what its names were; what was dropped is NULL.
		expect(await ask(withoutManifest(second), 'SELECT mail, age, plan FROM users ORDER BY id')).toMatchObject({
			rows: [
				['a@x', null, null],
				['b@x', null, 'pro'],
				['c@x', null, 'free'],
				['d@x', null, null],
			],
		})
		// Code that the lake has not heard of: `note` may be what `plan` or `mail` is called now.
		const ahead = withoutManifest(
			lakeWith(
				tableAt(4, [
					[101, 'id', 'text'],
					[102, 'note', 'text'],
					[105, 'email', 'text'],
				]),
			),
		)
		expect(await ask(ahead, 'SELECT id, email FROM users ORDER BY id LIMIT 1')).toMatchObject({ rows: [['ada', null]] })
		expect(await refusal(ahead, 'SELECT note FROM users')).toMatchObject({
			code: 'LAKE_SCHEMA_BEHIND',
			details: { table: 'users', column: 'note' },
			hint: expect.stringContaining('migrations'),
		})
		expect(await refusal(ahead, 'SELECT * FROM users')).toMatchObject({ code: 'LAKE_SCHEMA_BEHIND' })
	})

	it('gives NULL for a column that the lake has not heard of and that can only be new, or that the manifest knows', async () => {
		const { lake, ask } = open()
		await lake.deliver('ada', [created(T, { id: 'ada', email: 'a@x', age: 36n })], first)
		const wider = lakeWith(
			tableAt(2, [
				[101, 'id', 'text'],
				[102, 'email', 'text'],
				[103, 'age', 'integer'],
				[104, 'plan', 'text'],
			]),
		)
		for (const code of [wider, withoutManifest(wider)]) {
			expect(await ask(code, 'SELECT *, typeof(plan) FROM users')).toMatchObject({ rows: [['ada', 'a@x', 36, null, 'null']] })
			expect(await ask(code, "SELECT count(*) FROM users WHERE plan = 'pro'")).toMatchObject({ rows: [[0]] })
		}
		expect(await ask(second, 'SELECT id, mail, plan, age FROM users')).toMatchObject({ rows: [['ada', 'a@x', null, 36]] })
	})

	it('shows an old moment with the columns of then, and finds those of the code by what they were called', async () => {
		const { ask, refusal } = await filled()
		expect(await ask(third, 'SELECT * FROM users', asOf(T + 1))).toEqual({
			columns: ['id', 'email', 'age'],
			rows: [['ada', 'a@x', 36]],
		})
		expect(await ask(third, 'SELECT * FROM users ORDER BY id', asOf(T + HOUR))).toEqual({
			columns: ['id', 'plan', 'mail', 'age'],
			rows: [
				['ada', null, 'a@x', 36],
				['ben', 'pro', 'b@x', 20],
			],
		})
		for (const code of [third, withoutManifest(third)]) {
			const then = await ask(code, 'SELECT "users"."id", "users"."mail", "users"."plan" FROM "users"', asOf(T + 1))
			expect(then).toEqual({ columns: ['id', 'mail', 'plan'], rows: [['ada', 'a@x', null]] })
			expect(await ask(code, "SELECT *, mail FROM users WHERE mail LIKE 'a%'", asOf(T + 1))).toEqual({
				columns: ['id', 'email', 'age', 'mail'],
				rows: [['ada', 'a@x', 36, 'a@x']],
			})
			// A name of the moment is the moment's, also where the code has given it to another column since.
			expect(await ask(code, 'SELECT email FROM users', asOf(T + 1))).toMatchObject({ rows: [['a@x']] })
		}
		expect(await refusal(third, 'SELECT nowhere FROM users', asOf(T + 1))).toMatchObject({ code: 'QUERY_FAILED' })
	})

	it('goes by the field ids of the code for a query that was built from it', async () => {
		const { ask } = await filled()
		for (const code of [third, withoutManifest(third)]) {
			const built = (sql: string, at: number) => ask(code, sql, asOf(at), 'code')
			const all = 'SELECT "id", "mail", "plan", "email" FROM "users" ORDER BY "id"'
			expect(await built(all, T + 1)).toMatchObject({ rows: [['ada', 'a@x', null, null]] })
			expect(await built(all, T + 2 * HOUR)).toMatchObject({
				rows: [
					['ada', 'a@x', null, null],
					['ben', 'b@x', 'pro', null],
					['cleo', 'c@x', 'free', 'new'],
				],
			})
			expect(await built('SELECT age FROM users', T + 1)).toMatchObject({ rows: [[36]] })
		}
		// Code from before: its names were those of then.
		for (const code of [first, withoutManifest(first)]) {
			const built = ask(code, 'SELECT id, email, age FROM users', asOf(T + 1), 'code')
			expect(await built).toMatchObject({ rows: [['ada', 'a@x', 36]] })
		}
	})

	it('tells rows apart by the key of then, whatever its columns are called now', async () => {
		const { lake, ask } = open()
		const keyed = lakeWith(
			tableAt(1, [
				[101, 'id', 'text'],
				[102, 'note', 'text'],
			]),
		)
		const swapped = lakeWith(
			tableAt(2, [
				[101, 'uid', 'text'],
				[102, 'note', 'text'],
				[103, 'id', 'text'],
			]),
		)
		await lake.deliver('ada', [created(T, { id: 'a', note: 'one' }), created(T, { id: 'b', note: 'two' })], keyed)
		const update = { table: 'users', op: 'u' as const, ts: T + 1000 }
		await lake.deliver('ada', [{ ...update, row: { id: 'a', note: 'new' }, before: { id: 'a', note: 'one' } }], keyed)
		await lake.catalog.evolve(tableEvolutions(swapped))
		const built = ask(swapped, 'SELECT uid, note, id FROM users ORDER BY uid', asOf(T + 2000), 'code')
		expect(await built).toMatchObject({
			rows: [
				['a', 'new', null],
				['b', 'two', null],
			],
		})
	})

	it('reads changes with the schema of the end of their range', async () => {
		const { ask } = await filled()
		const between = (from: number, to: number): LakeMoment => ({ kind: 'between', from, to })
		expect(await ask(third, 'SELECT * FROM users', between(T, T + HOUR))).toEqual({
			columns: ['id', 'email', 'age', '_op', '_shard', '_seq', '_ts'],
			rows: [['ada', 'a@x', 36, 'c', 'ada', 1, T]],
		})
		expect(await ask(third, 'SELECT mail, plan, _shard FROM users ORDER BY _ts', between(T, T + 2 * HOUR))).toEqual({
			columns: ['mail', 'plan', '_shard'],
			rows: [
				['a@x', null, 'ada'],
				['b@x', 'pro', 'ben'],
			],
		})
	})

	it('reads a snapshot with the schema it was written under', async () => {
		const { lake, ask } = await filled()
		const snapshots = (await lake.catalog.load()).tables.get('users_changes')?.metadata.snapshots ?? []
		const columns = await Promise.all(
			snapshots.map(async (snapshot) => {
				const moment: LakeMoment = { kind: 'snapshot', id: BigInt(snapshot['snapshot-id']) }
				return (await ask(third, 'SELECT * FROM users', moment)).columns.join()
			}),
		)
		expect(columns).toEqual(['id,email,age', 'id,plan,mail,age', 'id,mail,plan,email', 'id,mail,plan,email'])
	})

	it('finds a table that the code has no more at the moments it was there', async () => {
		const { lake, ask, refusal } = await filled()
		const gone = lakeWith(
			tableAt(
				1,
				[
					[101, 'id', 'integer'],
					[102, 'label', 'text'],
				],
				'tags',
			),
		)
		await lake.deliver('ada', [created(T, { id: 1n, label: 'old' }, 'tags')], gone)
		expect(await ask(third, 'SELECT t.*, u.age FROM tags t, users u', asOf(T + 1))).toEqual({
			columns: ['id', 'label', 'age'],
			rows: [[1, 'old', 36]],
		})
		expect(await refusal(third, 'SELECT * FROM tags')).toMatchObject({ code: 'ROUTE_UNKNOWN_TABLE' })
	})

	it('joins by the columns of the moment only', async () => {
		const { lake, ask } = await filled()
		const contacts = tableAt(
			1,
			[
				[101, 'id', 'text'],
				[102, 'mail', 'text'],
			],
			'contacts',
		)
		await lake.deliver('ada', [created(T, { id: 'ada', mail: 'contact' }, 'contacts')], lakeWith(contacts))
		const code = { ...third, tables: new Map([...third.tables, ['contacts', contacts]]) }
		expect(await ask(code, 'SELECT mail, age FROM users NATURAL JOIN contacts', asOf(T + 1))).toMatchObject({
			rows: [['contact', 36]],
		})
		expect(await ask(code, 'SELECT count(*) FROM users NATURAL JOIN contacts')).toMatchObject({ rows: [[0]] })
	})

	it('goes on showing a column that changes its type in the lake, shard by shard', async () => {
		const { lake, ask } = open()
		const number = lakeWith(
			tableAt(1, [
				[101, 'id', 'text'],
				[102, 'at', 'integer'],
			]),
		)
		const moment = lakeWith(
			tableAt(2, [
				[101, 'id', 'text'],
				[103, 'at', 'timestamp'],
			]),
		)
		await lake.deliver('ada', [created(T, { id: 'ada', at: 1_700_000_000n })], number)
		for (const code of [number, moment, withoutManifest(number), withoutManifest(moment)]) {
			expect(await ask(code, 'SELECT at FROM users')).toMatchObject({ rows: [[1_700_000_000]] })
		}
		await lake.deliver('ben', [created(T + HOUR, { id: 'ben', at: 1_800_000_000n })], moment)
		for (const code of [number, moment, withoutManifest(number), withoutManifest(moment)]) {
			expect(await ask(code, 'SELECT id, at FROM users WHERE at > 1 ORDER BY id')).toMatchObject({
				rows: [
					['ada', 1_700_000_000],
					['ben', 1_800_000_000],
				],
			})
		}
		await lake.deliver(
			'ada',
			[{ table: 'users', op: 'u', ts: T + 2 * HOUR, row: { id: 'ada', at: null }, before: { id: 'ada' } }],
			moment,
		)
		expect(await ask(moment, 'SELECT at FROM users ORDER BY id')).toMatchObject({ rows: [[null], [1_800_000_000]] })
	})

	it('reads a column that was promoted, in files from before and after', async () => {
		const { lake, ask } = open()
		const wide = lakeWith(
			tableAt(2, [
				[101, 'id', 'text'],
				[102, 'n', 'integer'],
				[103, 'f', 'real'],
			]),
		)
		await narrowCommit(lake)
		await lake.deliver('ben', [created(T + HOUR, { id: 'ben', n: 5_000_000_000n, f: 0.1 })], wide)
		const metadata = (await lake.catalog.load()).tables.get('users_changes')?.metadata
		const fields = metadata?.schemas.at(-1)?.fields.filter(({ id }) => id === 102 || id === 103)
		expect(fields?.map(({ type }) => type)).toEqual(['long', 'double'])
		expect(await ask(wide, 'SELECT id, n, f FROM users WHERE n <> 7 ORDER BY id')).toMatchObject({
			rows: [
				['ada', -3, 0.5],
				['ben', 5_000_000_000, 0.1],
			],
		})
		expect(await ask(wide, 'SELECT sum(n), sum(f) FROM users WHERE n < 0')).toMatchObject({ rows: [[-3, 0.5]] })
	})

	it('knows a schema before the first change arrives, and goes back when it is told to', async () => {
		const { lake, ask } = open()
		await lake.deliver('ada', [created(T, { id: 'ada', email: 'a@x', age: 36n })], first)
		await lake.catalog.evolve(tableEvolutions(second))
		expect(await ask(withoutManifest(second), 'SELECT mail, plan FROM users')).toMatchObject({ rows: [['a@x', null]] })
		await lake.catalog.evolve(tableEvolutions(first), { force: true })
		expect(await ask(withoutManifest(first), 'SELECT email, age FROM users')).toMatchObject({ rows: [['a@x', 36]] })
	})

	it('tells rows apart by the key they were written under, where a migration gives the table another', async () => {
		const { lake, ask } = open()
		const region = tableAt(2, [
			[101, 'id', 'text'],
			[103, 'region', 'text'],
			[102, 'note', 'text'],
		])
		const before = lakeWith(
			tableAt(1, [
				[101, 'id', 'text'],
				[102, 'note', 'text'],
			]),
		)
		const after = lakeWith({ ...region, primaryKey: ['id', 'region'] })
		const updated = (ts: number, old: TestRow, row: TestRow): TestChange => ({ table: 'users', op: 'u', ts, row, before: old })
		for (const shard of ['ada', 'ben']) {
			const rows = ['x', 'y'].map((id) => created(T, { id, note: `${shard} ${id}` }))
			await lake.deliver(shard, [...rows, updated(T + 1000, { id: 'x', note: `${shard} x` }, { id: 'x', note: 'new' })], before)
		}
		// One shard migrates: its rows go under the old key, and come under the new one.
		const gone = ['x', 'y'].map((id): TestChange => ({ table: 'users', op: 'd', ts: T + HOUR, row: { id } }))
		await lake.deliver('ben', gone, before)
		await lake.deliver(
			'ben',
			[
				created(T + HOUR, { id: 'x', region: 'eu', note: 'new' }),
				created(T + HOUR, { id: 'y', region: 'eu', note: 'ben y' }),
				created(T + 2 * HOUR, { id: 'x', region: 'us', note: 'other' }),
				updated(T + 3 * HOUR, { id: 'y', region: 'eu', note: 'ben y' }, { id: 'y', region: 'us', note: 'moved' }),
			],
			after,
		)
		const now = {
			rows: [
				['x', 'eu', 'new'],
				['x', 'us', 'other'],
				['x', null, 'new'],
				['y', 'us', 'moved'],
				['y', null, 'ada y'],
			],
		}
		expect(await ask(after, 'SELECT * FROM users ORDER BY id, region IS NULL, region')).toMatchObject(now)
		expect(await ask(after, 'SELECT count(*) FROM users')).toMatchObject({ rows: [[5]] })
		expect(await ask(after, "SELECT note FROM users WHERE id LIKE 'y' ORDER BY note")).toMatchObject({
			rows: [['ada y'], ['moved']],
		})
		const then = {
			columns: ['id', 'note'],
			rows: [
				['x', 'new'],
				['x', 'new'],
				['y', 'ada y'],
				['y', 'ben y'],
			],
		}
		expect(await ask(after, 'SELECT * FROM users ORDER BY id, note', asOf(T + 2000))).toEqual(then)
	})

	it('refuses to merge by a key column that has another type in older changes', async () => {
		const { lake, refusal } = open()
		const number = lakeWith(
			tableAt(1, [
				[101, 'id', 'integer'],
				[102, 'note', 'text'],
			]),
		)
		const moment = lakeWith(
			tableAt(2, [
				[103, 'id', 'timestamp'],
				[102, 'note', 'text'],
			]),
		)
		await lake.deliver('ada', [created(T, { id: 1n }), { table: 'users', op: 'd', ts: T, row: { id: 1n } }], number)
		expect(await refusal(moment, 'SELECT * FROM users')).toMatchObject({ code: 'LAKE_VALUE_MISFIT' })
	})
})

/** A commit of another writer, whose columns are narrower than sqlake's own. */
async function narrowCommit(lake: TestLake): Promise<void> {
	const column = (name: string, type: 'BYTE_ARRAY' | 'INT64' | 'INT32' | 'FLOAT', field_id: number, data: unknown[]) => ({
		element: {
			name,
			type,
			field_id,
			repetition_type: 'OPTIONAL' as const,
			...(type === 'BYTE_ARRAY' ? { converted_type: 'UTF8' as const } : {}),
		},
		data: { name, data },
	})
	const columns = [
		column('_op', 'BYTE_ARRAY', 1, ['c']),
		column('_shard', 'BYTE_ARRAY', 2, ['ada']),
		column('_epoch', 'INT64', 3, [1n]),
		column('_seq', 'INT64', 4, [1n]),
		column('_ts', 'INT64', 5, [BigInt(T) * 1000n]),
		column('id', 'BYTE_ARRAY', 101, ['ada']),
		column('n', 'INT32', 102, [-3]),
		column('f', 'FLOAT', 103, [0.5]),
	]
	const bytes = new Uint8Array(
		parquetWriteBuffer({
			schema: [{ name: 'root', num_children: columns.length }, ...columns.map(({ element }) => element)],
			columnData: columns.map(({ data }) => data),
		}),
	)
	await lake.store.put('data/narrow.parquet', bytes)
	const schema: IcebergSchema = {
		type: 'struct',
		'schema-id': 0,
		fields: [
			...Object.values(CHANGE_FIELDS),
			{ id: 101, name: 'id', required: false, type: 'string' },
			{ id: 102, name: 'n', required: false, type: 'int' },
			{ id: 103, name: 'f', required: false, type: 'float' },
		],
	}
	const dataFile = createDataFile({
		filePath: 's3://test-lake/data/narrow.parquet',
		partition: partitionOf(changesPartitionSpec(), schema, (id) => (id === 2 ? 'ada' : BigInt(T) * 1000n)),
		recordCount: 1,
		fileSizeInBytes: bytes.byteLength,
		stats: buildDataFileStats({
			schema,
			recordCount: 1,
			columns: [
				{ fieldId: 1, valueCount: 1, nullCount: 0, lowerBound: 'c', upperBound: 'c' },
				{ fieldId: 2, valueCount: 1, nullCount: 0, lowerBound: 'ada', upperBound: 'ada' },
				{ fieldId: 101, valueCount: 1, nullCount: 0, lowerBound: 'ada', upperBound: 'ada' },
				{ fieldId: 102, valueCount: 1, nullCount: 0, lowerBound: -3, upperBound: -3 },
				{ fieldId: 103, valueCount: 1, nullCount: 0, lowerBound: 0.5, upperBound: 0.5 },
			],
		}),
	})
	await lake.catalog.commit({
		commitId: 'narrow',
		shard: 'ada',
		epoch: 1,
		fromSeq: 1,
		toSeq: 1,
		watermark: T,
		appends: [{ table: 'users_changes', schema, schemaVersion: 1, dataFiles: [dataFile] }],
	})
}
