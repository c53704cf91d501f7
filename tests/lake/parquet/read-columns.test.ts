import fc from 'fast-check'
import { parquetWriteBuffer } from 'hyparquet-writer'
import { beforeAll, describe, expect, it } from 'vitest'
import { SQLakeError } from '../../../src/errors.ts'
import type { IcebergField } from '../../../src/lake/iceberg/types.ts'
import { vectorValues } from '../../../src/lake/parquet/lake-vector.ts'
import { openParquet } from '../../../src/lake/parquet/open-parquet.ts'
import { type RowGroupChunk, readColumns } from '../../../src/lake/parquet/read-columns.ts'
import { ROW_GROUP_ROWS, writeChangesFile } from '../../../src/lake/parquet/write-changes-file.ts'
import { MemoryObjectStore } from '../../../src/lake/storage/memory.ts'
import { sampleChanges, sampleLake, sampleTable } from './sample.ts'

const id: IcebergField = { id: 101, name: 'id', required: false, type: 'string' }
const n: IcebergField = { id: 102, name: 'n', required: false, type: 'long' }

const table = sampleTable({ id: 'text', n: 'integer', wide: 'text' })

/** A store with one file of `count` rows; `wide` is beyond what compression can shrink. */
async function storeWith(count: number, width = 0) {
	let noise = 1
	const wide = () => {
		let text = ''
		for (let i = 0; i < width; i++) {
			noise = (noise * 48_271) % 2_147_483_647
			text += String.fromCharCode(33 + (noise % 90))
		}
		return text
	}
	const rows = Array.from({ length: count }, (_, i) => ({ row: [`key-${i}`, i % 3 === 0 ? null : BigInt(i), wide()] }))
	const { bytes, stats } = writeChangesFile({
		changes: sampleChanges(table, rows),
		shard: 's',
		epoch: 1,
		lake: sampleLake(table),
	})
	const store = new MemoryObjectStore()
	await store.put('f', bytes)
	return { store, bytes, stats }
}

async function collect(chunks: AsyncIterable<RowGroupChunk>): Promise<RowGroupChunk[]> {
	const collected: RowGroupChunk[] = []
	for await (const chunk of chunks) collected.push(chunk)
	return collected
}

async function readAll(store: MemoryObjectStore, columns: readonly IcebergField[], key = 'f') {
	const file = await openParquet(store, key)
	const chunks = await collect(readColumns({ file, columns }))
	return columns.map((_, i) => chunks.flatMap((chunk) => vectorValues(chunk.columns[i] ?? expect.fail('no vector'))))
}

