import type { BundledMigrations } from './bundled-migrations.ts'
import { checkManifest } from './check-manifest.ts'
import { createMigrationManifest } from './create-migration-manifest.ts'
import type { ManifestJson, MigrationManifest } from './manifest.ts'

/** Checksums of a hundred migrations take milliseconds, and all objects of an isolate share one import. */
const known = new WeakMap<object, MigrationManifest>()

/**
 * The manifest of what an application gives as its migrations: a manifest, checked, or drizzle-kit's bundle made into one.
 *
 * @throws MigrationError what {@link checkManifest} and {@link createMigrationManifest} throw
 */
export function manifestOf(migrations: BundledMigrations | ManifestJson): MigrationManifest {
	const found = known.get(migrations)
	if (found !== undefined) return found
	const manifest = 'journal' in migrations ? createMigrationManifest(migrations) : checkManifest(migrations)
	known.set(migrations, manifest)
	return manifest
}
