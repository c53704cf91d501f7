import { describe, expect, it } from 'vitest'
import { SQLakeError } from '../../../src/errors.ts'
import { MemoryObjectStore } from '../../../src/lake/storage/memory.ts'
import type { ByteRange } from '../../../src/lake/storage/object-store.ts'
import { readObject } from '../../../src/lake/storage/read-object.ts'

const whole = Uint8Array.of(1, 2, 3, 4, 5)

/** A store whose bodies of the first `times` answers are changed on their way. */
class LossyStore extends MemoryObjectStore {
	#times: number
	readonly #change: (bytes: Uint8Array) => Uint8Array

	constructor(times: number, change: (bytes: Uint8Array) => Uint8Array) {
		super()
		this.#times = times
		this.#change = change
	}

	override async get(key: string, range?: ByteRange) {
		const object = await super.get(key, range)
		return object === null || this.#times-- <= 0 ? object : { ...object, bytes: this.#change(object.bytes) }
	}
}

async function lossyStore(times: number, change: (bytes: Uint8Array) => Uint8Array): Promise<LossyStore> {
	const store = new LossyStore(times, change)
	await store.put('k', whole)
	return store
}

const bytes = ({ bytes: found }: { readonly bytes: Uint8Array }) => [...found]
const changes = { short: (body: Uint8Array) => body.subarray(1), long: (body: Uint8Array) => Uint8Array.of(...body, 0) }

describe.each(Object.entries(changes))('a body that comes too %s', (_, change) => {
	it('is dropped and read again', async () => {
		expect(await readObject(await lossyStore(2, change), 'k', bytes)).toEqual([1, 2, 3, 4, 5])
		expect(await readObject(await lossyStore(1, change), 'k', bytes, { offset: 1, length: 2 })).toEqual([2, 3])
	})

	it('is the fault of the store that is named, if it never comes otherwise', async () => {
		const expected = { code: 'STORE_UNAVAILABLE', message: expect.stringContaining('object "k": expected 5 of its 5 bytes') }
		await expect(readObject(await lossyStore(9, change), 'k', bytes)).rejects.toMatchObject(expected)
		const part = readObject(await lossyStore(9, change), 'k', bytes, { offset: 4, length: 9 })
		await expect(part).rejects.toMatchObject({ message: expect.stringContaining('expected 1 of its 5 bytes from 4 on') })
	})
})

it('reads again what does not decode, and throws what decoding threw', async () => {
	const store = await lossyStore(1, () => Uint8Array.of(9, 9, 9, 9, 9))
	let attempts = 0
	const decode = ({ bytes: [first] }: { readonly bytes: Uint8Array }) => {
		attempts++
		if (first !== 1) throw new SQLakeError('LAKE_CORRUPT', `expected 1, found ${first}`)
		return first
	}
	expect(await readObject(store, 'k', decode)).toBe(1)
	expect(attempts).toBe(2)
	await expect(readObject(await lossyStore(9, changes.short), 'k', decode)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
	await store.put('k', Uint8Array.of(7))
	await expect(readObject(store, 'k', decode)).rejects.toMatchObject({ code: 'LAKE_CORRUPT', message: 'expected 1, found 7' })
})

it('of ranges beyond the end gives what there is, and null where there is no object', async () => {
	const store = await lossyStore(0, changes.short)
	expect(await readObject(store, 'k', bytes, { offset: 9, length: 4 })).toEqual([])
	expect(await readObject(store, 'k', bytes, { offset: 2, length: 0 })).toEqual([])
	expect(await readObject(store, 'nothing', bytes)).toBeNull()
})
