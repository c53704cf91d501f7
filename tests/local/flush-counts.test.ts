import { describe, expect, it, onTestFinished } from 'vitest'
import { Capture } from '../../src/cdc/capture.ts'
import { Delivery } from '../../src/delivery/delivery.ts'
import { DEFAULT_FLUSH_POLICY } from '../../src/delivery/flush-policy.ts'
import { newTally } from '../../src/delivery/tally.ts'
import { R2PointerCatalog } from '../../src/lake/catalog/r2-pointer-catalog.ts'
import { MemoryObjectStore } from '../../src/lake/storage/memory.ts'
import { NO_LOCK } from '../../src/local/delivery-lock.ts'
import { NodeShards } from '../../src/local/node-shards.ts'
import { NodeStorage } from '../../src/local/node-storage.ts'
import { openShard } from '../../src/local/open-shard.ts'
import { migrationsOfSchema } from '../../src/local/schema-migrations.ts'
import { createObservability } from '../../src/observability/create-observability.ts'
import { InMemoryMetrics } from '../../src/observability/in-memory-metrics.ts'
import { type Fault, FaultyStore, type StoreCall } from '../contract/faulty-store.ts'
import { schema } from '../contract/query-router.ts'
import { schemaOf } from '../workers/cdc/schema-of.ts'

const location = 's3://sqlake'

/** A store whose writes wait while its gate is shut. */
class GatedStore extends MemoryObjectStore {
	#gate: Promise<void> = Promise.resolve()
	waiting = 0

	/** @returns what opens it again */
	shut(): () => void {
		const { promise, resolve } = Promise.withResolvers<void>()
		this.#gate = promise
		return resolve
	}

	override async put(...args: Parameters<MemoryObjectStore['put']>) {
		this.waiting++
		await this.#gate
		return super.put(...args)
	}
}

/** Shards in memory over a store that fails as it is told. */
function open(threshold = Number.POSITIVE_INFINITY) {
	const faults: { of: (call: StoreCall) => Fault | undefined } = { of: () => undefined }
	const memory = new GatedStore()
	const store = new FaultyStore(memory, (call) => faults.of(call))
	const metrics = new InMemoryMetrics()
	const names = new Set<string>()
	const shards = new NodeShards({
		schema,
		lake: { store, catalog: new R2PointerCatalog({ store, location }), location },
		observability: createObservability({ metrics }),
		places: {
			maxOpen: Number.POSITIVE_INFINITY,
			names: async () => [...names],
			pathOf: async (name) => {
				names.add(name)
				return ':memory:'
			},
		},
		lock: NO_LOCK,
		policy: { ...DEFAULT_FLUSH_POLICY, threshold },
		alarms: Number.isFinite(threshold),
		migrations: async () => migrations,
		migrationPolicy: 'on-start',
	})
	onTestFinished(() => shards.close())
	const write = (shard: string, ...ids: readonly string[]) => {
		const sql = 'INSERT INTO orders (id, user_id, amount) VALUES (?, ?, 1)'
		return shards.execute({ shard, readOnly: false, statements: ids.map((id) => ({ sql, params: [id, shard] })) })
	}
	/** What the lake holds, as its catalog tells. */
	const inLake = async () => {
		const { tables } = await new R2PointerCatalog({ store: memory, location }).load()
		const snapshots = tables.get('orders_changes')?.metadata.snapshots ?? []
		const summary: Readonly<Record<string, string | undefined>> = snapshots.at(-1)?.summary ?? {}
		return { changes: Number(summary['total-records'] ?? 0), files: Number(summary['total-data-files'] ?? 0) }
	}
	const measured = () => ({
		changes: metrics.counter('sqlake.flush.changes'),
		files: metrics.counter('sqlake.flush.files'),
		bytes: metrics.counter('sqlake.flush.bytes'),
	})
	return { shards, write, inLake, measured, memory, faults }
}

const migrations = migrationsOfSchema(schema)
const isPointer = ({ operation, key }: StoreCall) => operation === 'put' && key.endsWith('catalog.json')
const names = Array.from({ length: 26 }, (_, index) => `shard-${String(index).padStart(2, '0')}`)

