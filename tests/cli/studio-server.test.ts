import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { relations } from 'drizzle-orm'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openFileSource } from '../../src/cli/studio/file-source.ts'
import { openProjectSource, type ProjectSourceOptions } from '../../src/cli/studio/project-source.ts'
import { startStudioServer } from '../../src/cli/studio/studio-server.ts'
import type { StudioSource } from '../../src/cli/studio/studio-source.ts'
import { LocalRouter } from '../../src/local/local-router.ts'
import { placesIn, temporaryDirectory } from '../local/fixture.ts'
import { ask, get, project, schema } from './dev-fixture.ts'
import { studioRelations, studioSetup, studioTables } from './studio-fixture.ts'

const DRIZZLE = 'https://local.drizzle.studio'

async function open(source: StudioSource): Promise<string> {
	const server = await startStudioServer({ port: 0, source })
	onTestFinished(() => server.close())
	return server.url
}

/** A studio over shards `ada` and `bob`, whose rows are in the lake. */
async function openProject(options: Partial<ProjectSourceOptions> = {}): Promise<string> {
	const places = placesIn(await temporaryDirectory())
	const { location } = project
	const migrations = project.migrations !== undefined && 'journal' in project.migrations ? project.migrations : undefined
	const router = new LocalRouter({ schema, location, ...(migrations === undefined ? {} : { migrations }), ...places })
	await router.sql`INSERT INTO users (id, name, big) VALUES ('ada', 'Ada', 9007199254740993)`.run()
	await router.sql`INSERT INTO users (id, name, avatar) VALUES ('bob', 'Bob', x'00ff')`.run()
	await router.flush()
	await router.close()
	return open(await openProjectSource({ load: async () => project, ...places, watch: false, ...options }))
}

async function openFile(): Promise<{ readonly url: string; readonly path: string }> {
	const path = join(await temporaryDirectory(), 'app.sqlite')
	const database = new DatabaseSync(path)
	for (const sql of studioSetup) database.exec(sql)
	database.close()
	return { url: await open({ ...openFileSource(path), schema: { tables: studioTables, relations: studioRelations } }), path }
}

/** Sends what the front end of Drizzle Studio sends. */
async function post(url: string, body: unknown, origin = DRIZZLE): Promise<unknown> {
	const headers = { 'content-type': 'application/json', origin }
	return (await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })).json()
}

const proxy = (sql: string, params: unknown[] = [], mode = 'object') => ({
	type: 'proxy',
	data: { sql, params, mode, method: 'all' },
})

