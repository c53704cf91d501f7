/**
 * `sqlake migrate` on this machine.
 *
 * @module
 */
import { SQLakeError } from '../../errors.ts'
import type { MigrationManifest } from '../../migrator/manifest.ts'
import type { CommandContext } from '../command-context.ts'
import { confirm } from '../confirm.ts'
import { exitCodes } from '../exit-codes.ts'
import { findMigrations } from './find-migrations.ts'
import { type Known, migrateAll, readStatuses } from './migrate-all.ts'
import { openMigratables } from './open-migratables.ts'
import { checkTarget, type Goal, lossesOf, oneStepBack, requestFor } from './request-for.ts'
import { showOutcomes } from './show-outcomes.ts'
import { showPlans } from './show-plans.ts'
import { showStatus } from './show-status.ts'

/** The arguments of `sqlake migrate` without `--fleet`. */
export interface LocalArguments {
	readonly action: 'apply' | 'rollback' | 'status'
	/** Only tells what would be done. */
	readonly dryRun: boolean
	/** Null for none left; undefined where it was not said. */
	readonly target: string | null | undefined
	readonly skipChecksum: boolean
	readonly acceptDataLoss: boolean
	/** Only these; all where empty. */
	readonly shards: readonly string[]
	/** What `--db` names, as it was typed. */
	readonly db: string | undefined
}

/** Migrates the shards of a directory, or one SQLite file. */
export async function runLocal(args: LocalArguments, context: CommandContext): Promise<number | undefined> {
	const { action, dryRun, skipChecksum } = args
	const { manifest, warning } = await findMigrations(await context.config())
	if (warning !== null) context.warn(warning)
	if (skipChecksum)
		context.warn('--skip-checksum: migrations that were edited after they had been applied are taken as they are now')
	const signal = context.interrupted()
	await using found = await openMigratables({ ...args, manifest, writes: action !== 'status' && !dryRun }, context)
	const { databases } = found
	const reading = context.progress('Reading', databases.length)
	const { known, unreadable } = await readStatuses(databases, reading, signal).finally(() => reading.stop())
	const view = { found, known, unreadable, manifest, signal }
	if (signal.aborted) return exitCodes.interrupted
	if (databases.length === 0 && !context.json) context.log(`${found.place}: no shards yet; a shard is made by its first write`)
	if (action === 'status') {
		await showStatus(view, context)
		return unreadable.length > 0 ? exitCodes.failure : undefined
	}
	const tags = manifest.migrations.map(({ tag }) => tag)
	const goal = goalOf(args, known, tags)
	if (dryRun) return (await showPlans({ ...view, goal, tags }, context)) ? undefined : exitCodes.failure
	const agreed = await agreeToLosses(goal, known, manifest, context)
	if (agreed === null) {
		context.log('Nothing was changed.')
		return exitCodes.failure
	}

	const migrating = context.progress(goal.direction === 'up' ? 'Migrating' : 'Rolling back', known.length)
	const done = await migrateAll(known, agreed, tags, migrating, signal).finally(() => migrating.stop())
	const outcomes = [...done, ...unreadable]
	const left = databases.length - outcomes.length
	await showOutcomes({ found, direction: goal.direction, outcomes, left }, context)
	if (left > 0) return exitCodes.interrupted
	return outcomes.some(({ status }) => status === 'failed') ? exitCodes.failure : undefined
}

function goalOf(args: LocalArguments, known: readonly Known[], tags: readonly string[]): Goal {
	const { action, target, acceptDataLoss, skipChecksum } = args
	const statuses = known.map(({ status }) => status)
	const direction = action === 'rollback' ? 'down' : 'up'
	const back = direction === 'down' && target === undefined
	const goal = { direction, target: back ? oneStepBack(statuses, tags) : target, acceptDataLoss, skipChecksum } as const
	checkTarget(goal, statuses, tags)
	return goal
}

/**
 * Asks for consent where a rollback destroys data.
 *
 * @returns null where it was refused
 * @throws SQLakeError MIGRATION_IRREVERSIBLE where there is nobody to ask
 */
async function agreeToLosses(
	goal: Goal,
	known: readonly Known[],
	manifest: MigrationManifest,
	context: CommandContext,
): Promise<Goal | null> {
	const tags = manifest.migrations.map(({ tag }) => tag)
	if (goal.direction === 'up' || goal.acceptDataLoss) return goal
	const losses = new Set(
		known.flatMap(({ status }) => (requestFor(goal, status, tags) === null ? [] : lossesOf(goal, status, manifest))),
	)
	if (losses.size === 0) return goal
	const what = [...losses].join(', ')
	if (!context.interactive) {
		throw new SQLakeError(
			'MIGRATION_IRREVERSIBLE',
			`rollback to ${goal.target ?? 'before the first migration'}: it destroys ${what}`,
			{
				hint: 'accept the loss: --accept-data-loss',
				details: { losses: [...losses] },
			},
		)
	}
	context.warn(`the rollback destroys ${what}`)
	return (await confirm('Destroy it?', context)) ? { ...goal, acceptDataLoss: true } : null
}
