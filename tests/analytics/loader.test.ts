import { afterAll, describe, expect, it, vi } from 'vitest'
import { detectEnvironment } from '../../src/analytics/loader/detect-environment.ts'
import { DuckDBLoader } from '../../src/analytics/loader/duckdb-loader.node.ts'
import { createDuckDBProvider } from '../../src/analytics/loader/duckdb-provider.node.ts'
import { EngineLoader } from '../../src/analytics/loader/engine-loader.ts'
import { TimeTravelQuery } from '../../src/analytics/time-travel-query.ts'
import { text } from '../../src/columns.ts'
import { changesTableName } from '../../src/lake/change-table.ts'
import { SQLake } from '../../src/schema/database.ts'
import { collect } from './support/collect.ts'
import { TestLake } from './support/test-lake.ts'

const schema = SQLake({ users: { id: text('id').primaryKey(), name: text('name') }, shard: { users: 'id' } })
const T = Date.UTC(2026, 0, 15, 12)

describe('the loader', () => {
	it('knows Node', () => {
		expect(detectEnvironment()).toBe('node')
	})

	it('knows a Worker by its user agent, whatever else it has', () => {
		vi.stubGlobal('navigator', { userAgent: 'Cloudflare-Workers' })
		try {
			expect(detectEnvironment()).toBe('workerd')
		} finally {
			vi.unstubAllGlobals()
		}
	})

	it('opens native DuckDB where it is installed, and the engine asked for', async () => {
		expect((await new DuckDBLoader().load()).name).toBe('native')
		expect((await new DuckDBLoader({ engine: 'wasm' }).load()).name).toBe('wasm')
	})

	it('opens one engine, however often and at once it is asked', async () => {
		const loader = new DuckDBLoader({ engine: 'wasm' })
		const [first, second] = await Promise.all([loader.load(), loader.load()])
		expect(first).toBe(second)
		expect(await loader.load()).toBe(first)
	})

	it('tries again after it failed', async () => {
		let attempts = 0
		const loader = new EngineLoader({}, 'node', async () => {
			if (++attempts === 1) throw new Error('no')
			return new DuckDBLoader({ engine: 'wasm' }).load()
		})
		await expect(loader.load()).rejects.toThrow('no')
		expect((await loader.load()).name).toBe('wasm')
	})

	it('refuses a runtime that it is not made for', async () => {
		const loader = new EngineLoader({}, 'workerd', () => new DuckDBLoader().load())
		await expect(loader.load()).rejects.toMatchObject({
			code: 'ANALYTICS_UNAVAILABLE',
			details: { expected: 'workerd', found: 'node' },
		})
	})
})

describe.each(['wasm', 'native'] as const)('a provider and its time travel, on the %s engine', (engine) => {
	const lake = new TestLake(schema.lake)
	const provider = createDuckDBProvider({ ...lake, schema, loader: new DuckDBLoader({ engine }) })
	afterAll(() => provider.close())

	it('asks the present, a moment, a snapshot and a range', async () => {
		await lake.deliver('a', [{ table: 'users', op: 'c', ts: T, row: { id: 'a', name: 'old' } }])
		const { stats } = await new TimeTravelQuery(provider).query('SELECT * FROM users')
		await new Promise((resolve) => setTimeout(resolve, 5))
		await lake.deliver('a', [
			{ table: 'users', op: 'u', ts: T + 1000, before: { id: 'a', name: 'old' }, row: { id: 'a', name: 'new' } },
		])
		const sql = 'SELECT name FROM users WHERE id = ?'
		const [old, now] = [[{ name: 'old' }], [{ name: 'new' }]]
		expect(await new TimeTravelQuery(provider).all<{ name: string }>(sql, ['a'])).toEqual(now)
		const asOf = new TimeTravelQuery(provider, { asOf: new Date(T + 500) })
		expect(await asOf.all(sql, ['a'])).toEqual(old)
		expect(await collect(asOf.stream(sql, ['a']))).toEqual(old)
		const snapshot = new TimeTravelQuery(provider, { snapshotId: BigInt(stats.snapshots.users ?? 0) })
		expect(await snapshot.all(sql, ['a'])).toEqual(old)
		const range = new TimeTravelQuery(provider, { from: T + 1000, to: T + 1001 })
		expect(await range.all('SELECT _op, name FROM users')).toEqual([{ _op: 'u', name: 'new' }])

		const metadata = (await lake.catalog.load()).tables.get(changesTableName('users'))?.metadata
		if (metadata === undefined) throw new Error('expected a table')
		expect(String(snapshot.resolve(metadata).snapshot?.['snapshot-id'])).toBe(String(stats.snapshots.users))
		expect(() => range.resolve(metadata)).toThrow(/one moment/)
	})

	it('refuses a moment that is none when it is made', () => {
		expect(() => new TimeTravelQuery(provider, { asOf: 'yesterday' })).toThrow(/expected a Date/)
		expect(() => new TimeTravelQuery(provider, { asOf: T, snapshotId: 1n })).toThrow(/found both/)
		expect(() => new TimeTravelQuery(provider, { from: 2, to: 1 })).toThrow(/starts before it ends/)
	})

	it('limits and aborts its queries', async () => {
		const query = new TimeTravelQuery(provider)
		await expect(query.all('SELECT 1', [], { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'ANALYTICS_ABORTED' })
	})
})
