/**
 * Bounds of a column that are short enough for a manifest and still true (Iceberg specification, "Data File Fields": a bound
 * may be truncated, the upper one only upwards).
 *
 * @module
 */
import { copyBytes } from '../../schema/bytes.ts'
import type { IcebergValue } from '../iceberg/types.ts'

/** Longest bound of a column that is no key. */
export const BOUND_BYTES = 64

/** Longest bound of a key: whole for any key of a sane length, so that pruning by key is exact. */
export const KEY_BOUND_BYTES = 16 * 1024

const encoder = new TextEncoder()

/** A value no greater than `value`, in at most `limit` bytes; undefined where there is none worth keeping. */
export function lowerBound(value: IcebergValue | undefined, limit: number): IcebergValue | undefined {
	if (typeof value === 'string') return truncateText(value, limit)
	if (value instanceof Uint8Array) return copyBytes(value, 0, limit)
	return orderable(value)
}

/** A value no less than `value`, in at most `limit` bytes; undefined where there is none. */
export function upperBound(value: IcebergValue | undefined, limit: number): IcebergValue | undefined {
	if (typeof value === 'string') {
		const prefix = truncateText(value, limit)
		return prefix.length === value.length ? value : nextText(prefix)
	}
	if (value instanceof Uint8Array) return value.length <= limit ? copyBytes(value) : nextBytes(copyBytes(value, 0, limit))
	return orderable(value)
}

/** NaN has no place in an order, and so in no bound. */
function orderable(value: IcebergValue | undefined): IcebergValue | undefined {
	return value === null || Number.isNaN(value) ? undefined : value
}

/** The longest prefix of whole code points within `limit` bytes. */
function truncateText(text: string, limit: number): string {
	if (text.length * 3 <= limit) return text
	const { read } = encoder.encodeInto(text, new Uint8Array(limit))
	return text.slice(0, read)
}

/** The least text of no more code points that is greater than every text that begins with `prefix`. */
function nextText(prefix: string): string | undefined {
	const points = Array.from(prefix, (point) => point.codePointAt(0) ?? 0)
	for (let last = points.pop(); last !== undefined; last = points.pop()) {
		// The next code point may take a byte more; the bound stays valid, and all but as short.
		if (last < 0x10ffff) return String.fromCodePoint(...points, last === 0xd7ff ? 0xe000 : last + 1)
	}
	return undefined
}

function nextBytes(prefix: Uint8Array): Uint8Array | undefined {
	for (let i = prefix.length - 1; i >= 0; i--) {
		const byte = prefix[i] ?? 0
		if (byte < 255) {
			const next = prefix.slice(0, i + 1)
			next[i] = byte + 1
			return next
		}
	}
	return undefined
}
