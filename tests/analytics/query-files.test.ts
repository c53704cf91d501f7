import { spawnSync } from 'node:child_process'
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { NativeEngine } from '../../src/analytics/engines/native/native-engine.node.ts'
import type { EngineFile, EngineQuery } from '../../src/analytics/query-engine.ts'
import { writeChangesFile } from '../../src/lake/parquet/write-changes-file.ts'
import { FileObjectStore } from '../../src/lake/storage/file.ts'
import { MemoryObjectStore } from '../../src/lake/storage/memory.ts'
import type { ByteRange, ObjectStore } from '../../src/lake/storage/object-store.ts'
import { sampleChanges, sampleLake, sampleTable } from '../lake/parquet/sample.ts'
import { damageObject } from '../support/damage.ts'

const table = sampleTable({ id: 'text', n: 'integer' })
const limits = { timeoutMs: 20_000 }
let temporary: string
let engine: NativeEngine

beforeEach(async () => {
	temporary = await mkdtemp(join(tmpdir(), 'query-files-'))
	vi.stubEnv('TMPDIR', temporary)
	engine = new NativeEngine()
})
afterEach(async () => {
	await engine.close()
	vi.unstubAllEnvs()
	await rm(temporary, { recursive: true, force: true })
})

/** Puts files of `rows` rows each. */
async function putFiles(store: ObjectStore, count: number, rows = 100): Promise<EngineFile[]> {
	const files: EngineFile[] = []
	for (let k = 0; k < count; k++) {
		const changes = Array.from({ length: rows }, (_, i) => ({ row: [`${k}-${i}`, BigInt(i)] }))
		const options = { changes: sampleChanges(table, changes), shard: 's', epoch: 1, lake: sampleLake(table) }
		const { bytes, stats } = writeChangesFile(options)
		const key = `data/things/${k}.parquet`
		await store.put(key, bytes)
		files.push({ key, sizeInBytes: bytes.length, recordCount: rows, crc32: stats.crc32 ?? 0 })
	}
	return files
}

function queryOf(store: ObjectStore, files: readonly EngineFile[]): EngineQuery {
	const columns = [{ id: 102, name: 'n', required: false, type: 'long' as const }]
	const sql = 'SELECT count(*), sum(n) FROM t'
	return { store, tables: [{ name: 't', columns, files, cacheKey: 'lake' }], views: [], sql, params: [] }
}

async function answer(store: ObjectStore, files: readonly EngineFile[]): Promise<unknown> {
	return (await engine.run(queryOf(store, files), limits)).rows
}

/** Cuts bodies short, as a connection that breaks. */
class BrokenStore extends MemoryObjectStore {
	/** Answers that are cut. */
	cuts = 0
	/** Whether it states the length of what it gives, as a proxy that has cached a part. */
	lies = false

	override async get(key: string, range?: ByteRange) {
		const object = await super.get(key, range)
		if (object === null || this.cuts-- <= 0) return object
		const bytes = object.bytes.subarray(0, object.bytes.length >> 1)
		return { ...object, bytes, size: this.lies ? bytes.length : object.size }
	}
}

async function directories(): Promise<string[]> {
	return (await readdir(temporary)).filter((name) => name.startsWith('sqlake-'))
}

async function bytesOnDisk(): Promise<number> {
	let bytes = 0
	for (const name of await directories()) {
		for (const file of await readdir(join(temporary, name))) {
			bytes += await stat(join(temporary, name, file)).then(
				({ size }) => size,
				() => 0,
			)
		}
	}
	return bytes
}

