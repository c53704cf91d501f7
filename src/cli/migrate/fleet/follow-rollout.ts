import { setTimeout as sleep } from 'node:timers/promises'
import { SQLakeError } from '../../../errors.ts'
import type { Fleet, Rollout } from '../../../fleet/fleet.ts'
import type { CommandContext } from '../../command-context.ts'

/** Milliseconds before the second look at a roll-out, and at most between two: one over few shards is over soon. */
const PAUSE = { first: 100, longest: 1_000 }

/** Looks in a row that may fail: a Worker that is deployed anew does not answer for a moment. */
const PATIENCE = 30

/**
 * Follows a roll-out, with a bar, until it ends or stops.
 *
 * @param signal - ends the following, not the roll-out
 * @returns the roll-out as it was seen last
 * @throws SQLakeError FLEET_UNAVAILABLE where the Worker does not answer for long
 */
export async function followRollout(
	fleet: Fleet,
	begun: Rollout,
	signal: AbortSignal,
	context: CommandContext,
): Promise<Rollout> {
	const progress = context.progress(begun.direction === 'up' ? 'Migrating the fleet' : 'Rolling the fleet back', begun.total)
	let rollout = begun
	let failures = 0
	let pause = PAUSE.first
	try {
		while (rollout.state === 'running' && !signal.aborted) {
			progress.setTotal(rollout.total)
			progress.update(rollout.migrated + rollout.failed)
			// An abort ends the wait; there is nothing to tell of it.
			await sleep(pause, undefined, { signal }).catch(() => {})
			pause = Math.min(pause * 2, PAUSE.longest)
			if (signal.aborted) break
			try {
				const { wave } = rollout
				rollout = await fleet.rollout(rollout.id)
				failures = 0
				if (rollout.wave > wave) context.log(tellOfWave(rollout))
			} catch (error) {
				if (!SQLakeError.is(error, 'FLEET_UNAVAILABLE') || ++failures >= PATIENCE) throw error
			}
		}
		return rollout
	} finally {
		progress.stop()
	}
}

function tellOfWave({ wave, migrated, failed, total }: Rollout): string {
	return `${wave === 1 ? 'the canary' : `wave ${wave - 1}`} is done: ${migrated} of ${total} migrated, ${failed} failed`
}
