import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
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
		.array(
			fc.oneof(
				fc.string({ unit: 'binary', maxLength: 300 }),
				fc.constantFrom('', '.', '..', '%_', '%2E', '^_', '^2E', 'a+', ','),
			),
		)
		.map((segments) => segments.join('/'))
		.filter((text) => text !== '' && text.isWellFormed())
	fc.assert(
		fc.property(key, (text) => {
			const path = pathOfKey(text)
			for (const name of path.split('/')) {
				expect(name).toMatch(/^[\w.=~%!'()^+-]{1,201}$/)
				expect(name).not.toMatch(/^\.+$/)
			}
			expect(keyOfPath(path)).toBe(text)
		}),
		{ numRuns: 500 },
	)
})

/** A file of a shard `ben/%é`, of a table `it's`. */
const KEY = "data/it's%20one/_shard=ben%2F%25%C3%A9/cdc_1_2.parquet"
const FORMER = 'data/it%27s%2520one/_shard=ben%252F%2525%25C3%25A9/cdc_1_2.parquet'

async function filled(name: string, files: Readonly<Record<string, string>>): Promise<string> {
	const root = join(directory, name)
	for (const [path, text] of Object.entries(files)) {
		await mkdir(dirname(join(root, path)), { recursive: true })
		await writeFile(join(root, path), text)
	}
	return root
}
const keysOf = async (store: FileObjectStore) => (await store.list({ prefix: '' })).objects.map(({ key }) => key)
const textOf = async (store: FileObjectStore, key: string) => new TextDecoder().decode((await store.get(key))?.bytes)

it('has the keys of a lake as they are for paths, so that other readers and copies find them', async () => {
	const store = new FileObjectStore(join(directory, 'plain'))
	await store.put(KEY, Uint8Array.of(7))
	expect([...(await readFile(join(directory, 'plain', KEY)))]).toEqual([7])
	await cp(join(directory, 'plain', 'data'), join(directory, 'copied', 'data'), { recursive: true })
	expect(await keysOf(new FileObjectStore(join(directory, 'copied')))).toEqual([KEY])
})

it.each(['get', 'list', 'put'] as const)(
	'reads a directory of before, whose names had percent signs encoded again, on from a %s',
	async (first) => {
		const long = `data/t/_shard=${'%C3%A9'.repeat(80)}/cdc_1_1.parquet`
		const formerLong = `data/t/${`_shard=${'%25C3%25A9'.repeat(80)}`.replace(/.{200}(?=.)/g, '$&+/')}/cdc_1_1.parquet`
		const root = await filled(`former-${first}`, { [FORMER]: 'old', [formerLong]: 'long', 'metadata/pointer.json': '{}' })
		const store = new FileObjectStore(root)
		if (first === 'get') expect(await textOf(store, KEY)).toBe('old')
		if (first === 'list') expect(await keysOf(store)).toContain(KEY)
		if (first === 'put') expect(await store.put(KEY, Uint8Array.of(1), { ifNoneMatch: '*' })).toBeNull()
		for (const again of [store, new FileObjectStore(root)]) {
			expect((await keysOf(again)).sort()).toEqual([KEY, long, 'metadata/pointer.json'].sort())
			expect(await textOf(again, KEY)).toBe('old')
			expect(await textOf(again, long)).toBe('long')
		}
		expect(await readdir(join(root, 'data'))).toEqual(["it's%20one", 't'])
	},
)

it('leaves keys alone that are their own paths already, as a copy of a bucket has them', async () => {
	const keys = ['data/t/_shard=a%21b/x', 'data/t%2Fu/_shard=100%25/x', "data/it's/_shard=%C3%A9~0a/x"]
	const root = await filled('bucket', Object.fromEntries(keys.map((key) => [key, ''])))
	const store = new FileObjectStore(root)
	await store.put('metadata/p', Uint8Array.of(1))
	expect(await keysOf(store)).toEqual([...keys, 'metadata/p'].sort())
})

it('takes nothing for a name of before once it has written: a shard may be called anything', async () => {
	const root = join(directory, 'written')
	await new FileObjectStore(root).put(FORMER, Uint8Array.of(1))
	expect(await keysOf(new FileObjectStore(root))).toEqual([FORMER])
})

it('adopts names of before once, whoever comes at the same time', async () => {
	const files = Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`data/t/_shard=a%252F${n}/x`, String(n)]))
	const root = await filled('at-once', files)
	const stores = Array.from({ length: 5 }, () => new FileObjectStore(root))
	await Promise.all(stores.map(async (store, n) => expect(await textOf(store, `data/t/_shard=a%2F${n}/x`)).toBe(String(n))))
	expect(await keysOf(new FileObjectStore(root))).toHaveLength(50)
})
