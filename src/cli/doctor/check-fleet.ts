import { SQLakeError } from '../../errors.ts'
import type { Fleet } from '../../fleet/fleet.ts'
import type { MigrationManifest } from '../../migrator/manifest.ts'
import { type Check, Checks } from './check.ts'

/** Asks the register of a deployed fleet how its shards are. */
export async function checkFleet(fleet: Pick<Fleet, 'summary'>, manifest: MigrationManifest | null): Promise<readonly Check[]> {
	const checks = new Checks('fleet')
	try {
		const { shards, states, failures, versions, rollout } = await fleet.summary()
		for (const { message, shards: failed, example } of failures) {
			checks.fail(
				`${failed} shards: ${message} (such as ${example})`,
				'correct the migration, then: sqlake migrate --fleet --resume',
			)
		}
		const odd = (['pending', 'held', 'ahead', 'invalid'] as const).filter((state) => states[state] > 0)
		for (const state of odd) {
			checks.warn(`${states[state]} of ${shards} shards are ${state}`, `sqlake migrate --fleet --status --state ${state}`)
		}
		if (rollout?.state === 'stopped')
			checks.fail(`roll-out ${rollout.id} stopped: ${rollout.reason}`, 'sqlake migrate --fleet --status')
		const newest = manifest?.migrations.at(-1)?.tag
		if (newest !== undefined && versions.length > 0 && !versions.some(({ version }) => version === newest)) {
			checks.warn(`no shard has ${newest}, the newest migration here`, 'deploy, then: sqlake migrate --fleet')
		}
		if (checks.found.length === 0) checks.ok(`${shards} shards, all current`)
	} catch (error) {
		if (!SQLakeError.is(error)) throw error
		checks.fail(error.message, error.hint)
	}
	return checks.found
}
