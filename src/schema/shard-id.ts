/**
 * From the values of a shard key to the shard's name.
 *
 * @module
 */

import { SQLakeError } from '../errors.ts'
import { parseInt64 } from './int64.ts'
import { printReal, printsAlikeEverywhere } from './print-real.ts'
import { type Affinity, GLOBAL_SHARD } from './table-schema.ts'
import { trimSpaces } from './trim-spaces.ts'

/** Longest name of a shard, in UTF-16 units. */
export const MAX_SHARD_ID_LENGTH = 2_000

/** What the name of a list of parts begins with. */
const LIST = '%/'

/** A decimal of so many digits, and a power of ten up to this one, are doubles exactly or convert with one correct rounding. */
const EXACT_DIGITS = 15
const EXACT_POWER_OF_TEN = 22

/** A value as it is bound: a number is REAL and a bigint is INTEGER, as in a Durable Object. */
export type ShardKeyValue = string | number | bigint | Uint8Array | ArrayBuffer | null | undefined

/**
 * The name of the shard that holds the rows with the given key: the value as SQLite prints it once the column's affinity is
 * applied, so that whatever compares equal in SQLite is in one shard (`5.0` in an integer column is `5`; in a text column the
 * number 5 is `5.0`). A single key is taken as it is, so that `idFromName('user-123')` finds the object. The parts of a composite key
 * are a list: `%/`, then the parts joined with `/`, `%` and `/` in them escaped as `%25` and `%2F`. A single key that begins with
 * `%/` is a list of one part, so that no two keys have one name, however many columns they have.
 *
 * @param values - the values of the key columns, in key order, as they would be bound
 * @param affinities - the affinities of those columns, in the same order
 * @throws SQLakeError ROUTE_SHARD_KEY_NULL for NULL, NaN (which SQLite stores as NULL) and the empty string; SHARD_ID_INVALID
 * for a BLOB, a lone surrogate, a name beyond 2,000 UTF-16 units, the name of the shard that holds the global tables, in a text
 * column a number whose text depends on SQLite's version, and in a numeric column a text of more digits than convert exactly.
 * @example
 * ```ts
 * shardIdFromKey(['user-123'], ['TEXT']) // 'user-123'
 * shardIdFromKey(['a/b', 7n], ['TEXT', 'INTEGER']) // '%/a%2Fb/7'
 * ```
 */
export function shardIdFromKey(values: readonly ShardKeyValue[], affinities: readonly Affinity[]): string {
	if (values.length === 0 || values.length !== affinities.length) {
		throw new SQLakeError('INTERNAL', `shard key: expected ${affinities.length} values, found ${values.length}`)
	}
	const parts = values.map((value, index) => printKeyValue(value, affinities[index] ?? 'BLOB'))
	const [first = ''] = parts
	const isPlain = parts.length === 1 && !first.startsWith(LIST)
	const shard = isPlain ? first : LIST + parts.map(escapePart).join('/')
	if (shard.length > MAX_SHARD_ID_LENGTH) {
		throw invalid(`expected a name of at most ${MAX_SHARD_ID_LENGTH} UTF-16 units, found ${shard.length}`)
	}
	if (shard === GLOBAL_SHARD) throw invalid(`"${GLOBAL_SHARD}" is the shard that holds the global tables`)
	return shard
}

/** As {@link shardIdFromKey}; null for a key that names no shard, such as NULL, the empty text or a BLOB. */
export function shardNamed(values: readonly ShardKeyValue[], affinities: readonly Affinity[]): string | null {
	try {
		return shardIdFromKey(values, affinities)
	} catch (error) {
		if (SQLakeError.is(error)) return null
		throw error
	}
}

function escapePart(part: string): string {
	return part.replaceAll('%', '%25').replaceAll('/', '%2F')
}

function printKeyValue(value: ShardKeyValue, affinity: Affinity): string {
	if (value === null || value === undefined || value === '' || Number.isNaN(value)) {
		throw new SQLakeError(
			'ROUTE_SHARD_KEY_NULL',
			`shard key: expected a value, found ${value === '' ? 'an empty string' : 'NULL'}`,
			{ hint: 'every row needs a value in its shard key: it names the Durable Object that holds the row' },
		)
	}
	if (value instanceof Uint8Array || value instanceof ArrayBuffer) throw invalid('expected text or a number, found a BLOB')
	if (typeof value === 'string') {
		if (!value.isWellFormed()) throw invalid('expected well-formed Unicode, found a lone surrogate')
		const number = affinity === 'TEXT' || affinity === 'BLOB' ? null : parseNumber(value)
		return number === null ? value : printNumber(number, affinity)
	}
	return printNumber(value, affinity)
}

/** What SQLite's numeric affinity makes of text: a number where the whole text is one, spaces aside; else null. */
function parseNumber(text: string): number | bigint | null {
	const trimmed = trimSpaces(text)
	const integer = parseInt64(trimmed)
	if (integer !== null) return integer
	const [, whole = '', fraction = '', exponent = '0'] = /^[+-]?(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(trimmed) ?? []
	const digits = whole + fraction
	if (digits === '') return null
	// Only then is every conversion exact: SQLite's own does not always give the nearest double.
	const power = Number(exponent) - fraction.length
	if (digits.replace(/^0+/, '').length > EXACT_DIGITS || Math.abs(power) > EXACT_POWER_OF_TEN) {
		throw invalid(`expected a number, found the text ${JSON.stringify(text)}, which SQLite may round when it stores it`)
	}
	return Number(trimmed)
}

function printNumber(value: number | bigint, affinity: Affinity): string {
	if (affinity === 'REAL') return printReal(Number(value))
	if (typeof value === 'bigint') return value.toString()
	if (affinity === 'TEXT' || affinity === 'BLOB') {
		// The column stores SQLite's own text of the number: a name that differs from it would lose the row.
		if (!printsAlikeEverywhere(value)) {
			throw invalid(`expected text, found the number ${value}, whose text differs between versions of SQLite`)
		}
		return printReal(value)
	}
	// INTEGER and NUMERIC affinity turn a REAL without a fraction into an INTEGER.
	return Number.isInteger(value) && value >= -(2 ** 63) && value < 2 ** 63 ? BigInt(value).toString() : printReal(value)
}

function invalid(finding: string): SQLakeError {
	return new SQLakeError('SHARD_ID_INVALID', `shard key: ${finding}`, {
		hint: `a shard is named by text or a number of at most ${MAX_SHARD_ID_LENGTH} UTF-16 units`,
	})
}
