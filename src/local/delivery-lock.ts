/**
 * Lets one process at a time deliver the shards of a directory.
 *
 * @module
 */
import type { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { SQLakeError } from '../errors.ts'
import { isBusy, openDatabase } from './node-sqlite.ts'

/** Milliseconds between two looks at a lock that another process holds. */
const PAUSE = 25

/** Milliseconds after which a lock that another process holds is an error. */
const PATIENCE = 60_000

/** A lock that several deliveries of this process may hold at once, and no two processes. */
export interface DeliveryLock {
	/** @throws SQLakeError FLUSH_FAILED where another process holds it for too long */
	hold<T>(work: () => Promise<T>): Promise<T>
	close(): void
}

/**
 * A lock in a file. It is a transaction of SQLite's: the operating system ends it with its process, however that dies, so no
 * lock is ever left behind.
 */
export class FileDeliveryLock implements DeliveryLock {
	readonly #path: string
	#database: DatabaseSync | null = null
	#holders = 0
	/** Settles when the lock is taken; later holders wait for the first one's. */
	#taken: Promise<void> = Promise.resolve()

	/** @param path - in a directory that exists when the lock is first held */
	constructor(path: string) {
		this.#path = path
	}

	async hold<T>(work: () => Promise<T>): Promise<T> {
		if (++this.#holders === 1) this.#taken = this.#take()
		try {
			await this.#taken
			return await work()
		} finally {
			if (--this.#holders === 0 && this.#database?.isTransaction === true) this.#database.exec('ROLLBACK')
		}
	}

	close(): void {
		this.#database?.close()
		this.#database = null
	}

	async #take(): Promise<void> {
		const database = this.#database ?? openDatabase(this.#path, { timeout: 0 })
		this.#database = database
		for (const start = Date.now(); ; await sleep(PAUSE)) {
			try {
				return database.exec('BEGIN EXCLUSIVE')
			} catch (error) {
				if (!isBusy(error)) throw error
				if (Date.now() - start < PATIENCE) continue
				throw new SQLakeError(
					'FLUSH_FAILED',
					`${this.#path}: expected to deliver, found another process doing so for ${PATIENCE} ms`,
					{
						cause: error,
						hint: 'end the other process, or let it finish; the changes wait in their shards',
					},
				)
			}
		}
	}
}

/** The lock of shards that no other process can reach. */
export const NO_LOCK: DeliveryLock = { hold: (work) => work(), close: () => {} }
