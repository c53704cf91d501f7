import { afterAll, describe, expect, it } from 'vitest'
import { createTestHarness } from 'wrangler'

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
