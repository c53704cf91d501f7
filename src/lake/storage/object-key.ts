import { SQLakeError } from '../../errors.ts'

/** Longest key in bytes of UTF-8 (R2 limits, "Object key length"). Every store keeps to it, so that a lake can move. */
export const MAX_OBJECT_KEY_BYTES = 1024

const encoder = new TextEncoder()

/**
 * Checks that a key can be used in every store.
 *
 * @throws `STORE_UNAVAILABLE` if it is empty, is not well-formed Unicode, or is longer than {@link MAX_OBJECT_KEY_BYTES}.
 */
export function assertObjectKey(key: string): void {
	const bytes = encoder.encode(key).byteLength
	if (key === '' || bytes > MAX_OBJECT_KEY_BYTES || !key.isWellFormed()) {
		const found = key === '' ? 'an empty one' : bytes > MAX_OBJECT_KEY_BYTES ? `${bytes} bytes` : 'a lone surrogate'
		throw new SQLakeError(
			'STORE_UNAVAILABLE',
			`object key "${key.slice(0, 80)}": expected well-formed text of 1 to ${MAX_OBJECT_KEY_BYTES} bytes, found ${found}`,
			{ details: { key: key.slice(0, 80), bytes } },
		)
	}
}

/** Orders keys by their UTF-8 bytes, as object stores list them. JavaScript's own order is by UTF-16 unit and differs beyond U+FFFF. */
export function compareObjectKeys(a: string, b: string): number {
	const length = Math.min(a.length, b.length)
	for (let i = 0; i < length; i++) {
		const left = a.charCodeAt(i)
		const right = b.charCodeAt(i)
		if (left === right) continue
		// A surrogate stands for a code point above every other unit, whatever its own number says.
		const leftHigh = (left & 0xf800) === 0xd800
		const rightHigh = (right & 0xf800) === 0xd800
		if (leftHigh !== rightHigh) return leftHigh ? 1 : -1
		return left - right
	}
	return a.length - b.length
}
