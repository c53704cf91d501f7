import fc from 'fast-check'
import { parquetMetadata } from 'hyparquet'
import { describe, expect, it } from 'vitest'
import type { IcebergField } from '../../../src/lake/iceberg/types.ts'
import { vectorValues } from '../../../src/lake/parquet/lake-vector.ts'
import { openParquet } from '../../../src/lake/parquet/open-parquet.ts'
import { readColumns } from '../../../src/lake/parquet/read-columns.ts'
import { writeChangesFile } from '../../../src/lake/parquet/write-changes-file.ts'
import { MemoryObjectStore } from '../../../src/lake/storage/memory.ts'
import type { SqlValue } from '../../../src/schema/sql-value.ts'
import { sampleChanges, sampleLake, sampleTable } from './sample.ts'

const KINDS = { integer: 'long', real: 'double', text: 'string' } as const

/** Writes a column `v` of some values and reads it back. */
async function written(kind: keyof typeof KINDS, values: readonly SqlValue[]) {
	const table = sampleTable({ id: 'text', v: kind })
	const changes = sampleChanges(
		table,
		values.map((value, i) => ({ row: [`${i}`, value] })),
	)
	const { bytes, stats } = writeChangesFile({ changes, shard: 's', epoch: 1, lake: sampleLake(table) })
	const store = new MemoryObjectStore()
	await store.put('f', bytes)
	const file = await openParquet(store, 'f', bytes.length, stats.crc32)
	const field: IcebergField = { id: 102, name: 'v', required: false, type: KINDS[kind] }
	const read: unknown[] = []
	for await (const { columns } of readColumns({ file, columns: [field] })) read.push(...columns.flatMap(vectorValues))
	const chunk = parquetMetadata(bytes).row_groups[0]?.columns.find(({ meta_data }) => meta_data?.path_in_schema[0] === 'v')
	return {
		read,
		bounds: [stats.lowerBounds.get(102), stats.upperBounds.get(102)],
		footer: [chunk?.meta_data?.statistics?.min_value, chunk?.meta_data?.statistics?.max_value],
		encodings: chunk?.meta_data?.encodings,
	}
}

describe('integers', () => {
	const EDGES = [0n, 2n ** 31n, 2n ** 32n, 2n ** 53n, 2n ** 62n].flatMap((edge) => [edge, -edge])

	it('that are neighbours beyond 2^53 stay apart, however often they come', async () => {
		for (const edge of EDGES) {
			const values = Array.from({ length: 400 }, (_, i) => edge + BigInt(i % 3) - 1n)
			const { read, bounds } = await written('integer', values)
			expect(read).toEqual(values)
			expect(bounds).toEqual([edge - 1n, edge + 1n])
		}
	})

	it('come back whatever lies between the least and the greatest of them', async () => {
		for (const range of [2n ** 31n - 1n, 2n ** 31n, 2n ** 31n + 1n, 2n ** 32n]) {
			for (const least of [0n, -(2n ** 30n), -(2n ** 40n) - 7n, 2n ** 33n]) {
				const values = [least, least + range, ...Array.from({ length: 40 }, (_, i) => least + (range * BigInt(i)) / 41n)]
				const { read, bounds } = await written('integer', values)
				expect(read).toEqual(values)
				expect(bounds).toEqual([least, least + range])
			}
		}
	})

	it('are written as differences only where those fit 31 bits', async () => {
		const spread = (range: bigint) => [0n, range, ...Array.from({ length: 40 }, (_, i) => (range * BigInt(i)) / 41n)]
		expect((await written('integer', spread(2n ** 31n - 1n))).encodings).toEqual(['DELTA_BINARY_PACKED'])
		expect((await written('integer', spread(2n ** 31n))).encodings).toEqual(['PLAIN'])
	})
})

describe('the bounds of reals', () => {
	it('cover both zeros where they touch zero, in the manifest and in the footer', async () => {
		for (const [values, least, greatest] of [
			[[0, 0, 0, 0], -0, 0],
			[[-0, -0], -0, 0],
			[[0, 1.5], -0, 1.5],
			[[-1.5, -0], -1.5, 0],
			[[1, 2], 1, 2],
		] as const) {
			const { read, bounds, footer } = await written('real', values)
			expect(read.map((value, i) => Object.is(value, values[i]))).toEqual(values.map(() => true))
			// `toBe` tells -0 from 0.
			for (const found of [bounds, footer]) {
				expect(found[0]).toBe(least)
				expect(found[1]).toBe(greatest)
			}
		}
	})
})

describe('the bounds of texts', () => {
	const unit = fc.constantFrom(
		'a',
		'~',
		'\u00e9',
		'\u07ff',
		'\ud7ff',
		'\ue000',
		'\uff5e',
		'\uffff',
		'\u{10000}',
		'\u{1f6e9}',
		'\u{10ffff}',
	)
	const texts = fc
		.array(fc.array(unit, { maxLength: 4 }), { minLength: 1, maxLength: 12 })
		.map((all) => all.map((each) => each.join('')))

	it('are the least and the greatest by their UTF-8 bytes, with a dictionary and without one', { timeout: 30_000 }, async () => {
		await fc.assert(
			fc.asyncProperty(texts, fc.constantFrom(1, 40), async (distinct, times) => {
				const values = Array.from({ length: times }, () => distinct).flat()
				const sorted = [...distinct].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
				const { read, bounds } = await written('text', values)
				expect(read).toEqual(values)
				expect(bounds).toEqual([sorted[0], sorted.at(-1)])
			}),
			{ numRuns: 150 },
		)
	})
})
