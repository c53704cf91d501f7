export { applyBundledMigrations, type BundledMigrationsResult, type MigrationHooks } from './apply-bundled-migrations.ts'
export type { BundledMigrations, MigrationJournalEntry } from './bundled-migrations.ts'
