import { execFileSync } from 'node:child_process'
import { join } from 'node:path'

/** Runs the real `drizzle-kit` in a project; returns what it says. */
export function drizzleKit(directory: string, ...args: readonly string[]): string {
	return execFileSync(process.execPath, [join(directory, 'node_modules/drizzle-kit/bin.cjs'), ...args], {
		cwd: directory,
		encoding: 'utf8',
		stdio: ['ignore', 'pipe', 'pipe'],
	})
}

/** What drizzle-kit says where its snapshots and the schema agree. */
export const NO_CHANGES = 'No schema changes'