describe('the result of a flush', () => {
	it('counts what was committed though the answer was lost', async () => {
		const { shards, write, inLake, measured, faults } = open()
		await write('a', '1', '2')
		let lost = 0
		faults.of = (call) => (isPointer(call) && lost++ === 0 ? 'after' : undefined)
		const result = await shards.flush().catch(() => shards.flush())
		expect(lost).toBeGreaterThan(0)
		expect(await inLake()).toEqual({ changes: 2, files: 1 })
		expect(result).toMatchObject({ flights: 1, changes: 2, files: 1, drained: true })
		expect(measured()).toEqual({ changes: 2, files: 1, bytes: result.bytes })
	})

	it('counts what other shards delivered while one failed, once that one has delivered, too', async () => {
		const { shards, write, inLake, measured, faults } = open()
		for (const name of names) await write(name, '1')
		faults.of = ({ operation, key }) => (operation === 'put' && key.includes('_shard=shard-07/') ? 'before' : undefined)
		await expect(shards.flush()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
		expect(await inLake()).toEqual({ changes: 25, files: 25 })
		expect(measured()).toMatchObject({ changes: 25, files: 25 })
		faults.of = () => undefined
		await write('shard-03', '2')
		const result = await shards.flush()
		expect(result).toMatchObject({ flights: 27, changes: 27, files: 27, drained: true })
		expect(await inLake()).toEqual({ changes: 27, files: 27 })
		expect(measured()).toEqual({ changes: 27, files: 27, bytes: result.bytes })
		expect(await shards.flush()).toMatchObject({ flights: 0, changes: 0, files: 0, bytes: 0 })
	})

	it('counts what the alarm was delivering when it was called', async () => {
		const { shards, write, inLake, measured, memory } = open(1)
		const openGate = memory.shut()
		for (const name of names) await write(name, '1')
		await expect.poll(() => memory.waiting, { timeout: 10_000 }).toBe(names.length)
		// One of them has more by now, which goes in a flight of its own.
		await write('shard-00', '2')
		const flushed = shards.flush()
		openGate()
		const result = await flushed
		expect(result).toMatchObject({ flights: 27, changes: 27, files: 27 })
		expect(await inLake()).toEqual({ changes: 27, files: 27 })
		expect(measured()).toEqual({ changes: 27, files: 27, bytes: result.bytes })
	})

	it('counts a flight once, whoever waits for it', async () => {
		const { shards, write, inLake, memory } = open(1)
		const openGate = memory.shut()
		await write('a', '1')
		await expect.poll(() => memory.waiting, { timeout: 10_000 }).toBe(1)
		const calls = [shards.flush(), shards.flush(), shards.flush()]
		openGate()
		const results = await Promise.all(calls)
		expect(results.map(({ changes }) => changes).sort()).toEqual([0, 0, 1])
		expect(await inLake()).toEqual({ changes: 1, files: 1 })
	})
})

describe('a shard', () => {
	it('tells a caller that waits of what the alarm delivers, and the alarm only where nobody waits', async () => {
		const store = new GatedStore()
		const alarm = { get: () => null, set: () => {} }
		const { shard, storage } = openShard('s', ':memory:', await migrations, alarm, {
			schema,
			lake: { store, catalog: new R2PointerCatalog({ store, location }), location },
			policy: DEFAULT_FLUSH_POLICY,
			observability: createObservability(),
			lock: NO_LOCK,
			migrationPolicy: 'on-start',
			background: () => {},
		})
		onTestFinished(() => storage.close())
		const write = (id: string) => {
			const statements = [{ sql: 'INSERT INTO users (id) VALUES (?)', params: [id] }]
			shard.execute({ shard: 's', readOnly: false, statements })
		}
		write('1')
		const openGate = store.shut()
		const rung = shard.onAlarm()
		await expect.poll(() => store.waiting, { timeout: 10_000 }).toBe(1)
		const flushed = shard.flush()
		openGate()
		expect(await rung).toMatchObject({ flights: 0, changes: 0 })
		expect(await flushed).toMatchObject({ flights: 1, changes: 1, files: 1 })
		write('2')
		expect(await shard.onAlarm()).toMatchObject({ flights: 1, changes: 1, files: 1 })
		expect(await shard.flush()).toMatchObject({ flights: 0, changes: 0, files: 0 })
	})
})

describe('a delivery', () => {
	it('leaves what it did before it failed in the tally that it was given', async () => {
		const nodeStorage = new NodeStorage(':memory:', { get: () => null, set: () => {} })
		onTestFinished(() => nodeStorage.close())
		const storage = nodeStorage.durableObjectStorage
		storage.sql.exec('CREATE TABLE t (id INTEGER PRIMARY KEY)')
		const lake = schemaOf(storage.sql, 't')
		const capture = new Capture(storage, lake, { shard: 's' })
		capture.install()
		for (const id of [1, 2, 3, 4]) {
			storage.sql.exec('INSERT INTO t VALUES (?)', id)
			// Changes of one moment go in one flight.
			await new Promise((resolve) => setTimeout(resolve, 3))
		}
		let uploads = 0
		let isDown = true
		const store = new FaultyStore(new MemoryObjectStore(), ({ operation, key }) =>
			operation === 'put' && key.includes('/_shard=') && ++uploads > 2 && isDown ? 'before' : undefined,
		)
		const delivery = new Delivery({
			capture,
			store,
			catalog: new R2PointerCatalog({ store, location }),
			shard: 's',
			lake,
			location,
			sync: () => storage.sync(),
			now: () => Date.now(),
			observability: createObservability(),
			limits: { maxChanges: 1 },
		})
		const tally = newTally()
		await expect(delivery.run(tally)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
		expect(tally.counts).toMatchObject({ flights: 2, changes: 2, files: 2 })
		isDown = false
		expect(await delivery.run(tally)).toMatchObject({ flights: 4, changes: 4, files: 4, drained: true })
		expect(await delivery.run()).toMatchObject({ flights: 0, changes: 0, files: 0 })
	})
})
