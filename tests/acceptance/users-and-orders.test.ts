import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { cpSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createProject, type TestProject } from '../cli/project.ts'

const root = resolve(import.meta.dirname, '../..')

/** The example as its README starts it, step by step; each test goes on where the one before stopped. */
describe('examples/users-and-orders', { timeout: 120_000 }, () => {
	let project: TestProject
	let server: ChildProcess
	let url: string

	beforeAll(() => {
		project = createProject({})
		cpSync(join(root, 'examples/users-and-orders'), project.directory, { recursive: true })
		project.write('tsconfig.json', '{}')
	})
	afterAll(async () => {
		if (server?.exitCode === null && server.kill()) await new Promise((resolve) => server.once('exit', resolve))
		project[Symbol.dispose]()
	})

	const env = {
		...process.env,
		CI: 'true',
		WRANGLER_SEND_METRICS: 'false',
		WRANGLER_SEND_ERROR_REPORTS: 'false',
		CLOUDFLARE_CF_FETCH_ENABLED: 'false',
	}
	const sqlake = (...args: readonly string[]) =>
		execFileSync(process.execPath, [join(root, 'bin/sqlake.js'), ...args], {
			cwd: project.directory,
			env,
			encoding: 'utf8',
			stdio: ['ignore', 'pipe', 'pipe'],
		})
	const get = async (path: string) => (await fetch(url + path)).json()
	const post = async (userId: string, body: object) =>
		(await fetch(`${url}/user?userId=${userId}`, { method: 'POST', body: JSON.stringify(body) })).json()

	it('has migrations after sqlake generate, and a bucket that knows them after sqlake push', () => {
		sqlake('generate')
		expect(sqlake('push')).toContain('metadata/migrations.json: created, version 1')
	})

	it('starts in wrangler dev, and its objects find their tables', async () => {
		const wrangler = join(root, 'node_modules/wrangler/bin/wrangler.js')
		server = spawn(
			process.execPath,
			[wrangler, 'dev', '--port', '0', '--inspector-port', '0', '--show-interactive-dev-session=false'],
			{
				cwd: project.directory,
				env,
			},
		)
		url = await new Promise((resolve, reject) => {
			let output = ''
			const onData = (text: Buffer) => {
				output += text
				const ready = /Ready on (http:\/\/\S+)/.exec(output)
				if (ready?.[1] !== undefined) resolve(ready[1])
			}
			server.stdout?.on('data', onData)
			server.stderr?.on('data', onData)
			server.once('exit', (code) => reject(new Error(`wrangler dev ended with ${code}: ${output}`)))
		})
		const orders = [
			{ id: 'o1', amount: 9.5, status: 'completed' },
			{ id: 'o2', amount: 20, status: 'pending' },
		]
		expect(await post('ada', { email: 'ada@example.com', plan: 'pro', orders })).toMatchObject({
			user: { id: 'ada', email: 'ada@example.com', plan: 'pro' },
			orders: expect.arrayContaining(orders),
			status: {
				migrations: { state: 'current', appliedCount: 1, pendingCount: 0 },
				lastMigration: { success: true, applied: 1 },
				cdc: { consecutiveFailures: 0, buffered: 0 },
			},
		})
		await post('bob', { email: 'bob@example.com', orders: [{ id: 'o3', amount: 1, status: 'completed' }] })
	})

	it('answers over all users from the lake', async () => {
		const date = new Date().toISOString().slice(0, 10)
		expect(await get('/dashboard')).toEqual({
			usersByPlan: [
				{ plan: 'free', count: 1 },
				{ plan: 'pro', count: 1 },
			],
			revenueByDay: [{ date, revenue: 10.5, orders: 2 }],
			topCustomers: [
				{ id: 'ada', email: 'ada@example.com', order_count: 1, total_spent: 9.5 },
				{ id: 'bob', email: 'bob@example.com', order_count: 1, total_spent: 1 },
			],
		})
		expect(await get('/users?plan=pro')).toMatchObject([
			{
				id: 'ada',
				recentOrders: [
					{ id: 'o2', amount: 20 },
					{ id: 'o1', amount: 9.5 },
				],
				orderStats: { count: 2, total: 29.5 },
			},
		])
		const { changes, next } = (await get('/changes?since=0')) as { changes: unknown; next: number }
		expect(changes).toEqual([
			{ _op: 'c', _shard: 'ada', id: 'o1' },
			{ _op: 'c', _shard: 'ada', id: 'o2' },
			{ _op: 'c', _shard: 'bob', id: 'o3' },
		])
		expect(await get(`/changes?since=${next}`)).toMatchObject({ changes: [] })
	})
})
