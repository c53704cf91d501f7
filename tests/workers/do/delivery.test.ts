import { env, runInDurableObject } from 'cloudflare:test'
import { parquetReadObjects } from 'hyparquet'
import { describe, expect, it } from 'vitest'
import { Capture } from '../../../src/cdc/capture.ts'
import { Delivery, type DeliveryParts } from '../../../src/delivery/delivery.ts'
import { flushCDCToR2, flushCDCToR2WithIceberg } from '../../../src/delivery/flush-cdc.ts'
import type { Catalog } from '../../../src/lake/catalog/catalog.ts'
import { openLake } from '../../../src/lake/open-lake.ts'
import type { ObjectStore } from '../../../src/lake/storage/object-store.ts'
import { createObservability } from '../../../src/observability/create-observability.ts'
import { InMemoryMetrics } from '../../../src/observability/in-memory-metrics.ts'
import type { Attributes } from '../../../src/observability/observability.ts'
import type { LakeSchema, LakeType } from '../../../src/schema/table-schema.ts'
import { schemaOf } from '../cdc/support.ts'
import { lakeRows } from '../simulation/lake-rows.ts'

const lake = openLake({ bucket: env.SQLAKE_BUCKET, bucketBinding: 'SQLAKE_BUCKET', catalogs: undefined })
let shards = 0

interface Parts {
	readonly shard: string
	readonly sql: SqlStorage
	readonly storage: DurableObjectStorage
	readonly schema: LakeSchema
	readonly capture: Capture
	deliveryOf(parts?: Partial<DeliveryParts>): Delivery
}

/** Runs in a fresh object with two captured tables. */
function inShard(
	run: (parts: Parts) => Promise<void>,
	change: (schema: LakeSchema) => LakeSchema = (schema) => schema,
): Promise<void> {
	const shard = `delivery-${shards++}`
	return runInDurableObject(env.PLAIN_DO.getByName(shard), async (_, { storage }) => {
		storage.sql.exec(
			'CREATE TABLE good (id integer PRIMARY KEY, note text); CREATE TABLE bad (id integer PRIMARY KEY, note text)',
		)
		const schema = change(schemaOf(storage.sql, 'good', 'bad'))
		const capture = new Capture(storage, schema, { shard, maxFlightBytes: 1_000_000 })
		capture.install()
		const deliveryOf = (parts: Partial<DeliveryParts> = {}) =>
			new Delivery({
				...lake,
				capture,
				shard,
				lake: schema,
				sync: () => storage.sync(),
				now: () => Date.now(),
				observability: createObservability(),
				...parts,
			})
		await run({ shard, sql: storage.sql, storage, schema, capture, deliveryOf })
	})
}

/** A schema whose table "bad" has a column of a type that no encoder knows. */
function poisoned(schema: LakeSchema): LakeSchema {
	const bad = schema.tables.get('bad')
	if (bad === undefined) throw new Error('no table "bad"')
	const columns = bad.columns.map((column) => (column.name === 'note' ? { ...column, lakeType: 'poison' as LakeType } : column))
	return { ...schema, tables: new Map([...schema.tables, ['bad', { ...bad, columns }]]) }
}

