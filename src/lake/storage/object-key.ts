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
