import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { messageOf, SQLakeError } from '../../errors.ts'
import { isBusy, openDatabase } from '../../local/node-sqlite.ts'

/** A directory that this process serves. */
export interface DirectoryClaim {
	/** Tells others where it is served. */
	announce(url: string): void
	release(): void
}

/**
 * Claims a directory of shards for one dev server. The claim is a transaction of SQLite's, which the operating system ends with its
 * process however that dies, so none is ever left behind.
 *
 * @throws SQLakeError IN_USE where another process serves it
 */
export function claimDirectory(directory: string): DirectoryClaim {
	try {
		mkdirSync(directory, { recursive: true })
	} catch (cause) {
		throw new SQLakeError('CONFIG_INVALID', `db ${directory}: expected a directory: ${messageOf(cause)}`, {
			cause,
			hint: 'db names a directory that holds one SQLite file for each shard',
		})
	}
	const announcement = join(directory, 'dev-server.json')
	const database = openDatabase(join(directory, 'dev-lock'), { timeout: 0 })
	try {
		database.exec('BEGIN EXCLUSIVE')
	} catch (cause) {
		database.close()
		if (!isBusy(cause)) throw cause
		throw new SQLakeError('IN_USE', `db ${directory}: expected to serve it, found that ${readAnnouncement(announcement)} does`, {
			cause,
			hint: 'use that one, end it, or take another directory: --db .sqlake/other.db --lake .sqlake/other-data',
		})
	}
	return {
		announce: (url) => writeFileSync(announcement, `${JSON.stringify({ url, pid: process.pid })}\n`),
		release: () => {
			rmSync(announcement, { force: true })
			database.close()
		},
	}
}

/** Whoever has the claim, in words. */
function readAnnouncement(file: string): string {
	try {
		const { url, pid } = JSON.parse(readFileSync(file, 'utf8'))
		return `another sqlake dev at ${url} (process ${pid})`
	} catch {
		// It has not said yet where it listens, or it is ending.
		return 'another sqlake dev'
	}
}
