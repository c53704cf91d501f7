/**
 * The next migration.
 *
 * @module
 */
import { SQLakeError } from '../../errors.ts'
import { snapshotOf } from '../../local/statements/drizzle-kit.ts'
import { EMPTY_SNAPSHOT, isSameSchema, type Snapshot } from '../../local/statements/snapshot.ts'
import { MigrationError } from '../../migrator/migration-error.ts'
import type { LoadedSchema } from '../load-schema.ts'
import type { ProjectConfig } from '../read-config.ts'
import { checkCasing, checkTables } from './check-schema.ts'
import { describeChanges, warningsOf } from './describe-changes.ts'
import { downScript, emptyDownScript, joinStatements, lossesIn, type SchemaStep, upStatements } from './down-script.ts'
import { migrationTag, nameOfChanges } from './migration-name.ts'
import { type JournalEntry, type MigrationOnDisk, type MigrationsDirectory, migrationFiles } from './migrations-directory.ts'
import { NO_RENAMES, renamesToMeta } from './renames.ts'
import { type AskRename, type RenameHints, resolveRenames } from './resolve-renames.ts'

/** What a migration is planned from. */
export interface PlanMigrationOptions {
	readonly config: Pick<ProjectConfig, 'out' | 'casing' | 'breakpoints' | 'prefix'>
	readonly schema: Pick<LoadedSchema, 'database' | 'tables' | 'views'>
	/** Name of the migration; by default it says what changes. */
	readonly name?: string | undefined
	/** An empty migration, to be filled in by hand. */
	readonly custom: boolean
	readonly hints: RenameHints
	/** Asks a person about renames; null where nobody is there. */
	readonly ask: AskRename | null
	/** Milliseconds since the epoch. */
	readonly now: number
}

/** A migration that is to be written. */
export interface NewMigration {
	readonly tag: string
	/** Path of its SQL. */
	readonly file: string
	/** What it does, a line each. */
	readonly changes: readonly string[]
	readonly statements: readonly string[]
	/** What undoing it loses. */
	readonly losses: readonly string[]
	readonly custom: boolean
}

/** A migration that is not on disk yet. */
export interface PlannedMigration {
	readonly onDisk: MigrationOnDisk
	readonly migration: NewMigration
	readonly warnings: readonly string[]
}

/**
 * Plans the next migration: what changed in the code, or an empty one to be written by hand.
 *
 * @returns null where migrations and code agree
 * @throws SQLakeError USAGE_INVALID for a custom migration while the code has changes that no migration makes: the tables of the
 * manifest would be ahead of it; what {@link resolveRenames} throws
 */
export async function planMigration(
	directory: MigrationsDirectory,
	options: PlanMigrationOptions,
): Promise<PlannedMigration | null> {
	const { config, schema } = options
	const prev = lastSnapshot(directory)
	checkTables(schema.tables)
	const cur = await snapshotOf({ ...schema.tables, ...schema.views }, prev, config.casing)
	checkCasing(schema.database?.lake ?? null, cur)
	const isUnchanged = isSameSchema(prev, cur)
	if (!options.custom) return isUnchanged ? null : planChange(directory, prev, cur, options)
	if (isUnchanged) return planCustom(directory, prev, options)
	throw new SQLakeError(
		'USAGE_INVALID',
		'--custom: expected migrations for all that changed in the schema, found changes without one',
		{ hint: 'run sqlake generate first, then again with --custom' },
	)
}

async function planChange(
	directory: MigrationsDirectory,
	prev: Snapshot,
	cur: Snapshot,
	options: PlanMigrationOptions,
): Promise<PlannedMigration> {
	const { config, hints, ask } = options
	const step: SchemaStep = { prev, cur, renames: await resolveRenames(prev, cur, hints, ask) }
	const statements = await upStatements(step)
	const entry = newEntry(directory, options.name ?? nameOfChanges(step), options)
	const down = await downScript(entry.tag, step, config.breakpoints)
	const snapshot = { ...cur, _meta: renamesToMeta(step.renames) }
	const sql =
		statements.length === 0
			? '-- Names of keys changed, which SQLite does not keep: nothing to do.'
			: joinStatements(statements, config.breakpoints)
	return {
		onDisk: { entry, sql, snapshot, down },
		migration: {
			tag: entry.tag,
			file: migrationFiles(config.out, entry.tag).sql,
			changes: describeChanges(step),
			statements,
			losses: lossesIn(down),
			custom: false,
		},
		warnings: warningsOf(step),
	}
}

function planCustom(directory: MigrationsDirectory, prev: Snapshot, options: PlanMigrationOptions): PlannedMigration {
	const entry = newEntry(directory, options.name ?? 'custom', options)
	const { version, dialect, ...rest } = prev
	const id = crypto.randomUUID()
	const snapshot: Snapshot = { version, dialect, ...rest, id, prevId: prev.id, _meta: renamesToMeta(NO_RENAMES) }
	return {
		onDisk: {
			entry,
			sql: '-- Custom SQL migration file, put your code below! --',
			snapshot,
			down: emptyDownScript(entry.tag),
		},
		migration: {
			tag: entry.tag,
			file: migrationFiles(options.config.out, entry.tag).sql,
			changes: [],
			statements: [],
			losses: [],
			custom: true,
		},
		warnings: [],
	}
}

function newEntry({ journal }: MigrationsDirectory, name: string, { config, now }: PlanMigrationOptions): JournalEntry {
	const last = journal.entries.at(-1)
	const idx = journal.entries.length
	// Drizzle applies by time, so that a clock that was set back must not put a migration behind others.
	const when = Math.max(now, (last?.when ?? 0) + 1)
	const tag = migrationTag(name, idx, when, config.prefix)
	const clash = journal.entries.find((entry) => entry.tag === tag || entry.tag.split('_')[0] === tag.split('_')[0])
	if (clash !== undefined) {
		throw new MigrationError(
			'MIGRATION_DUPLICATE',
			`migration "${tag}": expected a number of its own, found that of "${clash.tag}"`,
			{
				hint: 'rename the other one in meta/_journal.json, or wait a second where names begin with the time',
				details: { tag, other: clash.tag },
			},
		)
	}
	return { idx, version: '6', when, tag, breakpoints: config.breakpoints }
}

/** The schema that the migrations lead to. */
function lastSnapshot({ migrations }: MigrationsDirectory): Snapshot {
	const last = migrations.at(-1)
	if (last === undefined) return EMPTY_SNAPSHOT
	if (last.snapshot !== null) return last.snapshot
	throw new MigrationError('MIGRATION_MISSING', `migration "${last.entry.tag}": expected its snapshot in meta, found none`, {
		hint: 'restore the file: without it nobody knows what has changed since',
		details: { tag: last.entry.tag },
	})
}
