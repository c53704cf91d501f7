import { execFile, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createProject, type TestProject } from './project.ts'

const root = join(import.meta.dirname, '../..')
const binary = join(root, 'bin/sqlake.js')

/** A dev server that runs as a program of its own. */
interface DevServer {
	readonly url: string
	/** Waits for a line of its output. */
	next(event: string): Promise<Record<string, unknown>>
	/** Ends it as Ctrl-C does. */
	stop(): Promise<{ readonly code: number | null; readonly last: Record<string, unknown> | undefined }>
}

/** Each test goes on where the one before stopped: this is one hour of one person. */
describe('the first hour', { timeout: 60_000 }, () => {
	let project: TestProject
	let directory: string
	let dev: DevServer
	/** A moment before the schema changed. */
	let before: string

	beforeAll(() => {
		project = createProject({})
		directory = join(project.directory, 'shop')
	})
	afterAll(() => {
		for (const kill of started) kill()
		project[Symbol.dispose]()
	})

	const sqlake = (...args: string[]) =>
		new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
			execFile(
				process.execPath,
				[binary, ...args],
				{ cwd: directory, env: { ...process.env, CI: '1' } },
				(error, stdout, stderr) => resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr }),
			)
		})
	const json = async (...args: string[]) => {
		const { code, stdout, stderr } = await sqlake(...args, '--json')
		expect({ args, code, stderr }).toMatchObject({ code: 0 })
		return JSON.parse(stdout)
	}
	const post = async (body: object) => {
		const response = await fetch(`${dev.url}/query`, { method: 'POST', body: JSON.stringify(body) })
		const answer: { rows?: unknown; error?: unknown } = await response.json()
		expect(answer.error).toBeUndefined()
		return answer.rows
	}
	const edit = (file: string, change: (text: string) => string) =>
		writeFileSync(join(directory, file), change(readFileSync(join(directory, file), 'utf8')))

	it('begins with init: a project whose types check once migrations are generated', async () => {
		const made = await new Promise<string>((resolve, reject) => {
			execFile(process.execPath, [binary, 'init', 'shop', '--catalog'], { cwd: project.directory }, (error, stdout) =>
				error === null ? resolve(stdout) : reject(error),
			)
		})
		expect(made).toContain('+ src/schema.ts')
		expect(await json('generate')).toMatchObject({ migration: { tag: '0000_init' }, manifestVersion: 1 })
		execFileSync(join(root, 'node_modules/.bin/tsc'), ['-p', '.'], { cwd: directory, stdio: 'inherit' })
		expect(await json('doctor')).toMatchObject({ summary: { fail: 0 } })
	})

	it('serves the project, takes writes and answers from shard and lake', async () => {
		dev = await startDev(directory)
		await post({ sql: `INSERT INTO users (id, email, plan) VALUES ('ada', 'ada@example.com', 'pro')` })
		await post({ sql: `INSERT INTO users (id, email) VALUES ('bob', 'bob@example.com')` })
		await post({ sql: `INSERT INTO orders (id, user_id, amount) VALUES (?, ?, ?)`, params: ['o1', 'ada', 9.5] })
		expect(await post({ sql: `SELECT id, amount FROM orders WHERE user_id = 'ada'` })).toEqual([{ id: 'o1', amount: 9.5 }])
		const perPlan = { sql: 'SELECT plan, count(*) AS n FROM users GROUP BY plan ORDER BY plan', mode: 'analytics', flush: true }
		expect(await post(perPlan)).toEqual([
			{ plan: 'free', n: 1 },
			{ plan: 'pro', n: 1 },
		])
		before = new Date(Date.now() + 1).toISOString()
		while (new Date().toISOString() <= before) await new Promise((resolve) => setTimeout(resolve, 1))
	})

	it('follows a schema that changes: a column renamed, another one added', async () => {
		edit('src/schema.ts', (text) => text.replace("plan: text('plan')", "city: text('city'),\n\t\ttier: text('tier')"))
		edit('src/worker.ts', (text) => text.replaceAll('users.plan', 'users.tier'))
		const reloaded = dev.next('reload')
		expect(await json('generate', '--rename', 'users.plan=users.tier')).toMatchObject({ manifestVersion: 2 })
		expect(await reloaded).toMatchObject({ changed: true })
		await post({ sql: `UPDATE users SET city = 'London', tier = 'max' WHERE id = 'ada'` })
		expect(await post({ sql: `SELECT tier, city FROM users WHERE id = 'ada'` })).toEqual([{ tier: 'max', city: 'London' }])
		expect(await dev.stop()).toMatchObject({ code: 0, last: { event: 'closed' } })
	})

	it('migrates every shard, and says where each stands', async () => {
		expect((await sqlake('migrate')).code).toBe(0)
		const { stdout } = await sqlake('migrate', '--status')
		expect(stdout).toContain('0001_')
	})

	it('asks the lake: now, as it was before, and what has changed', async () => {
		const now = await json('query', '-a', '--flush', 'SELECT id, tier, city FROM users ORDER BY id')
		expect(now).toEqual([
			{ id: 'ada', tier: 'max', city: 'London' },
			{ id: 'bob', tier: 'free', city: null },
		])
		expect(await json('query', '--as-of', before, 'SELECT * FROM users ORDER BY id')).toEqual([
			{ id: 'ada', email: 'ada@example.com', plan: 'pro', created_at: null },
			{ id: 'bob', email: 'bob@example.com', plan: 'free', created_at: null },
		])
		const changes = await json('query', '--between', `${before}..`, 'SELECT _op, id FROM users')
		expect(changes).toContainEqual({ _op: 'u', id: 'ada' })
		expect(await json('lake', 'schema', 'users')).toMatchObject({ schemaVersion: 2 })
	})

	it('rolls back, keeps what can be kept, and comes forward again', async () => {
		const refused = await sqlake('migrate', '--rollback', '--target', '0000_init')
		expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('--accept-data-loss') })
		expect(await sqlake('migrate', '--rollback', '--target', '0000_init', '--accept-data-loss')).toMatchObject({ code: 0 })
		expect(await json('query', '--db', '.sqlake/local.db/ada.sqlite', 'SELECT * FROM users')).toEqual([
			{ id: 'ada', email: 'ada@example.com', plan: 'max', created_at: null },
		])
		expect(await json('query', '--as-of', before, 'SELECT plan FROM users ORDER BY id')).toEqual([
			{ plan: 'pro' },
			{ plan: 'free' },
		])
		expect((await sqlake('migrate')).code).toBe(0)
		expect(await json('query', '--shard', 'ada', 'SELECT tier, city FROM users')).toEqual([{ tier: 'max', city: null }])
		expect(await json('doctor')).toMatchObject({ summary: { fail: 0 } })
	})
})

/** How to end what a failed test leaves behind. */
const started: (() => void)[] = []

async function startDev(cwd: string): Promise<DevServer> {
	const child = spawn(process.execPath, [binary, 'dev', '--port', '0', '--json'], { cwd, stdio: ['ignore', 'pipe', 'inherit'] })
	started.push(() => child.kill('SIGKILL'))
	const seen: Record<string, unknown>[] = []
	const waiting = new Map<string, (event: Record<string, unknown>) => void>()
	createInterface({ input: child.stdout }).on('line', (line) => {
		const event: Record<string, unknown> = JSON.parse(line)
		seen.push(event)
		waiting.get(String(event.event))?.(event)
	})
	const next = (event: string) => new Promise<Record<string, unknown>>((resolve) => waiting.set(event, resolve))
	const { url } = await next('ready')
	const stop = async () => {
		const exited = once(child, 'close')
		child.kill('SIGINT')
		const [code] = await exited
		return { code, last: seen.at(-1) }
	}
	return { url: String(url), next, stop }
}
