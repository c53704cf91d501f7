import { createJiti } from 'jiti'
import { messageOf, SQLakeError } from '../errors.ts'

/**
 * Loads a module of the user's project, in TypeScript or JavaScript, ESM or CommonJS, afresh: an edited file is read again.
 *
 * @param path - absolute
 * @returns what it exports, by name
 * @throws SQLakeError CONFIG_INVALID with the error of the module; an SQLakeError that it throws as it is
 */
export async function loadModule(path: string): Promise<Readonly<Record<string, unknown>>> {
	const jiti = createJiti(import.meta.url, {
		moduleCache: false,
		interopDefault: false,
		nativeModules: ['sqlake', 'drizzle-orm'],
	})
	try {
		return await jiti.import<Record<string, unknown>>(path)
	} catch (cause) {
		throw SQLakeError.wrap(cause, 'CONFIG_INVALID', `${path} cannot be loaded`, {
			hint: hintFor(cause),
			details: { file: path },
		})
	}
}

function hintFor(error: unknown): string {
	const [, name] = /Cannot find (?:module|package) '([^']+)'/.exec(messageOf(error)) ?? []
	if (name === undefined) return 'correct the file; --verbose shows where the error comes from'
	return name.startsWith('.') || name.startsWith('/') ? `there is no file ${name}` : `npm install ${name}`
}
