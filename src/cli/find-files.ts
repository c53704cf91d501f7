import { existsSync, globSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { withoutWarnings } from '../local/without-warnings.ts'

const SOURCE = /\.[cm]?[jt]sx?$/

/**
 * The files that a path or a glob names, sorted; of a directory the modules in it, as drizzle-kit does.
 *
 * @param pattern - absolute
 */
export function findFiles(pattern: string): readonly string[] {
	if (existsSync(pattern)) {
		if (!statSync(pattern).isDirectory()) return [pattern]
		return readdirSync(pattern)
			.filter((name) => SOURCE.test(name) && !name.endsWith('.d.ts'))
			.sort()
			.map((name) => join(pattern, name))
	}
	// Node 22 calls it experimental.
	return withoutWarnings(() => globSync(pattern.replaceAll('\\', '/'))).sort()
}
