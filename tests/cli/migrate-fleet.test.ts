/**
 * The real admin handler over HTTP, with the real register and plans; the shards are those of the fleet's own tests.
 *
 * @module
 */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createAdminHandler } from '../../src/worker/admin.ts'
import { names, TAGS, TestFleet } from '../fleet/harness.ts'
import { runInteractively } from './interactive.ts'
import { history, manifestsOf } from './manifests.ts'
import { createProject, type TestProject } from './project.ts'
import { type RunOptions, runSQLake } from './run-sqlake.ts'

const TOKEN = 'a-token-that-nobody-guesses'

let fleet: TestFleet
let server: Server
let url: string
let project: TestProject
let ticking: NodeJS.Timeout | undefined
beforeEach(async () => {
	fleet = new TestFleet()
	const admin = createAdminHandler({ token: TOKEN, fleet: () => fleet.client })
	server = createServer(async (incoming, outgoing) => {
		const body = Buffer.concat(await incoming.toArray())
		const request = new Request(`${url}${incoming.url}`, {
			method: incoming.method ?? 'GET',
			headers: incoming.headers as Record<string, string>,
			...(body.length === 0 ? {} : { body }),
		})
		const response = (await admin(request, {})) ?? new Response('not here', { status: 404 })
		outgoing.writeHead(response.status, Object.fromEntries(response.headers))
		outgoing.end(Buffer.from(await response.arrayBuffer()))
	})
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
	url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
	project = createProject({ 'sqlake.config.ts': `export default { sqlake: { fleet: '${url}' } }` })
	alarmsGoOff()
})
afterEach(async () => {
	clearInterval(ticking)
	server.closeAllConnections()
	await new Promise((resolve) => server.close(resolve))
	project[Symbol.dispose]()
})

function alarmsGoOff(every = 5): void {
	clearInterval(ticking)
	let busy = false
	ticking = setInterval(async () => {
		if (busy) return
		busy = true
		await fleet.tick()
		busy = false
	}, every)
}

const migrate = (args: readonly string[], options: RunOptions = {}) =>
	runSQLake(['migrate', '--fleet', url, ...args], { cwd: project.directory, env: { SQLAKE_ADMIN_TOKEN: TOKEN }, ...options })

