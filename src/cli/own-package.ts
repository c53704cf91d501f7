import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** What of sqlake's own `package.json` the command line tells or compares. */
export interface OwnPackage {
	readonly version: string
	readonly engines: Readonly<Record<string, string>>
	readonly peerDependencies: Readonly<Record<string, string>>
	readonly devDependencies: Readonly<Record<string, string>>
}

/** Reads sqlake's own `package.json`. */
export function readOwnPackage(): OwnPackage {
	return JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8'))
}
