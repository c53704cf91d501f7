/**
 * The bytes of an intent: commits that wait in the bucket for whoever makes the next commit. Commits hold maps, big integers and
 * bytes, which JSON lacks, so these are tagged; a hash goes first, because what is read here ends up in the lake's metadata.
 *
 * @module
 */
import { messageOf, SQLakeError } from '../../errors.ts'
import { isRecord } from '../../schema/is-record.ts'
import { sha256Hex } from '../../schema/sha256.ts'
import type { CommitRequest } from './catalog.ts'

/** Encodes commits, in their order. */
export function encodeIntent(requests: readonly CommitRequest[]): Uint8Array {
	const json = JSON.stringify(requests.map(tagged))
	return new TextEncoder().encode(`${sha256Hex(json)}\n${json}`)
}

/**
 * The commits that {@link encodeIntent} was given.
 *
 * @throws `LAKE_CORRUPT` if the bytes are not all that was written, or something else.
 */
export function decodeIntent(bytes: Uint8Array, key: string): CommitRequest[] {
	const text = new TextDecoder().decode(bytes)
	const end = text.indexOf('\n')
	const json = text.slice(end + 1)
	if (end < 0 || text.slice(0, end) !== sha256Hex(json)) {
		throw new SQLakeError('LAKE_CORRUPT', `${key}: expected commits and their hash, found other bytes`)
	}
	try {
		return untagged(JSON.parse(json)) as CommitRequest[]
	} catch (error) {
		throw new SQLakeError('LAKE_CORRUPT', `${key} is not JSON: ${messageOf(error)}`, { cause: error })
	}
}

const TAG = '$'

function tagged(value: unknown): unknown {
	if (typeof value === 'bigint') return { [TAG]: 'bigint', of: String(value) }
	if (typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0))) {
		return { [TAG]: 'number', of: Object.is(value, -0) ? '-0' : String(value) }
	}
	if (value instanceof Uint8Array) return { [TAG]: 'bytes', of: Array.from(value) }
	if (value instanceof Map) return { [TAG]: 'map', of: Array.from(value, (entry) => entry.map(tagged)) }
	if (Array.isArray(value)) return value.map(tagged)
	if (!isRecord(value)) return value
	return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, tagged(member)]))
}

function untagged(value: unknown): unknown {
	if (Array.isArray(value)) return value.map(untagged)
	if (!isRecord(value)) return value
	const { of } = value
	switch (value[TAG]) {
		case 'bigint':
			return BigInt(String(of))
		case 'number':
			return Number(of)
		case 'bytes':
			return Uint8Array.from(of as number[])
		case 'map':
			return new Map((of as [unknown, unknown][]).map(([key, member]) => [untagged(key), untagged(member)]))
		default:
			return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, untagged(member)]))
	}
}
