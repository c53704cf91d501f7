/**
 * The pointer: the one object of a lake that changes. It names the current metadata of every table, so that one swap commits
 * several tables, and a reader sees one consistent set.
 *
 * @module
 */

import { messageOf, SQLakeError } from '../../errors.ts'
import { isRecord } from '../../schema/is-record.ts'
import { sha256Hex } from '../../schema/sha256.ts'
import { crc32 } from '../crc32.ts'
import { lakePath } from '../lake-path.ts'
import { hex } from '../summed-name.ts'
import { metadataFolder } from './admit-changes.ts'
import type { ShardPosition } from './catalog.ts'

const encoder = new TextEncoder()

/** Key of the pointer. */
export const POINTER_KEY = 'metadata/catalog.json'

/** Raised when an older sqlake could not read the pointer any more. */
const FORMAT_VERSION = 1

/** Which catalog a lake belongs to. Two of them would overwrite each other's tables. */
export type LakeOwner = { readonly kind: 'pointer' } | { readonly kind: 'durable-object'; readonly id: string }

/** What the pointer says. */
export interface LakePointer {
	readonly owner: LakeOwner
	/** Prefix of the lake's paths. */
	readonly location: string
	/** New with every swap: without it, equal content would have equal etags, and a swap could not be told from another. */
	readonly nonce: string
	/** Grows with every commit. */
	readonly version: number
	/** Metadata location by table name. */
	readonly tables: ReadonlyMap<string, string>
	/** Positions by {@link shardKey}. */
	readonly shards: ReadonlyMap<string, ShardPosition>
}

/** Stands for a shard in the pointer: 128 bits of its SHA-256, so that a long name takes no more room than a short one. */
export function shardKey(shard: string): string {
	return sha256Hex(shard).slice(0, 32)
}

/** The pointer of a lake that nobody has written to. */
export function emptyPointer(location: string): LakePointer {
	return { owner: { kind: 'pointer' }, location, nonce: '', version: 0, tables: new Map(), shards: new Map() }
}

/**
 * The pointer as JSON. It ends with the CRC-32 of itself without that member; of the metadata files that it names the sums stand
 * in their names.
 */
export function encodeLakePointer(pointer: LakePointer): Uint8Array {
	const json = {
		format: 'sqlake-catalog',
		'format-version': FORMAT_VERSION,
		owner: pointer.owner,
		location: pointer.location,
		nonce: pointer.nonce,
		version: pointer.version,
		tables: Object.fromEntries(pointer.tables),
		shards: Object.fromEntries([...pointer.shards].map(([key, { epoch, seq, watermark }]) => [key, [epoch, seq, watermark]])),
	}
	const text = JSON.stringify(json)
	return encoder.encode(`${text.slice(0, -1)}${sumMember(hex(crc32(encoder.encode(text))))}}`)
}

function sumMember(sum: string): string {
	return `,"crc32":"${sum}"`
}

/** Throws where bytes end with a sum that is not theirs. A pointer of sqlake before it wrote sums has none. */
function assertOwnSum(bytes: Uint8Array, sum: unknown, corrupt: (expected: string, found: unknown) => SQLakeError): void {
	if (sum === undefined) return
	const end = bytes.length - sumMember('').length - 8 - 1
	const found = hex(crc32(encoder.encode('}'), crc32(bytes.subarray(0, end))))
	if (sum !== found) throw corrupt(`bytes with the CRC-32 ${String(sum)}`, found)
}

/**
 * @throws `LAKE_CORRUPT` if the bytes are not a pointer, not those that were written, or one of a later format.
 */
export function decodeLakePointer(bytes: Uint8Array): LakePointer {
	const corrupt = (expected: string, found: unknown) =>
		new SQLakeError('LAKE_CORRUPT', `${POINTER_KEY}: expected ${expected}, found ${String(found)}`, {
			details: { file: POINTER_KEY },
		})
	let json: Readonly<Record<string, unknown>>
	try {
		json = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(bytes))
	} catch (error) {
		throw new SQLakeError('LAKE_CORRUPT', `${POINTER_KEY} is not JSON: ${messageOf(error)}`, {
			cause: error,
			details: { file: POINTER_KEY },
		})
	}
	if (json?.format !== 'sqlake-catalog') throw corrupt('format "sqlake-catalog"', json?.format)
	if (json['format-version'] !== FORMAT_VERSION) throw corrupt(`format-version ${FORMAT_VERSION}`, json['format-version'])
	assertOwnSum(bytes, json.crc32, corrupt)
	const { owner, location, nonce, version, tables, shards } = json
	if (!isRecord(owner) || (owner.kind !== 'pointer' && owner.kind !== 'durable-object')) throw corrupt('an owner', owner)
	if (typeof location !== 'string') throw corrupt('a location', location)
	if (typeof nonce !== 'string') throw corrupt('a nonce', nonce)
	if (!Number.isSafeInteger(version)) throw corrupt('a version', version)
	if (!isRecord(tables)) throw corrupt('tables', tables)
	if (!isRecord(shards)) throw corrupt('shards', shards)
	return {
		owner: owner.kind === 'pointer' ? { kind: 'pointer' } : { kind: 'durable-object', id: String(owner.id) },
		location,
		nonce,
		version: version as number,
		tables: new Map(
			Object.entries(tables).map(([name, path]) => {
				// The folder is named after the table: one that goes by another name would be taken for new, and begun again.
				const folder = `${lakePath(location, metadataFolder(name))}/`
				if (typeof path !== 'string' || !path.startsWith(folder)) throw corrupt(`a path of table "${name}" below ${folder}`, path)
				return [name, path]
			}),
		),
		shards: new Map(
			Object.entries(shards).map(([key, position]) => {
				if (!Array.isArray(position) || !position.every(Number.isFinite)) throw corrupt(`a position of shard ${key}`, position)
				const [epoch = 0, seq = 0, watermark = 0]: number[] = position
				return [key, { epoch, seq, watermark }]
			}),
		),
	}
}

/**
 * Checks that a lake is the one that is meant.
 *
 * @throws `CONFIG_INVALID` if it belongs to another catalog, or was written with another location.
 */
export function assertPointer(pointer: LakePointer, expected: { readonly owner: LakeOwner; readonly location: string }): void {
	const shown = (owner: LakeOwner) =>
		owner.kind === 'pointer' ? 'the pointer catalog' : `the catalog Durable Object ${owner.id}`
	if (shown(pointer.owner) !== shown(expected.owner)) {
		throw new SQLakeError(
			'CONFIG_INVALID',
			`lake "${pointer.location}": expected it to belong to ${shown(expected.owner)}, found ${shown(pointer.owner)}`,
			{ hint: 'A lake keeps the catalog it was first written with: bind SQLAKE_CATALOG, or leave it out, as before.' },
		)
	}
	assertLocation(pointer.location, expected.location)
}

/**
 * Checks the prefix of a lake's paths, which stands in every file of its metadata.
 *
 * @throws `CONFIG_INVALID` if the lake was written with another one.
 */
export function assertLocation(found: string, expected: string): void {
	if (found === expected) return
	throw new SQLakeError('CONFIG_INVALID', `lake: expected the location "${expected}", found "${found}"`, {
		hint: 'The location of a lake cannot change once it was written.',
	})
}