describe('sqlake migrate --fleet', () => {
	it('rolls out to all shards and follows until it is done', async () => {
		await fleet.add(names(20))
		const { code, stdout } = await migrate(['--canary', '10%', '--wave-size', '6', '--concurrency', '3', '--target', TAGS[2]])
		expect({ code, stdout }).toEqual({
			code: 0,
			stdout: expect.stringMatching(/^roll-out \S+ to 0002_email: done, 20 of 20 migrated, 0 failed\n$/),
		})
		expect([...fleet.shards.values()].every(({ version }) => version === TAGS[2])).toBe(true)
		expect(fleet.mostRunning).toBeLessThanOrEqual(3)
	})

	it('prints the roll-out as one document with --json', async () => {
		await fleet.add(names(3))
		const { code, stdout, stderr } = await migrate(['--json', '-t', TAGS[1]])
		expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
		expect(JSON.parse(stdout)).toMatchObject({ state: 'done', target: TAGS[1], total: 3, migrated: 3, failed: 0 })
	})

	it('ends with code 1 where it stops, and says why and how to go on; goes on with --resume', async () => {
		await fleet.add(names(10))
		for (const name of names(4)) Object.assign(fleet.shards.get(name) ?? {}, { fails: 'no such column: plan' })
		const stopped = await migrate(['--canary', '0.5', '--failure-threshold', '10%', '-t', TAGS[1]])
		expect(stopped.code).toBe(1)
		expect(stopped.stdout).toMatch(/: stopped, \d+ of 10 migrated, \d+ failed\n/)
		expect(stopped.stderr).toMatch(/failed, such as s0000\d: .*no such column: plan/)
		expect(stopped.stderr).toContain('go on with --resume, take it back with --rollback, or give it up with --cancel')
		for (const shard of fleet.shards.values()) delete shard.fails
		const resumed = await migrate(['--resume'])
		expect(resumed).toMatchObject({ code: 0, stdout: expect.stringContaining('done, 10 of 10 migrated, 0 failed') })
	})

	it('leaves the roll-out going at Ctrl-C and with --detach, and says how to look again', async () => {
		await fleet.add(names(10))
		alarmsGoOff(1_000_000)
		const controller = new AbortController()
		const onStderr = (text: string) => {
			if (text.includes('roll-out')) controller.abort()
		}
		const left = await migrate(['-t', TAGS[1]], { interrupt: controller.signal, onStderr })
		expect(left.code).toBe(130)
		expect(left.stderr).toContain(`goes on without this command; see it: sqlake migrate --fleet ${url} --status`)
		expect(await migrate(['--cancel'])).toMatchObject({ code: 0, stdout: expect.stringContaining(': cancelled') })
		const detached = await migrate(['-t', TAGS[1], '--detach', '--json'])
		expect(detached).toMatchObject({ code: 0, stderr: '' })
		expect(JSON.parse(detached.stdout)).toMatchObject({ state: 'running' })
		alarmsGoOff()
		await expect.poll(async () => (await fleet.client.summary()).rollout?.state).toBe('done')
	})

	it('pauses and goes on, by the id or without', async () => {
		await fleet.add(names(5))
		alarmsGoOff(1_000_000)
		const { id } = JSON.parse((await migrate(['-t', TAGS[1], '--detach', '--json'])).stdout)
		expect(await migrate(['--pause'])).toMatchObject({
			code: 0,
			stdout: expect.stringContaining(`roll-out ${id} to 0001_plan: paused`),
		})
		expect(await migrate(['--pause', 'other'])).toMatchObject({ code: 1, stderr: expect.stringContaining('other') })
		alarmsGoOff()
		expect(await migrate(['--resume', id])).toMatchObject({ code: 0, stdout: expect.stringContaining('done') })
	})

	it('takes the last roll-out back, and goes back to a target', async () => {
		await fleet.add(names(6))
		await migrate(['-t', TAGS[2]])
		const back = await migrate(['--rollback'])
		expect(back).toMatchObject({ code: 0, stdout: expect.stringContaining('done, 6 of 6 migrated') })
		expect([...fleet.shards.values()].map(({ version }) => version)).toEqual(Array(6).fill(TAGS[0]))
		await migrate(['-t', TAGS[2]])
		expect(await migrate(['--rollback', '-t', TAGS[1], '--json'])).toMatchObject({ code: 0 })
		expect([...fleet.shards.values()].map(({ version }) => version)).toEqual(Array(6).fill(TAGS[1]))
	})

	it('begins no rollback that the project knows to destroy data, unless that is accepted', async () => {
		await fleet.add(names(2), TAGS[1])
		const down = { sql: 'DROP TABLE plans;', losses: ['table "plans"'] }
		const steps = TAGS.map((tag) => ({ tag, sql: 'CREATE TABLE a (id);', down, tables: history[0]?.tables ?? {} }))
		project.write('.sqlake/manifest.json', JSON.stringify(manifestsOf(steps)[2]))
		const refused = await migrate(['-r', '-t', TAGS[0]])
		expect(refused).toMatchObject({
			code: 1,
			stderr: expect.stringContaining('rollback to 0000_init: it destroys table "plans"\n'),
		})
		expect((await fleet.client.summary()).rollout).toBeNull()
		expect(await migrate(['-r', '-t', TAGS[0], '--accept-data-loss'])).toMatchObject({ code: 0 })
	})

	it('asks a person before it begins, unless told not to', async () => {
		await fleet.add(names(2))
		const person = (keys: string, ...args: readonly string[]) =>
			runInteractively(['migrate', '--fleet', url, '-t', TAGS[1], ...args], {
				cwd: project.directory,
				env: { SQLAKE_ADMIN_TOKEN: TOKEN },
				answers: [{ seen: 'Migrate 2 shards to 0001_plan?', keys }],
			})
		expect(await person('n')).toMatchObject({ code: 1, stdout: '' })
		expect((await fleet.client.summary()).rollout).toBeNull()
		expect(await person('y')).toMatchObject({ code: 0, stdout: expect.stringContaining('done, 2 of 2') })
		expect(await person('', '--yes')).toMatchObject({ code: 0 })
	})

	it('shows the fleet, its shards page by page, and one of them', async () => {
		await fleet.add(names(3))
		await fleet.add(names(2, 'new'), TAGS[2])
		const summary = await migrate(['-s'])
		expect(summary.code).toBe(0)
		expect(summary.stdout).toMatch(/^5 shards: .*2 current/)
		expect(summary.stdout).toMatch(/0002_email +2\n/)
		const page = JSON.parse((await migrate(['-s', '--state', 'pending', '--limit', '2', '--json'])).stdout)
		expect(page.shards.map(({ shard }: { shard: string }) => shard)).toEqual(names(2))
		const next = await migrate(['-s', '--state', 'pending', '--limit', '2', '--cursor', page.cursor])
		expect(next.stdout).toMatch(/^s00002 {2}0000_init {2}pending/)
		expect(await migrate(['-s', '--shard', 's00001'])).toMatchObject({
			code: 0,
			stdout: expect.stringContaining('pending: 0001_plan, 0002_email'),
		})
		expect(await migrate(['-s', '--shard', 'nobody'])).toMatchObject({ code: 1, stderr: expect.stringContaining('nobody') })
	})

	it('migrates single shards; one that fails does not stop the others', async () => {
		await fleet.add(names(3))
		Object.assign(fleet.shards.get('s00000') ?? {}, { fails: 'no such table' })
		const { code, stdout } = await migrate(['--shard', 's00000', '--shard', 's00002', '-t', TAGS[1], '--json'])
		expect(code).toBe(1)
		expect(JSON.parse(stdout)).toMatchObject({
			failed: 1,
			databases: [
				{ name: 's00000', status: 'failed', error: { code: 'MIGRATION_FAILED' } },
				{ name: 's00002', version: TAGS[1] },
			],
		})
		expect(fleet.shards.get('s00001')?.calls).toEqual([])
	})

	it('survives a Worker that does not answer for a moment while it follows', async () => {
		await fleet.add(names(4))
		let refused = 0
		const listeners = server.listeners('request')
		server.removeAllListeners('request')
		server.on('request', (incoming, outgoing) => {
			const asksAgain = incoming.method === 'GET' && incoming.url?.includes('/rollouts/')
			if (asksAgain && refused++ < 2) outgoing.destroy()
			else for (const listener of listeners) listener.call(server, incoming, outgoing)
		})
		expect(await migrate(['-t', TAGS[1]])).toMatchObject({ code: 0, stdout: expect.stringContaining('done, 4 of 4') })
		expect(refused).toBeGreaterThan(1)
	}, 20_000)

	it('takes the address from the configuration, and the token from the environment alone', async () => {
		await fleet.add(names(1))
		expect(await migrate(['-s'])).toMatchObject({ code: 0 })
		const alone = await runSQLake(['migrate', '-s', '--fleet'], { cwd: project.directory, env: { SQLAKE_ADMIN_TOKEN: TOKEN } })
		expect(alone).toMatchObject({ code: 0, stdout: expect.stringContaining('1 shard:') })
		const without = await migrate(['-s'], { env: {} })
		expect(without).toMatchObject({ code: 1, stderr: expect.stringContaining('SQLAKE_ADMIN_TOKEN') })
		expect(await migrate(['-s'], { env: { SQLAKE_ADMIN_TOKEN: `${TOKEN}\n` } })).toMatchObject({ code: 0 })
		const broken = await migrate(['-s', '--verbose'], { env: { SQLAKE_ADMIN_TOKEN: 'another\nsecret' } })
		expect(broken.code).toBe(1)
		expect(broken.stdout + broken.stderr).not.toMatch(/another\s*secret/)
		const wrong = await migrate(['-s', '--verbose'], { env: { SQLAKE_ADMIN_TOKEN: 'another-secret-token' } })
		expect(wrong.code).toBe(1)
		expect(wrong.stdout + wrong.stderr).toContain('token')
		expect(wrong.stdout + wrong.stderr).not.toContain('another-secret-token')
	})

	it('shows the token to no one over a line that others can read', async () => {
		const { code, stderr } = await runSQLake(['migrate', '-s', '--fleet', 'http://app.example.com'], {
			cwd: project.directory,
			env: { SQLAKE_ADMIN_TOKEN: TOKEN },
		})
		expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('expected https') })
	})
})
