import { existsSync } from 'node:fs'
import { SQLakeError } from '../../errors.ts'
import { LocalRouter } from '../../local/local-router.ts'
import type { CommandContext } from '../command-context.ts'
import { claimDirectory, type DirectoryClaim } from '../dev/claim-directory.ts'
import { namesOf } from './count-of.ts'
import type { Migratable, Migratables } from './migratable.ts'
import type { OpenOptions } from './open-migratables.ts'

/**
 * Opens the shards of a directory. None is created, and each is opened when it is asked for.
 *
 * @throws SQLakeError SHARD_NOT_FOUND for a shard that is not there; IN_USE where `sqlake dev` serves the directory and anything
 *   shall be changed
 */
export async function openShards(
	{ directory, shards, manifest, skipChecksum, writes }: Omit<OpenOptions, 'db'> & { readonly directory: string },
	context: CommandContext,
): Promise<Migratables> {
	const { database: schema } = await context.database()
	const claim = existsSync(directory) && writes ? claimShards(directory) : null
	const router = new LocalRouter({
		schema,
		db: directory,
		migrations: manifest,
		migrationPolicy: 'never',
		skipChecksum,
		// Which lake the changes belong to is not this command's affair: they wait in their shards.
		flush: null,
	})
	const close = async () => {
		await router.close()
		claim?.release()
	}
	try {
		const names = existsSync(directory) ? await router.shards() : []
		for (const shard of shards) if (!names.includes(shard)) throw notFound(shard, directory, names)
		const databases = (shards.length === 0 ? names : [...new Set(shards)].sort()).map((name) => databaseOf(router, name))
		return { kind: 'shards', place: directory, databases, [Symbol.asyncDispose]: close }
	} catch (error) {
		await close()
		throw error
	}
}

function databaseOf(router: LocalRouter, name: string): Migratable {
	return {
		name,
		status: () => router.migrationStatus(name),
		run: (request) => router.migrate(name, request),
		dryRun: (request) => router.planMigration(name, request),
	}
}

function claimShards(directory: string): DirectoryClaim {
	try {
		return claimDirectory(directory)
	} catch (error) {
		if (!SQLakeError.is(error, 'IN_USE')) throw error
		const { code, message, details } = error
		const hint = 'it applies pending migrations by itself; to roll back, end it first'
		throw new SQLakeError(code, message.replace('expected to serve it', 'expected to migrate it'), {
			cause: error,
			hint,
			details,
		})
	}
}

function notFound(shard: string, directory: string, names: readonly string[]): SQLakeError {
	const found = names.length === 0 ? 'no shards' : namesOf(names, false)
	return new SQLakeError('SHARD_NOT_FOUND', `${directory}: expected shard ${JSON.stringify(shard)}, found ${found}`, {
		hint: 'a shard is made by its first write',
		details: { shard },
	})
}
