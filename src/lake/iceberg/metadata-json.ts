/**
 * Metadata files as JSON (Iceberg specification, appendix C). Snapshot ids of other writers are 64-bit integers, which plain
 * `JSON.parse` rounds: beyond 2^53 they become bigints here, and are written back digit by digit.
 *
 * @module
 */
import { messageOf, SQLakeError } from '../../errors.ts'
import type { IcebergTableMetadata } from './types.ts'

/** What V8 passes to a reviver beyond the standard library's types (ECMAScript 2026, "JSON.parse source text access"). */
type SourceReviver = (this: unknown, key: string, value: unknown, context: { readonly source?: string }) => unknown

/** The counterpart for writing. */
interface RawJSON {
	rawJSON(text: string): unknown
}

/** A run of digits long enough to be beyond 2^53; where there is none, the plain parser will do. */
const LONG_INTEGER = /\d{16}/

/** Encodes a metadata file. */
export function encodeTableMetadata(metadata: IcebergTableMetadata): Uint8Array {
	return new TextEncoder().encode(stringifyWithIntegers(metadata))
}

/**
 * Decodes a metadata file, and fills in what older writers leave out.
 *
 * @param name Path of the file, for error messages.
 * @throws `LAKE_CORRUPT` if it is not the metadata of a table of format version 2.
 */
export function decodeTableMetadata(bytes: Uint8Array, name: string): IcebergTableMetadata {
	let json: unknown
	try {
		json = parseWithIntegers(new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(bytes))
	} catch (error) {
		throw new SQLakeError('LAKE_CORRUPT', `table metadata "${name}" is not JSON: ${messageOf(error)}`, { cause: error })
	}
	const expect = (condition: boolean, expected: string, found: unknown) => {
		if (condition) return
		const shown = typeof found === 'object' && found !== null ? 'another structure' : String(found)
		throw new SQLakeError('LAKE_CORRUPT', `table metadata "${name}": expected ${expected}, found ${shown}`, {
			details: { file: name },
		})
	}
	expect(isObject(json), 'an object', json)
	const table = json as IcebergTableMetadata
	expect(table['format-version'] === 2, 'format-version 2', table['format-version'])
	for (const key of ['table-uuid', 'location'] as const) expect(typeof table[key] === 'string', `text in ${key}`, table[key])
	for (const key of [
		'last-sequence-number',
		'last-updated-ms',
		'last-column-id',
		'current-schema-id',
		'default-spec-id',
	] as const) {
		expect(Number.isSafeInteger(table[key]), `an integer in ${key}`, table[key])
	}
	for (const key of ['schemas', 'partition-specs'] as const) {
		expect(Array.isArray(table[key]) && table[key].every((item) => Array.isArray(item?.fields)), `a list in ${key}`, table[key])
	}
	const snapshots = table.snapshots ?? []
	for (const snapshot of snapshots) {
		expect(isId(snapshot['snapshot-id']), 'a snapshot-id', snapshot['snapshot-id'])
		expect(typeof snapshot['manifest-list'] === 'string', `a manifest-list in snapshot ${snapshot['snapshot-id']}`, undefined)
	}
	return {
		...table,
		properties: table.properties ?? {},
		snapshots,
		'snapshot-log': table['snapshot-log'] ?? [],
		'metadata-log': table['metadata-log'] ?? [],
		refs: table.refs ?? {},
	}
}

/** `JSON.parse` that keeps integers beyond 2^53, as bigints. */
export function parseWithIntegers(text: string): unknown {
	if (!LONG_INTEGER.test(text)) return JSON.parse(text)
	const reviver: SourceReviver = (_key, value, { source }) =>
		typeof value === 'number' && source !== undefined && /^-?\d+$/.test(source) && !Number.isSafeInteger(value)
			? BigInt(source)
			: value
	return JSON.parse(text, reviver as (key: string, value: unknown) => unknown)
}

/** `JSON.stringify` that writes bigints as integers. */
export function stringifyWithIntegers(value: unknown): string {
	try {
		// Several times faster than with a replacer, and metadata with foreign ids is rare.
		return JSON.stringify(value)
	} catch (error) {
		if (!(error instanceof TypeError)) throw error
		const { rawJSON } = JSON as unknown as RawJSON
		return JSON.stringify(value, (_key, item: unknown) => (typeof item === 'bigint' ? rawJSON(item.toString()) : item))
	}
}

function isObject(value: unknown): boolean {
	return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isId(value: unknown): boolean {
	return typeof value === 'bigint' || Number.isSafeInteger(value)
}
