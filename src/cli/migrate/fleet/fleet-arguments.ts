import type { RolloutOptions } from '../../../fleet/fleet.ts'
import type { MigrationState } from '../../../migrator/migration-status.ts'

/** What is to be done with a fleet; an id of '' stands for the roll-out that is under way, or the last one. */
export type FleetAction =
	| { readonly kind: 'apply' | 'rollback' }
	| {
			readonly kind: 'status'
			readonly state: MigrationState | undefined
			readonly cursor: string | undefined
			readonly limit: number
	  }
	| { readonly kind: 'pause' | 'resume' | 'cancel'; readonly id: string }

/** The arguments of `sqlake migrate --fleet`. */
export interface FleetArguments {
	/** Address of the Worker; '' for that of the configuration. */
	readonly fleet: string
	readonly action: FleetAction
	/** Null for none left; undefined where it was not said. */
	readonly target: string | null | undefined
	/** These alone, without a roll-out; all where empty. */
	readonly shards: readonly string[]
	/** How a roll-out goes. */
	readonly pace: Pick<RolloutOptions, 'canary' | 'waveSize' | 'concurrency' | 'failureThreshold'>
	readonly acceptDataLoss: boolean
	/** Returns once the roll-out has begun. */
	readonly detach: boolean
	/** Asks nothing. */
	readonly yes: boolean
}
