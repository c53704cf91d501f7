/**
 * A project as it runs on this machine: its tables, and the migrations that make them.
 *
 * @module
 */
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Relations } from 'drizzle-orm'
import { readMigrationsFolder } from '../../local/migrations-folder.ts'
import type { BundledMigrations, MigrationManifest } from '../../migrator/index.ts'
import type { SQLakeDatabase } from '../../schema/database.ts'
import { loadConfig, type ProjectConfig } from '../load-config.ts'
import { loadDatabase } from '../load-schema.ts'
import { projectPaths } from '../project-paths.ts'
import { readManifest } from '../read-manifest.ts'
import { collectImports } from './collect-imports.ts'
import type { WatchedPaths } from './watch-files.ts'

/** A project that was loaded. */
export interface LocalProject {
	readonly schema: SQLakeDatabase
	/** Drizzle's relations between its tables, by the names of their exports. */
	readonly relations: Readonly<Record<string, Relations>>
	/** undefined where there are none: the tables are made from the schema. */
	readonly migrations: BundledMigrations | MigrationManifest | undefined
	/** Where the migrations come from. */
	readonly source: 'manifest' | 'folder' | 'schema'
	/** Prefix of file paths in the lake's metadata. */
	readonly location: string
	/** What the project is made of. */
	readonly watch: WatchedPaths
}

/**
 * Loads a project afresh.
 *
 * @param cwd - where its configuration is looked for
 * @param configFile - the configuration, where it is named
 * @throws SQLakeError CONFIG_INVALID and the SCHEMA_ codes; MIGRATION_ codes for a manifest that is none
 */
export async function loadLocalProject(cwd: string, configFile?: string): Promise<LocalProject> {
	const config = await loadConfig(cwd, configFile)
	const { database, relations, files } = await loadDatabase(config)
	const { manifest } = projectPaths(config.root)
	const watch = {
		files: [...collectImports([...config.files, ...files]), manifest],
		// A new file may match a glob. The directory of the whole project has too much in it that does not matter.
		directories: [config.out, ...new Set(files.map((file) => dirname(file)))].filter((directory) => directory !== config.root),
	}
	return { schema: database, relations, ...(await findMigrations(config, manifest)), location: config.location, watch }
}

async function findMigrations(config: ProjectConfig, manifestFile: string): Promise<Pick<LocalProject, 'migrations' | 'source'>> {
	const manifest = await readManifest(manifestFile)
	if (manifest !== null) return { migrations: manifest, source: 'manifest' }
	if (existsSync(join(config.out, 'meta', '_journal.json'))) {
		return { migrations: await readMigrationsFolder(config.out), source: 'folder' }
	}
	return { migrations: undefined, source: 'schema' }
}
