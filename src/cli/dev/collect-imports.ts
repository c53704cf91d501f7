import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'

/** How a module names another one that lies beside it. */
const RELATIVE_IMPORT = /(?:\bfrom|\bimport|\brequire\(|\bimport\()\s*['"](\.[^'"]+)['"]/g

/** What may stand behind a name without its ending, and instead of one that TypeScript compiles to. */
const ENDINGS = ['', '.ts', '.mts', '.cts', '.tsx', '.js', '.mjs', '.cjs', '.json', '/index.ts', '/index.js']

/**
 * The files that modules are made of: themselves, and what they import by relative names, and so on. It goes by their text, so a
 * name that is put together when the module runs is not found.
 *
 * @param files - absolute paths
 */
export function collectImports(files: readonly string[]): readonly string[] {
	const found = new Set<string>()
	const visit = (file: string): void => {
		if (found.has(file)) return
		found.add(file)
		for (const [, name = ''] of readText(file).matchAll(RELATIVE_IMPORT)) {
			const imported = findModule(resolve(dirname(file), name))
			if (imported !== undefined) visit(imported)
		}
	}
	for (const file of files) visit(file)
	return [...found]
}

function findModule(path: string): string | undefined {
	const source = path.replace(/\.([cm]?)js$/, '.$1ts')
	return [...ENDINGS.map((ending) => join(path + ending)), source].find(
		(candidate) => existsSync(candidate) && statSync(candidate).isFile(),
	)
}

/** A file that is missing imports nothing. */
function readText(file: string): string {
	return existsSync(file) ? readFileSync(file, 'utf8') : ''
}
