import { SQLakeError } from '../../errors.ts'
import type { CatalogTable } from '../../lake/catalog/catalog.ts'
import { fetchPointer } from '../../lake/catalog/lost-pointer.ts'
import { R2PointerCatalog } from '../../lake/catalog/r2-pointer-catalog.ts'
import { changesTableName } from '../../lake/change-table.ts'
import { DEFAULT_LAKE_LOCATION } from '../../lake/lake-path.ts'
import type { ObjectStore } from '../../lake/storage/object-store.ts'
import { suggest } from '../../schema/suggest.ts'

/** A lake as it is now. */
export interface InspectedLake {
	readonly store: ObjectStore
	/** Prefix of the paths in its metadata. */
	readonly location: string
	/** Grows with every commit; 0 for a lake that nobody has written to. */
	readonly version: number
	/** By Iceberg name. */
	readonly tables: ReadonlyMap<string, CatalogTable>
}

/**
 * Prefix of the paths in a lake's metadata, as the lake itself says; null for a lake that nobody has written to.
 *
 * @throws SQLakeError LAKE_CORRUPT; FLEET_UNAVAILABLE where a catalog object holds the tables, which only the Worker can ask
 */
export async function readLakeLocation(store: ObjectStore): Promise<string | null> {
	const read = await fetchPointer(store)
	if (read === null) return null
	const { location, owner } = read.pointer
	if (owner.kind === 'pointer') return location
	throw new SQLakeError('FLEET_UNAVAILABLE', `lake "${location}": its tables are known to the catalog object ${owner.id} alone`, {
		hint: 'ask in the Worker: sqlake(env, { schema }) queries it, and its catalog.load() tells of the tables',
	})
}

/**
 * Reads what a lake says of itself; no schema is needed.
 *
 * @throws SQLakeError as {@link readLakeLocation} does
 */
export async function inspectLake(store: ObjectStore): Promise<InspectedLake> {
	const location = await readLakeLocation(store)
	if (location === null) return { store, location: DEFAULT_LAKE_LOCATION, version: 0, tables: new Map() }
	const { version, tables } = await new R2PointerCatalog({ store, location }).load()
	return { store, location, version, tables }
}

/**
 * A table by its Iceberg name, or by its name in SQL.
 *
 * @throws SQLakeError USAGE_INVALID where there is none of that name
 */
export function findTable({ tables }: InspectedLake, name: string): { readonly name: string; readonly table: CatalogTable } {
	for (const candidate of [name, changesTableName(name)]) {
		const table = tables.get(candidate)
		if (table !== undefined) return { name: candidate, table }
	}
	const names = [...tables.keys()]
	const meant = suggest(name, names)
	throw new SQLakeError('USAGE_INVALID', `the lake has no table ${name}`, {
		hint: meant === undefined ? `it has ${names.length === 0 ? 'none yet' : names.join(', ')}` : `did you mean ${meant}?`,
	})
}
