/**
 * Tables made from the schema itself, where no migrations are given.
 *
 * @module
 */
import { messageOf, SQLakeError } from '../errors.ts'
import type { BundledMigrations } from '../migrator/bundled-migrations.ts'
import type { MigrationStatus } from '../migrator/migration-status.ts'
import type { SQLakeDatabase } from '../schema/database.ts'

/** The name that the only migration goes by. */
const TAG = '0000_schema'

/** Its time: before that of every migration which drizzle-kit writes to a file. */
const WHEN = 1

/** drizzle-kit takes a second to load, and tests make many routers of one schema. */
const made = new WeakMap<SQLakeDatabase, Promise<BundledMigrations>>()

/**
 * One migration that creates the tables of a schema, as drizzle-kit would generate it for an empty database.
 *
 * @throws SQLakeError DEPENDENCY_MISSING without drizzle-kit
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
	const { generateSQLiteDrizzleJson, generateSQLiteMigration } = await loadDrizzleKit()
	const [empty, tables] = [await generateSQLiteDrizzleJson({}), await generateSQLiteDrizzleJson({ ...schema.tables })]
	const statements = await generateSQLiteMigration(empty, tables)
	return {
		journal: { entries: [{ idx: 0, when: WHEN, tag: TAG, breakpoints: true }] },
		migrations: { m0000: statements.join('\n--> statement-breakpoint\n') },
	}
}

async function loadDrizzleKit() {
	try {
		return await import('drizzle-kit/api')
	} catch (cause) {
		throw new SQLakeError('DEPENDENCY_MISSING', `tables from the schema: drizzle-kit cannot be loaded: ${messageOf(cause)}`, {
			cause,
			hint: 'npm install --save-dev drizzle-kit, or pass what it generated elsewhere: { migrations }',
		})
	}
}
