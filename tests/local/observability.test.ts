import { eq, sql } from 'drizzle-orm'
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { integer, text } from '../../src/columns.ts'
import { drizzle } from '../../src/driver/drizzle.ts'
import { SQLakeError } from '../../src/errors.ts'
import { POINTER_KEY } from '../../src/lake/catalog/lake-pointer.ts'
import { MemoryObjectStore } from '../../src/lake/storage/memory.ts'
import type { ObjectInfo, PutOptions } from '../../src/lake/storage/object-store.ts'
import { NO_LOCK } from '../../src/local/delivery-lock.ts'
import { NodeRouter, type NodeRouterOptions } from '../../src/local/node-router.ts'
import { MEMORY_PLACES } from '../../src/local/shard-places.ts'
import { createObservability } from '../../src/observability/create-observability.ts'
import { InMemoryMetrics } from '../../src/observability/in-memory-metrics.ts'
import { InMemoryTracer } from '../../src/observability/in-memory-tracer.ts'
import { attributeDescriptions, type MetricKind, metricDescriptions, spanDescriptions } from '../../src/observability/names.ts'
import type { Attributes } from '../../src/observability/observability.ts'
import { SQLake } from '../../src/schema/database.ts'
import type { LakeType } from '../../src/schema/table-schema.ts'

const schema = SQLake({
	users: { id: text('id').primaryKey(), age: integer('age') },
	poison: { id: text('id').primaryKey(), note: text('note') },
	shard: { users: 'id', poison: 'id' },
})
const { users, poison } = schema.tables

/** A store that can fail to take metadata, or refuse the next swaps of the pointer as if another had swapped it. */
class TroubledStore extends MemoryObjectStore {
	takesNoMetadata = false
	swapsToLose = 0

	override async put(key: string, bytes: Uint8Array, options: PutOptions = {}): Promise<ObjectInfo | null> {
		if (this.takesNoMetadata && key.startsWith('metadata/')) {
			throw new SQLakeError('STORE_UNAVAILABLE', `put of "${key}" fails, as the test wishes`)
		}
		if (key === POINTER_KEY && options.ifMatch !== undefined && this.swapsToLose-- > 0) return null
		return super.put(key, bytes, options)
	}
}

class TestRouter extends NodeRouter<typeof schema> {
	constructor(options: NodeRouterOptions<typeof schema>, store: TroubledStore) {
		super(options, { places: MEMORY_PLACES, lock: NO_LOCK, store, flushBeforeLakeQuery: false, policy: null })
	}
}

/** Notes what kind each metric was measured as, and under which attributes. */
class NotingMetrics extends InMemoryMetrics {
	readonly kinds = new Map<string, MetricKind>()
	readonly attributes = new Set<string>()

	override count(name: string, value: number, attributes: Attributes = {}): void {
		this.#note(name, 'counter', attributes)
		super.count(name, value, attributes)
	}

	override gauge(name: string, value: number, attributes: Attributes = {}): void {
		this.#note(name, 'gauge', attributes)
		super.gauge(name, value, attributes)
	}

	override record(name: string, value: number, attributes: Attributes = {}): void {
		this.#note(name, 'histogram', attributes)
		super.record(name, value, attributes)
	}

	#note(name: string, kind: MetricKind, attributes: Attributes): void {
		this.kinds.set(name, kind)
		for (const attribute of Object.keys(attributes)) this.attributes.add(attribute)
	}
}

function open(options: Partial<NodeRouterOptions<typeof schema>> = {}) {
	const [metrics, tracer, store] = [new NotingMetrics(), new InMemoryTracer(), new TroubledStore()]
	const observability = createObservability({ metrics, tracer })
	const router = new TestRouter({ schema, observability, ...options }, store)
	onTestFinished(() => router.close())
	return { observability, metrics, tracer, store, router, db: drizzle(router) }
}

