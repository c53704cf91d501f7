/**
 * What can be migrated on this machine: the shards of a directory, or one SQLite file.
 *
 * @module
 */
import type { MigrateRequest, MigrationPlan, MigrationResult, MigrationStatus } from '../../migrator/migration-status.ts'

/** A database and its migrations. */
export interface Migratable {
	/** The shard, or the path of the file. */
	readonly name: string
	status(): Promise<MigrationStatus>
	/** @throws MigrationError as `MigrationRunner.run` does */
	run(request: MigrateRequest): Promise<MigrationResult>
	/** Tries it on the database's own data and takes it back. */
	dryRun(request: MigrateRequest): Promise<MigrationPlan>
}

/** Databases that belong together. */
export interface Migratables extends AsyncDisposable {
	readonly kind: 'shards' | 'file'
	/** Path of the directory, or of the file. */
	readonly place: string
	/** Sorted by name. Opening one is left to its methods: there may be thousands. */
	readonly databases: readonly Migratable[]
}
