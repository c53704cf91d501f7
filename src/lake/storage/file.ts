import type { BigIntStats } from 'node:fs'
import { type FileHandle, mkdir, open, rename, rm, stat, utimes } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { messageOf, SQLakeError } from '../../errors.ts'
import { compareUtf8 } from '../utf8-order.ts'
import { adoptFormerNames } from './file-former-names.ts'
import { filesBelow, orNull } from './file-listing.ts'
import { lockFile } from './file-lock.ts'
import { keyOfPath, pathOfKey } from './file-path.ts'
import { assertObjectKey } from './object-key.ts'
import type { ByteRange, ObjectInfo, ObjectPage, ObjectStore, PutOptions, StoredObject } from './object-store.ts'

/** Most keys a page of a listing holds, as in R2. */
const MAX_PAGE = 1000

/**
 * An object store in a directory, for development and for Node. An object is written beside its place and renamed into it, so
 * a reader sees a whole version or none; puts of one key exclude each other by a lock file, so that conditions hold across
 * processes. A key cannot lie below another key (`a` and `a/b`): a directory holds either a file or a folder of a name.
 *
 * @example
 * ```ts
 * const store = new FileObjectStore('.sqlake/data')
 * ```
 */
export class FileObjectStore implements ObjectStore {
	readonly #root: string
	/** Once the names in the directory are known to be those of now; for writing it must say so itself. */
	#adopted: { readonly forWriting: boolean; readonly done: Promise<void> } | null = null

	/** @param directory Created on the first put. */
	constructor(directory: string) {
		this.#root = resolve(directory)
	}

	/** Absolute path of the file that holds a key, for engines that read files themselves. */
	pathOf(key: string): string {
		assertObjectKey(key)
		return join(this.#root, pathOfKey(key))
	}

	async get(key: string, range?: ByteRange): Promise<StoredObject | null> {
		const path = this.pathOf(key)
		return this.#run('get', key, async () => {
			const handle = await orNull(open(path, 'r'))
			if (handle === null) return null
			try {
				const info = infoOf(key, await handle.stat({ bigint: true }))
				if (info === null) return null
				const offset = Math.min(range?.offset ?? 0, info.size)
				const length = Math.min(range?.length ?? info.size, info.size - offset)
				return { ...info, bytes: await readFully(handle, offset, length) }
			} finally {
				await handle.close()
			}
		})
	}

	async head(key: string): Promise<ObjectInfo | null> {
		const path = this.pathOf(key)
		return this.#run('head', key, async () => {
			const stats = await orNull(stat(path, { bigint: true }))
			return stats === null ? null : infoOf(key, stats)
		})
	}

	async put(key: string, bytes: Uint8Array, options: PutOptions = {}): Promise<ObjectInfo | null> {
		const path = this.pathOf(key)
		return this.#run('put', key, async () => {
			await mkdir(dirname(path), { recursive: true })
			const unlock = await lockFile(`${path},lock`)
			try {
				const stats = await orNull(stat(path, { bigint: true }))
				const current = stats === null ? null : infoOf(key, stats)
				if (options.ifNoneMatch !== undefined && current !== null) return null
				if (options.ifMatch !== undefined && current?.etag !== options.ifMatch) return null
				const temporary = `${path},${crypto.randomUUID()}`
				try {
					return await replace(key, temporary, path, bytes, stats)
				} catch (error) {
					await rm(temporary, { force: true })
					throw error
				}
			} finally {
				await unlock()
			}
		})
	}

	async delete(keys: readonly string[]): Promise<void> {
		for (const key of keys) {
			const path = this.pathOf(key)
			await this.#run('delete', key, () => orNull(rm(path)))
		}
	}

	async list(options: { readonly prefix: string; readonly cursor?: string; readonly limit?: number }): Promise<ObjectPage> {
		const { prefix, cursor } = options
		const limit = Math.min(options.limit ?? MAX_PAGE, MAX_PAGE)
		const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1)
		return this.#run('list', prefix, async () => {
			const base = folder === '' ? '' : pathOfKey(folder.slice(0, -1))
			const keys: string[] = []
			for (const path of await filesBelow(this.#root, base)) {
				const key = keyOfPath(path)
				if (key.startsWith(prefix) && (cursor === undefined || compareUtf8(key, cursor) > 0)) keys.push(key)
			}
			keys.sort(compareUtf8)
			const page = keys.slice(0, limit)
			const objects: ObjectInfo[] = []
			for (const key of page) {
				const info = await this.head(key)
				if (info !== null) objects.push(info)
			}
			const last = page.at(-1)
			return keys.length > page.length && last !== undefined ? { objects, cursor: last } : { objects }
		})
	}

	#adopt(forWriting: boolean): Promise<void> {
		if (this.#adopted !== null && (this.#adopted.forWriting || !forWriting)) return this.#adopted.done
		const done = adoptFormerNames(this.#root, forWriting)
		const adopted = { forWriting, done }
		this.#adopted = adopted
		// A failure is told to whoever waits, and tried again.
		done.catch(() => {
			if (this.#adopted === adopted) this.#adopted = null
		})
		return done
	}

	async #run<T>(operation: string, key: string, work: () => Promise<T>): Promise<T> {
		try {
			await this.#adopt(operation === 'put')
			return await work()
		} catch (error) {
			throw SQLakeError.is(error)
				? error
				: new SQLakeError('STORE_UNAVAILABLE', `${operation} of "${key}" in ${this.#root} failed: ${messageOf(error)}`, {
						cause: error,
						details: { operation, key },
					})
		}
	}
}

/** Writes the new version beside its place and renames it into place. */
async function replace(
	key: string,
	temporary: string,
	path: string,
	bytes: Uint8Array,
	previous: BigIntStats | null,
): Promise<ObjectInfo> {
	const handle = await open(temporary, 'wx')
	try {
		await handle.writeFile(bytes)
		await handle.sync()
	} finally {
		await handle.close()
	}
	let stats = await stat(temporary, { bigint: true })
	if (previous !== null && stats.mtimeNs <= previous.mtimeNs) {
		// The clock of a file system ticks in milliseconds, and inodes are used again: without this, two versions could share an etag.
		const later = Number(previous.mtimeNs / 1_000_000n + 2n) / 1000
		await utimes(temporary, later, later)
		stats = await stat(temporary, { bigint: true })
	}
	await rename(temporary, path)
	return { key, size: bytes.byteLength, etag: etagOf(stats) }
}

function infoOf(key: string, stats: BigIntStats): ObjectInfo | null {
	return stats.isFile() ? { key, size: Number(stats.size), etag: etagOf(stats) } : null
}

function etagOf(stats: BigIntStats): string {
	return `${stats.mtimeNs.toString(36)}-${stats.ino.toString(36)}-${stats.size.toString(36)}`
}

async function readFully(handle: FileHandle, offset: number, length: number): Promise<Uint8Array> {
	const bytes = new Uint8Array(length)
	let done = 0
	while (done < length) {
		const { bytesRead } = await handle.read(bytes, done, length - done, offset + done)
		if (bytesRead === 0) throw new Error(`the file ended at byte ${offset + done}, expected ${offset + length}`)
		done += bytesRead
	}
	return bytes
}
