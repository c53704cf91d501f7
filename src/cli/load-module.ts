import { existsSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { dirname, join, sep } from 'node:path'
import { createJiti, type Jiti } from 'jiti'
import { messageOf, SQLakeError } from '../errors.ts'

/** What a module exports, by name. */
export type ModuleExports = Readonly<Record<string, unknown>>

/** Evaluated by Node, not by jiti: they run as they are, and the command and the project then share one copy of them. */
const nativeModules = ['sqlake', 'drizzle-orm']

/**
 * Loads modules of the user's project, in TypeScript or JavaScript, ESM or CommonJS, afresh: an edited file is read again. Modules that
 * import one another share it.
 *
 * @param paths - absolute
 * @returns what each exports, in the order of the paths
 * @throws SQLakeError CONFIG_INVALID with the error of the module; an SQLakeError that it throws as it is
 */
export async function loadModules(paths: readonly string[]): Promise<readonly ModuleExports[]> {
	const { jiti, unreadable } = loaderFor(paths[0])
	const loaded = new Set(Object.keys(jiti.cache))
	try {
		const modules: ModuleExports[] = []
		for (const path of paths)
			modules.push(await jiti.import<ModuleExports>(path).catch((cause) => refuse(path, cause, unreadable)))
		return modules
	} finally {
		for (const path of Object.keys(jiti.cache))
			if (!loaded.has(path) && !path.includes(`${sep}node_modules${sep}`)) delete jiti.cache[path]
	}
}

/** {@link loadModules} for one. */
export async function loadModule(path: string): Promise<ModuleExports> {
	const [exported = {}] = await loadModules([path])
	return exported
}

/** The loader of a project, with the `paths` of the nearest tsconfig.json; `unreadable` tells why it goes without them. */
function loaderFor(file: string | undefined): { readonly jiti: Jiti; readonly unreadable: string | null } {
	const options = { interopDefault: false, nativeModules }
	const tsconfig = file === undefined ? null : nearestTsconfig(dirname(file))
	if (tsconfig === null) return { jiti: createJiti(import.meta.url, options), unreadable: null }
	try {
		return { jiti: createJiti(import.meta.url, { ...options, tsconfigPaths: tsconfig }), unreadable: null }
	} catch (error) {
		// Told only where something is not found: most files need no `paths`, and a framework may not have written its tsconfig.json yet.
		return { jiti: createJiti(import.meta.url, options), unreadable: `${tsconfig} cannot be read: ${oneLine(messageOf(error))}` }
	}
}

function nearestTsconfig(directory: string): string | null {
	const file = join(directory, 'tsconfig.json')
	if (existsSync(file)) return file
	const parent = dirname(directory)
	return parent === directory ? null : nearestTsconfig(parent)
}

function refuse(path: string, cause: unknown, unreadable: string | null): never {
	if (SQLakeError.is(cause)) throw cause
	throw new SQLakeError('CONFIG_INVALID', `${path} cannot be loaded: ${oneLine(messageOf(cause))}`, {
		cause,
		hint: hintFor(cause, unreadable),
		details: { file: path },
	})
}

/** What is wrong, without the modules that led there. */
function oneLine(message: string): string {
	return (message.split('\nRequire stack:')[0] ?? message).replaceAll(/\s*\n\s*/g, ' ')
}

function hintFor(error: unknown, unreadable: string | null): string {
	const message = messageOf(error)
	const [, name] =
		/Cannot find (?:module|package) '([^']+)'/.exec(message) ?? /(?:protocol|URL scheme)[^']*'([a-z]+:[^']*)'/.exec(message) ?? []
	if (name === undefined) return 'correct the file; --verbose shows where the error comes from'
	if (name.startsWith('cloudflare:')) {
		return `${name} exists in a Worker alone: keep the schema in a file that imports it neither itself nor through others`
	}
	if (name.startsWith('.') || name.startsWith('/')) return `there is no file ${name}`
	const [, packageName] = /^((?:@[a-z\d~-][\w.~-]*\/)?[a-z\d~-][\w.~-]*)(?:\/.*)?$/.exec(name) ?? []
	if (packageName !== undefined && !builtinModules.includes(packageName)) {
		return unreadable === null ? `npm install ${packageName}` : `npm install ${packageName}, or: ${unreadable}`
	}
	return (
		unreadable ??
		`no package has this name: give "${name}" a place in "paths" of tsconfig.json, or import the file by its own path`
	)
}