describe('Delivery', () => {
	it('sets a change aside that cannot be encoded, and delivers the rest in order', async () => {
		await inShard(async ({ shard, sql, capture, deliveryOf }) => {
			sql.exec("INSERT INTO good VALUES (1, 'a'); INSERT INTO bad VALUES (1, 'x'), (2, 'y'); INSERT INTO good VALUES (2, 'b')")
			const result = await deliveryOf().run()
			expect(result).toMatchObject({ flights: 1, deadLetters: 2, drained: true })
			expect((await lakeRows(lake.store, lake.catalog, shard)).map(({ _seq, note }) => [_seq, note])).toEqual([
				[1n, 'a'],
				[4n, 'b'],
			])
			expect(capture.deadLetters().map(({ seq, event }) => [seq, event._table, event._after])).toEqual([
				[2, 'bad', { id: 1, note: 'x' }],
				[3, 'bad', { id: 2, note: 'y' }],
			])
			expect(capture.retryDeadLetters()).toBe(2)
			expect(await deliveryOf().run()).toMatchObject({ drained: true, deadLetters: expect.any(Number) })
			expect(capture.deadLetters()).toMatchObject([{ seq: 2, retries: 1 }, { seq: 3, retries: 1 }, {}, {}])
			expect(capture.purgeDeadLetters(-1)).toBe(4)
		}, poisoned)
	})

	it('puts nothing into the store before the changes are durable in the shard', async () => {
		await inShard(async ({ sql, storage, capture, deliveryOf }) => {
			sql.exec("INSERT INTO good VALUES (1, 'a')")
			const order: string[] = []
			const sync = async () => {
				order.push(`sync of flight ${JSON.stringify(capture.state().flight?.toSeq)}`)
				await storage.sync()
			}
			const put: ObjectStore['put'] = (key, ...rest) => {
				order.push('put')
				return lake.store.put(key, ...rest)
			}
			const store: ObjectStore = {
				get: (...call) => lake.store.get(...call),
				head: (key) => lake.store.head(key),
				list: (options) => lake.store.list(options),
				delete: (keys) => lake.store.delete(keys),
				put,
			}
			expect(await deliveryOf({ sync, store }).run()).toMatchObject({ flights: 1, drained: true })
			expect(order).toEqual(['sync of flight 1', 'put'])
		})
	})

	/** The catalog, in which a rival with another history of the shard commits before each commit that `isHurt` tells. */
	const catalogWithRival = (isHurt: (commits: number) => boolean, further: number) => {
		let commits = 0
		const catalog: Catalog = {
			load: () => lake.catalog.load(),
			position: (...call) => lake.catalog.position(...call),
			evolve: (...call) => lake.catalog.evolve(...call),
			commit: async (request) => {
				const rival = { ...request, commitId: `rival ${commits}`, toSeq: request.toSeq + further, watermark: 1, appends: [] }
				if (isHurt(++commits)) await lake.catalog.commit(rival)
				return lake.catalog.commit(request)
			},
		}
		return { catalog, commits: () => commits }
	}

	it.each([
		['as far', 0],
		['further', 3],
		['less far', -1],
	])('finds that a rival has come %s while it was delivering, and delivers all rows in a new epoch', async (_how, further) => {
		await inShard(async ({ shard, sql, capture, deliveryOf }) => {
			sql.exec("INSERT INTO good VALUES (1, 'a'), (2, 'b')")
			const { catalog, commits } = catalogWithRival((n) => n === 1, further)
			expect(await deliveryOf({ catalog }).run()).toMatchObject({ flights: 1, drained: true })
			expect(commits()).toBe(2)
			expect(capture.epoch).toBe(2)
			const rows = await lakeRows(lake.store, lake.catalog, shard)
			expect(rows.map(({ _epoch, note }) => [_epoch, note])).toEqual([
				[2n, 'a'],
				[2n, 'b'],
			])
		})
	})

	it('gives up on a rival that is ahead each time, and keeps the changes', async () => {
		await inShard(async ({ shard, sql, capture, deliveryOf }) => {
			sql.exec("INSERT INTO good VALUES (1, 'a'), (2, 'b')")
			const { catalog, commits } = catalogWithRival(() => true, 3)
			await expect(deliveryOf({ catalog }).run()).rejects.toMatchObject({ code: 'COMMIT_SEQUENCE' })
			expect(commits()).toBe(6)
			expect(capture.pending().changes).toBe(2)
			expect(await deliveryOf().run()).toMatchObject({ changes: 2, drained: true })
			expect((await lakeRows(lake.store, lake.catalog, shard)).map(({ note }) => note)).toEqual(['a', 'b'])
		})
	})

	it('delivers large rows in flights that fit in memory', async () => {
		await inShard(async ({ shard, sql, deliveryOf }) => {
			for (let id = 0; id < 12; id++) {
				sql.exec("INSERT INTO good VALUES (?, printf('%.*c', 200000, 'x'))", id)
				sql.exec('UPDATE _cdc_buffer SET ts = ts + ? WHERE seq = ?', id, id + 1)
			}
			const result = await deliveryOf().run()
			expect(result).toMatchObject({ changes: 12, flights: 2 })
			expect(await lakeRows(lake.store, lake.catalog, shard)).toHaveLength(12)
		})
	})

	it('splits files at midnight UTC, each in its own partition', async () => {
		await inShard(async ({ shard, sql, deliveryOf }) => {
			sql.exec("INSERT INTO good VALUES (1, 'before'), (2, 'after')")
			const midnight = Date.UTC(2026, 5, 2) / 1000
			sql.exec('UPDATE _cdc_buffer SET ts = ? + CASE WHEN seq = 1 THEN -0.001 ELSE 0 END WHERE tag <> 0', midnight)
			expect(await deliveryOf().run()).toMatchObject({ files: 2, flights: 1 })
			expect((await lakeRows(lake.store, lake.catalog, shard)).map(({ _ts }) => _ts.toISOString())).toEqual([
				'2026-06-01T23:59:59.999Z',
				'2026-06-02T00:00:00.000Z',
			])
		})
	})

	it('tells of a clock that went back, once until it has caught up', async () => {
		await inShard(async ({ sql, capture, deliveryOf }) => {
			const metrics = new InMemoryMetrics()
			const warnings: (readonly [string, Attributes | undefined])[] = []
			const { logger: silent } = createObservability()
			const logger = { ...silent, warn: (message: string, attributes?: Attributes) => void warnings.push([message, attributes]) }
			let time = Date.UTC(2026, 5, 1)
			const delivery = deliveryOf({ now: () => time, observability: createObservability({ metrics, logger }) })
			let id = 0
			/** Writes and delivers by a clock that is wrong by some milliseconds, and has been put right by the time of the delivery. */
			const write = async (wrongBy: number) => {
				sql.exec('INSERT INTO good (id) VALUES (?)', ++id)
				sql.exec('UPDATE _cdc_buffer SET ts = ? WHERE seq = ?', (time + wrongBy) / 1000, capture.lastSeq())
				await delivery.run()
				time += 60_000
			}
			await write(0)
			await write(900)
			expect(metrics.counter('sqlake.clock.jumps')).toBe(0)
			await write(3_600_000)
			await write(0)
			expect(metrics.counter('sqlake.clock.jumps')).toBe(1)
			expect(warnings).toEqual([
				[expect.stringContaining('the clock of the shard went back'), expect.objectContaining({ byMs: 3_600_000 })],
			])
			time += 3_600_000
			await write(0)
			await write(-3_600_000)
			expect(metrics.counter('sqlake.clock.jumps')).toBe(2)
		})
	})

	it('can be called from an object that does not extend SQLakeDO', async () => {
		await inShard(async ({ shard, sql, storage, schema }) => {
			sql.exec("INSERT INTO good VALUES (1, 'a')")
			expect(await flushCDCToR2WithIceberg({ storage, schema, shard, lake })).toMatchObject({ changes: 1, drained: true })
			expect(await lakeRows(lake.store, lake.catalog, shard)).toHaveLength(1)
		})
	})

	it('can deliver to files alone, each change once, and says how far it came', async () => {
		await inShard(async ({ shard, sql, storage, schema }) => {
			const bucket = env.SQLAKE_BUCKET
			const options = { storage, schema, shard, bucket }
			const files = async () => (await bucket.list({ prefix: `data/good/_shard=${shard}/` })).objects.map(({ key }) => key)
			sql.exec("INSERT INTO good VALUES (1, 'a'), (2, 'b')")
			expect(await flushCDCToR2(options)).toMatchObject({ changes: 2, files: 1, drained: true })
			expect(await flushCDCToR2(options)).toMatchObject({ changes: 0, files: 0, drained: true })
			sql.exec('DELETE FROM good WHERE id = 1')
			expect(await flushCDCToR2(options)).toMatchObject({ changes: 1, files: 1 })
			const rows = []
			for (const key of await files()) {
				const bytes = await (await bucket.get(key))?.arrayBuffer()
				rows.push(...(await parquetReadObjects({ file: bytes ?? new ArrayBuffer(), columns: ['_op', '_seq', 'id'] })))
			}
			expect(rows.map(({ _op, _seq, id }) => [_op, Number(_seq), Number(id)])).toEqual([
				['c', 1, 1],
				['c', 2, 2],
				['d', 3, 1],
			])
			expect(await (await bucket.get(`data/_positions/${shard}.json`))?.json()).toMatchObject({ epoch: 1, seq: 3 })
			// The tables of a lake have nothing of it: a delivery to them begins a new epoch, and back-fills.
			sql.exec("INSERT INTO good VALUES (3, 'c')")
			expect(await flushCDCToR2WithIceberg({ storage, schema, shard, lake })).toMatchObject({ drained: true })
			expect(new Set((await lakeRows(lake.store, lake.catalog, shard)).map(({ id }) => Number(id)))).toEqual(new Set([2, 3]))
		})
	})

	it('stops when its time is over, and says that something is left', async () => {
		await inShard(async ({ sql, capture, deliveryOf }) => {
			sql.exec("INSERT INTO good VALUES (1, 'a')")
			expect(await deliveryOf({ limits: { budget: 0 } }).run()).toMatchObject({ drained: false, flights: 0 })
			expect(capture.pending().changes).toBe(1)
		})
	})

	it('delivers 100,000 changes of 10 columns in one flight, within seconds', async () => {
		const shard = 'large'
		await runInDurableObject(env.PLAIN_DO.getByName(shard), async (_, { storage }) => {
			const { sql } = storage
			sql.exec(
				'CREATE TABLE f (id integer PRIMARY KEY, a text, b text, c real, d real, e integer, f integer, g integer, h text, i integer)',
			)
			const schema = schemaOf(sql, 'f')
			const capture = new Capture(storage, schema, { shard })
			capture.install()
			sql.exec(
				`WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 100000) INSERT INTO f
				SELECT n, 'origin ' || n % 300, 'destination ' || n % 250, n * 1.5, n % 100 * 0.25, n % 1000, n * 7, 1700000000 + n, hex(n * 31), n % 2 FROM s`,
			)
			const parts = { ...lake, capture, shard, lake: schema, sync: () => storage.sync(), now: () => Date.now() }
			const result = await new Delivery({ ...parts, observability: createObservability() }).run()
			expect(result).toMatchObject({ changes: 100_000, flights: 1, files: 1, drained: true })
			expect(result.durationMs).toBeLessThan(5_000)
		})
	})
})
