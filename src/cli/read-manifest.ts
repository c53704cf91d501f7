import { readFile } from 'node:fs/promises'
import { messageOf, SQLakeError } from '../errors.ts'
import { checkManifest } from '../migrator/check-manifest.ts'
import type { MigrationManifest } from '../migrator/manifest.ts'

/**
 * Reads a manifest that `sqlake generate` wrote.
 *
 * @returns null where there is no such file
 * @throws SQLakeError CONFIG_INVALID where it cannot be read or is no JSON; with a MIGRATION_ code where it is no manifest
 */
export async function readManifest(file: string): Promise<MigrationManifest | null> {
	let manifest: unknown
	try {
		manifest = JSON.parse(await readFile(file, 'utf8'))
	} catch (cause) {
		if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return null
		throw new SQLakeError('CONFIG_INVALID', `${file}: expected a manifest in JSON: ${messageOf(cause)}`, {
			cause,
			hint: 'write it again: sqlake generate',
			details: { file },
		})
	}
	return checkManifest(manifest, file)
}
