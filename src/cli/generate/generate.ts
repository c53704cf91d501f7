/**
 * `sqlake generate` without its command line: from the tables of the code to migrations and everything that follows from them.
 *
 * @module
 */

import type { MigrationManifest } from '../../migrator/manifest.ts'
import { MigrationError } from '../../migrator/migration-error.ts'
import { assertRunnable, readScript } from '../../migrator/migration-script.ts'
import { schemaOf } from '../../migrator/schema-of.ts'
import type { LakeSchema } from '../../schema/table-schema.ts'
import type { LoadedSchema } from '../load-schema.ts'
import { projectPaths } from '../project-paths.ts'
import type { ProjectConfig } from '../read-config.ts'
import { readManifest } from '../read-manifest.ts'
import { withDown } from './adopt-down.ts'
import { cdcTypes } from './cdc-types.ts'
import { checkHistory } from './check-history.ts'
import { schemaWarnings } from './check-schema.ts'
import { downHead } from './down-script.ts'
import {
	bundleText,
	type MigrationOnDisk,
	type MigrationsDirectory,
	migrationFiles,
	readMigrationsDirectory,
} from './migrations-directory.ts'
import { parquetSchema } from './parquet-schema.ts'
import { type NewMigration, type PlanMigrationOptions, planMigration } from './plan-migration.ts'
import { updateManifest } from './update-manifest.ts'
import { changedFiles, type PlannedFile } from './write-files.ts'

/** What to generate. */
export interface GenerateOptions extends Omit<PlanMigrationOptions, 'config' | 'schema'> {
	readonly config: Pick<ProjectConfig, 'root' | 'out' | 'driver' | 'casing' | 'breakpoints' | 'prefix'>
	readonly schema: Pick<LoadedSchema, 'database' | 'exportName' | 'tables' | 'views' | 'hidden'>
	/** Tags of migrations that were edited or removed on purpose. */
	readonly acceptEdited: readonly string[]
	/** Begins a new manifest where the old one is lost. */
	readonly newManifest: boolean
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
	else if (!options.newManifest) refuseLostManifest(directory, paths.manifest)
	const planned = await planMigration(directory, options)
	const adopted = await Promise.all(
		directory.migrations.map((each, index) => withDown(directory.migrations[index - 1], each, config.breakpoints)),
	)
	const migrations = [...adopted.map(({ migration }) => migration), ...(planned === null ? [] : [planned.onDisk])]
	for (const migration of migrations) checkScripts(migration, previous)
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
		warnings: [
			...(planned?.warnings ?? []),
			...schemaWarnings(schema),
			...adopted.flatMap(({ warning }) => (warning === null ? [] : [warning])),
		],
	}
}

/** Refuses what no object could run, in scripts that the manifest does not have yet. */
function checkScripts({ entry: { tag }, sql, down }: MigrationOnDisk, previous: MigrationManifest | null): void {
	const known = previous?.migrations.find((migration) => migration.tag === tag)
	if (known?.sql !== sql) assertRunnable(tag, readScript(sql))
	if (down !== null && known?.down?.sql !== down) assertRunnable(`${tag}.down`, readScript(down))
}

/** Down scripts tell that there was a manifest. Another one would give columns other field ids than the lake knows. */
function refuseLostManifest({ migrations }: MigrationsDirectory, file: string): void {
	const ours = migrations.find(({ entry, down }) => down?.startsWith(downHead(entry.tag)))
	if (ours === undefined) return
	throw new MigrationError('MIGRATION_MISSING', `manifest ${file}: expected it beside ${ours.entry.tag}.down.sql, found none`, {
		hint: 'restore it from version control, or from metadata/migrations.json of the bucket; where there is no lake yet: --new-manifest',
		details: { file },
	})
}

/** The files of drizzle-kit for a new migration; the journal, which makes it count, comes last but for what is made of it. */
function migrationTexts(
	{ journal }: MigrationsDirectory,
	{ entry, sql, snapshot }: MigrationOnDisk,
	{ out, driver }: GenerateOptions['config'],
): PlannedFile[] {
	const files = migrationFiles(out, entry.tag)
	const extended = { ...journal, entries: [...journal.entries, entry] }
	return [
		{ path: files.sql, text: sql },
		{ path: files.snapshot, text: JSON.stringify(snapshot, null, 2) },
		{ path: files.journal, text: JSON.stringify(extended, null, 2) },
		...(driver === 'durable-sqlite' || driver === 'expo' ? [{ path: files.bundle, text: bundleText(extended, driver) }] : []),
	]
}

function derivedFiles(paths: ReturnType<typeof projectPaths>, lake: LakeSchema, version: number): PlannedFile[] {
	return [
		{ path: paths.parquetSchema, text: json(parquetSchema(lake, version)) },
		{ path: paths.types, text: cdcTypes(lake) },
	]
}

function json(value: unknown): string {
	return `${JSON.stringify(value, null, 2)}\n`
}
