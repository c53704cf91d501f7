import { sep } from 'node:path'
import { createJiti } from 'jiti'
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
	const jiti = createJiti(import.meta.url, { interopDefault: false, nativeModules })
	const loaded = new Set(Object.keys(jiti.cache))
	try {
		const modules: ModuleExports[] = []
		for (const path of paths) modules.push(await jiti.import<ModuleExports>(path).catch((cause) => refuse(path, cause)))
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

function refuse(path: string, cause: unknown): never {
	if (SQLakeError.is(cause)) throw cause
	throw new SQLakeError('CONFIG_INVALID', `${path} cannot be loaded: ${oneLine(messageOf(cause))}`, {
		cause,
		hint: hintFor(cause),
		details: { file: path },
	})
}

/** What is wrong, without the modules that led there. */
function oneLine(message: string): string {
	return (message.split('\nRequire stack:')[0] ?? message).replaceAll(/\s*\n\s*/g, ' ')
}

function hintFor(error: unknown): string {
	const [, name] = /Cannot find (?:module|package) '([^']+)'/.exec(messageOf(error)) ?? []
	if (name === undefined) return 'correct the file; --verbose shows where the error comes from'
	return name.startsWith('.') || name.startsWith('/') ? `there is no file ${name}` : `npm install ${name}`
}
