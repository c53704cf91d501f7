import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { TableChanges } from '../../../src/cdc/change-batch.ts'
import { changesSchema } from '../../../src/lake/change-table.ts'
import { fromLakeValue } from '../../../src/lake/parquet/lake-types.ts'
import { type LakeValue, vectorValues } from '../../../src/lake/parquet/lake-vector.ts'
import { openParquet } from '../../../src/lake/parquet/open-parquet.ts'
import { readColumns } from '../../../src/lake/parquet/read-columns.ts'
import { parseRescued } from '../../../src/lake/parquet/rescue.ts'
import { ROW_GROUP_ROWS, writeChangesFile } from '../../../src/lake/parquet/write-changes-file.ts'
import { MemoryObjectStore } from '../../../src/lake/storage/memory.ts'
import { type SqlValue, TextBytes } from '../../../src/schema/sql-value.ts'
import type { LakeSchema, TableSchema } from '../../../src/schema/table-schema.ts'
import { exact, type SampleChange, sampleChanges, sampleKinds, sampleLake, sampleTable } from './sample.ts'

/** Writes changes and reads them back through the store, by field name. */
async function roundTrip(changes: TableChanges, lake: LakeSchema, range: { from?: number; to?: number } = {}) {
	const file = writeChangesFile({ changes, shard: 'user-1', epoch: 3, lake, ...range })
	const store = new MemoryObjectStore()
	await store.put('data/file.parquet', file.bytes)
	const parquet = await openParquet(store, 'data/file.parquet', file.stats.fileSizeInBytes)
	const { fields } = changesSchema(changes.table, lake)
	const columns: Record<string, LakeValue[]> = Object.fromEntries(fields.map(({ name }) => [name, []]))
	for await (const chunk of readColumns({ file: parquet, columns: fields })) {
		for (const vector of chunk.columns) columns[vector.field.name]?.push(...vectorValues(vector))
	}
	return { ...file, columns, names: parquet.metadata.schema.slice(1).map(({ name }) => name) }
}

/** Undoes the writing: each change's values as SQLite held them. */
function restore(table: TableSchema, columns: Record<string, LakeValue[]>, image: 'row' | 'before'): SqlValue[][] {
	return (columns._op ?? []).map((_, i) => {
		const text = columns._rescued?.[i]
		const rescued = typeof text === 'string' ? parseRescued(text)[image] : {}
		return table.columns.map((column) => {
			const saved = Object.entries(rescued).find(([name]) => name === column.name)
			const name = image === 'row' ? column.name : `_before_${column.name}`
			return saved === undefined ? fromLakeValue(column, columns[name]?.[i] ?? null) : saved[1]
		})
	})
}

const sqlValue: fc.Arbitrary<SqlValue> = fc.oneof(
	fc.constant(null),
	fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
	fc.integer().map(BigInt),
	fc.constantFrom(0n, 1n, 2n, -(2n ** 63n), 2n ** 63n - 1n, 2n ** 53n, 2n ** 53n + 1n, 9_223_372_022_400n, 9_223_372_022_401n),
	fc.double({ noNaN: true }),
	fc.constantFrom(0, -0, 1, 5e-324, 1.5e300, 2 ** 63, -(2 ** 63), 0.1, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY),
	fc.string({ unit: 'binary' }),
	fc.constantFrom('', "it's", 'a\0b', '\ufeffbom', '🛩️', '12', 'NULL', "X'00'"),
	fc.uint8Array({ maxLength: 40 }),
	fc.constantFrom(new TextBytes(Uint8Array.of(0xff, 0xfe)), new TextBytes(Uint8Array.of(0xed, 0xa0, 0x80))),
)

