/**
 * What there is to say of tables.
 *
 * @module
 */

import type { CatalogTable } from '../../lake/catalog/catalog.ts'
import { changesTableName } from '../../lake/change-table.ts'
import type { LocalRouter } from '../../local/local-router.ts'
import type { ColumnMode, LakeType } from '../../schema/table-schema.ts'

/** A table of the schema. */
export interface TableSummary {
	readonly name: string
	readonly property: string
	/** Columns whose value picks the shard; null for a table of the global shard. */
	readonly shardKey: readonly string[] | null
	readonly primaryKey: readonly string[]
	readonly columns: readonly {
		readonly name: string
		readonly type: string
		readonly mode: ColumnMode
		readonly lakeType: LakeType
		readonly notNull: boolean
	}[]
	/** What the lake has of it; null before the first delivery. */
	readonly lake: LakeTableSummary | null
}

/** What the lake has of a table. */
export interface LakeTableSummary {
	/** Name of the Iceberg table. */
	readonly table: string
	readonly snapshotId: string
	/** When that snapshot was made. */
	readonly updatedAt: string
	readonly snapshots: number
	/** Changes in it. */
	readonly changes: number
	readonly files: number
}

/** The tables of the schema, in its order. */
export async function listTables(router: LocalRouter): Promise<{ readonly tables: readonly TableSummary[] }> {
	const lake = await router.catalog.load()
	const tables = [...router.schema.lake.tables.values()].map(({ name, property, shardKey, primaryKey, columns }) => ({
		name,
		property,
		shardKey,
		primaryKey,
		columns: columns.map(({ name, declaredType, mode, lakeType, notNull }) => ({
			name,
			type: declaredType,
			mode,
			lakeType,
			notNull,
		})),
		lake: lakeSummary(changesTableName(name), lake.tables.get(changesTableName(name))),
	}))
	return { tables }
}

function lakeSummary(table: string, found: CatalogTable | undefined): LakeTableSummary | null {
	if (found === undefined) return null
	const { metadata } = found
	const current = metadata.snapshots.find((snapshot) => snapshot['snapshot-id'] === metadata['current-snapshot-id'])
	if (current === undefined) return null
	return {
		table,
		snapshotId: String(current['snapshot-id']),
		updatedAt: new Date(current['timestamp-ms']).toISOString(),
		snapshots: metadata.snapshots.length,
		changes: Number(current.summary['total-records'] ?? 0),
		files: Number(current.summary['total-data-files'] ?? 0),
	}
}
