import { SQLakeError } from '../../errors.ts'
import { computeChecksum } from '../../migrator/compute-checksum.ts'
import type { MigrationManifest } from '../../migrator/manifest.ts'
import { ChecksumMismatchError, MigrationError } from '../../migrator/migration-error.ts'
import { hasStatements } from './down-script.ts'
import type { MigrationOnDisk } from './migrations-directory.ts'

/**
 * Checks that what the manifest recorded is still there, in its place and as it was.
 *
 * @param acceptEdited - tags of migrations that were edited or taken back on purpose
 * @throws MigrationError MIGRATION_MISSING, MIGRATION_ORDER; ChecksumMismatchError
 */
export function checkHistory(
	manifest: MigrationManifest,
	onDisk: readonly MigrationOnDisk[],
	acceptEdited: readonly string[],
): void {
	const tags = onDisk.map(({ entry }) => entry.tag)
	const stranger = acceptEdited.find((tag) => !manifest.migrations.some((migration) => migration.tag === tag))
	if (stranger !== undefined) {
		throw new SQLakeError(
			'USAGE_INVALID',
			`--accept-edited ${stranger}: expected a migration of the manifest, found none of that name`,
			{
				hint: `name one of ${manifest.migrations.map(({ tag }) => tag).join(', ')}`,
			},
		)
	}
	const recorded = manifest.migrations.filter(({ tag }) => tags.includes(tag) || !acceptEdited.includes(tag))
	for (const [position, { tag, sql, checksum }] of recorded.entries()) {
		const found = onDisk.find(({ entry }) => entry.tag === tag)
		if (found === undefined) {
			throw new MigrationError(
				'MIGRATION_MISSING',
				`migration "${tag}": expected it in the journal, as the manifest has it, found none`,
				{
					hint: `restore ${tag}.sql and its entry in meta/_journal.json; where no database has applied it: sqlake generate --accept-edited ${tag}`,
					details: { tag },
				},
			)
		}
		if (tags[position] !== tag) {
			throw new MigrationError(
				'MIGRATION_ORDER',
				`migration "${tag}": expected it at place ${position} of the journal, as the manifest has it, found it at ${tags.indexOf(tag)}`,
				{ hint: 'another branch put one before it: drop the newer one and generate it again', details: { tag } },
			)
		}
		// An empty custom migration waits to be filled in.
		if (!hasStatements(sql) || acceptEdited.includes(tag)) continue
		const now = computeChecksum(found.sql)
		if (now === checksum) continue
		throw new ChecksumMismatchError(
			{ tag, expected: checksum, found: now },
			{
				hint: `restore ${tag}.sql, and put the change in a migration of its own; where no database has applied it: sqlake generate --accept-edited ${tag}`,
			},
		)
	}
}