describe('writeChangesFile', () => {
	it('keeps every SQLite value exactly, in a column of any lake type, storage class included', async () => {
		const table = sampleTable(Object.fromEntries(sampleKinds.map((kind) => [`c_${kind}`, kind])))
		const lake = sampleLake(table)
		const row = fc.array(sqlValue, { minLength: table.columns.length, maxLength: table.columns.length })
		const change: fc.Arbitrary<SampleChange> = fc.oneof(
			fc.record({ op: fc.constantFrom('c' as const, 'd' as const), row }),
			fc.record({ op: fc.constant('u' as const), row, before: row }),
		)
		await fc.assert(
			fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 30 }), async (changes) => {
				const { columns } = await roundTrip(sampleChanges(table, changes), lake)
				const rows = restore(table, columns, 'row')
				const before = restore(table, columns, 'before')
				expect(rows.map((values) => values.map(exact))).toEqual(changes.map((each) => each.row.map(exact)))
				expect(before.map((values) => values.map(exact))).toEqual(
					changes.map((each) => (each.before ?? table.columns.map(() => null)).map(exact)),
				)
			}),
			{ numRuns: 150 },
		)
	})

	it('keeps columns of one storage class exactly, on the fast paths', async () => {
		const table = sampleTable({
			id: 'text',
			n: 'integer',
			r: 'real',
			b: 'blob',
			at: 'timestamp',
			ms: 'timestamp_ms',
			ok: 'boolean',
		})
		const orNull = <T>(values: fc.Arbitrary<T>) => fc.option(values, { nil: null, freq: 4 })
		const row = fc.tuple(
			orNull(fc.string({ unit: 'grapheme' })),
			orNull(fc.maxSafeInteger().map(BigInt)),
			orNull(fc.double({ noNaN: true })),
			orNull(fc.uint8Array()),
			orNull(fc.maxSafeInteger().map(BigInt)),
			orNull(fc.maxSafeInteger().map(BigInt)),
			orNull(fc.integer({ min: -1, max: 2 }).map(BigInt)),
		)
		await fc.assert(
			fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 60 }), async (rows) => {
				const { columns } = await roundTrip(
					sampleChanges(
						table,
						rows.map((values) => ({ row: values })),
					),
					sampleLake(table),
				)
				const restored = restore(table, columns, 'row')
				expect(restored.map((values) => values.map(exact))).toEqual(rows.map((values) => values.map(exact)))
			}),
			{ numRuns: 150 },
		)
	})

	it('gives each change its coordinates', async () => {
		const table = sampleTable({ id: 'text' })
		const changes = sampleChanges(
			table,
			[{ row: ['a'] }, { op: 'u', row: ['b'], before: ['a'] }, { op: 'd', row: ['b'] }, { row: ['c'] }],
			40,
		)
		const { columns } = await roundTrip(changes, sampleLake(table))
		expect(columns._op).toEqual(['c', 'u', 'd', 'c'])
		expect(columns._shard).toEqual(['user-1', 'user-1', 'user-1', 'user-1'])
		expect(columns._epoch).toEqual([3n, 3n, 3n, 3n])
		expect(columns._seq).toEqual([40n, 41n, 42n, 43n])
		expect(columns._ts).toEqual([1_735_689_600_000_000n, 1_735_689_600_000_000n, 1_735_689_600_000_000n, 1_735_689_600_001_000n])
		expect(columns._before_id).toEqual([null, 'a', null, null])
	})

	it('writes a range of the changes', async () => {
		const table = sampleTable({ id: 'text', n: 'integer' })
		const changes = sampleChanges(table, [
			{ row: ['a', 1n] },
			{ row: ['b', 2n] },
			{ row: ['c', 'three'] },
			{ op: 'u', row: ['d', 4n], before: ['a', 1n] },
		])
		const { columns, stats, names } = await roundTrip(changes, sampleLake(table), { from: 1, to: 3 })
		expect(columns.id).toEqual(['b', 'c'])
		expect(columns._seq).toEqual([2n, 3n])
		expect(columns._rescued).toEqual([null, `{"row":{"n":"'three'"}}`])
		expect(stats.recordCount).toBe(2)
		expect(names).not.toContain('_before_id')
	})

	it('leaves out the columns that a file has nothing to say in', async () => {
		const table = sampleTable({ id: 'text', n: 'integer' })
		const creates = await roundTrip(sampleChanges(table, [{ row: ['a', 1n] }]), sampleLake(table))
		expect(creates.names).toEqual(['_op', '_shard', '_epoch', '_seq', '_ts', 'id', 'n'])
		const update = await roundTrip(sampleChanges(table, [{ op: 'u', row: ['a', 1n], before: ['a', 0.5] }]), sampleLake(table))
		expect(update.names).toEqual(['_op', '_shard', '_epoch', '_seq', '_ts', '_rescued', 'id', 'n', '_before_id', '_before_n'])
		expect(update.columns._rescued).toEqual(['{"before":{"n":"5e-1"}}'])
	})

	it('refuses a range with no change in it', () => {
		const table = sampleTable({ id: 'text' })
		const changes = sampleChanges(table, [{ row: ['a'] }])
		for (const range of [{ from: 1 }, { to: 0 }, { to: 2 }, { from: -1 }]) {
			expect(() => writeChangesFile({ changes, shard: 's', epoch: 1, lake: sampleLake(table), ...range })).toThrow(
				/expected a range/,
			)
		}
	})

	it('holds the whole row as JSON where the storage is hybrid', async () => {
		const table = sampleTable({ id: 'text', n: 'integer', r: 'real', b: 'blob', ok: 'boolean', at: 'timestamp', x: 'integer' })
		const row = ['a "quoted"\n', 2n ** 63n - 1n, 5, Uint8Array.of(0, 255), 1n, 1_700_000_000n, 'misfit']
		const { columns } = await roundTrip(sampleChanges(table, [{ row }]), sampleLake(table, 'hybrid'))
		expect(columns._row).toEqual([
			'{"id":"a \\"quoted\\"\\n","n":9223372036854775807,"r":5.0,"b":"AP8=","ok":1,"at":1700000000,"x":null}',
		])
	})
})

