import { env, evictDurableObject, runInDurableObject } from 'cloudflare:test'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { ExecuteResponse } from '../../../src/driver/transport.ts'
import type { Envelope } from '../../../src/errors.ts'
import { createMigrationManifest } from '../../../src/migrator/create-migration-manifest.ts'
import { MANIFEST_KEY } from '../../../src/migrator/fetch-migration-manifest.ts'
import { bundle, init, type PushedDO } from './objects.ts'

const first = createMigrationManifest(bundle(init))
const second = createMigrationManifest(bundle(init, 'ALTER TABLE users ADD COLUMN note text'))
const push = (manifest: unknown) => env.SQLAKE_BUCKET.put(MANIFEST_KEY, JSON.stringify(manifest))

let objects = 0
afterEach(() => env.SQLAKE_BUCKET.delete(MANIFEST_KEY))

function subject() {
	const name = `pushed-${objects++}`
	const stub = () => env.PUSHED_DO.getByName(name)
	return {
		stub,
		run: (sql: string, readOnly = false) =>
			stub().sqlakeExecute({ shard: name, statements: [{ sql, params: [] }], readOnly }) as Promise<Envelope<ExecuteResponse>>,
	}
}
const write = "INSERT INTO users (id) VALUES ('a')"

describe('an object whose class has a schema and nothing else', () => {
	it('has the tables of the manifest in the bucket before its first request', async () => {
		await push(first)
		const { run, stub } = subject()
		expect(await run(write)).toMatchObject({ ok: true, value: { bookmark: { seq: 1n } } })
		expect(await stub().getMigrationStatus()).toMatchObject({ state: 'current', appliedCount: 1, lastError: null })
		expect(await stub().flush()).toMatchObject({ changes: 1 })
	})

	it('takes settings from its constructor', async () => {
		await push(first)
		const { run, stub } = subject()
		const delivered = async () => (await stub().getCDCFlushMetrics()).buffered === 0
		await run(write)
		// An hour, less the quarter by which a flush may come early.
		expect(await runInDurableObject(stub(), (_, { storage }) => storage.getAlarm())).toBeGreaterThan(Date.now() + 2_600_000)
		await run("INSERT INTO users (id) VALUES ('b')")
		await vi.waitFor(async () => expect(await delivered()).toBe(true), { timeout: 4_000, interval: 50 })
	})

	it('keeps the manifest: a later start does without the bucket, and with a manifest that is none', async () => {
		await push(first)
		const { run, stub } = subject()
		await run(write)
		for (const spoil of [() => env.SQLAKE_BUCKET.delete(MANIFEST_KEY), () => push('no manifest')]) {
			await spoil()
			await evictDurableObject(stub())
			expect(await run('SELECT id FROM users', true)).toMatchObject({ ok: true, value: { results: [{ rows: [['a']] }] } })
			expect(await stub().getMigrationStatus()).toMatchObject({ state: 'current', appliedCount: 1 })
		}
	})

	it('follows a newer manifest at its next start, and when it is told to migrate', async () => {
		await push(first)
		const [restarted, told] = [subject(), subject()]
		await Promise.all([restarted.run(write), told.run(write)])
		await push(second)
		await evictDurableObject(restarted.stub())
		expect(await restarted.run('SELECT note FROM users', true)).toMatchObject({ ok: true })
		expect(await told.run('SELECT note FROM users', true)).toMatchObject({ ok: false })
		await told.stub().applyMigrations()
		expect(await told.run('SELECT id, note FROM users', true)).toMatchObject({
			ok: true,
			value: { results: [{ rows: [['a', null]] }] },
		})
	})

	it('says what to do where no manifest was pushed, and finds one that is pushed later', { timeout: 30_000 }, async () => {
		const { run, stub } = subject()
		const missing = {
			code: 'MIGRATION_MISSING',
			message: expect.stringContaining('table "users": expected migrations that make it, found none'),
			hint: expect.stringContaining('sqlake push'),
		}
		expect(await run(write)).toMatchObject({ ok: false, error: missing })
		expect(await stub().getMigrationStatus()).toMatchObject({ appliedCount: 0, lastError: { code: 'MIGRATION_MISSING' } })
		await runInDurableObject(stub(), (object: PushedDO) => {
			expect(() => object.locally((sql) => sql`SELECT * FROM orders`)).toThrow(expect.objectContaining({ code: missing.code }))
			// Tables of its own are its own affair.
			object.locally((sql) => sql`CREATE TABLE own (id integer PRIMARY KEY)`)
			expect(() => object.locally((sql) => sql`SELECT * FROM nowhere`)).toThrow(expect.objectContaining({ code: 'QUERY_FAILED' }))
		})
		await push(first)
		await vi.waitFor(async () => expect(await run(write)).toMatchObject({ ok: true }), { timeout: 20_000, interval: 500 })
	})
})
