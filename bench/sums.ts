/**
 * What sums cost: the CRC-32s of pages, column chunks and the file, beside encoding and decoding the same file.
 *
 * @module
 */

import { crc32 } from '../src/lake/crc32.ts'
import type { IcebergField } from '../src/lake/iceberg/types.ts'
import { openParquet } from '../src/lake/parquet/open-parquet.ts'
import { readColumns } from '../src/lake/parquet/read-columns.ts'
import { writeChangesFile } from '../src/lake/parquet/write-changes-file.ts'
import { MemoryObjectStore } from '../src/lake/storage/memory.ts'
import { sampleChanges, sampleLake, sampleTable } from '../tests/lake/parquet/sample.ts'
import type { BenchRuns } from './result.ts'

const ROWS = 100_000
const RUNS = 12

/** Passes over the bytes of a file: its pages, and from its beginning to its end. */
const WRITE_PASSES = 2

/** Ours is the whole, the baseline what is left of it without its sums. */
export async function sumsSuite(): Promise<Record<string, BenchRuns>> {
	const table = sampleTable({ id: 'text', n: 'integer', amount: 'real', note: 'text', seen: 'timestamp_ms' })
	const rows = Array.from({ length: ROWS }, (_, i) => ({
		row: [
			`order-${i}`,
			BigInt((i * 7919) % 100_003),
			Math.sqrt(i),
			`note ${(i * 31) % 977}`,
			BigInt(1_767_225_600_000 + i * 997),
		],
	}))
	const options = { changes: sampleChanges(table, rows), shard: 's', epoch: 1, lake: sampleLake(table) }
	const store = new MemoryObjectStore()
	const file = writeChangesFile(options)
	await store.put('f', file.bytes)
	const columns = table.columns.map(
		({ fieldId: id, name, lakeType: type }): IcebergField => ({ id, name, required: false, type }),
	)
	const writes: number[] = []
	const reads: number[] = []
	const passes: number[] = []
	for (let run = 0; run < RUNS; run++) {
		writes.push(await millisecondsOf(() => writeChangesFile(options)))
		reads.push(
			await millisecondsOf(async () => {
				const parquet = await openParquet(store, 'f', file.bytes.length, file.stats.crc32)
				for await (const _ of readColumns({ file: parquet, columns }));
			}),
		)
		passes.push(await millisecondsOf(() => crc32(file.bytes)))
	}
	const unit = `ms/${ROWS / 1000}k changes`
	const pass = Math.min(...passes)
	const without = (whole: readonly number[], times: number) => whole.map((ms) => ms - times * pass)
	const details = { 'file, MB': file.bytes.length / 1e6, 'CRC-32, MB/s': file.bytes.length / 1e3 / pass }
	return {
		'sums-write': { ours: writes, baseline: without(writes, WRITE_PASSES), unit, details },
		'sums-read': { ours: reads, baseline: without(reads, 1), unit },
	}
}

async function millisecondsOf(work: () => unknown): Promise<number> {
	const start = performance.now()
	await work()
	return performance.now() - start
}
