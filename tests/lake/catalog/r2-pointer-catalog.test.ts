import { describe, expect, it } from 'vitest'
import { emptyPointer, encodeLakePointer, POINTER_KEY } from '../../../src/lake/catalog/lake-pointer.ts'
import { PointerObject } from '../../../src/lake/catalog/pointer-object.ts'
import { R2PointerCatalog } from '../../../src/lake/catalog/r2-pointer-catalog.ts'
import { MemoryObjectStore } from '../../../src/lake/storage/memory.ts'
import type { ObjectStore, StoredObject } from '../../../src/lake/storage/object-store.ts'
import { catalogContract } from '../../contract/catalog.ts'
import { CALL_TIMEOUT, contractCommit, DAY_0, filesOf, LOCATION } from '../../contract/catalog-fixture.ts'
import { FaultyStore } from '../../contract/faulty-store.ts'

const retry = { attempts: 40, baseDelay: 1, maxDelay: 20 }

catalogContract(
	'R2PointerCatalog over memory',
	async () => ({
		store: new MemoryObjectStore(),
		open: async (store) => new R2PointerCatalog({ store, location: LOCATION, retry, callTimeout: CALL_TIMEOUT, leaseTime: 500 }),
	}),
	{ concurrentInstances: true, faultSeeds: 10 },
)