describe('the proxy that Drizzle Studio asks', () => {
	const requests: Record<string, unknown> = {
		'rows as objects': proxy('SELECT id, name, age FROM people ORDER BY id'),
		'rows as arrays': proxy('SELECT id, name, age FROM people WHERE age > ? ORDER BY id LIMIT ?', [-5, 10], 'array'),
		'the schema': proxy('SELECT name, type, "notnull", pk FROM pragma_table_info(\'people\')', [], 'array'),
		'a PRAGMA': proxy('PRAGMA table_info(people)'),
		'an update': proxy("UPDATE people SET name = ? WHERE id = 'bob'", ['Robert']),
		'an insert that answers': proxy("INSERT INTO people (id, age) VALUES ('carl', 5) RETURNING id, age", [], 'array'),
		'several at once': {
			type: 'tproxy',
			data: [{ sql: "DELETE FROM people WHERE id = 'carl'" }, { sql: 'SELECT count(*) AS n FROM people', method: 'all' }],
		},
		'several of which one fails': {
			type: 'tproxy',
			data: [{ sql: 'DELETE FROM people' }, { sql: 'INSERT INTO people (id) VALUES (NULL)' }],
		},
		'what is left': proxy('SELECT id, name FROM people ORDER BY id'),
		'a default': { type: 'defaults', data: [{ schema: 'public', table: 'people', column: 'id' }] },
	}

	it('answers as drizzle-kit does', { timeout: 60_000 }, async () => {
		const kit = await startDrizzleKit()
		const { url } = await openFile()
		for (const [name, body] of Object.entries(requests)) {
			const [expected, found] = [await post(kit, body), await post(url, body)]
			const unprefixed = JSON.parse(JSON.stringify(found).replace('statement: ', ''))
			expect({ [name]: unprefixed }).toEqual({ [name]: expected })
		}
		const [theirs, ours] = [await post(kit, { type: 'init' }), await post(url, { type: 'init' })]
		expect(ours).toEqual(
			Object.assign({}, theirs, { dbHash: expect.stringMatching(/^[0-9a-f]{64}$/), databaseName: expect.any(String) }),
		)
		expect(ours).toMatchObject({ relations: [{ name: 'animals' }, { name: 'owner' }], customDefaults: [{ column: 'id' }] })
		const failure = expect.objectContaining({ status: 'error', error: expect.stringContaining('no such table: nobody') })
		expect([await post(kit, proxy('SELECT * FROM nobody')), await post(url, proxy('SELECT * FROM nobody'))]).toEqual([
			failure,
			failure,
		])
	})

	it('shows tables whose relations lead nowhere', async () => {
		const problems: unknown[] = []
		const lost = relations(schema.tables.users, ({ many }) => ({ orders: many(schema.tables.orders) }))
		const url = await openProject({
			load: async () => ({ ...project, relations: { lost } }),
			onProblem: (error) => problems.push(error),
		})
		expect(problems).toHaveLength(1)
		expect(await post(url, { type: 'init' })).toMatchObject({ relations: [], dialect: 'sqlite' })
	})

	it('sends BLOBs in base64 and large integers as text, and takes text as bytes', async () => {
		const { url } = await openFile()
		expect(await post(url, proxy('SELECT photo, 9007199254740993 AS big FROM people ORDER BY id LIMIT 1'))).toEqual([
			{ photo: 'AP8=', big: '9007199254740993' },
		])
		await post(url, proxy('UPDATE people SET photo = ?, name = ?', [{ type: 'binary', value: 'hi' }, 5]))
		expect(await post(url, proxy('SELECT hex(photo), typeof(photo), name FROM people LIMIT 1', [], 'array'))).toEqual([
			['6869', 'blob', '5'],
		])
	})

	it('answers the page of Drizzle Studio, and refuses every other one', async () => {
		const url = await openProject()
		const body = JSON.stringify({ type: 'init' })
		const asked = await fetch(url, {
			method: 'OPTIONS',
			headers: { origin: DRIZZLE, 'access-control-request-private-network': 'true' },
		})
		expect(asked.status).toBe(204)
		const answer = await fetch(url, { method: 'POST', headers: { origin: DRIZZLE }, body })
		for (const { headers } of [asked, answer]) {
			expect(headers.get('access-control-allow-origin')).toBe(DRIZZLE)
			expect(headers.get('access-control-allow-private-network')).toBe('true')
		}
		for (const origin of ['https://evil.example', `${DRIZZLE}.evil.example`, 'null']) {
			for (const method of ['POST', 'OPTIONS']) {
				const refused = await fetch(url, { method, headers: { origin }, ...(method === 'POST' ? { body } : {}) })
				expect([refused.status, refused.headers.get('access-control-allow-origin')]).toEqual([403, null])
			}
		}
		const elsewhere = await fetch(`${url}/query`, { method: 'POST', headers: { origin: DRIZZLE }, body: '{"sql": "SELECT 1"}' })
		expect(elsewhere.status).toBe(403)
	})

	it('shows the lake where there are several shards: all of them, and no writes', async () => {
		const url = await openProject()
		expect(await post(url, { type: 'init' })).toMatchObject({ databaseName: 'the lake', dialect: 'sqlite' })
		expect(await post(url, proxy('SELECT id, big FROM users ORDER BY id LIMIT ? OFFSET ?', [50, 0], 'array'))).toEqual([
			['ada', '9007199254740993'],
			['bob', null],
		])
		expect(await post(url, proxy("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name", [], 'array'))).toEqual([
			['orders'],
			['plans'],
			['users'],
		])
		expect(await post(url, proxy('PRAGMA table_info(plans)'))).toMatchObject([{ name: 'id', pk: 1 }])
		for (const sql of ["DELETE FROM users WHERE id = 'ada'", 'DROP TABLE users', 'DELETE FROM sqlite_master']) {
			expect(await post(url, proxy(sql))).toMatchObject({ status: 'error' })
		}
		expect(await post(url, { type: 'tproxy', data: [{ sql: "DELETE FROM users WHERE id = 'ada'" }] })).toMatchObject([
			{ error: expect.any(String) },
		])
	})

	it('shows the shard that is named, and captures what is written through it', async () => {
		const url = await openProject({ database: { shard: 'bob' } })
		expect(await post(url, proxy('SELECT id FROM users', [], 'array'))).toEqual([['bob']])
		await post(url, proxy('UPDATE "users" SET "name" = ? WHERE "id" = ?', ['Robert', 'bob']))
		await post(url, {
			type: 'tproxy',
			data: [{ sql: "INSERT INTO orders VALUES ('bob', 'o1', 2)" }, { sql: 'SELECT count(*) FROM orders' }],
		})
		expect(await post(url, proxy('WITH all_of AS (SELECT * FROM users) SELECT name FROM all_of', [], 'array'))).toEqual([
			['Robert'],
		])
		const { body } = await ask(url, {
			sql: 'SELECT (SELECT count(*) FROM orders) AS n, name FROM users ORDER BY id',
			mode: 'analytics',
			flush: true,
		})
		expect(body.rows).toEqual([
			{ n: 1, name: 'Ada' },
			{ n: 1, name: 'Robert' },
		])
	})

	it('refuses a shard that there is not, and makes none', async () => {
		await expect(openProject({ database: { shard: 'carl' } })).rejects.toMatchObject({
			code: 'SHARD_NOT_FOUND',
			message: expect.stringContaining('found ada, bob'),
		})
	})
})

