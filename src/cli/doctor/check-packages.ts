import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { readOwnPackage } from '../own-package.ts'
import { type Check, Checks } from './check.ts'
import { fits } from './versions.ts'

/** What a package is for, and what its absence means. */
const wanted = [
	{ name: 'drizzle-orm', without: 'fail', for: 'the query builder' },
	{ name: 'drizzle-kit', without: 'warn', for: 'sqlake generate' },
	{
		name: '@duckdb/node-api',
		without: 'warn',
		for: 'lake queries on this machine at full speed; DuckDB-WASM runs them without it',
	},
] as const

/**
 * Compares Node and the packages of a project with what sqlake needs.
 *
 * @param nodeVersion - such as `24.1.0`
 */
export function checkPackages(root: string, nodeVersion: string): readonly Check[] {
	const checks = new Checks('packages')
	const own = readOwnPackage()
	const needed = own.engines.node ?? ''
	if (!fits(nodeVersion, needed)) checks.fail(`Node ${nodeVersion}: expected ${needed}`, 'install Node 24')
	else if (!fits(nodeVersion, '>=22.16')) checks.warn(`Node ${nodeVersion}: local shards need 22.16`, 'install Node 24')
	else checks.ok(`Node ${nodeVersion}`)

	const installed = installedVersion(root, 'sqlake')
	if (installed === null) checks.warn('sqlake is not installed in the project', 'npm install sqlake')
	else if (installed === own.version) checks.ok(`sqlake ${installed}`)
	else
		checks.warn(`sqlake ${installed} is installed, and this command is ${own.version}`, 'run the one of the project: npx sqlake')

	for (const { name, without, for: use } of wanted) {
		const range = own.peerDependencies[name] ?? ''
		const version = installedVersion(root, name)
		if (version === null) checks[without](`${name} is not installed: it is for ${use}`, `npm install ${name}@${range}`)
		else if (fits(version, range)) checks.ok(`${name} ${version}`)
		else checks.fail(`${name} ${version}: expected ${range}`, `npm install ${name}@${range}`)
	}
	return checks.found
}

/** The version that Node finds from a directory; null for none. */
function installedVersion(root: string, name: string): string | null {
	for (let directory = root; ; directory = dirname(directory)) {
		const file = join(directory, 'node_modules', name, 'package.json')
		if (existsSync(file)) return String(JSON.parse(readFileSync(file, 'utf8')).version)
		if (dirname(directory) === directory) return null
	}
}
