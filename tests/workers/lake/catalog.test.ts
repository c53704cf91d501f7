import { env, runInDurableObject } from 'cloudflare:test'
import { describe, expect, it } from 'vitest'
import type { Catalog, PositionOptions } from '../../../src/lake/catalog/catalog.ts'
import { CatalogStub } from '../../../src/lake/catalog/catalog-stub.ts'
import { DurableCatalog } from '../../../src/lake/catalog/durable-catalog.ts'
import { R2PointerCatalog } from '../../../src/lake/catalog/r2-pointer-catalog.ts'
import { MAX_UNUSED_SCHEMAS } from '../../../src/lake/iceberg/table-metadata.ts'
import { DEFAULT_LAKE_LOCATION, lakePath } from '../../../src/lake/lake-path.ts'
import { MemoryObjectStore } from '../../../src/lake/storage/memory.ts'
import type { ObjectStore } from '../../../src/lake/storage/object-store.ts'
import { R2ObjectStore } from '../../../src/lake/storage/r2.ts'
import { catalogContract } from '../../contract/catalog.ts'
import { CALL_TIMEOUT, contractCommit, contractSchema, filesOf, LOCATION } from '../../contract/catalog-fixture.ts'
import { PrefixedStore } from '../../contract/prefixed-store.ts'

const retry = { attempts: 60, baseDelay: 5, maxDelay: 200 }

catalogContract(
	'R2PointerCatalog over R2',
	async () => ({
		store: new PrefixedStore(new R2ObjectStore(env.SQLAKE_BUCKET), `${crypto.randomUUID()}/`),
		open: async (store) =>
			new R2PointerCatalog({ store, location: LOCATION, retry, callTimeout: CALL_TIMEOUT, leaseTime: 1_000 }),
	}),
	{ concurrentInstances: true, faultSeeds: 3 },
)

catalogContract(
	'DurableCatalog',
	async () => {
		const stub = env.PLAIN_DO.getByName(crypto.randomUUID())
		return {
			store: new MemoryObjectStore(),
			open: (store) => openInObject(stub, store),
		}
	},
	{ concurrentInstances: false, faultSeeds: 3 },
)

describe('DurableCatalog', () => {
	it('keeps metadata that is larger than a row of SQLite may be', async () => {
		const store = new MemoryObjectStore()
		const stub = env.PLAIN_DO.getByName(crypto.randomUUID())
		const wide = Array.from({ length: 12_000 }, (_, i) => ({
			id: 1000 + i,
			name: `column ${i} é`,
			required: false,
			type: 'long' as const,
		}))
		const schema = { ...contractSchema, fields: [...contractSchema.fields, ...wide] }
		await (await openInObject(stub, store)).commit(contractCommit('a', 1, 1, { schema, tables: ['users'] }))
		const opened = await openInObject(stub, store)
		const table = (await opened.load()).tables.get('users_changes')
		const object = await store.head(table?.metadataLocation.slice(LOCATION.length + 1) ?? '')
		expect(object?.size).toBeGreaterThan(1024 * 1024)
		expect(table?.metadata.schemas[0]?.fields).toHaveLength(schema.fields.length)
		await opened.commit(contractCommit('a', 2, 2, { tables: ['users'] }))
		expect(await filesOf(await openInObject(stub, store), store, 'users_changes')).toHaveLength(2)
	})

	it('keeps metadata that has become smaller, and nothing of what it was', async () => {
		const store = new MemoryObjectStore()
		const stub = env.PLAIN_DO.getByName(crypto.randomUUID())
		const column = (n: number) => ({ id: 1000 + n, name: `column ${n}`, required: false, type: 'long' as const })
		const evolution = (schemaVersion: number, ...columns: ReturnType<typeof column>[]) => [
			{ table: 'users_changes', schemaVersion, schema: { ...contractSchema, fields: [...contractSchema.fields, ...columns] } },
		]
		const catalog = await openInObject(stub, store)
		const parts = () =>
			runInDurableObject(stub, (_, { storage }) => storage.sql.exec('SELECT count(*) AS n FROM lake_metadata').one().n)
		await catalog.evolve(evolution(1, ...Array.from({ length: 16_000 }, (_, n) => column(n))))
		expect(await parts()).toBeGreaterThan(1)
		// Schemas that no snapshot was written with leave the metadata once there are many.
		for (let version = 2; version <= 2 + MAX_UNUSED_SCHEMAS; version++)
			await catalog.evolve(evolution(version, column(20_000 + version)))
		expect(await parts()).toBe(1)
		const table = (await (await openInObject(stub, store)).load()).tables.get('users_changes')
		expect(table?.metadata['current-schema-id']).toBe(MAX_UNUSED_SCHEMAS + 1)
		expect(table?.metadata).toEqual((await catalog.load()).tables.get('users_changes')?.metadata)
	})

	it('says which metadata is not what was written, where its own copy is damaged', async () => {
		const store = new MemoryObjectStore()
		const stub = env.PLAIN_DO.getByName(crypto.randomUUID())
		const catalog = await openInObject(stub, store)
		await catalog.commit(contractCommit('a', 1, 1, { tables: ['users'] }))
		const location = (await catalog.load()).tables.get('users_changes')?.metadataLocation ?? ''
		await runInDurableObject(stub, (_, { storage: { sql } }) => {
			const [row] = sql.exec<{ bytes: ArrayBuffer }>('SELECT bytes FROM lake_metadata')
			const bytes = new Uint8Array(row?.bytes ?? new ArrayBuffer())
			const name = new TextDecoder().decode(bytes).indexOf('users')
			bytes[name] = (bytes[name] ?? 0) ^ 1
			sql.exec('UPDATE lake_metadata SET bytes = ?', bytes.buffer)
		})
		const damaged = await openInObject(stub, store)
		const corrupt = { code: 'LAKE_CORRUPT', message: expect.stringContaining(location) }
		await expect(damaged.load()).rejects.toMatchObject(corrupt)
		await expect(damaged.commit(contractCommit('a', 2, 2, { tables: ['users'] }))).rejects.toMatchObject(corrupt)
	})

	it('does not take a lake of another catalog for an empty one', async () => {
		const store = new MemoryObjectStore()
		await new R2PointerCatalog({ store, location: LOCATION }).commit(contractCommit('a', 1, 1))
		const catalog = await openInObject(env.PLAIN_DO.getByName(crypto.randomUUID()), store)
		for (const call of [catalog.load(), catalog.position('a'), catalog.commit(contractCommit('b', 1, 1))]) {
			expect(await call.catch((error: unknown) => error)).toMatchObject({ code: 'CONFIG_INVALID' })
		}
	})

	it('claims its bucket, so that no other catalog commits beside it', async () => {
		const store = new MemoryObjectStore()
		const first = await openInObject(env.PLAIN_DO.getByName(crypto.randomUUID()), store)
		await first.commit(contractCommit('a', 1, 1))
		const second = await openInObject(env.PLAIN_DO.getByName(crypto.randomUUID()), store)
		const refused = await second.commit(contractCommit('a', 1, 1)).catch((error: unknown) => error)
		expect(refused).toMatchObject({ code: 'CONFIG_INVALID' })
		await expect(new R2PointerCatalog({ store, location: LOCATION }).load()).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
		expect(await first.commit(contractCommit('a', 2, 2))).toMatchObject({ status: 'committed' })
	})
})

