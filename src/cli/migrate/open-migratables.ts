import { existsSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { SQLakeError } from '../../errors.ts'

import type { MigrationManifest } from '../../migrator/manifest.ts'
import type { CommandContext } from '../command-context.ts'
import type { Migratables } from './migratable.ts'
import { openFile } from './open-file.ts'
import { openShards } from './open-shards.ts'
import { shardInFile } from './shard-in-file.ts'

/** What {@link openMigratables} goes by. */
export interface OpenOptions {
	readonly manifest: MigrationManifest
	/** What `--db` names, as it was typed. */
	readonly db: string | undefined
	/** Only these; all where empty. */
	readonly shards: readonly string[]
	readonly skipChecksum: boolean
	/** Whether anything shall be changed. */
	readonly writes: boolean
}

/**
 * Opens what `--db` names: a directory of shards, one of its files, or any other SQLite file.
 *
 * @throws SQLakeError CONFIG_INVALID where there is nothing of that name, USAGE_INVALID for `--shard` with a file,
 *   SHARD_NOT_FOUND for a shard that is not there
 */
export async function openMigratables(options: OpenOptions, context: CommandContext): Promise<Migratables> {
	const { db, shards } = options
	const config = await context.config()
	const place = db === undefined ? config.db : context.path(db)
	if (existsSync(place) && !statSync(place).isDirectory()) {
		const shard = shardInFile(place)
		if (shard !== null) return openShards({ ...options, directory: dirname(place), shards: [shard] }, context)
		if (shards.length > 0) {
			throw new SQLakeError('USAGE_INVALID', `--shard: expected a directory of shards as --db, found the file ${place}`)
		}
		return openFile({ file: place, migrations: options.manifest, skipChecksum: options.skipChecksum })
	}
	if (db !== undefined && !existsSync(place)) {
		throw new SQLakeError(
			'CONFIG_INVALID',
			`--db ${db}: expected a directory of shards or a SQLite file, found nothing at ${place}`,
		)
	}
	return openShards({ ...options, directory: place }, context)
}
