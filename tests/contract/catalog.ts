/**
 * What every catalog does. A test file calls this with a harness; the suite runs in Node and in workerd.
 *
 * @module
 */
import { describe, expect, it } from 'vitest'
import { SQLakeError } from '../../src/errors.ts'
import type { CommitResult } from '../../src/lake/catalog/catalog.ts'
import { MetadataReader } from '../../src/lake/catalog/metadata-reader.ts'
import { planTableScan } from '../../src/lake/catalog/table-scan.ts'
import { CHANGE_FIELDS, changesPartitionSpec } from '../../src/lake/change-table.ts'
import { getCurrentSnapshot } from '../../src/lake/iceberg/snapshot.ts'
import type { IcebergField, IcebergSchema } from '../../src/lake/iceberg/types.ts'
import { lakePath } from '../../src/lake/lake-path.ts'
import { shardKeyId, strayShardsOf } from '../../src/lake/stray-shards.ts'
import { itemsTable } from '../delivery/table-changes.ts'
import { catalogDamageContract } from './catalog-damage.ts'
import { catalogEvolutionContract } from './catalog-evolution.ts'
import {
	type CatalogHarness,
	commitForSure,
	contractCommit,
	contractFile,
	contractSchema,
	DAY_0,
	filesOf,
	LOCATION,
} from './catalog-fixture.ts'
import { type Fault, FaultyStore, type StoreCall } from './faulty-store.ts'

export interface CatalogContractOptions {
	/** Whether several instances may commit at a time. */
	readonly concurrentInstances: boolean
	/** How many runs with random faults. */
	readonly faultSeeds: number
}

const HOUR = 3_600_000

const withField = (field: IcebergField): IcebergSchema => ({ ...contractSchema, fields: [...contractSchema.fields, field] })

const refusal = async (promise: Promise<unknown>): Promise<SQLakeError> => {
	const error = await promise.then(
		() => undefined,
		(thrown: unknown) => thrown,
	)
	if (SQLakeError.is(error)) return error
	throw new Error(`expected an SQLakeError, found ${String(error)}`)
}