describe('SQLakeCatalog, through CatalogStub', () => {
	const store = new R2ObjectStore(env.SQLAKE_BUCKET)
	const request = (shard: string, from: number, to: number) => {
		const commit = contractCommit(shard, from, to)
		return {
			...commit,
			appends: commit.appends.map((append) => ({
				...append,
				dataFiles: append.dataFiles.map((file) => ({
					...file,
					filePath: lakePath(DEFAULT_LAKE_LOCATION, file.filePath.slice(LOCATION.length + 1)),
				})),
			})),
		}
	}

	it('commits over RPC, keeps errors whole, and is sent only metadata that changed', async () => {
		const loads: number[] = []
		const connect = () => {
			const stub = env.CATALOG_DO.getByName('SQLAKE_BUCKET')
			return {
				sqlakeCatalogLoad: async (known: readonly string[]) => {
					const answer = await stub.sqlakeCatalogLoad(known)
					if (answer.ok) loads.push(answer.value.tables.filter((table) => table.metadata !== undefined).length)
					return answer
				},
				sqlakeCatalogPosition: (shard: string, options?: PositionOptions) => stub.sqlakeCatalogPosition(shard, options),
				sqlakeCatalogCommit: (commit: ReturnType<typeof request>) => stub.sqlakeCatalogCommit(commit),
			}
		}
		const catalog = new CatalogStub(connect as never)
		expect((await catalog.load()).tables.size).toBe(0)
		const results = await Promise.all(['a', 'b', 'c'].map((shard) => catalog.commit(request(shard, 1, 5))))
		expect(results.map((result) => result.status)).toEqual(['committed', 'committed', 'committed'])
		expect(await catalog.position('a')).toMatchObject({ seq: 5 })
		const refused = await catalog.commit(request('a', 9, 9)).catch((error: unknown) => error)
		expect(refused).toMatchObject({
			name: 'SQLakeError',
			code: 'COMMIT_SEQUENCE',
			hint: expect.any(String),
			details: { expected: { epoch: 1, fromSeq: 6 } },
		})
		expect(await filesOf(catalog, store, 'users_changes')).toHaveLength(3)
		await catalog.commit({ ...request('a', 6, 6), appends: request('a', 6, 6).appends.slice(0, 1) })
		expect(await filesOf(catalog, store, 'users_changes')).toHaveLength(4)
		expect(await filesOf(catalog, store, 'users_changes')).toHaveLength(4)
		expect(loads).toEqual([0, 2, 1, 0])
	})

	it('reports an object that does not answer as an unknown outcome', async () => {
		const catalog = new CatalogStub(() => {
			throw new Error('Network connection lost.')
		})
		await expect(catalog.position('a')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
	})
})

/** A catalog that lives in a Durable Object, called from the test. Opening it again is a restart: nothing is remembered. */
async function openInObject(stub: DurableObjectStub, store: ObjectStore): Promise<Catalog> {
	const inside = <T>(work: (catalog: DurableCatalog) => Promise<T>): Promise<T> => {
		// An error thrown in runInDurableObject would reset the object.
		return runInDurableObject(stub, () => work(catalog))
	}
	const catalog = await runInDurableObject(
		stub,
		(_instance, state) => new DurableCatalog({ storage: state.storage, store, location: LOCATION, callTimeout: CALL_TIMEOUT }),
	)
	return {
		load: () => inside((opened) => opened.load()),
		position: (shard) => inside((opened) => opened.position(shard)),
		commit: (request) => inside((opened) => opened.commit(request)),
		evolve: (tables, options) => inside((opened) => opened.evolve(tables, options)),
	}
}
