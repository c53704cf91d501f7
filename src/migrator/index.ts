export { assignAllFieldIds, assignFieldIds } from './assign-field-ids.ts'
export type { BundledMigrations, MigrationJournalEntry } from './bundled-migrations.ts'
export { checkManifest } from './check-manifest.ts'
export { computeChecksum } from './compute-checksum.ts'
export { createMigrationManifest, type ManifestTables, type MigrationFiles } from './create-migration-manifest.ts'
export { fetchMigrationManifest, MANIFEST_KEY, type ManifestSource } from './fetch-migration-manifest.ts'
export type { DownMigration, ManifestJson, Migration, MigrationManifest } from './manifest.ts'
export { manifestOf } from './manifest-of.ts'
export { ChecksumMismatchError, MigrationError, type MigrationErrorCode } from './migration-error.ts'
export { MigrationRunner, type MigrationRunnerOptions, type MigrationStorage } from './migration-runner.ts'
export type {
	AppliedMigrationInfo,
	MigrateRequest,
	MigrationPlan,
	MigrationReport,
	MigrationResult,
	MigrationState,
	MigrationStatus,
	PlannedMigration,
} from './migration-status.ts'
export type { MigrationHooks } from './run-script.ts'
export { schemaOf, tablesAfter } from './schema-of.ts'
export { splitStatements } from './split-statements.ts'
