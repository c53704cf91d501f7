import type { BundledMigration } from './bundled-migrations.ts'

/** A migration that the database records as applied. */
export interface AppliedMigration {
	/** SHA-256 in hex; empty where Drizzle's own migrator for Durable Objects wrote it. */
	readonly hash: string
	/** The time from the journal, in milliseconds since the epoch. */
	readonly when: number
}

/** Drizzle's table, letter for letter, so that its tools read it. (SERIAL is no type of SQLite: `id` stays NULL.) */
const createTable = `CREATE TABLE IF NOT EXISTS __drizzle_migrations (
	id SERIAL PRIMARY KEY,
	hash text NOT NULL,
	created_at numeric
)`

/** The migrations that the database records, oldest first. Creates the table where it is missing. */
export function readAppliedMigrations(sql: SqlStorage): readonly AppliedMigration[] {
	sql.exec(createTable)
	return sql
		.exec<{ hash: string; created_at: number }>('SELECT hash, created_at FROM __drizzle_migrations ORDER BY created_at')
		.toArray()
		.map(({ hash, created_at }) => ({ hash, when: Number(created_at) }))
}

/** Records a migration as applied. */
export function recordAppliedMigration(sql: SqlStorage, { hash, when }: BundledMigration): void {
	sql.exec('INSERT INTO __drizzle_migrations (hash, created_at) VALUES (?, ?)', hash, when)
}

/** Fills in the hash that Drizzle's own migrator for Durable Objects left empty. */
export function adoptAppliedMigration(sql: SqlStorage, { hash, when }: BundledMigration): void {
	sql.exec("UPDATE __drizzle_migrations SET hash = ? WHERE created_at = ? AND hash = ''", hash, when)
}
