import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text as readAll } from 'node:stream/consumers'
import fc from 'fast-check'
import { expect, it, onTestFinished } from 'vitest'
import { forEachLimited } from '../../src/delivery/for-each-limited.ts'
import { LocalRouter } from '../../src/local/local-router.ts'
import { testRuns, testSeed } from '../support/test-seed.ts'
import { crashMigrations, crashSchema } from './crash-schema.ts'
import { placesIn, temporaryDirectory } from './fixture.ts'

interface Outcome {
	readonly output: string
	readonly killed: boolean
}

const CHILD = join(import.meta.dirname, 'crash-child.ts')

/** Runs the writing process on a directory, to die at the given call to the store; at none for 0. */
async function runChild(directory: string, call = 0, when: 'before' | 'after' = 'before'): Promise<Outcome> {
	const outcome = await run(process.execPath, [CHILD, directory, String(call), when])
	if (outcome.exitCode !== 0 && !outcome.killed) throw new Error(`the child ended with ${outcome.exitCode}`)
	return outcome
}

/** Runs a command, and kills it after some time, in milliseconds, where one is given. */
async function run(
	command: string,
	args: readonly string[],
	killAfter?: number,
): Promise<Outcome & { readonly exitCode: number | null }> {
	const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'ignore'] })
	const killer = killAfter === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), killAfter)
	const [output, [exitCode, signal]] = await Promise.all([readAll(child.stdout), once(child, 'exit')])
	clearTimeout(killer)
	return { output, killed: signal === 'SIGKILL', exitCode }
}

/** What the shards hold and what the lake holds after a process that died: each change once, and every write that was answered. */
async function check(directory: string, { output }: Outcome): Promise<void> {
	const router = new LocalRouter({ schema: crashSchema, migrations: crashMigrations, ...placesIn(directory) })
	onTestFinished(() => router.close())
	const { sql } = router
	const inShards = async () =>
		(await Promise.all(['ada', 'bob'].map((id) => sql.shard(id)`SELECT * FROM notes ORDER BY owner, id`.all()))).flat()
	const before = await inShards()
	for (const [, owner, id] of output.matchAll(/^(\w+)\/(\w)$/gm)) {
		const deleted = owner === 'ada' && id === 'a' && output.includes('deleted')
		if (!deleted) expect(before).toContainEqual(expect.objectContaining({ owner, id }))
	}
	await router.flush()
	expect(await inShards()).toEqual(before)
	const inLake = await sql.analytics`SELECT owner, id, text FROM notes ORDER BY owner, id`
	expect(inLake).toEqual(before)
	const changes = await sql.between(0, Date.now() + 1)<{
		_shard: string
		_seq: number
	}>`SELECT _shard, _seq FROM notes ORDER BY _shard, _seq`
	for (const shard of ['ada', 'bob']) {
		const positions = changes.filter(({ _shard }) => _shard === shard).map(({ _seq }) => _seq)
		expect(positions).toEqual(positions.map((_, index) => index + 1))
	}
	await router.close()
}

it('a process that dies at any call of a flush loses nothing and delivers nothing twice', { timeout: 300_000 }, async () => {
	const whole = await temporaryDirectory()
	const complete = await runChild(whole)
	await check(whole, complete)
	const calls = Number(/calls (\d+)/.exec(complete.output)?.[1])
	expect(calls).toBeGreaterThan(8)
	const deaths = Array.from({ length: calls }, (_, index) => [
		[index + 1, 'before'] as const,
		[index + 1, 'after'] as const,
	]).flat()
	await forEachLimited(deaths, 6, async ([call, when]) => {
		const directory = await temporaryDirectory()
		const outcome = await runChild(directory, call, when)
		expect(outcome.killed).toBe(true)
		await check(directory, outcome)
	})
})

it('processes that die one after another on the same files lose nothing and deliver nothing twice', {
	timeout: 60_000,
}, async () => {
	const directory = await temporaryDirectory()
	for (const [call, when] of [
		[4, 'after'],
		[7, 'before'],
		[2, 'before'],
	] as const) {
		const outcome = await runChild(directory, call, when)
		expect(outcome.killed).toBe(true)
	}
	await check(directory, await runChild(directory))
})

it('two processes on the same files at the same time lose nothing and deliver nothing twice', { timeout: 60_000 }, async () => {
	const directory = await temporaryDirectory()
	const [first] = await Promise.all([runChild(directory), runChild(directory), runChild(directory, 9, 'before')])
	await check(directory, first)
})

it('a process that dies at any moment, in the middle of SQLite and of file operations, loses nothing', {
	timeout: 300_000,
}, async () => {
	const random = fc.sample(fc.double({ min: 0, max: 1, noNaN: true }), {
		seed: testSeed('deaths at any moment'),
		numRuns: testRuns(12),
	})
	const whole = await temporaryDirectory()
	const start = performance.now()
	await check(whole, await runChild(whole))
	const duration = performance.now() - start
	await forEachLimited(random, 4, async (share) => {
		const directory = await temporaryDirectory()
		await check(directory, await run(process.execPath, [CHILD, directory, '0', 'before'], share * duration))
	})
})

it('a process whose files cannot grow, as on a full disk, fails, and loses nothing that it has answered', {
	timeout: 300_000,
}, async () => {
	let failures = 0
	// Node ignores the signal that comes with it, so that a write beyond the limit fails as one to a full disk does.
	for (const blocks of [1, 8, 24, 64, 128, 256]) {
		const directory = await temporaryDirectory()
		const outcome = await run('sh', [
			'-c',
			`ulimit -f ${blocks}; exec "$@"`,
			'sh',
			process.execPath,
			CHILD,
			directory,
			'0',
			'before',
		])
		if (outcome.exitCode !== 0) failures++
		await check(directory, outcome)
	}
	expect(failures).toBeGreaterThan(1)
})