/** The schema with a column of a type that no encoder knows. */
function poisoned(): typeof schema {
	const table = schema.lake.tables.get('poison')
	if (table === undefined) throw new Error('no table "poison"')
	const columns = table.columns.map((column) => (column.name === 'note' ? { ...column, lakeType: 'poison' as LakeType } : column))
	return { ...schema, lake: { ...schema.lake, tables: new Map([...schema.lake.tables, ['poison', { ...table, columns }]]) } }
}

afterEach(() => void vi.restoreAllMocks())

describe('what sqlake reports', () => {
	it('is every metric, span and attribute that it declares, and nothing else', async () => {
		const { observability, metrics, tracer, store, router, db } = open({ schema: poisoned() })
		await db.insert(users).values({ id: 'ada', age: 36 })
		await db.insert(poison).values({ id: 'ada', note: 'x' })
		await db.select().from(users).where(eq(users.id, 'ada'))
		await db
			.shard('ada')
			.run(sql`SELECT * FROM nowhere`)
			.catch(() => undefined)
		store.swapsToLose = 1
		await router.flush()
		await db.analytics().select().from(users)
		for await (const _ of db.analytics().select({ id: users.id }).from(users).stream()) break
		await db.insert(users).values({ id: 'ben', age: 1 })
		store.takesNoMetadata = true
		await router.flush().catch(() => undefined)
		store.takesNoMetadata = false
		const real = Date.now
		vi.spyOn(Date, 'now').mockImplementation(() => real() - 3_600_000)
		await router.flush()
		const journal = { entries: [{ idx: 0, when: 1, tag: '0000_bad', breakpoints: true }] }
		const failing = open({ observability, migrations: { journal, migrations: { m0000: 'CREATE TABLE' } } })
		await expect(failing.db.insert(users).values({ id: 'ada' }).run()).rejects.toMatchObject({ code: 'MIGRATION_PENDING' })

		expect(metrics.names()).toEqual(Object.keys(metricDescriptions).sort())
		const described = Object.entries(metricDescriptions).map(([name, { kind }]) => [name, kind])
		expect([...metrics.kinds].sort()).toEqual(described.sort())
		expect([...new Set(tracer.spans.map(({ name }) => name))].sort()).toEqual(Object.keys(spanDescriptions).sort())
		const attributes = new Set([...metrics.attributes, ...tracer.spans.flatMap((span) => Object.keys(span.attributes))])
		expect([...attributes].sort()).toEqual(Object.keys(attributeDescriptions).sort())
		expect(metrics.attributes).not.toContain('sqlake.shard')
	}, 30_000)

	it('tells of every shard: how much waited, how old it was when it came into the lake, and how old it is while it cannot', async () => {
		const { metrics, store, router, db } = open()
		for (let n = 1; n <= 5; n++) {
			const shard = db.shard(`shard-${n}`)
			for (let row = 0; row < n; row++) await shard.insert(users).values({ id: `user-${row}` })
		}
		const real = Date.now
		vi.spyOn(Date, 'now').mockImplementation(() => real() + 3_600_000)
		await router.flush()
		expect(metrics.histogram('sqlake.capture.buffered')).toMatchObject({ count: 5, sum: 15, min: 1, max: 5 })
		const { count, min, max } = metrics.histogram('sqlake.lag')
		expect(count).toBe(5)
		expect(min).toBeGreaterThanOrEqual(3_600_000)
		expect(max).toBeLessThan(3_700_000)
		expect(metrics.counter('sqlake.flush.changes')).toBe(15)
		expect(metrics.counter('sqlake.commit.retries')).toBe(0)

		await db.shard('shard-1').insert(users).values({ id: 'late' })
		vi.spyOn(Date, 'now').mockImplementation(() => real() + 7_200_000)
		store.takesNoMetadata = true
		await router.flush().catch(() => undefined)
		expect(metrics.histogram('sqlake.lag')).toMatchObject({ count: 6 })
		expect(metrics.histogram('sqlake.lag').max).toBeGreaterThanOrEqual(7_200_000)
	}, 30_000)
})
