/**
 * Where the shards of a router are.
 *
 * @module
 */
import { mkdir, readdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { messageOf, SQLakeError } from '../errors.ts'
import { mapLimit } from '../lake/map-limit.ts'
import { shardOfFile } from './open-shard.ts'
import { SHARD_FILE_SUFFIX, shardFileName } from './shard-file-name.ts'

/** Places of shards. */
export interface ShardPlaces {
	/** Shards that may be open at the same time. */
	readonly maxOpen: number
	/** The path that a shard's database is opened by. */
	pathOf(shard: string): Promise<string>
	/** Shards that have a database, open or not. */
	names(): Promise<string[]>
}

/** Each takes three file descriptors, of which many systems give a process 256. */
const MAX_OPEN_FILES = 50

/** Shards as files of one directory, each under its encoded name. */
export class DirectoryPlaces implements ShardPlaces {
	readonly maxOpen = MAX_OPEN_FILES
	readonly #directory: string
	#created: Promise<unknown> | null = null
	/** By file name. A file keeps its shard, so each is looked into once. */
	readonly #names = new Map<string, string | null>()

	constructor(directory: string) {
		this.#directory = resolve(directory)
	}

	/** Creates the directory when it is first needed. */
	async pathOf(shard: string): Promise<string> {
		const file = shardFileName(shard)
		this.#created ??= this.#create()
		await this.#created
		this.#names.set(file, shard)
		return join(this.#directory, file)
	}

	async names(): Promise<string[]> {
		this.#created ??= this.#create()
		await this.#created
		const files = (await readdir(this.#directory)).filter((file) => file.endsWith(SHARD_FILE_SUFFIX))
		return (await mapLimit(files, async (file) => this.#nameOf(file))).filter((name) => name !== null)
	}

	#nameOf(file: string): string | null {
		const known = this.#names.get(file)
		if (known !== undefined) return known
		const name = readName(join(this.#directory, file))
		// Another process may be about to write the name of a file that has none.
		if (name !== null) this.#names.set(file, name)
		return name
	}

	async #create(): Promise<void> {
		try {
			await mkdir(this.#directory, { recursive: true })
		} catch (cause) {
			this.#created = null
			throw new SQLakeError('CONFIG_INVALID', `db ${this.#directory}: expected a directory: ${messageOf(cause)}`, {
				cause,
				hint: 'db names a directory that holds one SQLite file for each shard',
			})
		}
	}
}

/** @throws SQLakeError SHARD_UNAVAILABLE for a file that is no database */
function readName(path: string): string | null {
	try {
		return shardOfFile(path)
	} catch (cause) {
		throw SQLakeError.wrap(cause, 'SHARD_UNAVAILABLE', `${path}: expected the database of a shard`, {
			hint: 'move the file away if it is none of a shard; it was not touched',
		})
	}
}

/** Shards in memory: each is there as long as it is open. */
export const MEMORY_PLACES: ShardPlaces = {
	maxOpen: Number.POSITIVE_INFINITY,
	pathOf: async (shard) => {
		// A name that could have no file is refused here, too.
		shardFileName(shard)
		return ':memory:'
	},
	names: async () => [],
}
