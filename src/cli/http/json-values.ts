/**
 * Values of SQLite in JSON, without loss. What JSON has no form for is an object with one field that begins with `$`.
 *
 * | value | JSON |
 * |---|---|
 * | NULL, text, and numbers that a double holds exactly | `null`, `"text"`, `1.5` |
 * | an INTEGER beyond 2^53 | `{ "$int": "9007199254740993" }` |
 * | a BLOB | `{ "$base64": "aGVsbG8=" }`, in base64 |
 * | an infinite REAL | `{ "$real": "Infinity" }` |
 *
 * SQLite keeps no JSON of its own: a column in mode `json` is text, so no value of a row is mistaken for one of these objects.
 *
 * @module
 */
import type { WireValue } from '../../driver/transport.ts'
import { SQLakeError } from '../../errors.ts'

/** A value of SQLite as it stands in JSON. */
export type JsonValue =
	| string
	| number
	| null
	| { readonly $int: string }
	| { readonly $base64: string }
	| { readonly $real: string }

/** The value as it stands in JSON. */
export function toJsonValue(value: WireValue): JsonValue {
	if (typeof value === 'bigint') return { $int: value.toString() }
	if (value instanceof Uint8Array)
		return { $base64: Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64') }
	if (value instanceof ArrayBuffer) return { $base64: Buffer.from(value).toString('base64') }
	if (typeof value === 'number' && !Number.isFinite(value)) return { $real: String(value) }
	return value
}

/**
 * A value to bind, from JSON. Besides what {@link toJsonValue} writes it may be `true` or `false`, which SQLite keeps as 1 and 0,
 * and an integer beyond 2^53 as {@link parseJson} reads it.
 *
 * @param path - what the message calls it
 * @throws SQLakeError REQUEST_INVALID
 */
export function fromJsonValue(value: unknown, path: string): WireValue {
	if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint') return value
	if (typeof value === 'boolean') return value ? 1n : 0n
	const decoded = typeof value === 'object' ? decodeTagged(value) : undefined
	if (decoded !== undefined) return decoded
	const found = Array.isArray(value) ? 'an array' : typeof value === 'object' ? JSON.stringify(value).slice(0, 60) : typeof value
	throw new SQLakeError(
		'REQUEST_INVALID',
		`${path}: expected text, a number, true, false, null, {"$int": "..."} or {"$base64": "<base64>"}, found ${found}`,
		{ hint: 'JSON is bound as text: send it as a string' },
	)
}

/** What an object with one field stands for; undefined for any other. */
function decodeTagged(value: object): WireValue | undefined {
	const [entry, ...more] = Object.entries(value)
	if (entry === undefined || more.length > 0) return undefined
	const [tag, text] = entry
	if (typeof text !== 'string') return undefined
	if (tag === '$int' && /^-?\d{1,19}$/.test(text))
		return BigInt.asIntN(64, BigInt(text)) === BigInt(text) ? BigInt(text) : undefined
	if (tag === '$base64' && isBase64(text)) return new Uint8Array(Buffer.from(text, 'base64'))
	if (tag === '$real' && /^-?Infinity$/.test(text)) return Number(text)
	return undefined
}

function isBase64(text: string): boolean {
	return text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text)
}

/** What `JSON.parse` tells its reviver: the text of a primitive value (ECMA-262, "JSON.parse source text access"). */
interface ReviverContext {
	readonly source?: string
}

/** Digits of an integer that is read as one; a BigInt of very many takes forever. */
const MAX_DIGITS = 1_000

/**
 * Parses JSON. Integers that a double cannot hold become bigints.
 *
 * @throws SyntaxError
 */
export function parseJson(text: string): unknown {
	const revive = (_key: string, value: unknown, context?: ReviverContext): unknown => {
		if (typeof value !== 'number' || Number.isSafeInteger(value)) return value
		const source = context?.source
		if (source === undefined || !/^-?\d+$/.test(source)) return value
		if (source.length > MAX_DIGITS) throw new SyntaxError(`expected at most ${MAX_DIGITS} digits, found ${source.length}`)
		return BigInt(source)
	}
	return JSON.parse(text, revive as (key: string, value: unknown) => unknown)
}
