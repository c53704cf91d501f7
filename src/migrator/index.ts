export { applyBundledMigrations, type BundledMigrationsResult } from './apply-bundled-migrations.ts'
export type { BundledMigrations, MigrationJournalEntry } from './bundled-migrations.ts'
