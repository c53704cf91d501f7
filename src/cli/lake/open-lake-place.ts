import { existsSync } from 'node:fs'
import type { Argv } from 'yargs'
import { SQLakeError } from '../../errors.ts'
import { FileObjectStore } from '../../lake/storage/file.ts'
import type { ObjectStore } from '../../lake/storage/object-store.ts'
import type { CommandContext } from '../command-context.ts'

/** Options that say which lake is meant. */
export interface LakePlaceOptions {
	/** A directory. */
	readonly lake?: string | undefined
	/** The bucket of `wrangler dev`. */
	readonly local?: boolean | undefined
	/** The bucket itself. */
	readonly remote?: boolean | undefined
	readonly bucket?: string | undefined
	/** Environment of the wrangler configuration. */
	readonly env?: string | undefined
}

/** A lake that is open. */
export interface LakePlace extends AsyncDisposable {
	/** Where it is, for people. */
	readonly name: string
	readonly store: ObjectStore
}

/** Adds the options that say which lake is meant, to a command that only reads it. */
export function withLakePlace<T>(yargs: Argv<T>) {
	return yargs
		.options({
			lake: { type: 'string', requiresArg: true, describe: 'Directory of the lake [default: .sqlake/data]' },
			local: { type: 'boolean', describe: 'The lake in the bucket of wrangler dev, in .wrangler/state' },
			remote: { type: 'boolean', describe: 'The lake in the bucket itself, by the S3 API: see sqlake push --help' },
			bucket: { type: 'string', requiresArg: true, describe: 'Name of the bucket, for --remote' },
			env: { alias: 'e', type: 'string', requiresArg: true, describe: 'Environment of the wrangler configuration' },
		})
		.conflicts('lake', ['local', 'remote'])
		.conflicts('local', ['remote', 'bucket'])
}

/**
 * Opens the lake that is meant: a directory, unless a bucket is asked for.
 *
 * @throws SQLakeError CONFIG_INVALID for a directory that was named and is not there, or for a bucket that cannot be found
 */
export async function openLakePlace(options: LakePlaceOptions, context: CommandContext): Promise<LakePlace> {
	if (options.local === true || options.remote === true) return openBucket(options, context)
	const directory = options.lake === undefined ? (await context.config()).lake : context.path(options.lake)
	if (options.lake !== undefined && !existsSync(directory)) {
		throw new SQLakeError('CONFIG_INVALID', `--lake ${options.lake}: expected a directory, found nothing at ${directory}`, {
			hint: 'name a directory that sqlake dev, or a LocalRouter, has written to',
		})
	}
	return { name: directory, store: new FileObjectStore(directory), [Symbol.asyncDispose]: async () => {} }
}

async function openBucket({ local, bucket, env }: LakePlaceOptions, context: CommandContext): Promise<LakePlace> {
	const [config, { database }, { readWranglerConfig }] = await Promise.all([
		context.config(),
		context.database(),
		import('../wrangler-config.ts'),
	])
	const wrangler = readWranglerConfig(config.root, env)
	const binding = database.r2Bucket
	if (local !== true) {
		const { openRemote } = await import('../push/open-remote.ts')
		const target = openRemote({ config, wrangler, binding, bucket, env: context.terminal.env })
		return {
			name: `bucket ${target.bucket} (${target.place})`,
			store: target.store,
			[Symbol.asyncDispose]: () => target[Symbol.asyncDispose](),
		}
	}
	const { openLocal } = await import('../push/open-local.ts')
	const target = await openLocal({ root: config.root, wrangler, environment: env, binding, verbose: context.verbose })
	return {
		name: `bucket ${target.bucket} (${target.place})`,
		store: target.store,
		[Symbol.asyncDispose]: () => target[Symbol.asyncDispose](),
	}
}
