import { messageOf, SQLakeError } from '../errors.ts'
import {
	type AppliedMigration,
	adoptAppliedMigration,
	readAppliedMigrations,
	recordAppliedMigration,
} from './applied-migrations.ts'
import { type BundledMigration, type BundledMigrations, readBundledMigrations } from './bundled-migrations.ts'
import { tablesThatLoseColumns } from './dropped-columns.ts'
import { checkRebuildStatement, wantsForeignKeysOff } from './rebuild-guard.ts'

/** What {@link applyBundledMigrations} did. */
export interface BundledMigrationsResult {
	/** Tags of the migrations that this call applied, in order. */
	readonly applied: readonly string[]
	/** Migrations that the database has now. */
	readonly total: number
}

/** What others must do around a migration's statements, within its transaction. */
export interface MigrationHooks {
	/**
	 * Runs a statement that drops columns. SQLite refuses it while a trigger names such a column, so whoever keeps triggers on
	 * the tables takes them away, calls `run` and puts them back. By default `run` is just called.
	 *
	 * @param tables - names of the tables that lose a column
	 */
	readonly dropColumns?: (tables: readonly string[], run: () => void) => void
}

/**
 * Applies the pending migrations of a bundle, in order, each in a transaction of its own and recorded as Drizzle records them.
 * Nothing is awaited, so it may run in a constructor. Tables that a migration rebuilds lose their triggers: install capture
 * afterwards.
 *
 * @param storage - the storage of a Durable Object with SQLite
 * @param bundle - the default export of drizzle-kit's `migrations.js`
 * @param hooks - what must happen around some statements
 * @throws SQLakeError MIGRATION_FAILED naming the migration: when SQLite refuses a statement (the cause; nothing of that
 * migration stays, earlier ones do), when an applied migration was edited since, and when one is missing or out of order.
 * @example
 * ```ts
 * import migrations from '../drizzle/migrations.js'
 *
 * applyBundledMigrations(ctx.storage, migrations) // { applied: ['0000_init'], total: 1 }
 * ```
 */
export function applyBundledMigrations(
	storage: Pick<DurableObjectStorage, 'sql' | 'transactionSync'>,
	bundle: BundledMigrations,
	hooks: MigrationHooks = {},
): BundledMigrationsResult {
	const migrations = readBundledMigrations(bundle)
	const recorded = readAppliedMigrations(storage.sql)
	checkRecorded(migrations, recorded)
	for (const [position, { hash }] of recorded.entries()) {
		const migration = migrations[position]
		if (hash === '' && migration !== undefined) adoptAppliedMigration(storage.sql, migration)
	}
	const pending = migrations.slice(recorded.length)
	for (const migration of pending) storage.transactionSync(() => applyMigration(storage.sql, migration, hooks))
	return { applied: pending.map(({ tag }) => tag), total: migrations.length }
}

/** The recorded migrations must be the first ones of the bundle, unchanged. */
function checkRecorded(migrations: readonly BundledMigration[], recorded: readonly AppliedMigration[]): void {
	for (const [position, { when, hash }] of recorded.entries()) {
		const migration = migrations[position]
		if (migration === undefined || migration.when > when) {
			throw new SQLakeError(
				'MIGRATION_FAILED',
				`applied migration of ${new Date(when).toISOString()}: expected it in the bundle, found none`,
				{
					hint: 'this build is older than the database, or a migration was removed; deploy a build that has it',
					details: { when },
				},
			)
		}
		if (migration.when < when) {
			throw new SQLakeError(
				'MIGRATION_FAILED',
				`migration "${migration.tag}": expected it to be applied before later ones, found it was left out`,
				{
					hint: 'it was added behind migrations that had been applied; drop it and generate it again',
					details: { tag: migration.tag },
				},
			)
		}
		if (hash !== '' && migration.hash !== hash) {
			throw new SQLakeError(
				'MIGRATION_FAILED',
				`migration "${migration.tag}": expected the file as it was applied (SHA-256 ${hash}), found another (${migration.hash})`,
				{
					hint: `restore ${migration.tag}.sql, and put the change in a migration of its own`,
					details: { tag: migration.tag, expected: hash, found: migration.hash },
				},
			)
		}
	}
}

function applyMigration(sql: SqlStorage, migration: BundledMigration, hooks: MigrationHooks): void {
	const { tag, statements } = migration
	const rebuilds = wantsForeignKeysOff(statements)
	for (const [index, statement] of statements.entries()) {
		try {
			if (rebuilds) checkRebuildStatement(sql, statement)
			runStatement(sql, statement, hooks)
		} catch (cause) {
			throw new SQLakeError(
				'MIGRATION_FAILED',
				`migration "${tag}", statement ${index + 1} of ${statements.length}: ${messageOf(cause)}`,
				{
					cause,
					hint: SQLakeError.is(cause) ? cause.hint : `nothing of this migration was applied; correct ${tag}.sql`,
					details: { tag, statement: index + 1 },
				},
			)
		}
	}
	recordAppliedMigration(sql, migration)
}

function runStatement(sql: SqlStorage, statement: string, { dropColumns }: MigrationHooks): void {
	// Read to the end: a statement that returns rows has not run before.
	const run = () => void sql.exec(statement).toArray()
	const tables = tablesThatLoseColumns(statement)
	if (tables.length > 0 && dropColumns !== undefined) dropColumns(tables, run)
	else run()
}
