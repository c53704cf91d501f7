/**
 * What crosses between a Worker and a service that runs its lake queries: one POST of JSON, answered by lines of JSON, the last
 * of which says how it ended. An answer that breaks off has no such line, and is never taken for a whole one.
 *
 * @module
 */
import type { LakeMoment, LakeQueryStats, LakeRequest, LakeResponse, WireValue } from '../../driver/transport.ts'
import { errorCodes, type SerializedError } from '../../errors.ts'
import { viewBytes } from '../../schema/bytes.ts'

/** Where a service listens, below whatever its Worker's own routes are. */
export const QUERY_PATH = '/sqlake/query'

/** Content type of an answer: a JSON value a line (https://github.com/ndjson/ndjson-spec). */
export const LINES_TYPE = 'application/x-ndjson'

/** A query for a service. */
export interface DuckDBQueryRequest extends Omit<LakeRequest, 'signal'> {
	/** Rows are wanted as they are made, not once all are there. */
	readonly streamed?: boolean
}

/** What a service answers. */
export type DuckDBQueryResponse = LakeResponse

/** One line of an answer. The first has the columns; the last has `stats` or `error`. */
export type AnswerLine =
	| { readonly columns: readonly string[] }
	| { readonly rows: readonly (readonly JsonValue[])[] }
	| { readonly stats: LakeQueryStats }
	| { readonly error: SerializedError }

/**
 * A value of SQLite in JSON. What JSON has no exact form for is an object with one property: `i`, the digits of an integer that
 * is a bigint here; `r`, a number that JSON cannot write; `b`, bytes in base64.
 */
export type JsonValue = string | number | null | { readonly i: string } | { readonly r: string } | { readonly b: string }

/** The JSON form of a value, exact to the last bit. */
export function encodeValue(value: WireValue): JsonValue {
	if (value === null || typeof value === 'string') return value
	if (typeof value === 'bigint') return { i: String(value) }
	if (typeof value === 'number') {
		return Number.isFinite(value) && !Object.is(value, -0) ? value : { r: Object.is(value, -0) ? '-0' : String(value) }
	}
	return { b: toBase64(viewBytes(value)) }
}

/** The inverse of {@link encodeValue}. @throws TypeError for anything else. */
export function decodeValue(json: unknown): WireValue {
	if (json === null || typeof json === 'string' || typeof json === 'number') return json
	if (typeof json === 'object') {
		if ('i' in json && typeof json.i === 'string' && /^-?\d{1,19}$/.test(json.i)) return BigInt(json.i)
		if ('r' in json && typeof json.r === 'string') return Number(json.r)
		if ('b' in json && typeof json.b === 'string') return fromBase64(json.b)
	}
	throw new TypeError(`expected a value, found ${JSON.stringify(json)}`)
}

/** The JSON text of a request. */
export function encodeRequest({ statement, moment, names, timeoutMs, dialect, streamed }: DuckDBQueryRequest): string {
	const { sql, params } = statement
	const when = moment.kind === 'snapshot' ? { kind: moment.kind, id: String(moment.id) } : moment
	return JSON.stringify({ sql, params: params.map(encodeValue), moment: when, names, timeoutMs, dialect, streamed })
}

/** The inverse of {@link encodeRequest}. @throws TypeError or SyntaxError for anything else. */
export function decodeRequest(text: string): DuckDBQueryRequest {
	const json: unknown = JSON.parse(text)
	if (typeof json !== 'object' || json === null) throw new TypeError('expected an object')
	const { sql, params, moment, names, timeoutMs, dialect, streamed } = json as Record<string, unknown>
	if (typeof sql !== 'string') throw new TypeError('sql: expected text')
	if (!Array.isArray(params)) throw new TypeError('params: expected an array')
	if (timeoutMs !== undefined && !(typeof timeoutMs === 'number' && timeoutMs > 0)) {
		throw new TypeError('timeoutMs: expected milliseconds above 0')
	}
	if (names !== undefined && names !== 'code') throw new TypeError('names: expected code')
	if (dialect !== undefined && dialect !== 'sqlite' && dialect !== 'duckdb')
		throw new TypeError('dialect: expected sqlite or duckdb')
	return {
		statement: { sql, params: params.map(decodeValue) },
		moment: decodeMoment(moment),
		...(names === undefined ? {} : { names }),
		...(timeoutMs === undefined ? {} : { timeoutMs }),
		...(dialect === undefined ? {} : { dialect }),
		streamed: streamed === true,
	}
}

function decodeMoment(json: unknown): LakeMoment {
	const { kind, at, id, from, to } = (typeof json === 'object' && json !== null ? json : {}) as Record<string, unknown>
	if (kind === 'current') return { kind }
	if (kind === 'asOf' && isMs(at)) return { kind, at }
	if (kind === 'snapshot' && typeof id === 'string' && /^\d{1,19}$/.test(id)) return { kind, id: BigInt(id) }
	if (kind === 'between' && isMs(from) && isMs(to)) return { kind, from, to }
	throw new TypeError(`moment: found ${JSON.stringify(json)}`)
}

function isMs(value: unknown): value is number {
	return typeof value === 'number' && Number.isFinite(value)
}

/** Tells whether a value is the plain form of an error of sqlake. */
export function isSerializedError(value: unknown): value is SerializedError {
	if (typeof value !== 'object' || value === null) return false
	return (
		'code' in value &&
		typeof value.code === 'string' &&
		Object.hasOwn(errorCodes, value.code) &&
		'message' in value &&
		'name' in value
	)
}

/** `String.fromCharCode` takes its arguments on the stack. */
const CHUNK = 0x8000

function toBase64(bytes: Uint8Array): string {
	let binary = ''
	for (let i = 0; i < bytes.length; i += CHUNK) binary += String.fromCharCode(...bytes.subarray(i, i + CHUNK))
	return btoa(binary)
}

function fromBase64(text: string): Uint8Array {
	return Uint8Array.from(atob(text), (char) => char.charCodeAt(0))
}
