import { eq } from 'drizzle-orm'
import { drizzle, sqlake } from 'sqlake'
import { afterAll, describe, expect, it } from 'vitest'
import { createTestHarness } from 'wrangler'
import { accounts, lakes } from './schema.ts'
import type { EmptyDO } from './worker.ts'

// The local runtime would otherwise ask the network where on earth it is.
process.env.CLOUDFLARE_CF_FETCH_ENABLED ??= 'false'

/** The same application under two configurations, in one local runtime that keeps nothing. */
const catalogs = { 'acceptance-catalog': 'with a catalog object', 'acceptance-pointer': 'with nothing but classes and buckets' }

const server = createTestHarness({
	root: import.meta.dirname,
	workers: [{ configPath: './catalog.jsonc' }, { configPath: './pointer.jsonc' }],
})
await server.listen()
const scenarios = (await (await server.getWorker('acceptance-catalog').fetch('http://app/')).json()) as string[]

afterAll(() => server.close())

describe.each(Object.entries(catalogs))('%s: an application %s', (worker) => {
	it.each(scenarios)('%s', async (scenario) => {
		const response = await server.getWorker(worker).fetch(`http://app/${encodeURIComponent(scenario)}`)
		const { ok, failure } = (await response.json()) as { ok: boolean; failure?: string }
		expect(failure).toBeUndefined()
		expect(ok).toBe(true)
	})
})

describe('an application in Node', () => {
	it('asks the same lake over the same bindings, on native DuckDB', async () => {
		const env = await server.getWorker('acceptance-catalog').getEnv()
		const db = drizzle(sqlake(env, { schema: lakes.empty, durableObject: 'EMPTY_DO' }))
		const id = 'from node'
		const { bookmark } = await db.insert(accounts).values({ id, email: 'node@example.com', age: 5 })
		expect(bookmark).toEqual({ shard: id, seq: 1n, epoch: 1 })
		const shards = env.EMPTY_DO as DurableObjectNamespace<EmptyDO>
		await shards.get(shards.idFromName(id)).flush()
		const strong = await db.select().from(accounts).where(eq(accounts.id, id))
		expect(strong).toEqual([{ id, email: 'node@example.com', age: 5 }])
		expect(await db.analytics().select().from(accounts)).toEqual(strong)
		await expect(db.delete(accounts)).rejects.toMatchObject({ code: 'ROUTE_NO_SHARD' })
	})
})
