/**
 * `sqlake generate` without its command line: from the tables of the code to migrations and everything that follows from them.
 *
 * @module
 */
import { messageOf, SQLakeError } from '../../errors.ts'
import type { MigrationManifest } from '../../migrator/manifest.ts'
import { MigrationError } from '../../migrator/migration-error.ts'
import { schemaOf } from '../../migrator/schema-of.ts'
import { splitStatements } from '../../migrator/split-statements.ts'
import type { LakeSchema } from '../../schema/table-schema.ts'
import type { LoadedSchema } from '../load-schema.ts'
import { projectPaths } from '../project-paths.ts'
import type { ProjectConfig } from '../read-config.ts'
import { readManifest } from '../read-manifest.ts'
import { cdcTypes } from './cdc-types.ts'
import { describeChanges, warningsOf } from './describe-changes.ts'
import {
	downScript,
	downStatements,
	emptyDownScript,
	joinStatements,
	lossesIn,
	type SchemaStep,
	upStatements,
} from './down-script.ts'
import { snapshotOf } from './drizzle-kit.ts'
import { migrationTag, nameOfChanges } from './migration-name.ts'
import {
	bundleText,
	type JournalEntry,
	type MigrationOnDisk,
	type MigrationsDirectory,
	migrationFiles,
	readMigrationsDirectory,
} from './migrations-directory.ts'
import { parquetSchema } from './parquet-schema.ts'
import { type AskRename, NO_RENAMES, type RenameHints, renamesFromMeta, renamesToMeta, resolveRenames } from './renames.ts'
import { EMPTY_SNAPSHOT, type Snapshot } from './snapshot.ts'
import { problemOf } from './try-on-sqlite.ts'
import { checkHistory, updateManifest } from './update-manifest.ts'
import { changedFiles, type PlannedFile } from './write-files.ts'

