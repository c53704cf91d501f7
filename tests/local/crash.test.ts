import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text as readAll } from 'node:stream/consumers'
import { expect, it, onTestFinished } from 'vitest'
import { forEachLimited } from '../../src/delivery/for-each-limited.ts'
import { LocalRouter } from '../../src/local/local-router.ts'
import { crashMigrations, crashSchema } from './crash-schema.ts'
import { placesIn, temporaryDirectory } from './fixture.ts'

interface Outcome {
	readonly output: string
	readonly killed: boolean
}

/** Runs the writing process on a directory, to die at the given call to the store; at none for 0. */
async function runChild(directory: string, call = 0, when: 'before' | 'after' = 'before'): Promise<Outcome> {
	const script = join(import.meta.dirname, 'crash-child.ts')
	const child = spawn(process.execPath, [script, directory, String(call), when], { stdio: ['ignore', 'pipe', 'inherit'] })
	const [output, [exitCode, signal]] = await Promise.all([readAll(child.stdout), once(child, 'exit')])
	if (exitCode !== 0 && signal !== 'SIGKILL') throw new Error(`the child ended with ${exitCode ?? signal}`)
	return { output, killed: signal === 'SIGKILL' }
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