describe('the statistics of a file', () => {
	it('count values and nulls, and bound them, by field id', async () => {
		const table = sampleTable({ id: 'text', n: 'integer', r: 'real', at: 'timestamp', ok: 'boolean' })
		const { stats, bytes } = await roundTrip(
			sampleChanges(table, [
				{ row: ['b', 5n, 0.5, 10n, 1n] },
				{ row: ['a', null, -1.5, null, 0n] },
				{ row: ['c', -7n, null, 20n, null] },
			]),
			sampleLake(table),
		)
		expect(stats.fileSizeInBytes).toBe(bytes.length)
		expect(Object.fromEntries(stats.nullValueCounts)).toMatchObject({ 1: 0, 2: 0, 101: 0, 102: 1, 103: 1, 104: 1, 105: 1 })
		expect(Object.fromEntries(stats.valueCounts)).toMatchObject({ 1: 3, 101: 3, 105: 3 })
		expect(Object.fromEntries(stats.lowerBounds)).toEqual({
			...{ 1: 'c', 2: 'user-1', 3: 3n, 4: 1n, 5: 1_735_689_600_000_000n },
			...{ 101: 'a', 102: -7n, 103: -1.5, 104: 10_000_000n, 105: false },
		})
		expect(Object.fromEntries(stats.upperBounds)).toEqual({
			...{ 1: 'c', 2: 'user-1', 3: 3n, 4: 3n, 5: 1_735_689_600_000_000n },
			...{ 101: 'c', 102: 5n, 103: 0.5, 104: 20_000_000n, 105: true },
		})
		expect([...stats.columnSizes.values()].reduce((sum, size) => sum + size)).toBeLessThan(bytes.length)
	})

	it('keep the bounds of shard and key whole and round those of other columns outwards', async () => {
		const table = sampleTable({ id: 'text', note: 'text', data: 'blob' })
		const long = 'é'.repeat(500)
		const { stats } = await roundTrip(
			sampleChanges(table, [{ row: [long, long, new Uint8Array(100).fill(255)] }]),
			sampleLake(table),
		)
		expect(stats.lowerBounds.get(101)).toBe(long)
		expect(stats.upperBounds.get(101)).toBe(long)
		expect(stats.lowerBounds.get(102)).toBe('é'.repeat(32))
		expect(stats.upperBounds.get(102)).toBe(`${'é'.repeat(31)}ê`)
		expect(stats.lowerBounds.get(103)).toEqual(new Uint8Array(64).fill(255))
		expect(stats.upperBounds.has(103)).toBe(false)
	})

	it('cover every row group and say where each starts', async () => {
		const table = sampleTable({ id: 'integer' })
		const rows = Array.from({ length: ROW_GROUP_ROWS * 2 + 1 }, (_, i) => ({ row: [BigInt(i)] }))
		const { stats, columns } = await roundTrip(sampleChanges(table, rows), sampleLake(table))
		expect(columns.id).toEqual(rows.map(({ row }) => row[0]))
		expect(stats.splitOffsets).toHaveLength(3)
		expect(stats.splitOffsets[0]).toBe(4)
		expect([stats.lowerBounds.get(101), stats.upperBounds.get(101)]).toEqual([0n, BigInt(rows.length - 1)])
		expect(stats.recordCount).toBe(rows.length)
	})

	it('hold no bound of NaN', async () => {
		const table = sampleTable({ id: 'text', r: 'real' })
		const { stats } = await roundTrip(sampleChanges(table, [{ row: ['a', Number.NaN] }, { row: ['b', 1.5] }]), sampleLake(table))
		expect([stats.lowerBounds.get(102), stats.upperBounds.get(102)]).toEqual([1.5, 1.5])
	})
})
