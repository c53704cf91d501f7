import { sha256Hex } from '../schema/sha256.ts'
import { encodeShardPath } from '../schema/shard-path.ts'

/** How a shard's file ends. */
export const SHARD_FILE_SUFFIX = '.sqlite'

/** Longest encoded name that is kept whole: file systems allow 255 bytes, and SQLite adds `-journal` to them. */
const MAX_NAME = 200

/** How much of a longer one stays readable before the hash. */
const KEPT = 100

/**
 * The name of a shard's database file. Bytes outside `[a-z0-9_-]` are `%XX`, upper-case letters too, because many file systems
 * take `A` and `a` for one name. A long name ends in `~` and the SHA-256 of the shard.
 *
 * @throws SQLakeError SHARD_ID_INVALID as {@link encodeShardPath} does
 * @example
 * shardFileName('user-1') // 'user-1.sqlite'
 * shardFileName('Ann') // '%41nn.sqlite'
 */
export function shardFileName(shard: string): string {
	const encoded = encodeShardPath(shard).replace(/%[0-9A-F]{2}|[A-Z]/g, (token) =>
		token.length > 1 ? token : `%${token.charCodeAt(0).toString(16).toUpperCase()}`,
	)
	if (encoded.length <= MAX_NAME) return encoded + SHARD_FILE_SUFFIX
	return `${encoded.slice(0, KEPT).replace(/%[0-9A-F]?$/, '')}~${sha256Hex(shard)}${SHARD_FILE_SUFFIX}`
}
