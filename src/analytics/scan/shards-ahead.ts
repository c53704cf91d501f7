import type { CatalogSnapshot } from '../../lake/catalog/catalog.ts'
import type { MetadataCache } from '../../lake/catalog/metadata-cache.ts'
import { planTableScan } from '../../lake/catalog/table-scan.ts'
import { CHANGE_FIELDS, shardOf } from '../../lake/change-table.ts'
import { mapLimit } from '../../lake/map-limit.ts'
import type { ObjectStore } from '../../lake/storage/object-store.ts'
import type { ChangeWindow } from './change-window.ts'

/** What {@link withShardsAhead} is given. */
export interface ShardsAheadOptions {
	readonly store: ObjectStore
	readonly snapshot: CatalogSnapshot
	readonly cache: MetadataCache
	readonly signal?: AbortSignal | undefined
}

/**
 * The window, with all of the shards whose clocks were ahead, where it ends at what was the present a short time ago: in any table
 * they have changes of a time that has not come yet. Costs a look at the manifests, and only where there is such an end.
 *
 * @throws as `planTableScan` does.
 */
export async function withShardsAhead(window: ChangeWindow, options: ShardsAheadOptions): Promise<ChangeWindow> {
	const { present } = window
	if (present === null) return window
	const { store, snapshot, cache, signal } = options
	const { id, name } = CHANGE_FIELDS.ts
	const tables = [...snapshot.tables.values()].filter(({ metadata }) =>
		metadata.schemas.some(({ fields }) => fields.some((field) => field.id === id && field.name === name)),
	)
	const predicate = { op: 'gt', fieldId: id, value: present } as const
	const scans = await mapLimit(tables, (table) => planTableScan({ store, table, predicate, cache, signal }))
	const shards = new Set(scans.flatMap(({ files }) => files.map(shardOf)))
	// A file that does not name its shard may hold changes of any.
	return shards.has(null) ? { ...window, before: null } : { ...window, ahead: [...shards].filter((shard) => shard !== null) }
}
