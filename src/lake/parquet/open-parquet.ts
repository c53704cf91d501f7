/**
 * Opening a Parquet file in an object store: its footer, and ranged reads of its bytes.
 *
 * @module
 */
import { type FileMetaData, parquetMetadata } from 'hyparquet'
import { messageOf, SQLakeError } from '../../errors.ts'
import { crc32 } from '../crc32.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import { readOnce, retryRead } from '../storage/read-object.ts'
import { hex } from '../summed-name.ts'
import { type ChunkSums, readChunkSums } from './chunk-sums.ts'

/**
 * How much of the end of a file is read at first. Most files of the lake's hot tier are no larger than this, and are read in
 * one request; a request costs more than the bytes it brings.
 */
const TAIL_BYTES = 128 * 1024

/** 'PAR1' as a little-endian number; a file begins and ends with it (Parquet format, "File format"). */
const MAGIC = 0x31524150

/** An open Parquet file. */
export interface ParquetFile {
	readonly key: string
	/** Bytes. */
	readonly byteLength: number
	readonly metadata: FileMetaData
	/** Requests made to the store and bytes that they brought, since the file was opened. */
	readonly traffic: Readonly<ReadTraffic>
	/**
	 * Bytes `[start, end)`. Those that do not pass `check` are read again.
	 *
	 * @throws `LAKE_CORRUPT` if the file is gone or shorter than that; what `check` throws.
	 */
	read(start: number, end: number, check?: CheckBytes): Promise<Uint8Array<ArrayBuffer>>
	/** Sums of its column chunks; null for a file of another writer, or from before sqlake wrote sums. */
	readonly sums: ChunkSums | null
}

/** Throws `LAKE_CORRUPT` where bytes are not what they should be. */
export type CheckBytes = (bytes: Uint8Array) => void

/** What reading has cost. */
export interface ReadTraffic {
	requests: number
	bytes: number
}

/**
 * Opens a Parquet file and reads its footer, in one request where the size is known and the footer is not unusually large.
 *
 * @param key Object key.
 * @param size Size in bytes, as the manifest states it; saves a request.
 * @param sum CRC-32 of the file, as the manifest states it; the footer is checked against it.
 * @throws `LAKE_CORRUPT` if there is no such object, or it is no Parquet file, or not the one that was written; `STORE_UNAVAILABLE`.
 * @example
 * const file = await openParquet(store, 'data/users/_shard=user-1/cdc_1735689600000_1.parquet', 48_213)
 */
export function openParquet(store: ObjectStore, key: string, size?: number, sum?: number): Promise<ParquetFile> {
	const traffic: ReadTraffic = { requests: 0, bytes: 0 }
	return retryRead(() => openOnce(store, key, traffic, size, sum))
}

async function openOnce(
	store: ObjectStore,
	key: string,
	traffic: ReadTraffic,
	size: number | undefined,
	sum: number | undefined,
): Promise<ParquetFile> {
	const byteLength = size ?? (await sizeOf(store, key, traffic))
	if (byteLength < 12) throw corrupt(key, `expected at least 12 bytes, found ${byteLength}`)

	const fetch = async (start: number, end: number, check?: CheckBytes) => {
		traffic.requests++
		const bytes = await readOnce(store, key, (object) => object.bytes, { offset: start, length: end - start })
		if (bytes === null) throw corrupt(key, 'expected a Parquet file, found no object')
		traffic.bytes += bytes.length
		if (bytes.length !== end - start) throw corrupt(key, `expected ${end - start} bytes at ${start}, found ${bytes.length}`)
		check?.(bytes)
		return bytes as Uint8Array<ArrayBuffer>
	}

	let tailStart = Math.max(0, byteLength - TAIL_BYTES)
	let tail = await fetch(tailStart, byteLength)
	const view = new DataView(tail.buffer, tail.byteOffset, tail.byteLength)
	if (view.getUint32(tail.length - 4, true) !== MAGIC) throw corrupt(key, 'expected PAR1 at the end, found other bytes')
	const footerStart = byteLength - 8 - view.getUint32(tail.length - 8, true)
	if (footerStart < 4) throw corrupt(key, 'the footer is longer than the file')
	if (footerStart < tailStart) {
		tail = concat(await fetch(footerStart, tailStart), tail)
		tailStart = footerStart
	}

	const footer = tail.subarray(footerStart - tailStart)
	const metadata = parseFooter(key, footer)
	const sums = parseSums(key, metadata)
	if (sum !== undefined) assertFileSum(key, sum, sums, footer)

	const read = async (start: number, end: number, check?: CheckBytes) => {
		// Not the other way round: what is no number at all is none of these.
		if (!(start >= 0 && start <= end && end <= byteLength))
			throw corrupt(key, `its footer points to bytes ${start} to ${end} of ${byteLength}`)
		if (start >= tailStart) {
			const bytes = tail.subarray(start - tailStart, end - tailStart)
			if (check === undefined || passes(bytes, check)) return bytes
		}
		return retryRead(() => fetch(start, end, check))
	}
	return { key, byteLength, metadata, sums, traffic, read }
}

/** A `LAKE_CORRUPT` error that names the file. */
export function corrupt(key: string, what: string, cause?: unknown): SQLakeError {
	return new SQLakeError('LAKE_CORRUPT', `file "${key}": ${what}`, {
		hint: 'The file was changed or removed behind the lake; restore it, or erase the rows it held by re-delivering the shard.',
		cause,
		details: { key },
	})
}

function parseFooter(key: string, tail: Uint8Array<ArrayBuffer>): FileMetaData {
	try {
		return parquetMetadata(tail, { geoparquet: false })
	} catch (error) {
		throw corrupt(key, `its footer does not decode (${messageOf(error)})`, error)
	}
}

function parseSums(key: string, metadata: FileMetaData): ChunkSums | null {
	try {
		return readChunkSums(metadata)
	} catch (error) {
		throw corrupt(key, messageOf(error), error)
	}
}

function assertFileSum(key: string, expected: number, sums: ChunkSums | null, footer: Uint8Array): void {
	if (sums === null) throw corrupt(key, 'expected sums in its footer, found none')
	const found = crc32(footer, sums.last)
	if (found !== expected) throw corrupt(key, `expected the CRC-32 ${hex(expected)}, found ${hex(found)} by its footer`)
}

function passes(bytes: Uint8Array, check: CheckBytes): boolean {
	try {
		check(bytes)
		return true
	} catch (error) {
		if (SQLakeError.is(error, 'LAKE_CORRUPT')) return false
		throw error
	}
}

async function sizeOf(store: ObjectStore, key: string, traffic: ReadTraffic): Promise<number> {
	traffic.requests++
	const info = await store.head(key)
	if (info === null) throw corrupt(key, 'expected a Parquet file, found no object')
	return info.size
}

function concat(head: Uint8Array, tail: Uint8Array): Uint8Array<ArrayBuffer> {
	const bytes = new Uint8Array(head.length + tail.length)
	bytes.set(head)
	bytes.set(tail, head.length)
	return bytes
}
