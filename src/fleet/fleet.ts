/**
 * What is known of a fleet of shards, and the plan of a roll-out over it: plain data that crosses RPC and HTTP.
 *
 * @module
 */
import type { Envelope } from '../driver/transport.ts'
import type { MigrateRequest, MigrationResult, MigrationState, MigrationStatus } from '../migrator/migration-status.ts'

/** What a shard tells the register: on its first start, and whenever any of it changed. */
export interface ShardReport {
	readonly shard: string
	/** Name of the binding of its namespace, such as `USER_DO`; null where the object cannot tell. */
	readonly binding: string | null
	/** Tag of the last migration that it has; null for none. */
	readonly version: string | null
	readonly state: MigrationState
	readonly lastError: MigrationStatus['lastError']
}

/** A shard in the register. */
export interface RegisteredShard extends ShardReport {
	/** Milliseconds since the epoch. */
	readonly lastSeen: number
}

/** One page of the register. */
export interface ShardPage {
	readonly shards: readonly RegisteredShard[]
	/** Ask with it for the next page; null on the last. */
	readonly cursor: string | null
}

/** The fleet at a glance. */
export interface FleetSummary {
	readonly shards: number
	/** How many shards have which version, newest first. */
	readonly versions: readonly { readonly version: string | null; readonly shards: number }[]
	readonly states: Readonly<Record<MigrationState, number>>
	/** The commonest failures: how many shards, the message, and one shard as an example. */
	readonly failures: readonly { readonly message: string; readonly shards: number; readonly example: string }[]
	/** The roll-out that is under way, or the last one. */
	readonly rollout: Rollout | null
}

/** How a roll-out shall go. */
export interface RolloutOptions {
	/** Tag to bring every shard to; the last one of the code where absent. With `direction: 'down'`: the tag to go back to, null for none. */
	readonly target?: string | null
	readonly direction?: 'up' | 'down'
	/** Share of the shards in the first wave, more than 0 and at most 1. Default 0.01. At least one shard is in it. */
	readonly canary?: number
	/** Shards in each later wave. Default 1,000. */
	readonly waveSize?: number
	/** Shards that migrate at the same time. Default 10. */
	readonly concurrency?: number
	/** Share of a wave that may fail, 0 to 1. Beyond it the roll-out stops. Default 0.01. */
	readonly failureThreshold?: number
	readonly acceptDataLoss?: boolean
}

/**
 * - `running`, `paused` (on request), `stopped` (too many failed), `done`, and `cancelled` (another one took its place).
 */
export type RolloutState = 'running' | 'paused' | 'stopped' | 'done' | 'cancelled'

/** A roll-out: a durable plan, and how far it is. */
export interface Rollout extends Required<Omit<RolloutOptions, 'target'>> {
	readonly id: string
	readonly target: string | null
	readonly state: RolloutState
	/** Number of the wave that runs, from 0, the canary. */
	readonly wave: number
	readonly total: number
	readonly migrated: number
	readonly failed: number
	readonly remaining: number
	/** Milliseconds since the epoch. */
	readonly startedAt: number
	readonly finishedAt: number | null
	/** Why it stopped. */
	readonly reason: string | null
}

/** What a shard's Durable Object answers to the roll-out. */
export interface ShardMigrationRpc {
	/** @param shard the name that the caller reached it by, for an object that the platform does not tell its name */
	sqlakeMigrate(shard: string, request: MigrateRequest): Promise<Envelope<MigrationResult>>
	sqlakeMigrationStatus(shard: string): Promise<Envelope<MigrationStatus>>
}

/** What the catalog's Durable Object answers to a shard. */
export interface FleetRegisterRpc {
	sqlakeFleetReport(report: ShardReport): Promise<Envelope<null>>
}