export function catalogContract(name: string, newLake: () => Promise<CatalogHarness>, contract: CatalogContractOptions): void {
	describe(`${name} keeps the catalog contract`, { timeout: 30_000 }, () => {
		const fresh = async () => {
			const lake = await newLake()
			return { ...lake, catalog: await lake.open(lake.store) }
		}
		const paths = (table: string, files: readonly [string, number, number?][]) =>
			files
				.map(([shard, from, ts = DAY_0]) => lakePath(LOCATION, `data/${table}/_shard=${shard}/cdc_${ts}_${from}.parquet`))
				.sort()

		it('shows a lake that nobody has written to as empty', async () => {
			const { catalog } = await fresh()
			const snapshot = await catalog.load()
			expect(snapshot.version).toBe(0)
			expect([...snapshot.tables]).toEqual([])
			expect(await catalog.position('a')).toBeNull()
		})

		it('commits files of two tables and the position together', async () => {
			const { catalog, store, open } = await fresh()
			const result = await catalog.commit(contractCommit('a', 1, 10))
			expect(result).toMatchObject({ status: 'committed', position: { epoch: 1, seq: 10, watermark: DAY_0 } })
			expect(Object.keys(result.snapshots).sort()).toEqual(['orders_changes', 'users_changes'])
			for (const reader of [catalog, await open(store)]) {
				expect((await reader.load()).version).toBe(1)
				expect(await reader.position('a')).toEqual({ epoch: 1, seq: 10, watermark: DAY_0 })
				expect(await filesOf(reader, store, 'users_changes')).toEqual(paths('users', [['a', 1]]))
				expect(await filesOf(reader, store, 'orders_changes')).toEqual(paths('orders', [['a', 1]]))
			}
		})

		it('writes metadata that names the commit, its watermark and the version of the lake', async () => {
			const { catalog } = await fresh()
			const { snapshots } = await catalog.commit(contractCommit('a', 1, 10))
			const table = (await catalog.load()).tables.get('users_changes')
			const snapshot = table === undefined ? null : getCurrentSnapshot(table.metadata)
			expect(snapshot).toMatchObject({
				'snapshot-id': snapshots.users_changes,
				'sequence-number': 1,
				summary: {
					operation: 'append',
					'added-data-files': '1',
					'added-records': '10',
					'total-records': '10',
					'sqlake.commit-id': 'a-1-1-10',
					'sqlake.watermark': String(DAY_0),
					'sqlake.epoch': '1',
					'sqlake.lake-version': '1',
				},
			})
			expect(table?.metadataLocation).toMatch(
				/^s3:\/\/contract\/metadata\/users_changes\/[0-9a-f-]{36}-crc32-[0-9a-f]{8}\.metadata\.json$/,
			)
			expect(table?.metadata['partition-specs']).toEqual([changesPartitionSpec()])
		})

		it('says which shards hold rows that their key does not name, of every commit in a group and of each instance', async () => {
			const { catalog, store, open } = await fresh()
			const commit = (shard: string, fromSeq: number, rowsFollowKey?: boolean) => {
				const request = contractCommit(shard, fromSeq, fromSeq, { tables: ['items'] })
				const told = { describes: itemsTable, ...(rowsFollowKey === undefined ? {} : { rowsFollowKey }) }
				return { ...request, appends: request.appends.map((append) => ({ ...append, ...told })) }
			}
			const strays = async () => {
				const table = (await catalog.load()).tables.get('items_changes')
				return table === undefined ? undefined : strayShardsOf(table.metadata)
			}
			await Promise.all([commit('a', 1, true), commit('b', 1, false), commit('c', 1, true)].map((each) => catalog.commit(each)))
			expect(await strays()).toEqual({ key: shardKeyId(itemsTable), shards: ['b'] })
			const other = contract.concurrentInstances ? await open(store) : catalog
			await Promise.all([other.commit(commit('d', 1)), catalog.commit(commit('e', 1, false)), other.commit(commit('a', 2, true))])
			expect((await strays())?.shards).toEqual(['b', 'd', 'e'])
		})

		it('answers a repeated commit as a duplicate, and writes nothing', async () => {
			const { catalog, store, open } = await fresh()
			await catalog.commit(contractCommit('a', 1, 10))
			const before = (await store.list({ prefix: '' })).objects
			for (const again of [catalog, await open(store)]) {
				const result = await again.commit(contractCommit('a', 1, 10))
				expect(result).toEqual({ status: 'duplicate', position: { epoch: 1, seq: 10, watermark: DAY_0 }, snapshots: {} })
			}
			expect((await store.list({ prefix: '' })).objects).toEqual(before)
		})

		it('refuses gaps, overlaps and earlier epochs, saying what was expected and found', async () => {
			const { catalog } = await fresh()
			const gapAtStart = await refusal(catalog.commit(contractCommit('a', 2, 3)))
			expect(gapAtStart).toMatchObject({ code: 'COMMIT_SEQUENCE', details: { expected: { epoch: 1, fromSeq: 1 } } })
			await catalog.commit(contractCommit('a', 1, 10, { epoch: 1 }))
			for (const [from, to] of [
				[12, 13],
				[5, 15],
				[10, 11],
			] as const) {
				const error = await refusal(catalog.commit(contractCommit('a', from, to)))
				expect(error).toMatchObject({
					code: 'COMMIT_SEQUENCE',
					details: { shard: 'a', expected: { epoch: 1, fromSeq: 11 }, found: { epoch: 1, fromSeq: from, toSeq: to } },
				})
			}
			await catalog.commit(contractCommit('a', 8, 9, { epoch: 2 }))
			const earlier = await refusal(catalog.commit(contractCommit('a', 11, 12)))
			expect(earlier).toMatchObject({ code: 'COMMIT_SEQUENCE', details: { expected: { epoch: 2, fromSeq: 10 } } })
			expect(await catalog.position('a')).toMatchObject({ epoch: 2, seq: 9 })
		})

		it('refuses a malformed request', async () => {
			const { catalog } = await fresh()
			const request = contractCommit('a', 1, 2)
			for (const change of [
				{ fromSeq: 0 },
				{ fromSeq: 3 },
				{ toSeq: 1.5 },
				{ epoch: 0 },
				{ watermark: Number.NaN },
				{ shard: '' },
			]) {
				expect(await refusal(catalog.commit({ ...request, ...change }))).toMatchObject({ code: 'RPC_INVALID' })
			}
			const [append] = request.appends
			if (append === undefined) throw new Error('no append')
			const outside = { ...contractFile('users', 'a', 1, 2), filePath: 's3://elsewhere/a.parquet' }
			expect(await refusal(catalog.commit({ ...request, appends: [{ ...append, dataFiles: [outside] }] }))).toMatchObject({
				code: 'RPC_INVALID',
			})
			expect(await refusal(catalog.commit({ ...request, appends: [append, append] }))).toMatchObject({ code: 'RPC_INVALID' })
			for (const recordCount of [0, -1, 1.5, Number.NaN]) {
				const file = { ...contractFile('users', 'a', 1, 2), recordCount }
				expect(await refusal(catalog.commit({ ...request, appends: [{ ...append, dataFiles: [file] }] }))).toMatchObject({
					code: 'RPC_INVALID',
					message: expect.stringContaining(`at least one row, found ${recordCount}`),
				})
			}
			for (const crc32 of [-1, 1.5, 2 ** 32, Number.NaN]) {
				const file = { ...contractFile('users', 'a', 1, 2), crc32 }
				expect(await refusal(catalog.commit({ ...request, appends: [{ ...append, dataFiles: [file] }] }))).toMatchObject({
					code: 'RPC_INVALID',
					message: expect.stringContaining(`a sum of 32 bits, found ${crc32}`),
				})
			}
			expect(await catalog.position('a')).toBeNull()
		})

		it('lets a later epoch begin anywhere, and skip one that never committed', async () => {
			const { catalog, store } = await fresh()
			await catalog.commit(contractCommit('a', 1, 10))
			await catalog.commit(contractCommit('a', 4, 6, { epoch: 3, ts: DAY_0 + HOUR }))
			expect(await catalog.position('a')).toEqual({ epoch: 3, seq: 6, watermark: DAY_0 + HOUR })
			expect(await filesOf(catalog, store, 'users_changes')).toHaveLength(2)
		})

		it('moves the position and not the tables when nothing is appended, and never turns the watermark back', async () => {
			const { catalog } = await fresh()
			await catalog.commit(contractCommit('a', 1, 1, { tables: [], ts: DAY_0 + HOUR }))
			expect([...(await catalog.load()).tables]).toEqual([])
			await catalog.commit(contractCommit('a', 2, 2, { tables: [], ts: DAY_0 }))
			expect(await catalog.position('a')).toEqual({ epoch: 1, seq: 2, watermark: DAY_0 + HOUR })
		})

		it('joins commits that meet into groups: each is in once, and fewer versions than commits are made', async () => {
			const { catalog, store } = await fresh()
			const shards = Array.from({ length: 30 }, (_, i) => `s${i}`)
			const results = await Promise.all(shards.map((shard) => catalog.commit(contractCommit(shard, 1, 5))))
			expect(results.every((result) => result.status === 'committed')).toBe(true)
			expect(await filesOf(catalog, store, 'users_changes')).toEqual(
				paths(
					'users',
					shards.map((shard) => [shard, 1]),
				),
			)
			const { version, tables } = await catalog.load()
			expect(version).toBeLessThan(10)
			expect(getCurrentSnapshot((tables.get('users_changes') as never as { metadata: never }).metadata)?.summary).toMatchObject({
				'total-records': '150',
			})
		})

		it('says of a group up to when all of its shards have delivered, and which epoch where they share one', async () => {
			const { catalog } = await fresh()
			const summaryOf = async () => {
				const metadata = (await catalog.load()).tables.get('users_changes')?.metadata
				return metadata === undefined ? null : getCurrentSnapshot(metadata)?.summary
			}
			// The first may go alone; those that wait for it are one group.
			const hours = { a: 2, b: 3, c: 1, d: 4 }
			await Promise.all(
				Object.entries(hours).map(([shard, hour]) => catalog.commit(contractCommit(shard, 1, 1, { ts: DAY_0 + hour * HOUR }))),
			)
			const summary = await summaryOf()
			expect(Number(summary?.['sqlake.commits'])).toBeGreaterThan(1)
			expect(summary).toMatchObject({ 'sqlake.watermark': String(DAY_0 + HOUR), 'sqlake.epoch': '1' })
			await Promise.all([
				catalog.commit(contractCommit('a', 2, 2, { ts: DAY_0 + 5 * HOUR })),
				catalog.commit(contractCommit('b', 2, 2, { ts: DAY_0 + 7 * HOUR })),
				catalog.commit(contractCommit('c', 1, 1, { ts: DAY_0 + 6 * HOUR, epoch: 2 })),
			])
			const mixed = await summaryOf()
			expect(Number(mixed?.['sqlake.commits'])).toBeGreaterThan(1)
			expect(mixed).not.toHaveProperty('sqlake.epoch')
		})

		it('commits the ranges of one shard in their order when they meet', async () => {
			const { catalog, store } = await fresh()
			const requests = Array.from({ length: 12 }, (_, i) => contractCommit('a', i * 5 + 1, i * 5 + 5))
			const results = await Promise.all([...requests, ...requests].map((request) => catalog.commit(request)))
			expect(results.filter((result) => result.status === 'committed')).toHaveLength(12)
			expect(results.filter((result) => result.status === 'duplicate')).toHaveLength(12)
			expect(await catalog.position('a')).toMatchObject({ seq: 60 })
			expect(new Set(await filesOf(catalog, store, 'orders_changes')).size).toBe(12)
		})

		it('fails only the requests of a group that are wrong', async () => {
			const { catalog, store } = await fresh()
			const wrongType = withField({ id: 101, name: 'other', required: false, type: 'long' })
			await catalog.commit(contractCommit('z', 1, 1))
			const outcomes = await Promise.allSettled([
				catalog.commit(contractCommit('a', 1, 5)),
				catalog.commit(contractCommit('b', 3, 5)),
				catalog.commit(contractCommit('c', 1, 5, { schema: wrongType })),
				catalog.commit(contractCommit('d', 1, 5)),
			])
			expect(outcomes.map((outcome) => outcome.status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled'])
			expect(outcomes[1]).toMatchObject({ reason: { code: 'COMMIT_SEQUENCE' } })
			expect(outcomes[2]).toMatchObject({ reason: { code: 'SCHEMA_EVOLUTION' } })
			expect(await filesOf(catalog, store, 'users_changes')).toEqual(
				paths('users', [
					['a', 1],
					['d', 1],
					['z', 1],
				]),
			)
			expect(await catalog.position('c')).toBeNull()
		})

		it('does not let a file that cannot be described take its group with it', async () => {
			const { catalog, store } = await fresh()
			const poison = contractCommit('b', 1, 5, { tables: ['users'] })
			const file = { ...contractFile('users', 'b', 1, 5), lowerBounds: new Map([[101, 5n]]) }
			const [append] = poison.appends
			if (append === undefined) throw new Error('no append')
			const outcomes = await Promise.allSettled([
				catalog.commit(contractCommit('a', 1, 5)),
				catalog.commit({ ...poison, appends: [{ ...append, dataFiles: [file] }] }),
				catalog.commit(contractCommit('c', 1, 5)),
			])
			expect(outcomes.map((outcome) => outcome.status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
			expect(await filesOf(catalog, store, 'users_changes')).toHaveLength(2)
		})

		it('adds columns that a commit brings, and keeps them for shards that lack them', async () => {
			const { catalog } = await fresh()
			await catalog.commit(contractCommit('a', 1, 1))
			const wider = withField({ id: 102, name: 'email', required: false, type: 'string' })
			await catalog.commit(contractCommit('b', 1, 1, { schema: wider }))
			await catalog.commit(contractCommit('c', 1, 1))
			const metadata = (await catalog.load()).tables.get('users_changes')?.metadata
			expect(metadata?.schemas).toHaveLength(2)
			expect(metadata).toMatchObject({ 'current-schema-id': 1, 'last-column-id': 102 })
			expect(metadata?.snapshots.map((snapshot) => snapshot['schema-id'])).toEqual([0, 1, 1])
		})

		it('merges manifests when there are many, and every file keeps its snapshot and sequence number', async () => {
			const { catalog, store } = await fresh()
			const results: CommitResult[] = []
			for (let i = 1; i <= 104; i++) {
				results.push(await catalog.commit(contractCommit('a', i, i, { tables: ['users'], ts: DAY_0 + i * HOUR })))
			}
			const table = (await catalog.load()).tables.get('users_changes')
			const snapshot = table === undefined ? null : getCurrentSnapshot(table.metadata)
			if (table === undefined || snapshot === null) throw new Error('no table')
			const reader = new MetadataReader({ store, location: LOCATION })
			const manifests = await reader.readManifestList(snapshot['manifest-list'], table.metadata)
			expect(manifests.length).toBeLessThan(100)
			const entries = (await Promise.all(manifests.map((manifest) => reader.readManifest(manifest, table.metadata)))).flat()
			const numbers = entries.map((entry) => [
				Number(entry.dataFile.lowerBounds.get(CHANGE_FIELDS.seq.id)),
				entry.sequenceNumber,
				entry.snapshotId,
			])
			expect(numbers.sort(([a], [b]) => Number(a) - Number(b))).toEqual(
				results.map((result, i) => [i + 1, i + 1, result.snapshots.users_changes]),
			)
			const late = await planTableScan({
				store,
				table,
				predicate: { op: 'gte', fieldId: CHANGE_FIELDS.ts.id, value: BigInt(DAY_0 + 103 * HOUR) * 1000n },
			})
			expect(late.files).toHaveLength(2)
			expect(late.pruned).toBe(102)
		})

		describe('when the store fails', { timeout: 60_000 }, () => {
			/** Commits three ranges, the second through a store with a fault at one call; returns how many calls it made. */
			const run = async (lake: CatalogHarness, faultOf: (call: StoreCall, index: number) => Fault | undefined) => {
				const { store } = lake
				await (await lake.open(store)).commit(contractCommit('a', 1, 5))
				const faulty = new FaultyStore(store, faultOf)
				await commitForSure(() => lake.open(faulty), contractCommit('a', 6, 9))
				await faulty.settle()
				const after = await lake.open(store)
				await after.commit(contractCommit('a', 10, 12))
				expect(await after.position('a')).toMatchObject({ seq: 12 })
				for (const table of ['users', 'orders']) {
					expect(await filesOf(after, store, `${table}_changes`)).toEqual(
						paths(table, [
							['a', 1],
							['a', 6],
							['a', 10],
						]),
					)
				}
				return faulty.calls.length
			}

			it('loses nothing and commits nothing twice, whichever call fails once before or after taking effect', async () => {
				const calls = await run(await newLake(), () => undefined)
				expect(calls).toBeGreaterThan(4)
				for (const fault of ['before', 'after', 'late'] as const) {
					for (let index = 0; index < calls; index++) {
						await run(await newLake(), (_call, i) => (i === index ? fault : undefined))
					}
				}
			})

			it('loses nothing and commits nothing twice when it fails at random', async () => {
				for (let seed = 1; seed <= contract.faultSeeds; seed++) {
					let state = seed
					const random = () => {
						state = (state * 1_103_515_245 + 12_345) % 2 ** 31
						return state / 2 ** 31
					}
					await run(await newLake(), () =>
						random() < 0.25 ? (['before', 'after', 'late'] as const)[Math.floor(random() * 3)] : undefined,
					)
				}
			})

			it('goes on after a call that hangs', async () => {
				const calls = await run(await newLake(), () => undefined)
				for (const index of [0, calls - 2, calls - 1])
					await run(await newLake(), (_call, i) => (i === index ? 'hang' : undefined))
			})

			it('leaves a lake that a crash between any two calls cannot tear', async () => {
				const calls = await run(await newLake(), () => undefined)
				for (let crash = 0; crash <= calls; crash++) {
					const lake = await newLake()
					await (await lake.open(lake.store)).commit(contractCommit('a', 1, 5))
					const dying = new FaultyStore(lake.store, (_call, index) => (index >= crash ? 'before' : undefined))
					await (await lake.open(dying)).commit(contractCommit('a', 6, 9)).catch((error: unknown) => {
						if (!SQLakeError.is(error, 'STORE_UNAVAILABLE')) throw error
					})
					const after = await lake.open(lake.store)
					const users = await filesOf(after, lake.store, 'users_changes')
					const orders = await filesOf(after, lake.store, 'orders_changes')
					const position = await after.position('a')
					expect(users).toHaveLength(position?.seq === 9 ? 2 : 1)
					expect(orders).toHaveLength(users.length)
					await after.commit(contractCommit('a', 6, 9))
					expect(await filesOf(after, lake.store, 'orders_changes')).toHaveLength(2)
				}
			})

			it('says that a metadata file is missing or corrupt, naming it', async () => {
				const lake = await fresh()
				await lake.catalog.commit(contractCommit('a', 1, 5))
				const table = (await lake.catalog.load()).tables.get('users_changes')
				if (table === undefined) throw new Error('no table')
				const list = getCurrentSnapshot(table.metadata)?.['manifest-list'].slice(LOCATION.length + 1) ?? ''
				await lake.store.put(list, new TextEncoder().encode('garbage'))
				expect(await refusal(planTableScan({ store: lake.store, table }))).toMatchObject({
					code: 'LAKE_CORRUPT',
					message: expect.stringContaining(list),
				})
				await lake.store.delete([list])
				expect(await refusal((await lake.open(lake.store)).commit(contractCommit('a', 6, 9)))).toMatchObject({
					code: 'LAKE_CORRUPT',
				})
			})
		})

		it('shows a reader all tables of a commit or none', async () => {
			const { catalog, store, open } = await fresh()
			const reader = contract.concurrentInstances ? await open(store) : catalog
			let writing = true
			const torn: string[] = []
			const watch = async () => {
				while (writing) {
					const { tables } = await reader.load()
					const versions = Array.from(
						tables.values(),
						({ metadata }) => getCurrentSnapshot(metadata)?.summary['sqlake.lake-version'],
					)
					if (new Set(versions).size > 1 || tables.size === 1) torn.push(versions.join())
					await new Promise((resolve) => setTimeout(resolve, 1))
				}
			}
			const watching = watch()
			for (let i = 0; i < 15; i++) await catalog.commit(contractCommit('a', i + 1, i + 1))
			writing = false
			await watching
			expect(torn).toEqual([])
		})

		catalogEvolutionContract(fresh, contract)
		catalogDamageContract(fresh, contract)

		if (!contract.concurrentInstances) return
		it('lets racing instances all commit in the end, each once', async () => {
			const { store, open } = await fresh()
			const shards = Array.from({ length: 8 }, (_, i) => `s${i}`)
			await Promise.all(
				shards.map(async (shard) => {
					const catalog = await open(store)
					for (let i = 0; i < 3; i++) await catalog.commit(contractCommit(shard, i + 1, i + 1, { tables: ['users'] }))
				}),
			)
			const catalog = await open(store)
			expect(await filesOf(catalog, store, 'users_changes')).toEqual(
				paths(
					'users',
					shards.flatMap((shard) => [1, 2, 3].map((from) => [shard, from] as [string, number])),
				),
			)
			expect((await catalog.load()).version).toBeLessThanOrEqual(24)
		})
	})
}
