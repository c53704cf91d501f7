import { readdirSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { blob, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { describe, expect, it } from 'vitest'
import type { LocalProject } from '../../src/cli/dev/local-project.ts'
import { LocalRouter } from '../../src/local/local-router.ts'
import { SQLake } from '../../src/schema/database.ts'
import { placesIn, temporaryDirectory } from '../local/fixture.ts'
import { ask, get, migrations, openDevServer, project, schema } from './dev-fixture.ts'

const insertAda = { sql: 'INSERT INTO users (id, name) VALUES (?, ?)', params: ['ada', 'Ada'] }

describe('POST /query', () => {
	it('writes to the shard that the statement pins, and reads from it', async () => {
		const { server } = await openDevServer(await temporaryDirectory())
		expect(await ask(server.url, insertAda)).toEqual({
			status: 200,
			body: {
				columns: [],
				rows: [],
				rowsAffected: 1,
				lastInsertRowid: 1,
				bookmark: { shard: 'ada', seq: '1', epoch: 1 },
				stats: null,
				route: { kind: 'shard', shard: 'ada', reason: expect.any(String) },
			},
		})
		const { status, body } = await ask(server.url, { sql: 'SELECT id, name FROM users WHERE id = ?', params: ['ada'] })
		expect(status).toBe(200)
		expect(body).toMatchObject({ columns: ['id', 'name'], rows: [{ id: 'ada', name: 'Ada' }], route: { shard: 'ada' } })
	})

	it('refuses at once what would hold it up, in few words, and goes on', { timeout: 60_000 }, async () => {
		const { server } = await openDevServer(await temporaryDirectory())
		await ask(server.url, insertAda)
		const endless = 'WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c'
		const digits = '1'.repeat(3_000_000)
		const requests = [
			{ sql: endless },
			{ sql: endless, shard: 'ada' },
			{ statements: [{ sql: "UPDATE users SET name = 'lost'" }, { sql: endless }], shard: 'ada' },
			...['strong', 'analytics'].flatMap((mode) => [
				{ sql: `SELECT ${digits}`, mode },
				{ sql: `SELECT ${Array(5_000).fill('1').join('+')}`, mode },
				{ sql: `SELECT ${'NOT '.repeat(3_000)}1`, mode },
				{ sql: `SELECT ${'('.repeat(300_000)}1${')'.repeat(300_000)}`, mode },
			]),
		]
		for (const request of requests) {
			const start = performance.now()
			const { status, body } = await ask(server.url, request)
			expect([status, body.error]).toMatchObject([400, { code: 'STATEMENT_LIMIT' }])
			expect(JSON.stringify(body).length).toBeLessThan(1_000)
			expect(performance.now() - start).toBeLessThan(10_000)
		}
		const body = `{"sql":"SELECT ?","params":[${digits}]}`
		const refused = await fetch(`${server.url}/query`, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
		expect([refused.status, (await refused.text()).length < 1_000]).toEqual([400, true])
		const names = await ask(server.url, { sql: "SELECT name FROM users WHERE id = 'ada'" })
		expect(names.body.rows).toEqual([{ name: 'Ada' }])
	})

	it('asks all shards through the lake, which sees every write before it where "flush" is set', async () => {
		const { server, events } = await openDevServer(await temporaryDirectory())
		for (const id of ['ada', 'bob']) await ask(server.url, { ...insertAda, params: [id, id] })
		const count = { sql: 'SELECT count(*) AS n FROM users', mode: 'analytics' }
		expect((await ask(server.url, count)).body.rows).toEqual([{ n: 0 }])
		const { body } = await ask(server.url, { ...count, flush: true })
		expect(body).toMatchObject({ rows: [{ n: 2 }], route: { kind: 'lake', shard: null }, stats: { filesKept: 2 } })
		expect(events.filter(({ event }) => event === 'flush')).toEqual([
			{ event: 'flush', changes: 1, files: 1 },
			{ event: 'flush', changes: 1, files: 1 },
		])
	})

	it('travels in time: before and after a change, between two moments, and to a snapshot', async () => {
		const { server } = await openDevServer(await temporaryDirectory())
		await ask(server.url, insertAda)
		const pause = () => new Promise((resolve) => setTimeout(resolve, 20))
		await pause()
		const between = new Date().toISOString()
		await pause()
		await ask(server.url, { sql: "UPDATE users SET name = 'Countess' WHERE id = 'ada'" })
		await fetch(`${server.url}/flush`, { method: 'POST' })
		const names = { sql: 'SELECT name FROM users' }
		expect((await ask(server.url, { ...names, asOf: between })).body.rows).toEqual([{ name: 'Ada' }])
		expect((await ask(server.url, { ...names, asOf: Date.now() })).body.rows).toEqual([{ name: 'Countess' }])
		expect((await ask(server.url, { ...names, asOf: 0 })).body.rows).toEqual([])
		const changes = await ask(server.url, {
			sql: 'SELECT _op, name FROM users ORDER BY _seq',
			between: [0, new Date(Date.now() + 1000).toISOString()],
		})
		expect(changes.body.rows).toEqual([
			{ _op: 'c', name: 'Ada' },
			{ _op: 'u', name: 'Countess' },
		])
		const { tables = {} } = (await get(`${server.url}/tables`)).body
		const snapshot = Object.values(tables).find(({ name }) => String(name) === 'users')?.lake?.snapshotId
		expect((await ask(server.url, { ...names, snapshot })).body.rows).toEqual([{ name: 'Countess' }])
	})

	it('waits for a write that a bookmark names', async () => {
		const { server } = await openDevServer(await temporaryDirectory(), { flush: { interval: 200 } })
		const { bookmark } = (await ask(server.url, insertAda)).body
		const { body } = await ask(server.url, { sql: 'SELECT name FROM users', causal: bookmark, timeoutMs: 10_000 })
		expect(body.rows).toEqual([{ name: 'Ada' }])
		const late = await ask(server.url, { sql: 'SELECT 1', causal: { ...bookmark, seq: '99' }, timeoutMs: 100 })
		expect(late).toMatchObject({
			status: 504,
			body: { error: { code: 'CAUSAL_TIMEOUT', hint: expect.stringContaining('"flush"') } },
		})
	})

	it('runs a batch in one shard, all or nothing', async () => {
		const { server } = await openDevServer(await temporaryDirectory())
		const order = (id: string) => ({ sql: "INSERT INTO orders VALUES ('ada', ?, 2)", params: [id] })
		const done = await ask(server.url, {
			statements: [insertAda, order('o1'), "SELECT count(*) AS n FROM orders WHERE user_id = 'ada'"],
		})
		expect(done.body).toMatchObject({
			results: [{ rowsAffected: 1 }, { rowsAffected: 1 }, { rows: [{ n: 1 }] }],
			bookmark: { shard: 'ada', seq: '2' },
			route: { kind: 'shard', shard: 'ada' },
		})
		const failed = await ask(server.url, { statements: [order('o2'), order('o1')] })
		expect(failed).toMatchObject({ status: 409, body: { error: { code: 'QUERY_FAILED' } } })
		const rows = await ask(server.url, { sql: "SELECT id FROM orders WHERE user_id = 'ada'" })
		expect(rows.body.rows).toEqual([{ id: 'o1' }])
		const spread = await ask(server.url, { statements: [insertAda, { ...insertAda, params: ['bob', 'Bob'] }] })
		expect(spread).toMatchObject({ status: 400, body: { error: { code: 'ROUTE_MULTIPLE_SHARDS' } } })
	})

	it('runs in the shard that is named, and splits rows over their shards where that is asked for', async () => {
		const { server } = await openDevServer(await temporaryDirectory())
		const sql = "INSERT INTO users (id) VALUES ('ada'), ('bob')"
		expect((await ask(server.url, { sql })).body.error?.code).toBe('ROUTE_MULTIPLE_SHARDS')
		expect((await ask(server.url, { sql, split: true })).body).toMatchObject({ rowsAffected: 2, route: { kind: 'shards' } })
		const { body } = await ask(server.url, { sql: 'SELECT id FROM users', shard: 'bob' })
		expect(body.rows).toEqual([{ id: 'bob' }])
	})

	it('keeps every value on its way there and back', async () => {
		const { server } = await openDevServer(await temporaryDirectory())
		const bytes = { $base64: 'AP+A' }
		const sql = 'INSERT INTO users (id, name, big, avatar) VALUES (?, ?, ?, ?)'
		await ask(server.url, `{"sql": "${sql}", "params": ["a", "€", 9007199254740993, {"$base64": "AP+A"}]}`)
		await ask(server.url, { sql, params: ['b', null, { $int: '-9223372036854775808' }, { $base64: '' }] })
		await ask(server.url, { sql, params: ['c', '', true, null] })
		const read = async (id: string, more = {}) =>
			(
				await ask(server.url, {
					sql: 'SELECT name, big, avatar FROM users WHERE id = ?',
					params: [id],
					format: 'arrays',
					...more,
				})
			).body.rows
		for (const more of [{}, { mode: 'analytics', flush: true }]) {
			expect(await read('a', more)).toEqual([['€', { $int: '9007199254740993' }, bytes]])
			expect(await read('b', more)).toEqual([[null, { $int: '-9223372036854775808' }, { $base64: '' }]])
			expect(await read('c', more)).toEqual([['', 1, null]])
		}
		const infinite = await ask(server.url, { sql: 'SELECT 9e999 AS up, -9e999 AS down, \'a\' AS "__proto__"', shard: 'a' })
		expect(JSON.stringify(infinite.body.rows)).toBe('[{"up":{"$real":"Infinity"},"down":{"$real":"-Infinity"},"__proto__":"a"}]')
	})

	it('sends rows as lines where that is asked for', async () => {
		const { server } = await openDevServer(await temporaryDirectory())
		const values = Array.from({ length: 50 }, (_, index) => `('ada', '${String(index).padStart(2, '0')}', ${index})`).join(', ')
		await ask(server.url, { sql: `INSERT INTO orders VALUES ${values}` })
		for (const more of [{ shard: 'ada' }, { mode: 'analytics', flush: true }]) {
			const body = JSON.stringify({ sql: 'SELECT id, amount FROM orders ORDER BY id', format: 'ndjson', ...more })
			const response = await fetch(`${server.url}/query`, { method: 'POST', body })
			expect(response.headers.get('content-type')).toContain('application/x-ndjson')
			const lines = (await response.text()).trimEnd().split('\n')
			expect(lines).toHaveLength(50)
			expect(JSON.parse(lines[49] ?? '')).toEqual({ id: '49', amount: 49 })
		}
		const failed = await ask(server.url, { sql: 'SELECT missing FROM orders', shard: 'ada', format: 'ndjson' })
		expect(failed).toMatchObject({ status: 400, body: { error: { code: 'QUERY_FAILED' } } })
	})

	it('explains where a query would run', async () => {
		const { server } = await openDevServer(await temporaryDirectory())
		const { body } = await ask(server.url, { sql: "DELETE FROM users WHERE id = 'ada'", explain: true })
		expect(body).toEqual({ route: 'shard', shard: 'ada', reason: expect.any(String), lake: null })
	})

	it.each([
		['no JSON', '{"sql":', 'REQUEST_INVALID', /JSON/],
		['no object', '[]', 'REQUEST_INVALID', /object/],
		['no statement', {}, 'REQUEST_INVALID', /"sql"/],
		['an unknown field', { sql: 'SELECT 1', asof: 1 }, 'REQUEST_INVALID', /"asof"/],
		['a mode that there is not', { sql: 'SELECT 1', mode: 'weak' }, 'REQUEST_INVALID', /"mode"/],
		['the past in a shard', { sql: 'SELECT 1', mode: 'strong', asOf: 1 }, 'REQUEST_INVALID', /"asOf"/],
		['two moments', { sql: 'SELECT 1', asOf: 1, snapshot: 1 }, 'REQUEST_INVALID', /"snapshot"/],
		['a moment without offset', { sql: 'SELECT 1', asOf: '2026-01-01T00:00:00' }, 'TIME_INVALID', /asOf/],
		['a value of no kind', { sql: 'SELECT ?', params: [{ a: 1 }] }, 'REQUEST_INVALID', /params\[0\]/],
		[
			'an integer beyond 64 bits',
			{ sql: 'SELECT ?', params: [{ $int: '9223372036854775808' }] },
			'REQUEST_INVALID',
			/params\[0\]/,
		],
		['a shard of the lake', { sql: 'SELECT 1', mode: 'analytics', shard: 'a' }, 'REQUEST_INVALID', /"shard"/],
		['a batch for the lake', { statements: ['SELECT 1'], mode: 'analytics' }, 'REQUEST_INVALID', /"statements"/],
		['a write to the lake', { sql: "DELETE FROM users WHERE id = 'a'", mode: 'analytics' }, 'READ_ONLY', /write/],
		['no shard', { sql: 'SELECT * FROM users' }, 'ROUTE_NO_SHARD', /users/],
		['rows to split in one shard', { sql: 'SELECT 1', shard: 'a', split: true }, 'REQUEST_INVALID', /"split"/],
		['rows to split in the lake', { sql: 'SELECT 1', asOf: 1, split: true }, 'REQUEST_INVALID', /"split"/],
		['no SQL', { sql: 'SELEC 1' }, 'SQL_PARSE', /./],
		['a table of sqlake', { sql: 'SELECT * FROM _cdc_buffer', shard: 'a' }, 'QUERY_FAILED', /_cdc_buffer/],
		['a setting', { sql: 'PRAGMA journal_mode = OFF', shard: 'a' }, 'ROUTE_UNSUPPORTED', /PRAGMA/],
	])('refuses %s', async (_, body, code, message) => {
		const { server } = await openDevServer(await temporaryDirectory())
		expect(await ask(server.url, body)).toEqual({
			status: 400,
			body: { error: { code, message: expect.stringMatching(message), hint: expect.stringMatching(/\w/) } },
		})
	})

	it('answers many at once, and counts each once', async () => {
		const { server } = await openDevServer(await temporaryDirectory())
		const writes = Array.from({ length: 60 }, (_, index) =>
			ask(server.url, { sql: 'INSERT INTO orders VALUES (?, ?, 1)', params: [`user-${index % 6}`, String(index)] }),
		)
		expect((await Promise.all(writes)).map(({ status }) => status)).toEqual(writes.map(() => 200))
		const { body } = await ask(server.url, {
			sql: 'SELECT count(*) AS n, count(DISTINCT user_id) AS users FROM orders',
			mode: 'analytics',
			flush: true,
		})
		expect(body.rows).toEqual([{ n: 60, users: 6 }])
	})
})

describe('what the server tells of itself', () => {
	it('lists tables, shards and what each holds', async () => {
		const { server } = await openDevServer(await temporaryDirectory())
		for (const id of ['ada', 'b/b', 'carl']) await ask(server.url, { ...insertAda, params: [id, id] })
		await fetch(`${server.url}/flush`, { method: 'POST' })
		await ask(server.url, { sql: "UPDATE users SET name = 'B' WHERE id = 'b/b'" })
		const show = async (path: string) => (await get(server.url + path)).body
		expect(await show('/shards?limit=2')).toEqual({ shards: ['ada', 'b/b'], total: 3, next: 'b/b' })
		expect(await show('/shards?after=b%2Fb')).toEqual({ shards: ['carl'], total: 3, next: null })
		expect(await show('/shards/b%2Fb')).toEqual({
			name: 'b/b',
			rows: { users: 1, orders: 0, plans: 0 },
			buffered: 1,
			lake: { epoch: 1, seq: 1, watermark: expect.stringMatching(/Z$/) },
			lastError: null,
		})
		expect((await fetch(`${server.url}/shards/dora`)).status).toBe(404)
		const { tables } = await show('/tables')
		expect(tables).toHaveLength(3)
		expect(tables?.[0]).toMatchObject({ name: 'users', shardKey: ['id'], lake: { table: 'users_changes', changes: 3, files: 3 } })
		expect(tables?.[2]).toMatchObject({ name: 'plans', shardKey: null, lake: null })
		expect(await show('/health')).toEqual({ status: 'ok', migrations: 'folder', tables: 3 })
	})

	it('shows a page without anything from elsewhere', async () => {
		const { server } = await openDevServer(await temporaryDirectory())
		await ask(server.url, { ...insertAda, params: ['<img src=x onerror=alert(1)>', ''] })
		const response = await fetch(server.url)
		const page = await response.text()
		expect(response.headers.get('content-security-policy')).toContain("default-src 'none'")
		expect(page).toContain('&#60;img src=x')
		expect(page).not.toContain('<img')
		expect(page).not.toMatch(/(?:src|href)="https?:/)
	})

	it('says what it has where it is asked for something else', async () => {
		const { server } = await openDevServer(await temporaryDirectory())
		expect((await fetch(`${server.url}/nothing`)).status).toBe(404)
		expect((await fetch(`${server.url}/query`)).status).toBe(405)
		expect((await fetch(server.url, { method: 'HEAD' })).status).toBe(200)
	})
})

describe('a dev server', () => {
	it('delivers what waits when it closes, and goes on where it ended', async () => {
		const directory = await temporaryDirectory()
		const first = await openDevServer(directory)
		await ask(first.server.url, insertAda)
		expect(await first.server.close()).toMatchObject({ changes: 1, files: 1, drained: true })
		expect(readdirSync(join(directory, 'local.db'))).not.toContain('dev-server.json')
		const { server } = await openDevServer(directory)
		expect((await ask(server.url, { sql: 'SELECT name FROM users', mode: 'analytics' })).body.rows).toEqual([{ name: 'Ada' }])
	})

	it('is the only one on its directory, and says where the other one is', async () => {
		const directory = await temporaryDirectory()
		const { server } = await openDevServer(directory)
		await expect(openDevServer(directory)).rejects.toMatchObject({ code: 'IN_USE', message: expect.stringContaining(server.url) })
		await server.close()
		await openDevServer(directory)
	})

	it('fails no request while it goes over to a new migration', async () => {
		const more = sqliteTable('users', {
			id: text('id').primaryKey(),
			name: text('name'),
			big: integer('big'),
			avatar: blob('avatar'),
			age: integer('age'),
		})
		const { orders, plans } = schema.tables
		const next: LocalProject = {
			...project,
			schema: SQLake({ users: more, orders, plans, shard: { users: 'id', orders: 'userId' }, global: ['plans'] }),
			migrations: {
				journal: {
					entries: [...migrations.journal.entries, { idx: 1, when: 1_760_000_000_001, tag: '0001_age', breakpoints: true }],
				},
				migrations: { ...migrations.migrations, m0001: 'ALTER TABLE users ADD age integer' },
			},
		}
		let served = project
		const { server, events } = await openDevServer(await temporaryDirectory(), { load: async () => served })
		for (const id of ['ada', 'bob', 'carl']) await ask(server.url, { ...insertAda, params: [id, id] })
		served = next
		const done = server.reload().then(() => true)
		const statuses: number[] = []
		const asking = async (id: string) => {
			while (!(await Promise.race([done, new Promise((resolve) => setTimeout(resolve, 0))]))) {
				statuses.push((await ask(server.url, { sql: 'UPDATE users SET name = name WHERE id = ?', params: [id] })).status)
			}
		}
		await Promise.all(['ada', 'bob', 'ada'].map(asking))
		expect(new Set(statuses)).toEqual(new Set([200]))
		expect(events.find(({ event }) => event === 'reload')).toMatchObject({
			event: 'reload',
			changed: true,
			migrations: ['0001_age'],
			shards: 3,
			failures: [],
		})
		expect((await ask(server.url, { sql: "UPDATE users SET age = 36 WHERE id = 'ada'" })).body.rowsAffected).toBe(1)
	})

	it('opens every shard when it starts: what an earlier process left is delivered', async () => {
		const directory = await temporaryDirectory()
		const places = placesIn(directory)
		const router = new LocalRouter({ ...places, schema, migrations, flush: null })
		await router.sql`INSERT INTO users (id) VALUES ('ada')`.run()
		await router.close()
		const { server, events } = await openDevServer(directory, { flush: { interval: 100 } })
		await expect.poll(() => events.some(({ event }) => event === 'flush'), { timeout: 5_000 }).toBe(true)
		const { body } = await ask(server.url, { sql: 'SELECT id FROM users', mode: 'analytics' })
		expect(body.rows).toEqual([{ id: 'ada' }])
		await server.close()
		await writeFile(join(places.db, 'bob.sqlite'), 'no database')
		await expect(openDevServer(directory)).rejects.toMatchObject({
			code: 'SHARD_UNAVAILABLE',
			message: expect.stringMatching(/bob\.sqlite: expected the database of a shard: file is not a database/),
		})
	})

	it('lets a reader of rows leave, and closes all the same', async () => {
		const { server } = await openDevServer(await temporaryDirectory())
		const values = Array.from({ length: 600 }, (_, index) => `('ada', '${index}', 1)`).join(', ')
		await ask(server.url, { sql: `INSERT INTO orders VALUES ${values}` })
		const many = 'SELECT a.id, b.id AS other FROM orders AS a, orders AS b'
		const leave = new AbortController()
		const body = JSON.stringify({ sql: many, mode: 'analytics', format: 'ndjson', flush: true })
		const response = await fetch(`${server.url}/query`, { method: 'POST', body, signal: leave.signal })
		const reader = response.body?.getReader()
		await reader?.read()
		leave.abort()
		await expect(server.reload()).resolves.toBeUndefined()
		await server.close()
	})

	it('says that its port is taken, and leaves nothing behind', async () => {
		const { server } = await openDevServer(await temporaryDirectory())
		const directory = await temporaryDirectory()
		await expect(openDevServer(directory, { port: server.port })).rejects.toMatchObject({
			code: 'IN_USE',
			message: `port ${server.port}: expected it to be free, found another program listening on it`,
			hint: expect.stringContaining('--port'),
		})
		await openDevServer(directory)
	})
})