describe('a file that is copied for native DuckDB', () => {
	it.each([false, true])('is read again where its body is cut short, whether or not the store says so (%s)', async (lies) => {
		const store = new BrokenStore()
		const files = await putFiles(store, 1)
		Object.assign(store, { cuts: 1, lies })
		expect(await answer(store, files)).toEqual([[100, 4950]])
	})

	it('is named where it keeps coming short, and is there once it comes whole', async () => {
		const store = new BrokenStore()
		const files = await putFiles(store, 1)
		for (const [lies, code] of [
			[false, 'STORE_UNAVAILABLE'],
			[true, 'LAKE_CORRUPT'],
		] as const) {
			Object.assign(store, { cuts: 9, lies })
			await expect(answer(store, files)).rejects.toMatchObject({
				code,
				message: expect.stringContaining('data/things/0.parquet'),
			})
		}
		store.cuts = 0
		expect(await answer(store, files)).toEqual([[100, 4950]])
	})

	it('is not taken where it is another file of the same length', async () => {
		const store = new MemoryObjectStore()
		const files = await putFiles(store, 2)
		expect(files[0]?.sizeInBytes).toBe(files[1]?.sizeInBytes)
		await damageObject(store, 'data/things/0.parquet', { kind: 'swap', key: 'data/things/1.parquet' })
		const corrupt = { code: 'LAKE_CORRUPT', message: expect.stringContaining('data/things/0.parquet') }
		await expect(answer(store, files)).rejects.toMatchObject(corrupt)
	})
})

describe('copies on disk', () => {
	it('take no more bytes than they may, whatever is asked one after the other or at once', { timeout: 30_000 }, async () => {
		const store = new MemoryObjectStore()
		const files = await putFiles(store, 6, 1000)
		const size = files.reduce((largest, file) => Math.max(largest, file.sizeInBytes), 0)
		const limit = 2 * size
		engine = new NativeEngine({ copyLimitBytes: limit })
		let highest = 0
		let asking = true
		const watch = (async () => {
			while (asking) {
				highest = Math.max(highest, await bytesOnDisk())
				await new Promise((resolve) => setTimeout(resolve, 1))
			}
		})()
		const one = [[1000, 499_500]]
		for (const file of [...files, ...files]) expect(await answer(store, [file])).toEqual(one)
		expect(await Promise.all([...files, ...files].map((file) => answer(store, [file])))).toEqual(
			files.concat(files).map(() => one),
		)
		expect(await answer(store, files.slice(0, 2))).toEqual([[2000, 999_000]])
		asking = false
		await watch
		expect(highest).toBeGreaterThan(size)
		expect(highest).toBeLessThanOrEqual(limit)
		await expect(answer(store, files)).rejects.toMatchObject({ code: 'ANALYTICS_MEMORY', details: { limitBytes: limit } })
		expect(await answer(store, files.slice(4))).toEqual([[2000, 999_000]])
	})

	it('are removed with their engine, and by the next where their process is dead', async () => {
		const store = new MemoryObjectStore()
		const files = await putFiles(store, 1)
		await answer(store, files)
		const [own = ''] = await directories()
		await engine.close()
		expect(await directories()).toEqual([])
		const { pid: dead } = spawnSync(process.execPath, ['-e', ''])
		const named = (pid: number | undefined, where = own.split('-')[2]) => `sqlake-copies-${where}-${pid}-abcdef`
		const left = [named(dead), named(process.ppid), named(dead, '00000000')]
		for (const name of left) {
			await mkdir(join(temporary, name))
			await writeFile(join(temporary, name, 'x.parquet'), 'x')
		}
		await answer(store, files)
		const now = await directories()
		expect(left.map((name) => now.includes(name))).toEqual([false, true, true])
	})
})

it('a file that native DuckDB reads in place is looked at again once it changed', async () => {
	const store = new FileObjectStore(join(temporary, 'lake'))
	const files = await putFiles(store, 2)
	expect(await answer(store, files)).toEqual([[200, 9900]])
	for (const at of [0, 0.2, 0.5, 0.99]) {
		const repair = await damageObject(store, 'data/things/1.parquet', { kind: 'flip', at })
		const corrupt = { code: 'LAKE_CORRUPT', message: expect.stringContaining('data/things/1.parquet') }
		await expect(answer(store, files)).rejects.toMatchObject(corrupt)
		await repair()
		expect(await answer(store, files)).toEqual([[200, 9900]])
	}
})
