/**
 * Files of a lake as files on disk, for an engine that opens them itself.
 *
 * @module
 */
import { createHash } from 'node:crypto'
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { messageOf, SQLakeError } from '../../../errors.ts'
import { mapLimit } from '../../../lake/map-limit.ts'
import { corrupt } from '../../../lake/parquet/open-parquet.ts'
import { isAlive, machine } from '../../../lake/storage/file-lock.ts'
import type { ObjectStore } from '../../../lake/storage/object-store.ts'
import { readObject } from '../../../lake/storage/read-object.ts'
import { hex } from '../../../lake/summed-name.ts'
import type { EngineFile, EngineQuery } from '../../query-engine.ts'
import type { QueryDeadline } from '../query-deadline.ts'

/** Bytes of copies that are kept on disk by default. */
export const DEFAULT_COPY_LIMIT_BYTES = 8 * 1024 * 1024 * 1024

/** Name of the directories of copies: the machine and the process they belong to, so that those of dead ones can be told. */
const DIRECTORY = /^sqlake-copies-([0-9a-f]{8})-(\d+)-/

/** A store whose objects are files. */
interface LocalStore extends ObjectStore {
	pathOf(key: string): string
}

/** The files of one query. */
export interface HeldFiles {
	readonly paths: ReadonlyMap<EngineFile, string>
	/** Lets go of them: a copy may be removed once no query holds it. */
	release(): void
}

interface Copy {
	readonly bytes: number
	readonly path: Promise<string>
	/** Queries that hold it, and its own making. */
	holders: number
}

/** A file that has to be copied, under a name that no other has. */
interface Wanted {
	readonly file: EngineFile
	readonly identity: string
}

/**
 * Finds the files of queries on disk: where they lie, if the store is a directory, else as copies in a temporary directory. What
 * is not the file that the manifest describes, by its length and its sum, is read again, and is never left for an engine to find.
 *
 * Copies are kept for later queries up to a number of bytes; the least recently used go first.
 */
export class QueryFiles {
	readonly #limitBytes: number
	#directory: Promise<string> | undefined
	/** By identity, least recently used first. */
	readonly #copies = new Map<string, Copy>()
	/** State of files in place when they were last found to be sound. */
	readonly #sound = new Map<string, string>()
	readonly #waiting = new Set<() => void>()
	/** The end of all removals so far: what is copied afterwards may have the same name. */
	#removals: Promise<void> = Promise.resolve()

	/** @param limitBytes That copies may take on disk. */
	constructor(limitBytes: number) {
		this.#limitBytes = limitBytes
	}

