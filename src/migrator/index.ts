export { applyBundledMigrations, type BundledMigrationsResult } from './apply-bundled-migrations.ts'
export type { MigrationBundle, MigrationJournalEntry } from './migration-bundle.ts'
