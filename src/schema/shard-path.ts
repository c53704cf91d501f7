import { SQLakeError } from '../errors.ts'
import { sha256Hex } from './sha256.ts'

/** Longest encoded form, in bytes, that is kept whole: R2 keys hold 1,024 bytes, and the rest of a key needs its room. */
const MAX_ENCODED_BYTES = 512

/** How much of a longer encoded form stays readable before the hash. */
const KEPT_BYTES = 200

/**
 * The path segment of a shard in object keys: UTF-8 bytes outside `[A-Za-z0-9_-]` as `%XX`, so that neither `/` nor `..` can
 * appear. A form beyond 512 bytes becomes its first 200 bytes (never cutting a `%XX`), `~` and the SHA-256 of the shard; no
 * encoded shard holds `~`, so different shards always have different segments.
 *
 * @param shard - the shard's name
 * @throws SQLakeError SHARD_ID_INVALID when the name is empty or holds a lone surrogate, which UTF-8 cannot carry.
 * @example
 * ```ts
 * encodeShardPath('user-123') // 'user-123'
 * encodeShardPath('../é') // '%2E%2E%2F%C3%A9'
 * ```
 */
export function encodeShardPath(shard: string): string {
	if (shard === '' || !shard.isWellFormed()) {
		throw new SQLakeError(
			'SHARD_ID_INVALID',
			`shard ${JSON.stringify(shard)}: expected a name that is not empty and is well-formed Unicode`,
			{ hint: 'a lone surrogate cannot be written as UTF-8; name the shard otherwise' },
		)
	}
	const encoded = encodeURIComponent(shard).replace(/[.!~*'()]/g, percentEncoded)
	if (encoded.length <= MAX_ENCODED_BYTES) return encoded
	return `${encoded.slice(0, KEPT_BYTES).replace(/%[0-9A-F]?$/, '')}~${sha256Hex(shard)}`
}

function percentEncoded(character: string): string {
	return `%${character.charCodeAt(0).toString(16).toUpperCase()}`
}