describe('the page of sqlake studio', () => {
	it('holds all it needs, and runs nothing but its own script', async () => {
		const url = await openProject()
		const response = await fetch(url)
		const page = await response.text()
		const policy = response.headers.get('content-security-policy') ?? ''
		const [, nonce] = /script-src 'nonce-([^']+)'/.exec(policy) ?? []
		expect(policy).toContain("default-src 'none'")
		expect(page.match(/<(?:script|style|link|img|iframe)\b[^>]*>/g)).toEqual([
			`<style nonce="${nonce}">`,
			`<script type="module" nonce="${nonce}">`,
		])
		expect(page).not.toMatch(/\bon\w+="|https?:|innerHTML|insertAdjacentHTML|document\.write/)
		expect((await fetch(url)).headers.get('content-security-policy')).not.toContain(nonce)
	})

	it('gets tables, shards, rows and the changes of a row from the server', async () => {
		const url = await openProject()
		expect((await get(`${url}/studio`)).body).toMatchObject({ kind: 'project', drizzleStudio: 'the lake' })
		expect((await get(`${url}/shards`)).body.shards).toEqual(['ada', 'bob'])
		const changes = await ask(url, {
			sql: 'SELECT _op, name FROM users WHERE id = ?',
			params: ['ada'],
			between: [0, Date.now() + 1],
			format: 'arrays',
		})
		expect(changes.body.rows).toEqual([['c', 'Ada']])
	})

	it('shows any SQLite file', async () => {
		const { url, path } = await openFile()
		expect((await get(`${url}/studio`)).body).toMatchObject({ kind: 'file', title: 'app.sqlite' })
		expect((await get(`${url}/tables`)).body.tables).toEqual([
			{
				name: 'people',
				shardKey: null,
				primaryKey: ['id'],
				columns: [
					{ name: 'id', type: expect.stringMatching(/^text$/i), notNull: true },
					{ name: 'name', type: expect.stringMatching(/^text$/i), notNull: false },
					{ name: 'age', type: expect.stringMatching(/^integer$/i), notNull: false },
					{ name: 'photo', type: expect.stringMatching(/^blob$/i), notNull: false },
				],
				lake: null,
			},
		])
		const { body } = await ask(url, { sql: 'SELECT * FROM people WHERE id = ?', params: ['ada'], format: 'arrays' })
		expect(body.rows).toEqual([['ada', 'Ada', 36, { $base64: 'AP8=' }]])
		expect((await ask(url, { sql: 'SELECT 1', mode: 'analytics' })).status).toBe(400)
		expect((await ask(url, { sql: 'SELECT * FROM nobody' })).body.error?.message).toContain('no such table: nobody')
		const database = new DatabaseSync(path, { readOnly: true })
		onTestFinished(() => database.close())
		expect(database.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'delete' })
	})

	it('says that a file is no database', async () => {
		expect(() => openFileSource(import.meta.filename)).toThrow(expect.objectContaining({ code: 'QUERY_FAILED' }))
	})
})

/** Starts drizzle-kit's own studio; returns its address. */
async function startDrizzleKit(): Promise<string> {
	const port = await freePort()
	const script = join(import.meta.dirname, 'drizzle-kit-studio.ts')
	const child = spawn(process.execPath, [script, String(port)], { stdio: ['ignore', 'pipe', 'ignore'] })
	onTestFinished(async () => {
		child.kill('SIGKILL')
		await once(child, 'close')
	})
	await once(child.stdout, 'data')
	return `http://127.0.0.1:${port}`
}

async function freePort(): Promise<number> {
	const server = createServer().listen(0, '127.0.0.1')
	await once(server, 'listening')
	const address = server.address()
	server.close()
	await once(server, 'close')
	return typeof address === 'object' && address !== null ? address.port : 0
}
