import { icebergRead } from 'icebird'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { R2PointerCatalog } from '../../src/lake/catalog/r2-pointer-catalog.ts'
import { beforeColumnName, CHANGE_FIELDS, changesPartitionSpec, changesSchema } from '../../src/lake/change-table.ts'
import { encodeTableMetadata } from '../../src/lake/iceberg/metadata-json.ts'
import { partitionOf } from '../../src/lake/iceberg/partition-spec.ts'
import type { IcebergDataFile } from '../../src/lake/iceberg/types.ts'
import { lakePath } from '../../src/lake/lake-path.ts'
import { writeChangesFile } from '../../src/lake/parquet/write-changes-file.ts'
import { MemoryObjectStore } from '../../src/lake/storage/memory.ts'
import { encodeShardPath } from '../../src/schema/shard-path.ts'
import type { SqlValue } from '../../src/schema/sql-value.ts'
import { sampleChanges, sampleLake, sampleTable } from '../lake/parquet/sample.ts'
import { type ServedStore, serveStore } from './serve-store.ts'

/** A lake in memory, which an HTTP server shows to the reader. */
const store = new MemoryObjectStore()
let served: ServedStore
let location = ''

beforeAll(async () => {
	served = await serveStore((key) => ({ store, key }))
	location = served.location
})
afterAll(() => served.close())

const NEW_YEAR = Date.UTC(2026, 0, 1)

const table = sampleTable(
	{ id: 'text', amount: 'real', quantity: 'integer', paid: 'boolean', placed_at: 'timestamp_ms', receipt: 'blob' },
	'orders',
)
const lake = sampleLake(table)
const schema = changesSchema(table, lake)

/** The row of a change: values of every type, or NULLs. */
function rowOf(seq: number): SqlValue[] {
	if (seq % 5 === 0) return [`order-${seq} é😀`, null, null, null, null, null]
	const receipt = new TextEncoder().encode(`receipt ${seq}`)
	return [`order-${seq} é😀`, seq * 1.1, BigInt(seq) * 1_000_000_007n, BigInt(seq % 2), BigInt(NEW_YEAR + seq), receipt]
}

/** The same row as icebird gives it: it has no binary type, and reads bytes as text. */
function expectedRow(seq: number): unknown[] {
	const [id, amount, quantity, paid, placedAt, receipt] = rowOf(seq)
	return [
		id,
		amount,
		quantity,
		paid === null ? null : paid === 1n,
		placedAt === null ? null : new Date(Number(placedAt)),
		receipt === null ? null : new TextDecoder().decode(receipt as Uint8Array),
	]
}

describe('a lake written by sqlake', () => {
	it('is read by icebird, row by row and type by type', async () => {
		const catalog = new R2PointerCatalog({ store, location })
		const wanted: Record<string, unknown>[] = []
		for (const [shard, ops, firstSeq] of [
			['user-1', ['c', 'c', 'c', 'c', 'c'], 1],
			['user-1', ['u', 'd', 'u'], 6],
			['a/b é', ['c'], 1],
		] as const) {
			const batch = sampleChanges(
				table,
				ops.map((op, i) => ({ op, row: rowOf(firstSeq + i), ...(op === 'u' ? { before: rowOf(firstSeq + i + 100) } : {}) })),
				firstSeq,
			)
			const { bytes, stats } = writeChangesFile({ changes: batch, shard, epoch: 1, lake })
			const key = `data/orders/_shard=${encodeShardPath(shard)}/cdc_1_${firstSeq}.parquet`
			await store.put(key, bytes)
			const micros = BigInt(batch.ts[0] ?? 0) * 1000n
			const partition = partitionOf(changesPartitionSpec(), schema, (id) => (id === CHANGE_FIELDS.shard.id ? shard : micros))
			const dataFile: IcebergDataFile = { filePath: lakePath(location, key), fileFormat: 'PARQUET', partition, ...stats }
			await catalog.commit({
				commitId: `${shard}-${firstSeq}`,
				shard,
				epoch: 1,
				fromSeq: firstSeq,
				toSeq: firstSeq + ops.length - 1,
				watermark: NEW_YEAR,
				appends: [{ table: 'orders_changes', schema, dataFiles: [dataFile] }],
			})
			for (const [i, op] of ops.entries()) {
				const seq = firstSeq + i
				const before = op === 'u' ? expectedRow(seq + 100) : []
				wanted.push({
					_op: op,
					_shard: shard,
					_epoch: 1n,
					_seq: BigInt(seq),
					_ts: new Date(batch.ts[i] ?? 0),
					_rescued: null,
					...Object.fromEntries(table.columns.map(({ name }, c) => [name, expectedRow(seq)[c]])),
					...Object.fromEntries(table.columns.map(({ name }, c) => [beforeColumnName(name), before[c] ?? null])),
				})
			}
		}
		const current = (await catalog.load()).tables.get('orders_changes')
		if (current === undefined) throw new Error('no table')
		const metadata = JSON.parse(new TextDecoder().decode(encodeTableMetadata(current.metadata)))
		const rows = await icebergRead({ tableUrl: metadata.location, metadata })
		const bySeq = (a: Record<string, unknown>, b: Record<string, unknown>) =>
			String(a._shard).localeCompare(String(b._shard)) || Number(a._seq) - Number(b._seq)
		expect(rows.map(nullsForAbsent).sort(bySeq)).toEqual(wanted.sort(bySeq))
	})
})

/** A column that a file leaves out is undefined to icebird. */
function nullsForAbsent(row: Record<string, unknown>): Record<string, unknown> {
	return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, value ?? null]))
}