describe('readColumns', () => {
	it('finds columns by field id, whatever they are called now', async () => {
		const { store } = await storeWith(3)
		expect(await readAll(store, [{ ...n, name: 'renamed' }])).toEqual([[null, 1n, 2n]])
	})

	it('reads a column that the file lacks as NULL', async () => {
		const { store } = await storeWith(2)
		expect(await readAll(store, [{ id: 999, name: 'id', required: false, type: 'string' }, id])).toEqual([
			[null, null],
			['key-0', 'key-1'],
		])
	})

	it('reads a small file in one request', async () => {
		const { store, bytes } = await storeWith(100)
		const file = await openParquet(store, 'f', bytes.length)
		await collect(readColumns({ file, columns: [id, n] }))
		expect(file.traffic).toEqual({ requests: 1, bytes: bytes.length })
	})

	it('reads only the wanted columns of a large file, neighbours in one request', async () => {
		const { store, bytes } = await storeWith(20_000, 60)
		const file = await openParquet(store, 'f', bytes.length)
		const footer = file.traffic.bytes
		const chunks = await collect(readColumns({ file, columns: [id, n] }))
		expect(chunks.map(({ rowCount }) => rowCount)).toEqual([20_000])
		expect(file.traffic.requests).toBe(2)
		expect(file.traffic.bytes - footer).toBeLessThan(bytes.length / 3)
	})

	it('reads only the wanted row groups, and says where their rows are', async () => {
		const { store } = await storeWith(ROW_GROUP_ROWS + 5)
		const file = await openParquet(store, 'f')
		const [chunk, ...rest] = await collect(readColumns({ file, columns: [n], rowGroups: [1] }))
		expect(rest).toEqual([])
		expect(chunk).toMatchObject({ rowGroup: 1, rowStart: ROW_GROUP_ROWS, rowCount: 5 })
	})

	it('reads no more than the footer for no columns', async () => {
		const { store, bytes } = await storeWith(20_000, 60)
		const file = await openParquet(store, 'f', bytes.length)
		const chunks = await collect(readColumns({ file, columns: [] }))
		expect(chunks.map(({ rowCount }) => rowCount)).toEqual([20_000])
		expect(file.traffic.requests).toBe(1)
	})

	it('lays vectors out as Arrow does', async () => {
		const { store } = await storeWith(9)
		const file = await openParquet(store, 'f')
		const [chunk] = await collect(readColumns({ file, columns: [id, n] }))
		const [text, numbers] = chunk?.columns ?? []
		expect(text).toMatchObject({ kind: 'bytes', length: 9, nullCount: 0, validity: null })
		expect(text?.kind === 'bytes' && text.offsets).toEqual(Int32Array.from([0, 5, 10, 15, 20, 25, 30, 35, 40, 45]))
		expect(numbers).toMatchObject({ kind: 'int64', length: 9, nullCount: 3 })
		expect(numbers?.validity).toEqual(Uint8Array.of(0b10110110, 0b11111111, 255, 255, 255, 255, 255, 255))
		expect(numbers?.kind === 'int64' && numbers.values).toEqual(BigInt64Array.from([0n, 1n, 2n, 0n, 4n, 5n, 0n, 7n, 8n]))
	})

	it('decodes what another writer wrote: many pages, dictionaries, nulls, no compression', async () => {
		const values = Array.from({ length: 3_000 }, (_, i) => (i % 7 === 0 ? null : `value ${i % 50}`))
		const numbers = values.map((_, i) => (i % 5 === 0 ? null : i / 3))
		const flags = values.map((_, i) => (i % 11 === 0 ? null : i % 2 === 0))
		const bytes = parquetWriteBuffer({
			schema: [
				{ name: 'root', num_children: 3 },
				{ name: 'v', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL', field_id: 1 },
				{ name: 'd', type: 'DOUBLE', repetition_type: 'OPTIONAL', field_id: 2 },
				{ name: 'f', type: 'BOOLEAN', repetition_type: 'OPTIONAL', field_id: 3 },
			],
			columnData: [
				{ name: 'v', data: values },
				{ name: 'd', data: numbers },
				{ name: 'f', data: flags, encoding: 'PLAIN' },
			],
			pageSize: 500,
			codec: 'UNCOMPRESSED',
		})
		const store = new MemoryObjectStore()
		await store.put('f', new Uint8Array(bytes))
		expect(
			await readAll(store, [
				{ id: 1, name: 'v', required: false, type: 'string' },
				{ id: 2, name: 'd', required: false, type: 'double' },
				{ id: 3, name: 'f', required: false, type: 'boolean' },
			]),
		).toEqual([values, numbers, flags])
	})

	it('widens what was written before the type of a column was promoted', async () => {
		const integers = Array.from({ length: 300 }, (_, i) => [0, 1, -1, 2 ** 31 - 1, -(2 ** 31), null][i % 6] ?? null)
		const floats = integers.map((_, i) => (i % 4 === 0 ? null : i / 4))
		const bytes = (encoding: 'PLAIN' | 'DELTA_BINARY_PACKED' | 'RLE_DICTIONARY') =>
			parquetWriteBuffer({
				schema: [
					{ name: 'root', num_children: 2 },
					{ name: 'i', type: 'INT32', repetition_type: 'OPTIONAL', field_id: 1 },
					{ name: 'f', type: 'FLOAT', repetition_type: 'OPTIONAL', field_id: 2 },
				],
				columnData: [
					{ name: 'i', data: integers, encoding },
					{ name: 'f', data: floats, encoding: encoding === 'RLE_DICTIONARY' ? encoding : 'PLAIN' },
				],
			})
		for (const encoding of ['PLAIN', 'DELTA_BINARY_PACKED', 'RLE_DICTIONARY'] as const) {
			const store = new MemoryObjectStore()
			await store.put('f', new Uint8Array(bytes(encoding)))
			const read = await readAll(store, [
				{ id: 1, name: 'i', required: false, type: 'long' },
				{ id: 2, name: 'f', required: false, type: 'double' },
			])
			expect(read, encoding).toEqual([integers.map((value) => (value === null ? null : BigInt(value))), floats])
		}
	})
})

describe('a damaged file', () => {
	let sound: Uint8Array
	beforeAll(async () => {
		sound = (await storeWith(500, 8)).bytes
	})

	async function readDamaged(bytes: Uint8Array): Promise<unknown> {
		const store = new MemoryObjectStore()
		await store.put('data/x.parquet', bytes)
		try {
			return await readAll(store, [id, n], 'data/x.parquet')
		} catch (error) {
			return error
		}
	}

	it('that is gone, empty, cut short or no Parquet at all is LAKE_CORRUPT and named', async () => {
		const gone = await openParquet(new MemoryObjectStore(), 'data/x.parquet', 100).catch((error: unknown) => error)
		const cases = [gone, await readDamaged(new Uint8Array(0)), await readDamaged(new TextEncoder().encode('<html>503</html>'))]
		for (let length = 1; length < sound.length; length += 97) cases.push(await readDamaged(sound.slice(0, length)))
		for (const error of cases) {
			expect(SQLakeError.is(error, 'LAKE_CORRUPT'), String(error)).toBe(true)
			expect(String(error)).toContain('data/x.parquet')
		}
	})

	it('in any byte is LAKE_CORRUPT or still reads, and nothing else', async () => {
		const damage = fc.array(fc.tuple(fc.nat(sound.length - 1), fc.integer({ min: 1, max: 255 })), { minLength: 1, maxLength: 3 })
		await fc.assert(
			fc.asyncProperty(damage, async (flips) => {
				const bytes = sound.slice()
				for (const [at, mask] of flips) bytes[at] = (bytes[at] ?? 0) ^ mask
				const result = await readDamaged(bytes)
				if (result instanceof Error) expect(SQLakeError.is(result, 'LAKE_CORRUPT'), String(result.stack)).toBe(true)
				else expect(result).toHaveLength(2)
			}),
			{ numRuns: 300 },
		)
	})

	it('that holds a column of another type is LAKE_CORRUPT', async () => {
		const { store } = await storeWith(1)
		await expect(readAll(store, [{ ...n, type: 'double' }])).rejects.toThrow(
			/file "f": column "n".*expected a double, found INT64/,
		)
	})
})
