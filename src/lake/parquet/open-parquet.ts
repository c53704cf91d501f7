/**
 * Opening a Parquet file in an object store: its footer, and ranged reads of its bytes.
 *
 * @module
 */
import { type FileMetaData, parquetMetadata } from 'hyparquet'
import { messageOf, SQLakeError } from '../../errors.ts'
import type { ObjectStore } from '../storage/object-store.ts'

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
	/** Bytes `[start, end)`. @throws `LAKE_CORRUPT` if the file is gone or shorter than that. */
	read(start: number, end: number): Promise<Uint8Array<ArrayBuffer>>
}

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
 * @throws `LAKE_CORRUPT` if there is no such object or it is no Parquet file; `STORE_UNAVAILABLE`.
 * @example
 * const file = await openParquet(store, 'data/users/_shard=user-1/cdc_1735689600000_1.parquet', 48_213)
 */
export async function openParquet(store: ObjectStore, key: string, size?: number): Promise<ParquetFile> {
	const traffic: ReadTraffic = { requests: 0, bytes: 0 }
	const byteLength = size ?? (await sizeOf(store, key, traffic))
	if (byteLength < 12) throw corrupt(key, `expected at least 12 bytes, found ${byteLength}`)

	const fetch = async (start: number, end: number) => {
		const object = await store.get(key, { offset: start, length: end - start })
		traffic.requests++
		if (object === null) throw corrupt(key, 'expected a Parquet file, found no object')
		traffic.bytes += object.bytes.length
		if (object.bytes.length !== end - start) {
			throw corrupt(key, `expected ${end - start} bytes at ${start}, found ${object.bytes.length}`)
		}
		return object.bytes as Uint8Array<ArrayBuffer>
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

	const read = async (start: number, end: number) => {
		if (start < 0 || end > byteLength || start > end)
			throw corrupt(key, `its footer points to bytes ${start} to ${end} of ${byteLength}`)
		return start >= tailStart ? tail.subarray(start - tailStart, end - tailStart) : fetch(start, end)
	}
	return { key, byteLength, metadata: parseFooter(key, tail), traffic, read }
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
