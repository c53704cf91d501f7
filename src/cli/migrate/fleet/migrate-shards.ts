import type { Fleet } from '../../../fleet/fleet.ts'
import type { MigrateRequest } from '../../../migrator/migration-status.ts'
import type { CommandContext } from '../../command-context.ts'
import { failedOutcome, type Outcome } from '../migrate-all.ts'

/** Migrates single shards of a fleet, outside of any roll-out; one that fails does not stop the others. */
export async function migrateShards(
	fleet: Fleet,
	shards: readonly string[],
	request: MigrateRequest,
	signal: AbortSignal,
	context: CommandContext,
): Promise<readonly Outcome[]> {
	const progress = context.progress('Migrating', shards.length)
	const outcomes: Outcome[] = []
	try {
		for (const name of shards) {
			if (signal.aborted) break
			try {
				const { result } = await fleet.migrateShard(name, request)
				const { migrations, version } = result
				outcomes.push({ name, status: migrations.length > 0 ? 'migrated' : 'unchanged', migrations, version, error: null })
			} catch (error) {
				outcomes.push(failedOutcome(name, [], null, error))
			}
			progress.update(outcomes.length)
		}
		return outcomes
	} finally {
		progress.stop()
	}
}
