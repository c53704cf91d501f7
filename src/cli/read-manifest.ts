import { readFile } from 'node:fs/promises'
import { messageOf, SQLakeError } from '../errors.ts'
import { checkManifest } from '../migrator/check-manifest.ts'
import type { MigrationManifest } from '../migrator/manifest.ts'
import { MigrationError } from '../migrator/migration-error.ts'

/** `generate` reads the manifest before it writes one: it cannot mend it. */
const RESTORE =
	'restore it from version control, or from metadata/migrations.json of the bucket; where there is no lake yet, delete it: sqlake generate --new-manifest'

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
			hint: RESTORE,
			details: { file },
		})
	}
	try {
		return checkManifest(manifest, file)
	} catch (cause) {
		if (!(cause instanceof MigrationError)) throw cause
		const { code, message, details } = cause
		throw new MigrationError(code, message, { cause, hint: RESTORE, details: { ...details, file } })
	}
}
