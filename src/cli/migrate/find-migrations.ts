import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { SQLakeError } from '../../errors.ts'
import { readMigrationsFolder } from '../../local/migrations-folder.ts'
import { computeChecksum } from '../../migrator/compute-checksum.ts'
import type { MigrationManifest } from '../../migrator/manifest.ts'
import { manifestOf } from '../../migrator/manifest-of.ts'
import { ChecksumMismatchError } from '../../migrator/migration-error.ts'
import { projectPaths } from '../project-paths.ts'
import type { ProjectConfig } from '../read-config.ts'
import { readManifest } from '../read-manifest.ts'

/** The migrations of a project. */
export interface FoundMigrations {
	readonly manifest: MigrationManifest
	/** What the user should know of them; null where all is well. */
	readonly warning: string | null
}

/**
 * Reads the manifest of a project; without one, what drizzle-kit generated, which cannot be rolled back.
 *
 * @throws SQLakeError CONFIG_INVALID where there is neither; with a MIGRATION_ code for one that is malformed;
 *   ChecksumMismatchError where a migration's file is not what the manifest recorded
 */
export async function findMigrations({ root, out }: Pick<ProjectConfig, 'root' | 'out'>): Promise<FoundMigrations> {
	const paths = projectPaths(root)
	const journal = join(out, 'meta', '_journal.json')
	const manifest = await readManifest(paths.manifest)
	if (manifest !== null) {
		await assertAsRecorded(manifest, out)
		return { manifest, warning: await whatManifestLacks(manifest, journal) }
	}
	if (existsSync(journal)) {
		const warning = `there is no ${relative(root, paths.manifest)}, so nothing can be rolled back: run sqlake generate`
		return { manifest: manifestOf(await readMigrationsFolder(out)), warning }
	}
	throw new SQLakeError('CONFIG_INVALID', `${root}: expected migrations, found neither ${paths.manifest} nor ${journal}`, {
		hint: 'write them: sqlake generate',
	})
}

/** drizzle-kit may have run behind the back of `sqlake generate`. */
async function whatManifestLacks({ migrations }: MigrationManifest, journal: string): Promise<string | null> {
	if (!existsSync(journal)) return null
	const { entries = [] } = JSON.parse(await readFile(journal, 'utf8'))
	const tags = new Set(migrations.map(({ tag }) => tag))
	const lacking = Array.isArray(entries) ? entries.flatMap(({ tag }) => (tags.has(tag) ? [] : [String(tag)])) : []
	return lacking.length === 0 ? null : `the manifest lacks ${lacking.join(', ')}: run sqlake generate`
}

/** The manifest is what is applied: who edits a file would take the edit for applied. A file that is not there says nothing. */
async function assertAsRecorded({ migrations }: MigrationManifest, out: string): Promise<void> {
	for (const { tag, checksum } of migrations) {
		const file = join(out, `${tag}.sql`)
		if (!existsSync(file)) continue
		const found = computeChecksum(await readFile(file, 'utf8'))
		if (found === checksum) continue
		throw new ChecksumMismatchError(
			{ tag, expected: checksum, found },
			{
				hint: `restore ${tag}.sql, and put the change in a migration of its own; where no database has applied it: sqlake generate --accept-edited ${tag}`,
			},
		)
	}
}
