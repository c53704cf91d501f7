import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { FileObjectStore } from '../../../src/lake/storage/file.ts'
import { lockFile, machine } from '../../../src/lake/storage/file-lock.ts'

let directory = ''
beforeEach(async () => {
	directory = await mkdtemp(join(tmpdir(), 'sqlake-lock-'))
})
afterEach(() => rm(directory, { recursive: true, force: true }))

/** Another process that holds a lock. */
async function holder(path: string) {
	const child = spawn(process.execPath, [join(import.meta.dirname, 'file-lock-child.ts'), path], {
		stdio: ['ignore', 'pipe', 'inherit'],
	})
	await once(child.stdout, 'data')
	const kill = async () => {
		const exit = once(child, 'exit')
		child.kill('SIGKILL')
		await exit
	}
	return { kill }
}

it('waits for a holder that lives, and no longer than it lives', async () => {
	const path = join(directory, 'a,lock')
	const { kill } = await holder(path)
	let taken = false
	const taking = lockFile(path).then((unlock) => {
		taken = true
		return unlock
	})
	await new Promise((resolve) => setTimeout(resolve, 100))
	expect(taken).toBe(false)
	const killed = Date.now()
	await kill()
	await (await taking)()
	expect(Date.now() - killed).toBeLessThan(3_000)
	expect(await readdir(directory)).toEqual([])
})

it('a store writes at once where a process died in the middle of a write', async () => {
	const store = new FileObjectStore(directory)
	await store.put('a', Uint8Array.of(1))
	const { kill } = await holder(join(directory, 'a,lock'))
	await kill()
	const start = Date.now()
	expect(await store.put('a', Uint8Array.of(2))).not.toBeNull()
	expect(Date.now() - start).toBeLessThan(3_000)
	// The mark says that the names are those of now.
	expect(await readdir(directory)).toEqual([',names-2', 'a'])
})

it('lets one at a time in, also when many find what a dead process left', async () => {
	const path = join(directory, 'a,lock')
	for (let round = 0; round < 5; round++) {
		const { kill } = await holder(path)
		await kill()
		let inside = 0
		let most = 0
		await Promise.all(
			Array.from({ length: 20 }, async () => {
				const unlock = await lockFile(path)
				most = Math.max(most, ++inside)
				await new Promise((resolve) => setTimeout(resolve, 1))
				inside--
				await unlock()
			}),
		)
		expect(most).toBe(1)
	}
	expect(await readdir(directory)).toEqual([])
})

it('takes a dead lock away once, and never the one that another made in its place', { timeout: 60_000 }, async () => {
	const path = join(directory, 'a,lock')
	for (let round = 0; round < 60; round++) {
		await writeFile(path, `${await machine()} 999999999 nonce`)
		let inside = 0
		let most = 0
		await Promise.all(
			Array.from({ length: 12 }, async () => {
				const unlock = await lockFile(path)
				most = Math.max(most, ++inside)
				await new Promise((resolve) => setTimeout(resolve, 3))
				inside--
				await unlock()
			}),
		)
		expect(most).toBe(1)
	}
})

it('believes no word about processes of another machine', async () => {
	const path = join(directory, 'a,lock')
	await writeFile(path, 'elsewhere/pid:[1] 999999999 nonce')
	const waiting = lockFile(path)
	const early = await Promise.race([waiting, new Promise((resolve) => setTimeout(resolve, 200, 'waits'))])
	expect(early).toBe('waits')
	await rm(path)
	await (await waiting)()
})
