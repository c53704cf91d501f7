import { describe, expect, it } from 'vitest'
import { putDataFile } from '../../src/delivery/put-data-file.ts'
import { MemoryObjectStore } from '../../src/lake/storage/memory.ts'
import type { ObjectStore } from '../../src/lake/storage/object-store.ts'
import { timedStore } from '../../src/lake/storage/timed-store.ts'

const key = 'data/items/_shard=a/cdc_0_1.parquet'
const bytes = new Uint8Array([1, 2, 3])

describe('putDataFile', () => {
	it('stores a file under a free name', async () => {
		const store = new MemoryObjectStore()
		expect(await putDataFile(store, key, bytes)).toBe('stored')
		expect((await store.get(key))?.bytes).toEqual(bytes)
	})

	it('takes the same bytes under the name, left by an attempt whose answer was lost, for stored', async () => {
		const store = new MemoryObjectStore()
		await store.put(key, bytes)
		expect(await putDataFile(store, key, bytes)).toBe('stored')
	})

	it('never overwrites other bytes', async () => {
		const store = new MemoryObjectStore()
		const other = new Uint8Array([1, 2, 4])
		await store.put(key, other)
		expect(await putDataFile(store, key, bytes)).toBe('taken')
		expect((await store.get(key))?.bytes).toEqual(other)
	})

	it('gives up on a store that hangs', async () => {
		const store: ObjectStore = new MemoryObjectStore()
		store.put = () => new Promise(() => {})
		await expect(putDataFile(timedStore(store, 10), key, bytes)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
	})
})
