import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeChangesFile } from '../../../src/lake/parquet/write-changes-file.ts'
import type { SqlValue } from '../../../src/schema/sql-value.ts'
import { type SampleChange, sampleChanges, sampleLake, sampleTable } from './sample.ts'

const table = sampleTable({
	id: 'text',
	n: 'integer',
	r: 'real',
	b: 'blob',
	ok: 'boolean',
	at: 'timestamp',
	ms: 'timestamp_ms',
	j: 'json',
})

const rows: SqlValue[][] = [
	['a', 2n ** 63n - 1n, 0.1, Uint8Array.of(0, 255), 1n, 1_700_000_000n, 1_700_000_000_123n, '{"x":1}'],
	['b\0c', -(2n ** 63n), -0, new Uint8Array(0), 0n, -62_135_596_800n, -1n, null],
	['🛩️', 0n, 5e-324, null, null, null, 0n, 'null'],
	[null, null, Number.NEGATIVE_INFINITY, Uint8Array.of(1), 1n, 253_402_300_799n, null, ''],
]

describe('native DuckDB reads a file of changes', () => {
	let directory: string
	let instance: DuckDBInstance
	let duckdb: DuckDBConnection

	beforeAll(async () => {
		directory = await mkdtemp(join(tmpdir(), 'sqlake-parquet-'))
		instance = await DuckDBInstance.create(':memory:', {
			autoinstall_known_extensions: 'false',
			autoload_known_extensions: 'false',
		})
		duckdb = await instance.connect()
	})

	afterAll(async () => {
		duckdb.closeSync()
		instance.closeSync()
		await rm(directory, { recursive: true })
	})

	async function write(changes: readonly SampleChange[], name: string): Promise<string> {
		const { bytes } = writeChangesFile({
			changes: sampleChanges(table, changes),
			shard: 'user/1',
			epoch: 2,
			lake: sampleLake(table, 'hybrid'),
		})
		const path = join(directory, `${name}.parquet`)
		await writeFile(path, bytes)
		return path
	}

	async function query(sql: string): Promise<unknown[][]> {
		return (await duckdb.runAndReadAll(sql)).getRows() as unknown[][]
	}

	it('with the field ids and types of the change table', async () => {
		const path = await write([{ op: 'u', row: rows[0] ?? [], before: ['a', 'misfit'] }], 'schema')
		const schema = await query(
			`SELECT field_id, name, type, repetition_type, logical_type FROM parquet_schema('${path}') WHERE num_children IS NULL`,
		)
		const micros = 'TimestampType(isAdjustedToUTC=1, unit=TimeUnit(MILLIS=<null>, MICROS=MicroSeconds(), NANOS=<null>))'
		expect(schema.slice(0, 9)).toEqual([
			[1n, '_op', 'BYTE_ARRAY', 'REQUIRED', 'StringType()'],
			[2n, '_shard', 'BYTE_ARRAY', 'REQUIRED', 'StringType()'],
			[3n, '_epoch', 'INT64', 'REQUIRED', null],
			[4n, '_seq', 'INT64', 'REQUIRED', null],
			[5n, '_ts', 'INT64', 'REQUIRED', micros],
			[6n, '_rescued', 'BYTE_ARRAY', 'OPTIONAL', 'StringType()'],
			[7n, '_row', 'BYTE_ARRAY', 'OPTIONAL', 'StringType()'],
			[101n, 'id', 'BYTE_ARRAY', 'OPTIONAL', 'StringType()'],
			[102n, 'n', 'INT64', 'OPTIONAL', null],
		])
		expect(schema.slice(9).map(([id, name]) => [id, name])).toEqual([
			...[
				[103n, 'r'],
				[104n, 'b'],
				[105n, 'ok'],
				[106n, 'at'],
				[107n, 'ms'],
				[108n, 'j'],
			],
			...table.columns.map(({ name }, i) => [BigInt(10_101 + i), `_before_${name}`]),
		])
		const types = await query(`SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM read_parquet('${path}'))`)
		expect(Object.fromEntries(types as [string, string][])).toMatchObject({
			...{
				_op: 'VARCHAR',
				_shard: 'VARCHAR',
				_epoch: 'BIGINT',
				_seq: 'BIGINT',
				_ts: 'TIMESTAMP WITH TIME ZONE',
				_rescued: 'VARCHAR',
			},
			...{ id: 'VARCHAR', n: 'BIGINT', r: 'DOUBLE', b: 'BLOB', ok: 'BOOLEAN', at: 'TIMESTAMP WITH TIME ZONE', j: 'VARCHAR' },
		})
	})

	it('with the values as they were', async () => {
		const path = await write(
			rows.map((row) => ({ row })),
			'values',
		)
		const read = await query(
			`SELECT id, n::VARCHAR, r::VARCHAR, hex(b), ok, epoch_us("at"), epoch_ms(ms), j FROM read_parquet('${path}') ORDER BY _seq`,
		)
		expect(read).toEqual([
			['a', '9223372036854775807', '0.1', '00FF', true, 1_700_000_000_000_000n, 1_700_000_000_123n, '{"x":1}'],
			['b\0c', '-9223372036854775808', '-0.0', '', false, -62_135_596_800_000_000n, -1n, null],
			['🛩️', '0', '5e-324', null, null, null, 0n, 'null'],
			[null, null, '-inf', '01', true, 253_402_300_799_000_000n, null, ''],
		])
	})

	it('with what was rescued', async () => {
		const path = await write([{ row: ['a', 'forty', 1n] }], 'rescued')
		expect(await query(`SELECT n, r, _rescued FROM read_parquet('${path}')`)).toEqual([
			[null, null, `{"row":{"n":"'forty'","r":"1"}}`],
		])
	})

	it('skipping by its statistics, over several row groups, with columns that are NULL throughout', async () => {
		const many = Array.from({ length: 50_000 }, (_, i) => ({
			row: [`key-${i}`, BigInt(i), i / 7, null, BigInt(i % 2), null, null, `v${i % 10}`],
		}))
		const path = await write(many, 'many')
		expect(
			await query(
				`SELECT count(*), sum(n)::BIGINT, sum(r), count(b), count(*) FILTER (ok), count(DISTINCT j), min(_shard) FROM read_parquet('${path}')`,
			),
		).toEqual([[50_000n, 1_249_975_000n, expect.closeTo(178_567_857.142, 2), 0n, 25_000n, 10n, 'user/1']])
		expect(await query(`SELECT id FROM read_parquet('${path}') WHERE n = 43210`)).toEqual([['key-43210']])
		expect(await query(`SELECT n FROM read_parquet('${path}') WHERE id = 'key-3'`)).toEqual([[3n]])
	})
})
