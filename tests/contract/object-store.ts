/**
 * What every object store does. A test file calls this with a factory; the suite runs in Node and in workerd.
 *
 * @module
 */
import { describe, expect, it } from 'vitest'
import { SQLakeError } from '../../src/errors.ts'
import type { ObjectStore } from '../../src/lake/storage/object-store.ts'
import { compareUtf8 } from '../../src/lake/utf8-order.ts'

const bytesOf = (text: string) => new TextEncoder().encode(text)
const textOf = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes)

/**
 * @param open Opens a store; each test keeps to a prefix of its own, so that one store may serve all.
 * @param limits `dotSegments: false` for a store that is reached by URLs, which cannot name a segment `.` or `..`: it refuses them.
 */
export function objectStoreContract(
	name: string,
	open: () => Promise<ObjectStore>,
	{ dotSegments = true }: { readonly dotSegments?: boolean } = {},
): void {
	describe(`${name} keeps the object store contract`, () => {
		let prefixes = 0
		const fresh = async () => ({ store: await open(), at: `t${++prefixes}-${crypto.randomUUID()}/` })

		it('answers null for an object that is not there, and deletes it without complaint', async () => {
			const { store, at } = await fresh()
			expect(await store.get(`${at}none`)).toBeNull()
			expect(await store.get(`${at}none`, { offset: 0, length: 1 })).toBeNull()
			expect(await store.head(`${at}none`)).toBeNull()
			await store.delete([`${at}none`])
			expect(await store.list({ prefix: at })).toEqual({ objects: [] })
		})

		it('gives back the bytes, the size and the etag that were put', async () => {
			const { store, at } = await fresh()
			const bytes = Uint8Array.from({ length: 70_000 }, (_, i) => i % 251)
			const put = await store.put(`${at}a`, bytes, { contentType: 'application/octet-stream' })
			expect(put).toMatchObject({ key: `${at}a`, size: 70_000 })
			const got = await store.get(`${at}a`)
			expect(got).toMatchObject({ key: `${at}a`, size: 70_000, etag: put?.etag })
			expect(got?.bytes).toEqual(bytes)
			expect(await store.head(`${at}a`)).toEqual({ key: `${at}a`, size: 70_000, etag: put?.etag })
		})

		it('keeps what it was given, not the array it was given', async () => {
			const { store, at } = await fresh()
			// A part of a Buffer is a Buffer, whose slice() does not copy.
			for (const bytes of [bytesOf('before'), Buffer.from('-before-').subarray(1, 7)]) {
				await store.put(`${at}a`, bytes)
				bytes.fill(0)
				for (const range of [undefined, { offset: 0, length: 6 }]) {
					const first = await store.get(`${at}a`, range)
					expect(textOf(first?.bytes)).toBe('before')
					first?.bytes.fill(0)
					expect(textOf((await store.get(`${at}a`, range))?.bytes)).toBe('before')
				}
			}
		})

		it('stores and replaces an empty object', async () => {
			const { store, at } = await fresh()
			await store.put(`${at}a`, bytesOf('full'))
			await store.put(`${at}a`, new Uint8Array(0))
			expect((await store.get(`${at}a`))?.bytes).toEqual(new Uint8Array(0))
			expect(await store.head(`${at}a`)).toMatchObject({ size: 0 })
		})

		it('reads ranges, clipped to the end of the object', async () => {
			const { store, at } = await fresh()
			await store.put(`${at}a`, bytesOf('0123456789'))
			const range = async (offset: number, length: number) => {
				const object = await store.get(`${at}a`, { offset, length })
				expect(object?.size).toBe(10)
				return textOf(object?.bytes)
			}
			expect(await range(0, 4)).toBe('0123')
			expect(await range(3, 4)).toBe('3456')
			expect(await range(8, 100)).toBe('89')
			expect(await range(2, 0)).toBe('')
			expect(await range(10, 5)).toBe('')
			expect(await range(500, 5)).toBe('')
		})

		it('creates only where nothing is, with ifNoneMatch', async () => {
			const { store, at } = await fresh()
			expect(await store.put(`${at}a`, bytesOf('one'), { ifNoneMatch: '*' })).not.toBeNull()
			expect(await store.put(`${at}a`, bytesOf('two'), { ifNoneMatch: '*' })).toBeNull()
			expect(textOf((await store.get(`${at}a`))?.bytes)).toBe('one')
			await store.delete([`${at}a`])
			expect(await store.put(`${at}a`, bytesOf('three'), { ifNoneMatch: '*' })).not.toBeNull()
		})

		it('replaces only the version it was told, with ifMatch', async () => {
			const { store, at } = await fresh()
			expect(await store.put(`${at}a`, bytesOf('x'), { ifMatch: '0123456789abcdef0123456789abcdef' })).toBeNull()
			expect(await store.head(`${at}a`)).toBeNull()
			const one = await store.put(`${at}a`, bytesOf('one'))
			const two = await store.put(`${at}a`, bytesOf('two'), { ifMatch: one?.etag ?? '' })
			expect(two).not.toBeNull()
			expect(two?.etag).not.toBe(one?.etag)
			expect(await store.put(`${at}a`, bytesOf('lost'), { ifMatch: one?.etag ?? '' })).toBeNull()
			expect(textOf((await store.get(`${at}a`))?.bytes)).toBe('two')
		})

		it('lets one of 20 racing creators win', async () => {
			const { store, at } = await fresh()
			const outcomes = await Promise.all(
				Array.from({ length: 20 }, (_, i) => store.put(`${at}a`, bytesOf(`racer ${i}`), { ifNoneMatch: '*' })),
			)
			const winners = outcomes.flatMap((outcome, i) => (outcome === null ? [] : [i]))
			expect(winners).toHaveLength(1)
			expect(textOf((await store.get(`${at}a`))?.bytes)).toBe(`racer ${winners[0]}`)
		})

		it('lets one of 20 racing swaps win', async () => {
			const { store, at } = await fresh()
			const first = await store.put(`${at}a`, bytesOf('first'))
			const outcomes = await Promise.all(
				Array.from({ length: 20 }, (_, i) => store.put(`${at}a`, bytesOf(`racer ${i}`), { ifMatch: first?.etag ?? '' })),
			)
			const winners = outcomes.flatMap((outcome, i) => (outcome === null ? [] : [i]))
			expect(winners).toHaveLength(1)
			expect(textOf((await store.get(`${at}a`))?.bytes)).toBe(`racer ${winners[0]}`)
		})

		it('loses no increment of a counter that 8 writers swap', async () => {
			const { store, at } = await fresh()
			await store.put(`${at}n`, bytesOf('0 start'))
			const increment = async () => {
				for (;;) {
					const current = await store.get(`${at}n`)
					const next = `${Number(textOf(current?.bytes).split(' ')[0]) + 1} ${crypto.randomUUID()}`
					if ((await store.put(`${at}n`, bytesOf(next), { ifMatch: current?.etag ?? '' })) !== null) return
				}
			}
			await Promise.all(Array.from({ length: 8 }, async () => [await increment(), await increment(), await increment()]))
			expect(textOf((await store.get(`${at}n`))?.bytes)).toMatch(/^24 /)
		})

		it('lists all keys below a prefix once, in the order of their bytes, page by page', async () => {
			const { store, at } = await fresh()
			const names = ['b', 'a', 'a-', 'a.b', 'aa', 'd/x', 'd/y/z', 'd-x', 'Z', 'é', '\u{ff5e}', '\u{1f600}', '%2F', 'c c']
			for (const name of names) await store.put(at + name, bytesOf(name))
			await store.put(`${at.slice(0, -1)}x`, bytesOf('beside the prefix'))
			const expected = names.map((name) => at + name).sort(compareUtf8)
			for (const limit of [1, 3, 14, 100]) {
				const listed: string[] = []
				let cursor: string | undefined
				do {
					const page = await store.list({ prefix: at, limit, ...(cursor === undefined ? {} : { cursor }) })
					expect(page.objects.length).toBeLessThanOrEqual(limit)
					listed.push(...page.objects.map((object) => object.key))
					cursor = page.cursor
				} while (cursor !== undefined)
				expect(listed).toEqual(expected)
			}
			const part = await store.list({ prefix: `${at}d` })
			expect(part.objects.map((object) => object.key)).toEqual([`${at}d-x`, `${at}d/x`, `${at}d/y/z`])
			expect(part.objects[0]?.etag).toBe((await store.head(`${at}d-x`))?.etag)
		})

		it('keeps unusual keys apart', async () => {
			const { store, at } = await fresh()
			const dotted = ['../up', './here']
			if (!dotSegments) {
				for (const name of dotted) {
					const refused = await store.put(at + name, bytesOf(name)).catch((error: unknown) => error)
					expect(SQLakeError.is(refused, 'STORE_UNAVAILABLE'), name).toBe(true)
				}
			}
			const names = [
				...(dotSegments ? dotted : []),
				'...',
				'..%2F',
				'a//b',
				'a/ b',
				'%2E%2E',
				'%',
				'a+b',
				'a,lock',
				'tab\tand\nline',
				'_shard=%F0%9F%98%80/cdc_1_1.parquet',
				'😀/\u{10ffff}',
				'x'.repeat(300),
				`${'x'.repeat(300)}y`,
				'q?a=1&b#c',
				'CON',
				"it's",
				'back\\slash',
			]
			for (const name of names) await store.put(at + name, bytesOf(name))
			for (const name of names) expect(textOf((await store.get(at + name))?.bytes)).toBe(name)
			const listed = await store.list({ prefix: at })
			expect(listed.objects.map((object) => object.key)).toEqual(names.map((name) => at + name).sort(compareUtf8))
			await store.delete(names.map((name) => at + name))
			expect(await store.list({ prefix: at })).toEqual({ objects: [] })
		})

		it('refuses a key that another store could not hold', async () => {
			const { store } = await fresh()
			for (const key of ['', 'x'.repeat(1025), 'é'.repeat(513), 'lone \ud800']) {
				const refused = await store.put(key, bytesOf('x')).catch((error: unknown) => error)
				expect(SQLakeError.is(refused, 'STORE_UNAVAILABLE'), key.slice(0, 10)).toBe(true)
			}
			const longest = `k/${'x'.repeat(1022)}`
			await store.put(longest, bytesOf('x'))
			expect(await store.head(longest)).toMatchObject({ size: 1 })
		})
	})
}
