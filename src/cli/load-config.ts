/**
 * Finds and reads the configuration of a project.
 *
 * @module
 */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, extname, join, resolve } from 'node:path'
import { messageOf, SQLakeError } from '../errors.ts'
import { type ProjectConfig, readConfig } from './read-config.ts'

export type { ProjectConfig } from './read-config.ts'

const EXTENSIONS = ['.ts', '.mts', '.cts', '.js', '.mjs', '.cjs', '.json']

/** Files that are read where none is named; keys of a later one win. */
const BASENAMES = ['drizzle.config', 'sqlake.config']

/**
 * Reads the configuration: the file that was named, else `drizzle.config.*` and `sqlake.config.*` of the directory, the second
 * over the first. Without any there are defaults alone.
 *
 * @param cwd - the working directory
 * @param file - what `--config` names
 * @throws SQLakeError CONFIG_INVALID for a file that is missing or does not load, and for a wrong key, by its name
 */
export async function loadConfig(cwd: string, file?: string): Promise<ProjectConfig> {
	if (file !== undefined) {
		const path = resolve(cwd, file)
		if (!existsSync(path)) {
			throw new SQLakeError('CONFIG_INVALID', `--config: expected a file, found none at ${path}`, {
				hint: 'name an existing file, or leave --config out: drizzle.config.* and sqlake.config.* are found by themselves',
			})
		}
		return readConfig(await loadFile(path), [path], dirname(path))
	}
	const files = BASENAMES.flatMap((name) =>
		EXTENSIONS.map((extension) => join(cwd, name + extension))
			.filter(existsSync)
			.slice(0, 1),
	)
	const exported = await Promise.all(files.map(loadFile))
	return readConfig(Object.assign({}, ...exported), files, cwd)
}

async function loadFile(path: string): Promise<object> {
	const value = extname(path) === '.json' ? readJson(path) : await loadExport(path)
	if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
	throw new SQLakeError('CONFIG_INVALID', `${path}: expected an object as its default export, found ${typeof value}`, {
		hint: "export default { schema: './src/schema.ts', out: './drizzle', sqlake: {} }",
		details: { file: path },
	})
}

async function loadExport(path: string): Promise<unknown> {
	// jiti is loaded for a project alone: help needs none of it.
	const { loadModule } = await import('./load-module.ts')
	const { default: exported } = await loadModule(path)
	return exported
}

function readJson(path: string): unknown {
	try {
		return JSON.parse(readFileSync(path, 'utf8'))
	} catch (cause) {
		throw new SQLakeError('CONFIG_INVALID', `${path}: expected JSON: ${messageOf(cause)}`, { cause, details: { file: path } })
	}
}
