/**
 * `sqlake push`: a project's manifest and schema, into the bucket of its lake.
 *
 * @module
 */
import { SQLakeError } from '../../errors.ts'
import type { MigrationManifest } from '../../migrator/manifest.ts'
import type { CommandContext } from '../command-context.ts'
import { projectPaths } from '../project-paths.ts'
import { readManifest } from '../read-manifest.ts'
import { readWranglerConfig } from '../wrangler-config.ts'
import { describePush, isNothingToDo } from './describe-push.ts'
import { openLocal } from './open-local.ts'
import { openRemote } from './open-remote.ts'
import { pushLake } from './push-lake.ts'
import { planManifest, putManifest } from './push-manifest.ts'

/** The arguments of `sqlake push`. */
export interface PushArguments {
	/** Into wrangler's local bucket; else by the S3 API. */
	readonly local: boolean
	readonly dryRun: boolean
	readonly force: boolean
	readonly bucket: string | undefined
	/** One of the named environments of the wrangler configuration. */
	readonly environment: string | undefined
}

/**
 * Pushes. The lake comes before the manifest: a shard that migrates because of the manifest finds a lake that knows its tables.
 *
 * @throws SQLakeError of what is missing or in the way
 */
export async function runPush(args: PushArguments, context: CommandContext): Promise<undefined> {
	const { dryRun, force, environment } = args
	const config = await context.config()
	const manifest = await ownManifest(config.root)
	const { lake } = (await context.database()).database
	const wrangler = readWranglerConfig(config.root, environment)
	const binding = lake.bucketBinding
	await using target = args.local
		? await openLocal({ root: config.root, wrangler, environment, binding, verbose: context.verbose })
		: openRemote({ config, wrangler, binding, bucket: args.bucket, env: context.terminal.env })

	const { kind, bucket, place, store } = target
	context.log(`${dryRun ? 'What would change in' : 'Pushing to'} bucket ${bucket} (${place})`)
	const manifestPlan = await planManifest(store, manifest, force)
	if (manifestPlan.overridden !== null) context.warn(`--force: ${manifestPlan.overridden.message}`)
	const hasCatalog = wrangler?.hasCatalog ?? null
	const lakePlan = await pushLake({ store, manifest, lake, location: config.location, hasCatalog, dryRun, force })
	if (!dryRun) await putManifest(store, manifest, manifestPlan)

	const nothingToDo = isNothingToDo(manifestPlan, lakePlan)
	if (context.json) {
		const { status, fromVersion, toVersion } = manifestPlan
		await context.printJson({
			target: { kind, bucket, place },
			dryRun,
			nothingToDo,
			manifest: { status, fromVersion, toVersion },
			lake: lakePlan,
		})
		return undefined
	}
	for (const line of describePush(manifestPlan, lakePlan, context.colors)) await context.print(line)
	if (nothingToDo) await context.print('Nothing to do.')
	else if (dryRun) await context.print('Nothing was changed: this was a dry run.')
	return undefined
}

async function ownManifest(root: string): Promise<MigrationManifest> {
	const file = projectPaths(root).manifest
	const manifest = await readManifest(file)
	if (manifest !== null) return manifest
	throw new SQLakeError('CONFIG_INVALID', `push: expected the manifest ${file}, found none`, {
		hint: 'write it: sqlake generate',
		details: { file },
	})
}
