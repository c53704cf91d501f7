/** A migration that an object has applied. */
export interface AppliedMigrationInfo {
	readonly tag: string
	/** When the object applied it, in milliseconds since the epoch; null where only Drizzle's own table tells of it. */
	readonly appliedAt: number | null
}

/**
 * - `current`: every migration of the code is applied.
 * - `pending`: some are not, and nothing has gone wrong: a roll-out has not come by yet.
 * - `failed`: the next one did not apply. Reads go on; a write to a table that it changes is refused. It is tried again later.
 * - `held`: the object was rolled back and stays where it is until it is told to go on.
 * - `ahead`: the database knows migrations that the code does not.
 * - `invalid`: what is applied is not what the code has: an edited, missing or out-of-order migration.
 */
export type MigrationState = 'current' | 'pending' | 'failed' | 'held' | 'ahead' | 'invalid'

/** Where an object stands. */
export interface MigrationStatus {
	readonly state: MigrationState
	/** Version of the manifest in code; 0 for a bundle of drizzle-kit's. */
	readonly manifestVersion: number
	readonly appliedCount: number
	readonly pendingCount: number
	readonly applied: readonly AppliedMigrationInfo[]
	/** Tags, in order. */
	readonly pending: readonly string[]
	/** What went wrong last, while it still stands. */
	readonly lastError: { readonly code: string; readonly message: string; readonly tag: string | null; readonly at: number } | null
	/** Attempts at the migration that fails. */
	readonly attempts: number
	/** When it is tried again, in milliseconds since the epoch; null where nothing fails. */
	readonly retryAt: number | null
}

/** What one run of the migrator did, forwards or backwards. */
export interface MigrationResult {
	/** Whether the run came as far as it was to go. */
	readonly success: boolean
	readonly direction: 'up' | 'down'
	/** How many migrations were applied or, downwards, undone. */
	readonly applied: number
	/** Their tags, in the order in which they were applied or undone. */
	readonly migrations: readonly string[]
	/** Tag of the last migration that the object now has; null for none. */
	readonly version: string | null
	/** Milliseconds. */
	readonly durationMs: number
	/** What stopped the run; absent where it succeeded. */
	readonly error?: { readonly code: string; readonly message: string; readonly tag: string | null }
}

/** How to migrate one object. */
export interface MigrateRequest {
	/** Tag up to which, inclusive; the last one of the code where absent. For `down`: the tag to stop at, null for none left. */
	readonly target?: string | null
	/** `down` undoes migrations after the target. Default `up`. */
	readonly direction?: 'up' | 'down'
	/** Allows a down script that destroys data. */
	readonly acceptDataLoss?: boolean
}

/** What a migration would do. */
export interface PlannedMigration {
	readonly tag: string
	readonly statements: readonly string[]
	/** What it destroys, one sentence each; known of the way down only. */
	readonly losses: readonly string[]
}

/** What a run of the migrator would do. It was tried on the object's own data, and taken back. */
export interface MigrationPlan {
	readonly direction: 'up' | 'down'
	/** In the order in which they would run. */
	readonly migrations: readonly PlannedMigration[]
	/** Why it would fail; null where it would succeed. */
	readonly error: { readonly code: string; readonly message: string; readonly tag: string | null } | null
}

/** How a shard's migrations stand, for whoever keeps a register of shards. */
export interface MigrationReport {
	readonly shard: string
	/** Tag of the last migration that it has; null for none. */
	readonly version: string | null
	readonly state: MigrationState
	readonly lastError: MigrationStatus['lastError']
}
