/**
 * Tables made from the schema itself, where no migrations are given.
 *
 * @module
 */
import { SQLakeError } from '../errors.ts'
import type { BundledMigrations } from '../migrator/bundled-migrations.ts'
import type { MigrationStatus } from '../migrator/migration-status.ts'
import type { SQLakeDatabase } from '../schema/database.ts'
import { snapshotOf, statementsBetween } from './statements/drizzle-kit.ts'
import { EMPTY_SNAPSHOT } from './statements/snapshot.ts'

/** The name that the only migration goes by. */
const TAG = '0000_schema'

/** Its time: before that of every migration which drizzle-kit writes to a file. */
const WHEN = 1

/** drizzle-kit takes a second to load, and tests make many routers of one schema. */
const made = new WeakMap<SQLakeDatabase, Promise<BundledMigrations>>()

/**
 * One migration that creates the tables of a schema, as `sqlake generate` writes it for an empty database.
 *
 * @throws SQLakeError DEPENDENCY_MISSING without drizzle-kit; MIGRATION_INVALID where SQLite does not take the schema
 */
export function migrationsOfSchema(schema: SQLakeDatabase): Promise<BundledMigrations> {
	const known = made.get(schema)
	if (known !== undefined) return known
	const migrations = generate(schema)
	made.set(schema, migrations)
	migrations.catch(() => made.delete(schema))
	return migrations
}

/**
 * Refuses a database whose tables were created from another schema, or from a schema instead of migrations.
 *
 * @throws SQLakeError MIGRATION_FAILED
 */
export function assertSameSchema({ state, lastError }: MigrationStatus): void {
	if (state !== 'invalid' || lastError?.tag !== TAG) return
	throw new SQLakeError(
		'MIGRATION_FAILED',
		`tables created from a schema: expected that same schema, found another: ${lastError.message}`,
		{
			hint: 'tables that change need migrations: drizzle-kit generate, then { migrations } from an empty db directory on',
			details: { tag: TAG },
		},
	)
}

async function generate(schema: SQLakeDatabase): Promise<BundledMigrations> {
	const statements = await statementsBetween(EMPTY_SNAPSHOT, await snapshotOf(schema.tables, null, undefined))
	return {
		journal: { entries: [{ idx: 0, when: WHEN, tag: TAG, breakpoints: true }] },
		migrations: { m0000: statements.join('\n--> statement-breakpoint\n') },
	}
}
