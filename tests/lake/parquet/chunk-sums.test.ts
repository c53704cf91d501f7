import { crc32 as zlibCrc32 } from 'node:zlib'
import fc from 'fast-check'
import { parquetMetadata } from 'hyparquet'
import { parquetHeader } from 'hyparquet/src/column.js'
import { beforeAll, describe, expect, it } from 'vitest'
import type { IcebergField } from '../../../src/lake/iceberg/types.ts'
import { decodeChunk } from '../../../src/lake/parquet/decode-chunk.ts'
import { vectorValues } from '../../../src/lake/parquet/lake-vector.ts'
import { openParquet } from '../../../src/lake/parquet/open-parquet.ts'
import { readColumns } from '../../../src/lake/parquet/read-columns.ts'
import { type ChangesFile, writeChangesFile } from '../../../src/lake/parquet/write-changes-file.ts'
import { MemoryObjectStore } from '../../../src/lake/storage/memory.ts'
import type { ByteRange } from '../../../src/lake/storage/object-store.ts'
import { anyDamage, damageObject, outcomeOf } from '../../support/damage.ts'
import { sampleChanges, sampleLake, sampleTable } from './sample.ts'

const KEY = 'data/things/x.parquet'
const table = sampleTable({ id: 'text', n: 'integer', wide: 'text' })
const fields: readonly IcebergField[] = [
	{ id: 101, name: 'id', required: false, type: 'string' },
	{ id: 102, name: 'n', required: false, type: 'long' },
]

/** A file of two row groups whose second half of columns is far from its footer. */
let file: ChangesFile

beforeAll(() => {
	const noise = (i: number) => Array.from({ length: 6 }, (_, k) => ((i * 7919 + k * 104_729) % 1_000_003).toString(36)).join('')
	const rows = Array.from({ length: 21_000 }, (_, i) => ({ row: [`key-${i}`, i % 3 === 0 ? null : BigInt(i), noise(i)] }))
	file = writeChangesFile({ changes: sampleChanges(table, rows), shard: 's', epoch: 1, lake: sampleLake(table) })
})

/** Changes one body on its way. */
class HarmfulStore extends MemoryObjectStore {
	/** Reads until then. */
	next = Number.POSITIVE_INFINITY
	reads = 0

	override async get(key: string, range?: ByteRange) {
		const object = await super.get(key, range)
		this.reads++
		if (object === null || this.next-- !== 0) return object
		const at = object.bytes.length - 20
		object.bytes[at] = (object.bytes[at] ?? 0) ^ 4
		return object
	}
}

async function storeOf({ bytes }: ChangesFile): Promise<HarmfulStore> {
	const store = new HarmfulStore()
	await store.put(KEY, bytes)
	return store
}

async function read(store: MemoryObjectStore, sum = file.stats.crc32): Promise<unknown[]> {
	const parquet = await openParquet(store, KEY, file.bytes.length, sum)
	const values: unknown[] = []
	for await (const { columns } of readColumns({ file: parquet, columns: fields })) values.push(...columns.flatMap(vectorValues))
	return values
}

describe('a file of ours', () => {
	it('has the CRC-32 that its manifest will state', () => {
		expect(file.stats.crc32).toBe(zlibCrc32(file.bytes))
	})

	it('has a CRC-32 in each page header, of all that follows the header', () => {
		const { row_groups } = parquetMetadata(new Uint8Array(file.bytes))
		let pages = 0
		for (const { meta_data } of row_groups.flatMap(({ columns }) => columns)) {
			const from = Number(meta_data?.dictionary_page_offset ?? meta_data?.data_page_offset)
			const end = from + Number(meta_data?.total_compressed_size)
			const reader = { view: new DataView(file.bytes.buffer), offset: from }
			for (; reader.offset < end; pages++) {
				const { crc, compressed_page_size } = parquetHeader(reader)
				const body = file.bytes.subarray(reader.offset, reader.offset + compressed_page_size)
				expect(crc).toBe(zlibCrc32(body) | 0)
				reader.offset += compressed_page_size
			}
		}
		expect(pages).toBeGreaterThan(row_groups.length * 7)
	})

	it('in which anything is damaged reads as before or not at all', { timeout: 30_000 }, async () => {
		const store = await storeOf(file)
		await store.put('other', file.bytes.slice(0, -1))
		const expected = await read(store)
		let found = 0
		await fc.assert(
			fc.asyncProperty(anyDamage(['other']), async (damage) => {
				const repair = await damageObject(store, KEY, damage)
				const seen = await outcomeOf(() => read(store), [KEY])
				await repair()
				if (seen.answer === undefined) {
					found++
					expect(seen).toMatchObject({ code: 'LAKE_CORRUPT', names: [KEY] })
				} else expect(seen.answer).toEqual(expected)
			}),
			{ numRuns: 60, endOnFailure: true },
		)
		expect(found).toBeGreaterThan(0)
	})

	it('that is damaged on its way is read again, whether by its footer or by a column', async () => {
		const store = await storeOf(file)
		const expected = await read(store)
		const { reads } = store
		expect(reads).toBeGreaterThan(1)
		for (let next = 0; next < reads; next++) {
			Object.assign(store, { next, reads: 0 })
			expect(await read(store)).toEqual(expected)
			expect(store.reads).toBe(reads + 1)
		}
	})

	it('is not the one of another sum, nor one without sums', async () => {
		const store = await storeOf(file)
		await expect(read(store, 1)).rejects.toMatchObject({ code: 'LAKE_CORRUPT', message: expect.stringContaining(KEY) })
	})
})

it('a page that is not the one of its CRC-32 does not decode, where nothing else vouches for it', () => {
	const bytes = file.bytes.slice()
	const { row_groups, schema } = parquetMetadata(bytes)
	const meta = row_groups[0]?.columns.find(({ meta_data }) => meta_data?.path_in_schema[0] === 'id')?.meta_data
	const element = schema.find(({ name }) => name === 'id')
	const [field] = fields
	if (meta === undefined || element === undefined || field === undefined) return expect.fail('no column "id"')
	const start = Number(meta.data_page_offset)
	const chunk = bytes.subarray(start, start + Number(meta.total_compressed_size))
	const source = { field, element, meta, bytes: chunk, rowCount: Number(row_groups[0]?.num_rows) }
	expect(decodeChunk({ ...source, isChecked: false }).length).toBe(source.rowCount)
	chunk[chunk.length - 1] = (chunk.at(-1) ?? 0) ^ 1
	expect(() => decodeChunk({ ...source, isChecked: false })).toThrow('a page has another CRC-32')
	expect(decodeChunk({ ...source, isChecked: true }).length).toBe(source.rowCount)
})