describe('the pointer', () => {
	it('holds a bounded number of shards, and says what to do beyond', async () => {
		const catalog = new R2PointerCatalog({ store: new MemoryObjectStore(), location: LOCATION, maxShards: 2 })
		await catalog.commit(contractCommit('a', 1, 1))
		const outcomes = await Promise.allSettled(['b', 'c'].map((shard) => catalog.commit(contractCommit(shard, 1, 1))))
		expect(outcomes.map((outcome) => outcome.status)).toEqual(['fulfilled', 'rejected'])
		expect(outcomes[1]).toMatchObject({ reason: { code: 'CATALOG_LIMIT', hint: expect.stringContaining('SQLAKE_CATALOG') } })
		expect(await catalog.commit(contractCommit('a', 2, 2))).toMatchObject({ status: 'committed' })
	})

	it('takes the room of 4,096 shards however long their names are', async () => {
		const position = { epoch: 1, seq: 123_456, watermark: 1_760_000_000_000 }
		const shards = new Map(Array.from({ length: 4096 }, (_, i) => [i.toString(16).padStart(32, '0'), position]))
		expect(encodeLakePointer({ ...emptyPointer(LOCATION), shards }).byteLength).toBeLessThan(300_000)
	})

	it('that is lost too often is a conflict, and nothing was committed', async () => {
		const store = new MemoryObjectStore()
		const beaten = new FaultyStore(store, () => undefined)
		const put = beaten.put.bind(beaten)
		let rivals = 0
		// Somebody who does not wait for his turn, as an older sqlake, commits right before every swap of ours.
		beaten.put = async (key, bytes, options) => {
			if (key === POINTER_KEY) {
				const pointer = new PointerObject(store, LOCATION)
				const read = await pointer.read()
				const next = { ...read.pointer, version: read.pointer.version + 1, nonce: `rival ${rivals++}` }
				expect(await pointer.swap(next, read.etag ?? (await pointer.create()) ?? '')).toBe(true)
			}
			return put(key, bytes, options)
		}
		const catalog = new R2PointerCatalog({ store: beaten, location: LOCATION, retry: { attempts: 3, baseDelay: 1, maxDelay: 2 } })
		await expect(catalog.commit(contractCommit('a', 1, 1))).rejects.toMatchObject({
			name: 'CommitConflictError',
			code: 'COMMIT_CONFLICT',
			details: { attempts: 3 },
		})
		expect(rivals).toBe(4)
		expect((await store.list({ prefix: 'commits/' })).objects).toEqual([])
		expect(await catalog.position('a')).toBeNull()
	})

	it('whose swap fails, or is answered by nobody, is won by its own mark alone: a rival may have made the same version', async () => {
		for (const lost of ['before', 'after'] as const) {
			const store = new MemoryObjectStore()
			await new R2PointerCatalog({ store, location: LOCATION }).commit(contractCommit('a', 1, 1))
			let swaps = 0
			const unsure = new FaultyStore(store, (call) =>
				call.key === POINTER_KEY && call.operation === 'put' && ++swaps === 1 ? lost : undefined,
			)
			const put = unsure.put.bind(unsure)
			unsure.put = async (key, bytes, options) => {
				const isSwap = key === POINTER_KEY && swaps === 0
				const outcome = await Promise.allSettled([put(key, bytes, options)])
				// Before the pointer is read again, a rival swaps it: to the version that ours would have, or on top of ours.
				if (isSwap) await new R2PointerCatalog({ store, location: LOCATION }).commit(contractCommit('rival', 1, 1))
				const [settled] = outcome
				if (settled.status === 'rejected') throw settled.reason
				return settled.value
			}
			const catalog = new R2PointerCatalog({ store: unsure, location: LOCATION, retry })
			const { status, position } = await catalog.commit(contractCommit('a', 2, 2))
			expect(status).toBe(lost === 'before' ? 'committed' : 'duplicate')
			expect(position).toMatchObject({ seq: 2 })
			expect(await filesOf(catalog, store, 'users_changes')).toHaveLength(3)
			expect((await catalog.load()).version).toBe(3)
		}
	})

	it('leaves no snapshot that is older than its parent, whatever the clock says', async () => {
		const times = [5_000, 3_000, 4_000, 9_000]
		let now = DAY_0
		const catalog = new R2PointerCatalog({ store: new MemoryObjectStore(), location: LOCATION, now: () => now })
		for (const [n, time] of times.entries()) {
			now = DAY_0 + time
			await catalog.commit(contractCommit('a', n + 1, n + 1, { tables: ['users'] }))
		}
		const metadata = (await catalog.load()).tables.get('users_changes')?.metadata
		expect(metadata?.snapshots.map((snapshot) => snapshot['timestamp-ms'] - DAY_0)).toEqual([5_000, 5_000, 5_000, 9_000])
		expect(metadata?.['last-updated-ms']).toBe(DAY_0 + 9_000)
	})

	it('of another lake, or of another catalog, is refused', async () => {
		const store = new MemoryObjectStore()
		await new R2PointerCatalog({ store, location: LOCATION }).commit(contractCommit('a', 1, 1))
		await expect(new R2PointerCatalog({ store, location: 's3://other' }).load()).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
		const claimed = new MemoryObjectStore()
		const owner = { kind: 'durable-object', id: 'x' } as const
		await claimed.put(POINTER_KEY, encodeLakePointer({ ...emptyPointer(LOCATION), owner }))
		await expect(new R2PointerCatalog({ store: claimed, location: LOCATION }).load()).rejects.toMatchObject({
			code: 'CONFIG_INVALID',
			hint: expect.stringContaining('SQLAKE_CATALOG'),
		})
	})

	it('that was deleted is missed, and its lake not taken for an empty one', async () => {
		const store = new MemoryObjectStore()
		const open = () => new R2PointerCatalog({ store, location: LOCATION })
		await open().commit(contractCommit('a', 1, 1))
		await store.delete([POINTER_KEY])
		const lost = { code: 'LAKE_CORRUPT', message: expect.stringContaining(POINTER_KEY) }
		await expect(open().load()).rejects.toMatchObject(lost)
		await expect(open().position('a')).rejects.toMatchObject(lost)
		await expect(open().commit(contractCommit('a', 2, 2))).rejects.toMatchObject(lost)
		await expect(open().evolve([])).rejects.toMatchObject(lost)
		const { objects } = await store.list({ prefix: 'metadata/' })
		await store.delete(objects.map(({ key }) => key))
		expect(await open().commit(contractCommit('a', 1, 1))).toMatchObject({ status: 'committed' })
	})

	it('that a read gives as it was is told from the present one by asking for a confirmed position', async () => {
		const store = new MemoryObjectStore()
		const open = (shown: ObjectStore) => new R2PointerCatalog({ store: shown, location: LOCATION, retry })
		const seqOf = async (catalog: R2PointerCatalog, confirm: boolean) => (await catalog.position('a', { confirm }))?.seq
		const past: (StoredObject | null)[] = [await store.get(POINTER_KEY)]
		for (const seq of [1, 2, 3]) {
			await open(store).commit(contractCommit('a', seq, seq))
			past.push(await store.get(POINTER_KEY))
		}
		for (const [then, stale] of past.entries()) {
			let staleReads = 2
			const behind = new FaultyStore(store, () => undefined)
			behind.get = async (key) => (key === POINTER_KEY && staleReads-- > 0 ? stale : store.get(key))
			// A pointer that seems to be missing is missed, since the lake has tables.
			expect(await seqOf(open(behind), false)).toBe(then === 0 ? 3 : then)
			staleReads = 2
			expect(await seqOf(open(behind), true)).toBe(3)
		}
		expect((await open(store).load()).version).toBe(3)
	})

	it('that HEAD finds and GET never does is an error in the end, not an empty lake', async () => {
		const store = new MemoryObjectStore()
		await new R2PointerCatalog({ store, location: LOCATION }).commit(contractCommit('a', 1, 1))
		const blind = new FaultyStore(store, () => undefined)
		blind.get = async () => null
		await expect(new R2PointerCatalog({ store: blind, location: LOCATION }).position('a')).rejects.toMatchObject({
			code: 'STORE_UNAVAILABLE',
		})
	})

	it('confirmed to be missing is there afterwards', async () => {
		const store = new MemoryObjectStore()
		expect(await new R2PointerCatalog({ store, location: LOCATION }).position('a', { confirm: true })).toBeNull()
		expect(await store.head(POINTER_KEY)).not.toBeNull()
	})

	it('is there before any metadata, so that a first commit that dies leaves an empty lake', async () => {
		for (let calls = 0; calls < 8; calls++) {
			const store = new MemoryObjectStore()
			await store.put('metadata/migrations.json', new Uint8Array())
			const failing = new FaultyStore(store, (_, index) => (index >= calls ? 'before' : undefined))
			const dying = new R2PointerCatalog({ store: failing, location: LOCATION, retry })
			await expect(dying.commit(contractCommit('a', 1, 1))).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
			const catalog = new R2PointerCatalog({ store, location: LOCATION })
			expect((await catalog.load()).tables.size).toBe(0)
			expect(await catalog.commit(contractCommit('a', 1, 1))).toMatchObject({ status: 'committed' })
		}
	})

	it('that is none is corrupt, saying what was expected', async () => {
		const store = new MemoryObjectStore()
		const catalog = new R2PointerCatalog({ store, location: LOCATION })
		const encode = (text: string) => store.put(POINTER_KEY, new TextEncoder().encode(text))
		for (const [text, message] of [
			['{"format', /not JSON/],
			['null', /expected format "sqlake-catalog"/],
			['{"format":"sqlake-catalog","format-version":2}', /expected format-version 1, found 2/],
			['{"format":"sqlake-catalog","format-version":1,"owner":{"kind":"pointer"}}', /expected a location, found undefined/],
		] as const) {
			await encode(text)
			await expect(catalog.load()).rejects.toMatchObject({ code: 'LAKE_CORRUPT', message: expect.stringMatching(message) })
		}
	})

	it('that was written without sums is read, and gets them with the next commit', async () => {
		const store = new MemoryObjectStore()
		const open = () => new R2PointerCatalog({ store, location: LOCATION })
		await open().commit(contractCommit('a', 1, 1))
		const text = async () => new TextDecoder().decode((await store.get(POINTER_KEY))?.bytes)
		const without = (await text()).replace(/,"crc32":"[0-9a-f]{8}"\}$/, '}')
		await store.put(POINTER_KEY, new TextEncoder().encode(without))
		expect(await open().position('a')).toMatchObject({ seq: 1 })
		await open().commit(contractCommit('a', 2, 2))
		expect(await text()).toMatch(/"crc32":"[0-9a-f]{8}"\}$/)
		expect(await open().position('a')).toMatchObject({ seq: 2 })
	})

	it('without a sum is corrupt where a table goes by another name than its folder', async () => {
		const store = new MemoryObjectStore()
		const open = () => new R2PointerCatalog({ store, location: LOCATION })
		await open().commit(contractCommit('a', 1, 1))
		const text = new TextDecoder().decode((await store.get(POINTER_KEY))?.bytes)
		const renamed = text.replace('"users_changes":', '"usdrs_changes":').replace(/,"crc32":"[0-9a-f]{8}"\}$/, '}')
		await store.put(POINTER_KEY, new TextEncoder().encode(renamed))
		const corrupt = { code: 'LAKE_CORRUPT', message: expect.stringMatching(/catalog\.json: .*"usdrs_changes"/) }
		await expect(open().load()).rejects.toMatchObject(corrupt)
		await expect(open().commit(contractCommit('a', 2, 2))).rejects.toMatchObject(corrupt)
	})
})

it('a commit of two tables costs one read of the pointer and seven puts, once its instance is warm', async () => {
	const store = new FaultyStore(new MemoryObjectStore(), () => undefined)
	const catalog = new R2PointerCatalog({ store, location: LOCATION })
	await catalog.commit(contractCommit('a', 1, 1))
	store.calls.length = 0
	await catalog.commit(contractCommit('a', 2, 2))
	expect(store.calls.filter((call) => call.operation === 'put')).toHaveLength(7)
	expect(store.calls.filter((call) => call.operation === 'get').map((call) => call.key)).toEqual([POINTER_KEY])
})
