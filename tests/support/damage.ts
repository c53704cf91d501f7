/**
 * Objects that are not what was written.
 *
 * @module
 */
import fc from 'fast-check'
import { messageOf } from '../../src/errors.ts'
import type { ObjectStore } from '../../src/lake/storage/object-store.ts'

/** What happened to a body. `at` and `to` choose the place, from 0 to below 1. */
export type Damage =
	| { readonly kind: 'flip'; readonly at: number }
	| { readonly kind: 'truncate'; readonly at: number }
	| { readonly kind: 'zero'; readonly at: number; readonly to: number }
	| { readonly kind: 'grow'; readonly bytes: number }
	/** The bytes of another object under this one's key. */
	| { readonly kind: 'swap'; readonly key: string }

/** Any place of an object, as likely as any other. */
export const place: fc.Arbitrary<number> = fc.noBias(fc.nat({ max: 2 ** 31 - 1 })).map((n) => n / 2 ** 31)

/** Any damage to one of some objects, flipped bits above all. */
export function anyDamage(keys: readonly string[]): fc.Arbitrary<Damage> {
	return fc.oneof(
		{ weight: 5, arbitrary: fc.record({ kind: fc.constant('flip' as const), at: place }) },
		fc.record({ kind: fc.constant('truncate' as const), at: place }),
		fc.record({ kind: fc.constant('zero' as const), at: place, to: place }),
		fc.record({ kind: fc.constant('grow' as const), bytes: fc.integer({ min: 1, max: 64 }) }),
		fc.record({ kind: fc.constant('swap' as const), key: fc.constantFrom(...keys) }),
	)
}

/** Puts damaged bytes in an object's place. @returns what puts it right again */
export async function damageObject(store: ObjectStore, key: string, damage: Damage): Promise<() => Promise<void>> {
	const whole = await bytesOf(store, key)
	await store.put(key, damage.kind === 'swap' ? await bytesOf(store, damage.key) : damaged(whole, damage))
	return async () => {
		await store.put(key, whole)
	}
}

function damaged(bytes: Uint8Array, damage: Exclude<Damage, { readonly kind: 'swap' }>): Uint8Array {
	const copy = bytes.slice()
	switch (damage.kind) {
		case 'flip': {
			const bit = Math.floor(damage.at * bytes.length * 8)
			copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7))
			return copy
		}
		case 'truncate':
			return copy.subarray(0, Math.floor(damage.at * bytes.length))
		case 'zero': {
			const [from = 0, to = 0] = [damage.at, damage.to].map((each) => Math.floor(each * bytes.length)).sort((a, b) => a - b)
			return copy.fill(0, from, to + 1)
		}
		case 'grow':
			return new Uint8Array([...bytes, ...new Uint8Array(damage.bytes)])
	}
}

async function bytesOf(store: ObjectStore, key: string): Promise<Uint8Array> {
	const object = await store.get(key)
	if (object === null) throw new Error(`no object "${key}"`)
	return object.bytes
}

/** What came of an operation: its answer, or its error with the objects that it names among `keys`. */
export type Outcome<T> =
	| { readonly answer: T }
	| { readonly answer?: undefined; readonly code: string; readonly names: readonly string[]; readonly message: string }

/** Runs an operation to its end, whatever that is. */
export async function outcomeOf<T>(operation: () => Promise<T>, keys: readonly string[]): Promise<Outcome<T>> {
	try {
		return { answer: await operation() }
	} catch (error) {
		const message = messageOf(error)
		const code = error instanceof Error && 'code' in error ? String(error.code) : 'none'
		return { code, names: keys.filter((key) => message.includes(key)), message }
	}
}