	/**
	 * Brings the files of a query to disk, and keeps them there until they are released.
	 *
	 * @throws `LAKE_CORRUPT` for a file that is missing or is not what was written; `ANALYTICS_MEMORY` for a query whose copies are
	 *   more than the limit; `STORE_UNAVAILABLE`; what the deadline throws.
	 */
	async hold({ store, tables }: EngineQuery, deadline: QueryDeadline): Promise<HeldFiles> {
		const paths = new Map<EngineFile, string>()
		const wanted: Wanted[] = []
		const inPlace: { readonly file: EngineFile; readonly path: string }[] = []
		for (const { cacheKey = crypto.randomUUID(), files } of tables) {
			for (const file of files) {
				const path = isLocal(store) ? store.pathOf(file.key) : null
				// DuckDB would take such a name for a pattern.
				if (path === null || /[*?[]/.test(path)) wanted.push({ file, identity: `${cacheKey}\n${file.key}` })
				else inPlace.push({ file, path })
			}
		}
		const release = await this.#reserve(store, wanted, deadline)
		try {
			await deadline.race(
				Promise.all([
					mapLimit(inPlace, async ({ file, path }) => {
						await this.#checkInPlace(store, file, path)
						paths.set(file, path)
					}),
					mapLimit(wanted, async ({ file, identity }) => {
						const copy = this.#copies.get(identity)
						if (copy !== undefined) paths.set(file, await copy.path)
					}),
				]),
			)
			return { paths, release }
		} catch (error) {
			release()
			throw error
		}
	}

	/** Removes the copies. No query may be running. */
	async close(): Promise<void> {
		const directory = await this.#directory
		this.#directory = undefined
		this.#copies.clear()
		this.#sound.clear()
		if (directory !== undefined) await rm(directory, { recursive: true, force: true })
	}

	/** Makes room for the copies of a query, all at once, so that two queries cannot wait for each other, and begins to make them. */
	async #reserve(store: ObjectStore, wanted: readonly Wanted[], deadline: QueryDeadline): Promise<() => void> {
		const distinct = new Map(wanted.map((each) => [each.identity, each.file]))
		const needed = [...distinct.values()].reduce((sum, file) => sum + file.sizeInBytes, 0)
		if (needed > this.#limitBytes) {
			throw new SQLakeError(
				'ANALYTICS_MEMORY',
				`the query reads ${needed} bytes of files, expected at most ${this.#limitBytes} bytes of copies on disk`,
				{
					hint: 'narrow the shards or the time, or raise copyLimitBytes of the engine',
					details: { limitBytes: this.#limitBytes },
				},
			)
		}
		while (this.#heldBytes(distinct) + needed > this.#limitBytes) {
			const { promise, resolve } = Promise.withResolvers<void>()
			this.#waiting.add(resolve)
			await deadline.race(promise).finally(() => this.#waiting.delete(resolve))
		}
		// Those that are there first: else they could have to make room for the others.
		const order = [...distinct].sort(([a], [b]) => Number(this.#copies.has(b)) - Number(this.#copies.has(a)))
		const held = order.map(([identity, file]) => this.#take(store, identity, file))
		let isHeld = true
		return () => {
			if (!isHeld) return
			isHeld = false
			for (const copy of held) this.#letGo(copy)
		}
	}

	/** Bytes of copies that others hold. */
	#heldBytes(except: ReadonlyMap<string, EngineFile>): number {
		let bytes = 0
		for (const [identity, copy] of this.#copies) if (copy.holders > 0 && !except.has(identity)) bytes += copy.bytes
		return bytes
	}

	#take(store: ObjectStore, identity: string, file: EngineFile): Copy {
		const found = this.#copies.get(identity)
		if (found !== undefined) {
			found.holders++
			this.#copies.delete(identity)
			this.#copies.set(identity, found)
			return found
		}
		this.#makeRoom(file.sizeInBytes)
		const path = this.#removals.then(() => this.#copy(store, identity, file))
		const copy: Copy = { bytes: file.sizeInBytes, path, holders: 2 }
		this.#copies.set(identity, copy)
		path.then(
			() => this.#letGo(copy),
			() => {
				if (this.#copies.get(identity) === copy) this.#copies.delete(identity)
				this.#letGo(copy)
			},
		)
		return copy
	}

	#letGo(copy: Copy): void {
		copy.holders--
		for (const resolve of this.#waiting) resolve()
	}

	/** Removes copies that nobody holds until there is room for another. */
	#makeRoom(bytes: number): void {
		let total = [...this.#copies.values()].reduce((sum, copy) => sum + copy.bytes, bytes)
		for (const [identity, copy] of this.#copies) {
			if (total <= this.#limitBytes) return
			if (copy.holders > 0) continue
			this.#copies.delete(identity)
			total -= copy.bytes
			// What cannot be removed now goes with the directory.
			this.#removals = this.#removals.then(async () => rm(await copy.path, { force: true })).catch(() => {})
		}
	}

	async #copy(store: ObjectStore, identity: string, file: EngineFile): Promise<string> {
		this.#directory ??= makeDirectory()
		const path = join(await this.#directory, `${createHash('sha256').update(identity).digest('hex')}.parquet`)
		const bytes = await readSound(store, file)
		try {
			await writeFile(path, bytes)
		} catch (error) {
			await rm(path, { force: true })
			throw new SQLakeError('ANALYTICS_FAILED', `file "${file.key}": no copy could be made of it: ${messageOf(error)}`, {
				cause: error,
				hint: 'see whether the directory for temporary files has room, and may be written',
				details: { key: file.key, path },
			})
		}
		return path
	}

	async #checkInPlace(store: ObjectStore, file: EngineFile, path: string): Promise<void> {
		const found = await stat(path).catch(() => null)
		const state = `${found?.size} ${found?.mtimeMs} ${found?.ino}`
		if (this.#sound.get(path) === state) return
		if (found?.size !== file.sizeInBytes || file.crc32 !== undefined) await readSound(store, file)
		this.#sound.set(path, state)
	}
}

function isLocal(store: ObjectStore): store is LocalStore {
	return 'pathOf' in store && typeof store.pathOf === 'function'
}

/** Reads a file whole. @throws `LAKE_CORRUPT` if it is not the one that the manifest describes. */
async function readSound(store: ObjectStore, { key, sizeInBytes, crc32: sum }: EngineFile): Promise<Uint8Array> {
	const bytes = await readObject(store, key, (object) => {
		const found = object.bytes
		if (found.length !== sizeInBytes) throw corrupt(key, `expected ${sizeInBytes} bytes, found ${found.length}`)
		if (sum !== undefined && crc32(found) !== sum)
			throw corrupt(key, `expected the CRC-32 ${hex(sum)}, found ${hex(crc32(found))}`)
		return found
	})
	if (bytes === null) throw corrupt(key, 'expected a Parquet file, found no object')
	return bytes
}

async function makeDirectory(): Promise<string> {
	const here = createHash('sha256')
		.update(await machine())
		.digest('hex')
		.slice(0, 8)
	await removeLeftBehind(here)
	return mkdtemp(join(tmpdir(), `sqlake-copies-${here}-${process.pid}-`))
}

/** Removes what processes of this machine left that ended without closing their engines. */
async function removeLeftBehind(here: string): Promise<void> {
	for (const name of await readdir(tmpdir())) {
		const [, where, pid] = DIRECTORY.exec(name) ?? []
		if (where !== here || isAlive(Number(pid))) continue
		// What another user left is that user's to remove.
		await rm(join(tmpdir(), name), { recursive: true, force: true }).catch(() => {})
	}
}
