/**
 * How the manifest of a project stands to the one in a bucket.
 *
 * @module
 */
import { isDeepStrictEqual } from 'node:util'
import { SQLakeError } from '../../errors.ts'
import type { MigrationManifest } from '../../migrator/manifest.ts'
import { ChecksumMismatchError, MigrationError } from '../../migrator/migration-error.ts'

/**
 * - `equal`: both say the same.
 * - `behind`: the bucket's is an earlier one of the same history, and may be replaced.
 */
export type ManifestRelation = 'equal' | 'behind'

/**
 * Compares the manifest of a bucket with the project's. Shards go by it, so it may only ever be replaced by a later one of the same
 * history: one that begins with all of its migrations, unchanged.
 *
 * @param found - the bucket's
 * @param own - the project's
 * @throws MigrationError MIGRATION_AHEAD where the bucket's is later, MIGRATION_CHECKSUM and MIGRATION_ORDER where the two went
 *   different ways
 */
export function compareManifests(found: MigrationManifest, own: MigrationManifest): ManifestRelation {
	if (isDeepStrictEqual(plain(found), plain(own))) return 'equal'
	for (const [index, theirs] of found.migrations.entries()) {
		const ours = own.migrations[index]
		if (ours === undefined) break
		if (ours.tag !== theirs.tag || ours.when !== theirs.when) throw parted(found, own, index)
		if (ours.checksum !== theirs.checksum) {
			throw new ChecksumMismatchError({ tag: ours.tag, expected: theirs.checksum, found: ours.checksum })
		}
	}
	if (found.version < own.version && found.migrations.length <= own.migrations.length) return 'behind'
	if (found.version === own.version) throw parted(found, own, Math.min(found.migrations.length, own.migrations.length))
	throw new MigrationError(
		'MIGRATION_AHEAD',
		`manifest in the bucket: expected at most version ${own.version} with ${count(own)}, found version ${found.version} with ${count(found)}`,
		{
			hint: 'it was pushed from a later state of the project: update this one, or put the earlier manifest back with --force',
			details: { expected: own.version, found: found.version },
		},
	)
}

/** Tells whether a manifest in the bucket is no obstacle to `--force`: whatever is wrong with it, it goes. */
export function isForceable(error: unknown): boolean {
	return SQLakeError.is(error) && error.code.startsWith('MIGRATION_')
}

function parted(found: MigrationManifest, own: MigrationManifest, index: number): MigrationError {
	const [theirs, ours] = [found.migrations[index], own.migrations[index]]
	const difference =
		theirs === undefined || ours === undefined || theirs.tag === ours.tag
			? `expected version ${own.version} as it is here, found another version ${found.version}`
			: `expected "${ours.tag}" as migration ${index}, found "${theirs.tag}"`
	return new MigrationError('MIGRATION_ORDER', `manifest in the bucket has another history: ${difference}`, {
		hint: 'it was pushed from another branch: merge that one and generate again, or replace its manifest with --force',
		details: { expected: ours?.tag ?? own.version, found: theirs?.tag ?? found.version },
	})
}

function count({ migrations }: MigrationManifest): string {
	return `${migrations.length} ${migrations.length === 1 ? 'migration' : 'migrations'}`
}

/** As JSON has it: a property that is undefined is none. */
function plain(manifest: MigrationManifest): unknown {
	return JSON.parse(JSON.stringify(manifest))
}
