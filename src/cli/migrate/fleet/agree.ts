import { SQLakeError } from '../../../errors.ts'
import type { FleetSummary } from '../../../fleet/fleet.ts'
import type { MigrationManifest } from '../../../migrator/manifest.ts'
import type { CommandContext } from '../../command-context.ts'
import { confirm } from '../../confirm.ts'
import { projectPaths } from '../../project-paths.ts'
import { readManifest } from '../../read-manifest.ts'
import { countOf } from '../count-of.ts'
import type { FleetArguments } from './fleet-arguments.ts'

/** What was agreed to. */
export interface Agreement {
	readonly acceptDataLoss: boolean
}

/**
 * Asks whether a roll-out shall begin. What a rollback destroys is told where the manifest of the project is at hand; where it is
 * not, the shards refuse to lose anything.
 *
 * @returns null where it was refused
 * @throws SQLakeError MIGRATION_IRREVERSIBLE for a rollback that destroys data where there is nobody to ask
 */
export async function agree(
	summary: FleetSummary,
	{ action, target, acceptDataLoss, yes }: FleetArguments,
	context: CommandContext,
): Promise<Agreement | null> {
	const back = action.kind === 'rollback'
	const losses = back && !acceptDataLoss && target !== undefined ? lossesOf(await projectManifest(context), target, summary) : []
	if (losses.length > 0) {
		const what = losses.join(', ')
		if (!context.interactive) {
			throw new SQLakeError(
				'MIGRATION_IRREVERSIBLE',
				`rollback to ${target ?? 'before the first migration'}: it destroys ${what}`,
				{
					hint: 'accept the loss: --accept-data-loss',
					details: { losses },
				},
			)
		}
		context.warn(`the rollback destroys ${what}`)
	} else if (yes || !context.interactive) return { acceptDataLoss }
	const agreed = await confirm(questionFor(summary, back, target), context)
	return agreed ? { acceptDataLoss: acceptDataLoss || losses.length > 0 } : null
}

async function projectManifest(context: CommandContext): Promise<MigrationManifest | null> {
	return readManifest(projectPaths((await context.config()).root).manifest)
}

/** What undoing the migrations after a target destroys, as far as any shard of the fleet has them. */
function lossesOf(manifest: MigrationManifest | null, target: string | null, { versions }: FleetSummary): readonly string[] {
	const migrations = manifest?.migrations ?? []
	const newest = Math.max(-1, ...versions.map(({ version }) => migrations.findIndex(({ tag }) => tag === version)))
	const kept = migrations.findIndex(({ tag }) => tag === target)
	return migrations.slice(kept + 1, newest + 1).flatMap(({ down }) => down?.losses ?? [])
}

function questionFor({ shards, rollout }: FleetSummary, back: boolean, target: string | null | undefined): string {
	const many = countOf(shards, 'shards')
	if (!back) return `Migrate ${many} to ${target ?? 'the newest version'}?`
	const where =
		target === undefined ? `what they had before roll-out ${rollout?.id ?? ''}` : (target ?? 'before the first migration')
	return `Roll ${many} back to ${where}?`
}
