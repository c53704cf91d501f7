/**
 * Finds the tables of a project.
 *
 * @module
 */
import { statSync } from 'node:fs'
import { relative } from 'node:path'
import type { Relations } from 'drizzle-orm'
import type { SQLiteTable, SQLiteView } from 'drizzle-orm/sqlite-core'
import { SQLakeError } from '../errors.ts'
import type { SQLakeDatabase } from '../schema/database.ts'
import { findFiles } from './find-files.ts'
import type { ProjectConfig } from './read-config.ts'

/** The tables of a project. */
export interface LoadedSchema {
	/** What `SQLake()` returned; null where the files export plain tables alone. */
	readonly database: SQLakeDatabase | null
	/** Name of its export. */
	readonly exportName: string | null
	/** The file that exports it. */
	readonly file: string | null
	/** All tables, those of the database and those exported beside it, each once, by the name of their property or export. */
	readonly tables: Readonly<Record<string, SQLiteTable>>
	/** Tables of the database that no file exports by themselves: drizzle-kit does not see them. By their property. */
	readonly hidden: readonly string[]
	/** All exported views, by the name of their export. */
	readonly views: Readonly<Record<string, SQLiteView>>
	/** What `relations(...)` returned, by the name of its export. */
	readonly relations: Readonly<Record<string, Relations>>
	/** The schema files, by absolute path. */
	readonly files: readonly string[]
}

/** A schema that surely has a database. */
export interface LoadedDatabase extends LoadedSchema {
	readonly database: SQLakeDatabase
	readonly exportName: string
	readonly file: string
}

interface Found {
	readonly name: string
	readonly file: string
	readonly database: SQLakeDatabase
}

/**
 * Loads the files that `schema` in the configuration names, and finds in their exports the database that `SQLake()` returned and
 * the plain `sqliteTable(...)`s.
 *
 * @throws SQLakeError CONFIG_INVALID where no file matches, one does not load, nothing is exported, or several databases are and
 *   `sqlake.export` does not choose; with a SCHEMA_ code where `SQLake()` refuses its argument
 */
export async function loadSchema(config: ProjectConfig): Promise<LoadedSchema> {
	const files = schemaFiles(config)
	const [{ loadModules }, { is, Relations }, { SQLiteTable, SQLiteView }] = await Promise.all([
		import('./load-module.ts'),
		import('drizzle-orm'),
		import('drizzle-orm/sqlite-core'),
	])
	const modules = await loadModules(files)
	const databases = new Map<SQLakeDatabase, Found>()
	const tables = new Map<SQLiteTable, string>()
	const views = new Map<SQLiteView, string>()
	const relations: Record<string, Relations> = {}
	for (const [index, file] of files.entries()) {
		for (const [name, value] of Object.entries(modules[index] ?? {})) {
			if (is(value, SQLiteTable)) tables.set(value, name)
			else if (is(value, SQLiteView)) views.set(value, name)
			else if (is(value, Relations)) relations[name] = value
			else if (isDatabase(value) && (!databases.has(value) || name === config.exportName))
				databases.set(value, { name, file, database: value })
		}
	}
	const found = choose([...databases.values()], config)
	const own = Object.entries(found?.database.tables ?? {})
	const hidden = own.filter(([, table]) => !tables.has(table)).map(([name]) => name)
	for (const [name, table] of own) tables.set(table, name)
	if (tables.size === 0) {
		throw new SQLakeError(
			'CONFIG_INVALID',
			`${files.map((file) => relative(config.root, file)).join(', ')}: expected an export of SQLake({ ... }) or of tables, found none`,
			{
				hint: 'export const db = SQLake({ ... })',
				details: { files },
			},
		)
	}
	return {
		database: found?.database ?? null,
		exportName: found?.name ?? null,
		file: found?.file ?? null,
		tables: byName(tables),
		hidden,
		views: byName(views),
		relations,
		files,
	}
}

/**
 * {@link loadSchema} for what cannot do without `SQLake()`.
 *
 * @throws SQLakeError CONFIG_INVALID where the files export plain tables alone
 */
export async function loadDatabase(config: ProjectConfig): Promise<LoadedDatabase> {
	const { database, exportName, file, ...loaded } = await loadSchema(config)
	if (database !== null && exportName !== null && file !== null) return { ...loaded, database, exportName, file }
	throw new SQLakeError(
		'CONFIG_INVALID',
		`${loaded.files.join(', ')}: expected an export of SQLake({ ... }), found tables alone`,
		{
			hint: `export const db = SQLake({ ${Object.keys(loaded.tables).join(', ')}, shard: { ... } })`,
			details: { files: loaded.files },
		},
	)
}

function schemaFiles(config: ProjectConfig): readonly string[] {
	if (config.schema.length === 0) {
		throw new SQLakeError(
			'CONFIG_INVALID',
			`${config.files.at(-1) ?? config.root}: expected "schema" to name the files with the tables, found nothing`,
			{
				hint:
					config.files.length === 0 ? 'run sqlake init, or name a configuration: --config <file>' : "schema: './src/schema.ts'",
			},
		)
	}
	return config.schema.flatMap((pattern) => {
		const files = findFiles(pattern).filter((file) => statSync(file).isFile())
		if (files.length > 0) return files
		throw new SQLakeError(
			'CONFIG_INVALID',
			`"schema": expected ${relative(config.root, pattern) || pattern} to name files, found none`,
			{
				hint: 'paths start from the directory of the configuration file',
				details: { pattern },
			},
		)
	})
}

function choose(found: readonly Found[], { exportName, root }: ProjectConfig): Found | undefined {
	if (exportName !== undefined) {
		const chosen = found.find(({ name }) => name === exportName)
		if (chosen !== undefined) return chosen
		throw new SQLakeError(
			'CONFIG_INVALID',
			`"sqlake.export": expected an export ${exportName} that is SQLake({ ... }), found ${list(found, root)}`,
			{
				hint: 'name one of the exports of the schema files',
			},
		)
	}
	if (found.length <= 1) return found[0]
	throw new SQLakeError('CONFIG_INVALID', `expected one export of SQLake({ ... }), found ${list(found, root)}`, {
		hint: `choose one in the configuration: sqlake: { export: '${found[0]?.name}' }`,
		details: { exports: found.map(({ name }) => name) },
	})
}

function list(found: readonly Found[], root: string): string {
	return found.length === 0 ? 'none' : found.map(({ name, file }) => `${name} in ${relative(root, file)}`).join(', ')
}

/** A schema file may load another copy of sqlake, so the shape decides, not the lineage. */
function isDatabase(value: unknown): value is SQLakeDatabase {
	return (
		typeof value === 'object' &&
		value !== null &&
		'tables' in value &&
		'lake' in value &&
		typeof value.lake === 'object' &&
		value.lake !== null &&
		'bucketBinding' in value.lake
	)
}

/** Two tables of one name, from two files, both stay: drizzle-kit is who complains about them. */
function byName<T>(found: ReadonlyMap<T, string>): Record<string, T> {
	const named: Record<string, T> = {}
	for (const [value, name] of found) {
		let unique = name
		for (let count = 2; Object.hasOwn(named, unique); count++) unique = `${name}${count}`
		named[unique] = value
	}
	return named
}
