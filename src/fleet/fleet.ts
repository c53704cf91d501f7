/**
 * What is known of a fleet of shards, and the plan of a roll-out over it: plain data that crosses RPC and HTTP.
 *
 * @module
 */
import type { Envelope } from '../errors.ts'
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

/** What the register answers to a report. */
export interface ReportAnswer {
	/** The target of the last roll-out that was done; null while there was none. Its version is null where all was undone. */
	readonly released: ReleasedVersion | null
}

/** The version that a roll-out has brought the fleet to. */
export interface ReleasedVersion {
	/** Tag of the last migration; null for none. */
	readonly version: string | null
}

/** A shard in the register. */
export interface RegisteredShard extends ShardReport {
	/** Milliseconds since the epoch. A shard that is awake reports once a day. */
	readonly lastSeen: number
}

/** Which page of the register. */
export interface ShardFilter {
	readonly state?: MigrationState
	/** Tag of the last migration that the shards have; null for those without any. */
	readonly version?: string | null
	/** From the page before; absent for the first. */
	readonly cursor?: string
	/** Shards on a page, from 1 to 1,000. Default 100. */
	readonly limit?: number
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
	/** The target of the last roll-out that was done; null while there was none. */
	readonly released: ReleasedVersion | null
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
	/** Milliseconds that one shard may take before it counts as failed. Default 30,000. */
	readonly timeoutMs?: number
	/** Allows down scripts that destroy data. */
	readonly acceptDataLoss?: boolean
}

/** How a roll-out is taken back. */
export interface RollbackOptions extends Omit<RolloutOptions, 'direction'> {
	/** Tag to go back to, null for none; where absent, each shard goes back to what it had before. */
	readonly target?: string | null
}

/** What may change when a roll-out goes on. */
export type ResumeOptions = Omit<RolloutOptions, 'target' | 'direction' | 'canary'>

/**
 * - `running`, `paused` (on request), `stopped` (too many failed), `done`, and `cancelled` (given up, or taken back).
 */
export type RolloutState = 'running' | 'paused' | 'stopped' | 'done' | 'cancelled'

/** A roll-out: a durable plan, and how far it is. */
export interface Rollout extends Required<Omit<RolloutOptions, 'target'>> {
	readonly id: string
	/** Tag of the last migration that the shards shall have; null for none. */
	readonly target: string | null
	/** The roll-out that this one takes back. */
	readonly rollbackOf: string | null
	readonly state: RolloutState
	/** Number of the wave that runs, from 0, the canary. */
	readonly wave: number
	/** Shards that were not at the target when it began, and those that came since. */
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

/** A shard, as the register has it and as it says itself. */
export interface ShardDetails {
	readonly shard: RegisteredShard
	readonly status: MigrationStatus
}

/** What came of migrating one shard, and where it stands now. */
export interface ShardMigration {
	readonly result: MigrationResult
	readonly shard: RegisteredShard
}

/**
 * A fleet of shards: its register, and its roll-outs. Over RPC it is a `FleetClient`, over HTTP a `FleetHttpClient`.
 *
 * Every call throws `FLEET_UNAVAILABLE` where the catalog object does not answer; those that take an id `ROLLOUT_NOT_FOUND`,
 * those that take a shard's name `SHARD_NOT_FOUND`.
 */
export interface Fleet {
	/** Versions, states, failures and the roll-out. */
	summary(): Promise<FleetSummary>
	/** One page of the register. */
	shards(filter?: ShardFilter): Promise<ShardPage>
	/** @throws `SHARD_UNAVAILABLE` where the shard does not answer */
	shard(name: string): Promise<ShardDetails>
	/** Migrates one shard, now. @throws what the shard gave, such as `MIGRATION_FAILED`; `SHARD_UNAVAILABLE` */
	migrateShard(name: string, request?: MigrateRequest): Promise<ShardMigration>
	/** Drops a shard from the register, for one that is gone: a roll-out would create it anew. A shard that lives reports again. */
	forgetShard(name: string): Promise<void>
	/** Begins a roll-out. @throws `ROLLOUT_INVALID` for options out of range, or while another is under way */
	startRollout(options?: RolloutOptions): Promise<Rollout>
	/** The last roll-outs, newest first. */
	rollouts(): Promise<readonly Rollout[]>
	rollout(id: string): Promise<Rollout>
	/** No further shard begins; those that are migrating end. @throws `ROLLOUT_INVALID` where it does not run */
	pause(id: string): Promise<Rollout>
	/**
	 * Goes on, and tries again what failed; options that are named hold from now on.
	 *
	 * @throws `ROLLOUT_INVALID` where it is neither paused nor stopped
	 */
	resume(id: string, options?: ResumeOptions): Promise<Rollout>
	/**
	 * Takes the last roll-out back: cancels what is left of it and begins another one, down, over the shards that it has reached.
	 *
	 * @returns the roll-out that leads back
	 * @throws `ROLLOUT_INVALID` for another than the last one, and for one that led down
	 */
	rollback(id: string, options?: RollbackOptions): Promise<Rollout>
	/** Gives it up; what is migrated stays so. @throws `ROLLOUT_INVALID` where it is over already */
	cancel(id: string): Promise<Rollout>
}

/** How a shard answered to the roll-out: what came of it, and a report in the same go. */
export interface ShardMigrationAnswer {
	readonly result: Envelope<MigrationResult>
	readonly report: ShardReport
}

/** What a shard's Durable Object answers to the roll-out. */
export interface ShardMigrationRpc {
	/** @param shard the name that the caller reached it by, for an object that the platform does not tell its name */
	sqlakeMigrate(shard: string, request: MigrateRequest): Promise<Envelope<MigrationResult>>
	sqlakeMigrationStatus(shard: string): Promise<Envelope<MigrationStatus>>
}

/** What the catalog's Durable Object calls on a shard's. */
export interface FleetShardRpc extends Pick<ShardMigrationRpc, 'sqlakeMigrationStatus'> {
	/** As `sqlakeMigrate`; the report comes with the answer, so that the shard need not call back. */
	sqlakeFleetMigrate(shard: string, request: MigrateRequest): Promise<Envelope<ShardMigrationAnswer>>
}

/** What the catalog's Durable Object answers to a shard. */
export interface FleetRegisterRpc {
	sqlakeFleetReport(report: ShardReport): Promise<Envelope<ReportAnswer>>
}

/** What the catalog's Durable Object answers to whoever looks after the fleet; the methods are those of {@link Fleet}. */
export interface FleetRpc extends FleetRegisterRpc {
	sqlakeFleetSummary(): Promise<Envelope<FleetSummary>>
	sqlakeFleetShards(filter: ShardFilter): Promise<Envelope<ShardPage>>
	sqlakeFleetShard(name: string): Promise<Envelope<ShardDetails>>
	sqlakeFleetMigrateShard(name: string, request: MigrateRequest): Promise<Envelope<ShardMigration>>
	sqlakeFleetForgetShard(name: string): Promise<Envelope<null>>
	sqlakeFleetStartRollout(options: RolloutOptions): Promise<Envelope<Rollout>>
	sqlakeFleetRollouts(): Promise<Envelope<readonly Rollout[]>>
	sqlakeFleetRollout(id: string): Promise<Envelope<Rollout>>
	sqlakeFleetPause(id: string): Promise<Envelope<Rollout>>
	sqlakeFleetResume(id: string, options: ResumeOptions): Promise<Envelope<Rollout>>
	sqlakeFleetRollback(id: string, options: RollbackOptions): Promise<Envelope<Rollout>>
	sqlakeFleetCancel(id: string): Promise<Envelope<Rollout>>
}
