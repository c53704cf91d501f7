import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { SQLakeError } from '../../../src/errors.ts'
import { FileObjectStore } from '../../../src/lake/storage/file.ts'
import { keyOfPath, pathOfKey } from '../../../src/lake/storage/file-path.ts'
import { objectStoreContract } from '../../contract/object-store.ts'

let directory = ''
beforeAll(async () => {
	directory = await mkdtemp(join(tmpdir(), 'sqlake-store-'))
})
afterAll(() => rm(directory, { recursive: true, force: true }))

objectStoreContract('FileObjectStore', async () => new FileObjectStore(directory))

it('leaves no lock and no unfinished file behind', async () => {
	const store = new FileObjectStore(join(directory, 'clean'))
	await Promise.all(Array.from({ length: 10 }, (_, i) => store.put('a/b', new Uint8Array(i))))
	expect(await readdir(join(directory, 'clean', 'a'))).toEqual(['b'])
})

it('never gives two versions of a key one etag', async () => {
	const store = new FileObjectStore(join(directory, 'etags'))
	const etags = new Set<string>()
	for (let i = 0; i < 50; i++) etags.add((await store.put('a', Uint8Array.of(i)))?.etag ?? '')
	expect(etags.size).toBe(50)
})

it('refuses a key below another key', async () => {
	const store = new FileObjectStore(join(directory, 'nested'))
	await store.put('a', Uint8Array.of(1))
	const refused = await store.put('a/b', Uint8Array.of(2)).catch((error: unknown) => error)
	expect(SQLakeError.is(refused, 'STORE_UNAVAILABLE')).toBe(true)
	expect(await store.get('a/b')).toBeNull()
})

it('maps keys to paths that stay inside the directory, and back', () => {
	const key = fc
		.array(fc.oneof(fc.string({ unit: 'binary', maxLength: 300 }), fc.constantFrom('', '.', '..', '%_', '%2E', 'a+', ',')))
		.map((segments) => segments.join('/'))
		.filter((text) => text !== '' && text.isWellFormed())
	fc.assert(
		fc.property(key, (text) => {
			const path = pathOfKey(text)
			for (const name of path.split('/')) {
				expect(name).toMatch(/^[\w.=~%+-]{1,201}$/)
				expect(name).not.toMatch(/^\.+$/)
			}
			expect(keyOfPath(path)).toBe(text)
		}),
		{ seed: 1, numRuns: 500 },
	)
})
