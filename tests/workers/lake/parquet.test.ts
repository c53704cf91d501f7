import { env } from 'cloudflare:test'
import { describe, expect, it } from 'vitest'
import { changesSchema } from '../../../src/lake/change-table.ts'
import { type LakeValue, vectorValues } from '../../../src/lake/parquet/lake-vector.ts'
import { openParquet } from '../../../src/lake/parquet/open-parquet.ts'
import { readColumns } from '../../../src/lake/parquet/read-columns.ts'
import { writeChangesFile } from '../../../src/lake/parquet/write-changes-file.ts'
import { R2ObjectStore } from '../../../src/lake/storage/r2.ts'
import { sampleChanges, sampleLake, sampleTable } from '../../lake/parquet/sample.ts'

const table = sampleTable({ id: 'text', n: 'integer', r: 'real', b: 'blob', ok: 'boolean', at: 'timestamp' })
const lake = sampleLake(table, 'hybrid')

describe('Parquet in workerd', () => {
	it('written to R2 reads back the same, by ranged reads', async () => {
		const rows = Array.from({ length: 30_000 }, (_, i) => ({
			row: [
				`key-${i} 🛩️`,
				BigInt(i) * 1_000_003n,
				i / 7,
				Uint8Array.of(i & 255, 255),
				BigInt(i % 2),
				i % 3 === 0 ? null : BigInt(i),
			],
		}))
		const { bytes, stats } = writeChangesFile({ changes: sampleChanges(table, rows), shard: 'user/1', epoch: 1, lake })
		const store = new R2ObjectStore(env.SQLAKE_BUCKET)
		await store.put('data/things/x.parquet', bytes)

		const file = await openParquet(store, 'data/things/x.parquet', stats.fileSizeInBytes)
		const columns = changesSchema(table, lake).fields.filter(({ id }) => id === 2 || (id > 100 && id < 10_000))
		const read: LakeValue[][] = columns.map(() => [])
		for await (const chunk of readColumns({ file, columns })) {
			for (const [i, vector] of chunk.columns.entries()) for (const value of vectorValues(vector)) read[i]?.push(value)
		}

		expect(read).toEqual([
			rows.map(() => 'user/1'),
			...[0, 1, 2, 3].map((i) => rows.map(({ row }) => row[i])),
			rows.map(({ row }) => row[4] === 1n),
			rows.map(({ row }) => (typeof row[5] === 'bigint' ? row[5] * 1_000_000n : null)),
		])
		expect(file.traffic.bytes).toBeLessThan(bytes.length)
	})
})
