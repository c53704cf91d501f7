/**
 * Names of collations.
 *
 * @module
 */
import type { Collation } from './typed-sql.ts'
import { type Position, refused } from './unsupported.ts'

/** @throws `QUERY_FAILED` for a collation that SQLite has not built in. */
export function collationNamed(name: string, position: Position): Collation {
	const upper = name.toUpperCase()
	if (upper === 'BINARY' || upper === 'NOCASE' || upper === 'RTRIM') return upper
	throw refused(`no such collation sequence: ${name}`, position)
}
