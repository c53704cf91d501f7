/**
 * The door `sqlake/do`: the classes of the Durable Objects. It needs the Workers runtime.
 *
 * @module
 */
export type { CDCBufferRecord } from './cdc/buffer.ts'
export type { BufferLimits } from './cdc/buffer-size.ts'
export type { DeadLetter, RetryOptions } from './cdc/capture.ts'
export type { DeliveryResult as CDCFlushResult } from './delivery/delivery.ts'
export { type CDCFlushOptions, flushCDCToR2, flushCDCToR2WithIceberg } from './delivery/flush-cdc.ts'
export { CDCFlushErrorTracker, type FlushFailure, type FlushOutcomes } from './delivery/flush-error-tracker.ts'
export type { DeliveryLimits } from './delivery/limits.ts'
export { LocalResult, type LocalRow, type LocalSql, type LocalSqlValue } from './do/local-sql.ts'
export { SQLakeCatalog } from './do/sqlake-catalog.ts'
export { type LocalDatabase, SQLakeDO, type SQLakeDOOptions } from './do/sqlake-do.ts'
export type { SQLakeWorkerEnv } from './do/worker-env.ts'
export { type Lake, openLake } from './lake/open-lake.ts'
export {
	type AppliedMigrationInfo,
	type BundledMigrations,
	ChecksumMismatchError,
	computeChecksum,
	createMigrationManifest,
	type DownMigration,
	fetchMigrationManifest,
	type ManifestJson,
	type ManifestSource,
	type ManifestTables,
	type MigrateRequest,
	type Migration,
	MigrationError,
	type MigrationErrorCode,
	type MigrationFiles,
	type MigrationHooks,
	type MigrationJournalEntry,
	type MigrationManifest,
	type MigrationPlan,
	type MigrationResult,
	MigrationRunner,
	type MigrationRunnerOptions,
	type MigrationState,
	type MigrationStatus,
	type MigrationStorage,
	type PlannedMigration,
} from './migrator/index.ts'
export type { CDCDeadLetterEvent, CDCFlushMetrics } from './shard/shard.ts'
