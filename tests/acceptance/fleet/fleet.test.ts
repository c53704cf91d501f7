import { afterAll, beforeAll, expect, it } from 'vitest'
import { createTestHarness } from 'wrangler'
import { runSQLake } from '../../cli/run-sqlake.ts'

// The local runtime would otherwise ask the network where on earth it is.
process.env.CLOUDFLARE_CF_FETCH_ENABLED ??= 'false'

const SHARDS = Array.from({ length: 12 }, (_, i) => `user-${i}`)
const env = { SQLAKE_ADMIN_TOKEN: 'a-token-of-the-acceptance-test' }

const server = createTestHarness({ root: import.meta.dirname, workers: [{ configPath: './wrangler.jsonc' }] })
let url: string
beforeAll(async () => {
	url = (await server.listen()).url.origin
	for (const shard of SHARDS) expect((await fetch(`${url}/${shard}`)).status).toBe(200)
}, 60_000)
afterAll(() => server.close())

const migrate = (...args: readonly string[]) => runSQLake(['migrate', '--fleet', url, ...args], { cwd: import.meta.dirname, env })

/** Shards report in the background. */
async function untilRegistered(): Promise<void> {
	await expect
		.poll(async () => JSON.parse((await migrate('-s', '--json')).stdout).shards, { timeout: 20_000 })
		.toBe(SHARDS.length)
}

it('the command line rolls a fleet of Durable Objects back and forward again', async () => {
	await untilRegistered()
	expect(await migrate('--status')).toMatchObject({
		code: 0,
		stdout: expect.stringMatching(/^12 shards: 12 current\n +0002_notes +12\n/),
	})

	const lossy = await migrate('--rollback', '--target', '0000_users')
	expect(lossy.code).toBe(1)
	expect(lossy.stdout).toMatch(/stopped, 0 of 12 migrated.*\n.*destroys/)
	expect(await migrate('--cancel')).toMatchObject({ code: 0 })

	const back = await migrate(
		'--rollback',
		'--target',
		'0000_users',
		'--accept-data-loss',
		'--canary',
		'10%',
		'--concurrency',
		'4',
	)
	expect(back).toMatchObject({
		code: 0,
		stdout: expect.stringContaining('back to 0000_users: done, 12 of 12 migrated, 0 failed'),
	})
	expect((await migrate('-s')).stdout).toMatch(/0000_users +12\n/)
	expect((await migrate('-s', '--shard', 'user-3')).stdout).toContain('pending: 0001_email, 0002_notes')

	expect(await migrate('--shard', 'user-3', '-t', '0001_email')).toMatchObject({
		code: 0,
		stdout: expect.stringContaining('applied 0001_email (user-3)'),
	})
	const forward = await migrate('--canary', '0.5', '--json')
	expect(JSON.parse(forward.stdout)).toMatchObject({ state: 'done', target: '0002_notes', migrated: 12, failed: 0 })
	expect((await migrate('-s')).stdout).toMatch(/12 current\n +0002_notes +12\n/)
	for (const shard of SHARDS) {
		expect(await (await fetch(`${url}/${shard}`)).json()).toEqual([{ id: shard, email: `${shard}@example.com` }])
	}
}, 60_000)
