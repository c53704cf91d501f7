import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { eq } from 'drizzle-orm'
import { describe, expect, it } from 'vitest'
import { text } from '../../../src/columns.ts'
import {
	createObservability,
	drizzle,
	InMemoryMetrics,
	InMemoryTracer,
	SQLake,
	setQueryRouter,
	sql,
	sqlake,
	WorkerRouter,
} from '../../../src/index.workerd.ts'
import { CatalogStub } from '../../../src/lake/catalog/catalog-stub.ts'
import { db as schema, users } from '../do/objects.ts'

const code = (value: string) => expect.objectContaining({ code: value })
const { SHARD_DO, CATALOG_DO, PLAIN_DO, SQLAKE_BUCKET } = env

describe('sqlake(env)', () => {
	it('finds the only namespace that is not its own, and the bucket of the schema', async () => {
		const db = drizzle(
			sqlake({ SHARD_DO, SQLAKE_CATALOG: CATALOG_DO, SQLAKE_BUCKET, OTHER: 'text', NONE: undefined }, { schema }),
		)
		await db.insert(users).values({ id: 'sq-1' })
		expect(await db.select().from(users).where(eq(users.id, 'sq-1'))).toEqual([{ id: 'sq-1', plan: 'free', createdAt: null }])
	})

	it('asks which namespace is meant where there are several, and says when there is none', () => {
		expect(() => sqlake({ SHARD_DO, PLAIN_DO, SQLAKE_BUCKET }, { schema })).toThrow(
			expect.objectContaining({ code: 'BINDING_MISSING', message: expect.stringContaining('SHARD_DO, PLAIN_DO') }),
		)
		expect(() => sqlake({ SQLAKE_CATALOG: CATALOG_DO, SQLAKE_BUCKET }, { schema })).toThrow(code('BINDING_MISSING'))
		expect(() => sqlake(env, { schema, durableObject: 'NO_DO' })).toThrow(/NO_DO/)
		expect(() => sqlake({ SHARD_DO }, { schema })).toThrow(/SQLAKE_BUCKET/)
		expect(() => sqlake({ SHARD_DO, SQLAKE_BUCKET: PLAIN_DO }, { schema })).toThrow(code('BINDING_MISSING'))
		const elsewhere = SQLake({ users: { id: text('id').primaryKey() }, shard: { users: 'id' }, r2Bucket: 'MY_LAKE' })
		expect(() => sqlake(env, { schema: elsewhere, durableObject: 'SHARD_DO' })).toThrow(/MY_LAKE/)
		expect(() => sqlake({ SHARD_DO, SQLAKE_BUCKET, SQLAKE_CATALOG: SQLAKE_BUCKET }, { schema })).toThrow(/SQLAKE_CATALOG/)
	})

	it('is kept for its env and options', () => {
		const first = { SHARD_DO, SQLAKE_BUCKET }
		expect(sqlake(first, { schema })).toBe(sqlake(first, { schema }))
		expect(sqlake(first, { schema, fallback: 'analytics' })).not.toBe(sqlake(first, { schema }))
		expect(sqlake({ ...first }, { schema })).not.toBe(sqlake(first, { schema }))
	})

	it('takes the catalog object where one is bound, else the pointer in the bucket', async () => {
		const withCatalog = sqlake({ SHARD_DO, SQLAKE_BUCKET, SQLAKE_CATALOG: CATALOG_DO }, { schema })
		expect(withCatalog.catalog).toBeInstanceOf(CatalogStub)
		expect((await withCatalog.catalog.load()).tables.size).toBe(0)
		expect(sqlake({ SHARD_DO, SQLAKE_BUCKET }, { schema }).catalog).not.toBeInstanceOf(CatalogStub)
	})

	it('gives bookmarks that the lake reaches once the shard has delivered', async () => {
		const client = sqlake({ SHARD_DO, SQLAKE_BUCKET }, { schema })
		const db = drizzle(client)
		const { bookmark } = await db.insert(users).values({ id: 'sq-2' })
		expect(bookmark).toMatchObject({ shard: 'sq-2', epoch: 1 })
		expect(bookmark?.seq).toBeGreaterThan(0n)
		const asked = Date.now()
		await runInDurableObject(SHARD_DO.getByName('sq-2'), (object) => object.flush())
		const position = await client.connection.position('sq-2')
		expect(BigInt(position?.seq ?? 0)).toBeGreaterThanOrEqual(bookmark?.seq ?? 0n)
		expect(Date.now() - asked).toBeLessThan(10_000)
	})
})

describe('observability', () => {
	it('reports each statement of a shard: span, time, rows read and errors, but no value', async () => {
		const [metrics, tracer] = [new InMemoryMetrics(), new InMemoryTracer()]
		const db = drizzle(sqlake({ SHARD_DO, SQLAKE_BUCKET }, { schema, observability: createObservability({ metrics, tracer }) }))
		await db.insert(users).values({ id: 'sq-9', plan: 'secret' })
		await db.select().from(users).where(eq(users.id, 'sq-9'))
		await expect(db.insert(users).values({ id: 'sq-9' })).rejects.toThrow(code('QUERY_FAILED'))
		const spans = tracer.spans.filter(({ name }) => name === 'sqlake.query')
		expect(spans.map(({ attributes }) => attributes['sqlake.shard'])).toEqual(['sq-9', 'sq-9', 'sq-9'])
		expect(JSON.stringify(spans.map(({ attributes }) => attributes))).not.toContain('secret')
		expect(metrics.counter('sqlake.query.errors', { 'sqlake.route': 'shard', 'error.type': 'QUERY_FAILED' })).toBe(1)
	})
})

describe('WorkerRouter', () => {
	it('runs its own template and the global one', async () => {
		const router = new WorkerRouter({ SHARD_DO, SQLAKE_BUCKET }, { schema })
		await router.sql`INSERT INTO users (id) VALUES (${'sq-3'})`.run()
		expect(await sql.with(router)`SELECT id FROM users WHERE id = ${'sq-3'}`.first()).toEqual({ id: 'sq-3' })
		setQueryRouter(router)
		expect(await sql`SELECT count(*) AS n FROM users WHERE id = ${'sq-3'}`.first()).toEqual({ n: 1 })
		setQueryRouter(null)
	})

	it('takes the options of sqlake()', async () => {
		const analytics = {
			query: async () => ({
				columns: ['n'],
				rows: [[5]],
				stats: { snapshots: {}, filesKept: 0, filesPruned: 0, bytesRead: 0, rowsRead: 1, durationMs: 0 },
			}),
		}
		const router = new WorkerRouter({ SHARD_DO, SQLAKE_BUCKET }, { schema, analytics, fallback: 'analytics' })
		expect(await router.sql`SELECT count(*) AS n FROM users`.first()).toEqual({ n: 5 })
		expect(await router.sql.analytics`SELECT count(*) AS n FROM users`).toEqual([{ n: 5 }])
	})
})
