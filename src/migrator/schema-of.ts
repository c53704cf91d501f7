import type { LakeSchema, TableSchema } from '../schema/table-schema.ts'
import type { MigrationManifest } from './manifest.ts'
import { schemaOfScripts } from './schema-of-scripts.ts'

/**
 * The schema of an object that has applied the first migrations of a manifest: what its capture and delivery go by, so that an
 * object on an older version delivers under the names and field ids of that version.
 *
 * @param lake - the schema of the code. Tables that the manifest has never heard of are taken from it as they are. A manifest that
 * drizzle-kit's bundle was made into has SQL alone: {@link schemaOfScripts}.
 * @param appliedCount - how many migrations the object has
 */
export function schemaOf(manifest: MigrationManifest, lake: LakeSchema, appliedCount: number): LakeSchema {
	const { migrations, tables: last, version } = manifest
	if (version === 0) return schemaOfScripts(migrations, lake, appliedCount)
	const everKnown = new Set([...Object.keys(last), ...migrations.flatMap(({ tables = {} }) => Object.keys(tables))])
	if (everKnown.size === 0) return lake
	const present = appliedCount >= migrations.length ? last : tablesAfter(manifest, appliedCount)
	const tables = new Map<string, TableSchema>()
	// In the order of the code, then what only the version of the object has.
	for (const [name, table] of lake.tables) {
		const known = Object.hasOwn(present, name) ? present[name] : undefined
		if (known !== undefined) tables.set(name, known)
		else if (!everKnown.has(name)) tables.set(name, table)
	}
	for (const [name, table] of Object.entries(present)) if (!tables.has(name)) tables.set(name, table)
	return { ...lake, tables }
}

/** The captured tables after the first migrations, by SQL name. */
export function tablesAfter({ migrations }: MigrationManifest, appliedCount: number): Readonly<Record<string, TableSchema>> {
	const present = new Map<string, TableSchema>()
	for (const { tables = {} } of migrations.slice(0, appliedCount)) {
		for (const [name, table] of Object.entries(tables)) {
			if (table === null) present.delete(name)
			else present.set(name, table)
		}
	}
	return Object.fromEntries(present)
}
