import type { BundledMigrations } from '../migrator/bundled-migrations.ts'
import type { ManifestJson } from '../migrator/manifest.ts'
import { manifestOf } from '../migrator/manifest-of.ts'
import { schemaOf } from '../migrator/schema-of.ts'
import type { LakeSchema } from '../schema/table-schema.ts'

/**
 * The schema of the code with the field ids of its migrations, where there are any.
 *
 * @throws what {@link manifestOf} throws for migrations that are none
 */
export function schemaOfCode(lake: LakeSchema, migrations: BundledMigrations | ManifestJson | null | undefined): LakeSchema {
	return migrations ? schemaOf(manifestOf(migrations), lake, Number.POSITIVE_INFINITY) : lake
}