/** What to generate. */
export interface GenerateOptions {
	readonly config: Pick<ProjectConfig, 'root' | 'out' | 'driver' | 'casing' | 'breakpoints' | 'prefix'>
	readonly schema: Pick<LoadedSchema, 'database' | 'exportName' | 'tables' | 'views' | 'hidden'>
	/** Name of the migration; by default it says what changes. */
	readonly name?: string | undefined
	/** An empty migration, to be filled in by hand. Changes of the schema wait for the next one. */
	readonly custom: boolean
	readonly hints: RenameHints
	/** Asks a person about renames; null where nobody is there. */
	readonly ask: AskRename | null
	/** Tags of migrations that were edited on purpose. */
	readonly acceptEdited: readonly string[]
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

/** What is to be written. */
export interface GeneratePlan {
	/** null where migrations and code agree. */
	readonly migration: NewMigration | null
	/** Files whose text changes, in the order in which they are to be written. */
	readonly files: readonly (PlannedFile & { readonly isNew: boolean })[]
	readonly manifest: MigrationManifest
	readonly warnings: readonly string[]
}

/**
 * Plans everything that `sqlake generate` writes. Nothing is written.
 *
 * @throws SQLakeError what reading migrations, resolving renames and checking the history throw
 */
export async function planGenerate(options: GenerateOptions): Promise<GeneratePlan> {
	const { config, schema } = options
	const paths = projectPaths(config.root)
	const directory = readMigrationsDirectory(config.out)
	const previous = await readManifest(paths.manifest)
	if (previous !== null) checkHistory(previous, directory.migrations, options.acceptEdited)
	const planned = options.custom ? planCustom(directory, options) : await planSchemaChange(directory, options)
	const warnings = [...(planned?.warnings ?? []), ...schemaWarnings(schema)]
	const adopted = await Promise.all(
		directory.migrations.map((each, index) => withDown(directory.migrations[index - 1], each, config)),
	)
	const migrations = [...adopted.map(({ migration }) => migration), ...(planned === null ? [] : [planned.onDisk])]
	const lake = schema.database?.lake ?? null
	const manifest = updateManifest({
		previous,
		directory: { migrations },
		tables: lake?.tables ?? new Map(),
		existing: directory.migrations.length,
		acceptEdited: options.acceptEdited,
	})
	const files = [
		...migrations.flatMap(({ entry, down }) =>
			down === null ? [] : [{ path: migrationFiles(config.out, entry.tag).down, text: down }],
		),
		...(planned === null ? [] : migrationTexts(directory, planned.onDisk, config)),
		{ path: paths.manifest, text: json(manifest) },
		...(lake === null ? [] : derivedFiles(paths, schemaOf(manifest, lake, migrations.length), manifest.version)),
	]
	return {
		migration: planned?.migration ?? null,
		files: changedFiles(files),
		manifest,
		warnings: [...warnings, ...adopted.flatMap(({ warning }) => (warning === null ? [] : [warning]))],
	}
}

/** A migration that is not on disk yet. */
interface PlannedMigration {
	readonly onDisk: MigrationOnDisk
	readonly migration: NewMigration
	readonly warnings: readonly string[]
}

async function planSchemaChange(directory: MigrationsDirectory, options: GenerateOptions): Promise<PlannedMigration | null> {
	const { config, schema, hints, ask } = options
	const prev = lastSnapshot(directory)
	const cur = await snapshotOf({ ...schema.tables, ...schema.views }, prev, config.casing)
	checkCasing(schema.database?.lake ?? null, cur)
	const step: SchemaStep = { prev, cur, renames: await resolveRenames(prev, cur, hints, ask) }
	if (isSameSchema(prev, cur)) return null
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

function planCustom(directory: MigrationsDirectory, options: GenerateOptions): PlannedMigration {
	const entry = newEntry(directory, options.name ?? 'custom', options)
	const { version, dialect, id: prevId, prevId: _, ...rest } = lastSnapshot(directory)
	const snapshot: Snapshot = { version, dialect, id: crypto.randomUUID(), prevId, ...rest, _meta: renamesToMeta(NO_RENAMES) }
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

function newEntry({ journal }: MigrationsDirectory, name: string, { config, now }: GenerateOptions): JournalEntry {
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

/**
 * A migration with its down script: the one on disk, or one derived from the snapshots, if that really undoes it. Migrations by hand
 * are left to their authors.
 */
async function withDown(
	before: MigrationOnDisk | undefined,
	migration: MigrationOnDisk,
	{ breakpoints }: GenerateOptions['config'],
): Promise<{ readonly migration: MigrationOnDisk; readonly warning: string | null }> {
	const { entry, sql, snapshot: cur, down } = migration
	const prev = before === undefined ? EMPTY_SNAPSHOT : before.snapshot
	if (down !== null || cur === null || prev === null || isSameSchema(prev, cur)) return { migration, warning: null }
	try {
		const step = { prev, cur, renames: renamesFromMeta(cur) }
		const problem = problemOf({ from: prev, statements: [...splitStatements(sql), ...(await downStatements(step))], to: prev })
		if (problem !== null) throw new Error(problem)
		return { migration: { ...migration, down: await downScript(entry.tag, step, breakpoints) }, warning: null }
	} catch (error) {
		return {
			migration,
			warning: `migration "${entry.tag}" does more than its snapshot tells: write ${entry.tag}.down.sql yourself (${messageOf(error)})`,
		}
	}
}

/** Compares what drizzle-kit compares. */
function isSameSchema(prev: Snapshot, cur: Snapshot): boolean {
	const text = ({ tables, views }: Snapshot) => JSON.stringify([sorted(tables), sorted(views)])
	return text(prev) === text(cur)
}

function sorted(value: unknown): unknown {
	if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
	return Object.fromEntries(
		Object.entries(value)
			.sort(([a], [b]) => (a < b ? -1 : 1))
			.map(([key, member]) => [key, sorted(member)]),
	)
}

/** The files of drizzle-kit for a new migration; the journal, which makes it count, comes last but for what is made of it. */
function migrationTexts(
	{ journal }: MigrationsDirectory,
	{ entry, sql, snapshot }: MigrationOnDisk,
	{ out, driver = 'durable-sqlite' }: GenerateOptions['config'],
): PlannedFile[] {
	const files = migrationFiles(out, entry.tag)
	const extended = { ...journal, entries: [...journal.entries, entry] }
	return [
		{ path: files.sql, text: sql },
		{ path: files.snapshot, text: JSON.stringify(snapshot, null, 2) },
		{ path: files.journal, text: JSON.stringify(extended, null, 2) },
		...(driver === 'd1-http' ? [] : [{ path: files.bundle, text: bundleText(extended, driver) }]),
	]
}

function derivedFiles(paths: ReturnType<typeof projectPaths>, lake: LakeSchema, version: number): PlannedFile[] {
	return [
		{ path: paths.parquetSchema, text: json(parquetSchema(lake, version)) },
		{ path: paths.types, text: cdcTypes(lake) },
	]
}

function schemaWarnings({ database, exportName, hidden }: GenerateOptions['schema']): readonly string[] {
	return [
		...(hidden.length === 0
			? []
			: [
					`drizzle-kit does not see ${hidden.map((name) => `"${name}"`).join(', ')}, and would drop them; export them beside ${exportName}: export const { ${hidden.join(', ')} } = ${exportName}.tables`,
				]),
		...(database === null ? ['no schema file exports SQLake({ ... }): the tables are not captured, and the lake has none'] : []),
	]
}

/** Capture knows columns by the names that `SQLake()` saw; drizzle-kit's casing must not give them others. */
function checkCasing(lake: LakeSchema | null, cur: Snapshot): void {
	for (const table of lake?.tables.values() ?? []) {
		const made = cur.tables[table.name]
		const missing = table.columns.find(({ name }) => made !== undefined && made.columns[name] === undefined)
		if (missing === undefined) continue
		throw new SQLakeError(
			'CONFIG_INVALID',
			`"casing": expected it to leave the names of captured columns alone, found that it renames "${table.name}"."${missing.name}"`,
			{ hint: `name the column: ${missing.property}: text('...'), or take casing out of the configuration` },
		)
	}
}

function json(value: unknown): string {
	return `${JSON.stringify(value, null, 2)}\n`
}
