/**
 * The tables that a query can name, as they are at its moment.
 *
 * @module
 */
import type { LakeMoment, LakeRequest } from '../../driver/transport.ts'
import type { CatalogSnapshot, CatalogTable } from '../../lake/catalog/catalog.ts'
import { changesTableName } from '../../lake/change-table.ts'
import { getSnapshotById } from '../../lake/iceberg/snapshot.ts'
import type { SnapshotId } from '../../lake/iceberg/types.ts'
import { schemaAt, schemaLogOf } from '../../lake/schema-log.ts'
import type { LakeSchema, TableSchema } from '../../schema/table-schema.ts'
import { type ChangeWindow, holdsAtEnd } from './change-window.ts'
import { type SeenTable, seenNow, seenThen, seenThenByCode, withBeforeImages, withWholeRow } from './seen-table.ts'

/** What {@link seenSchema} is given. */
export interface SeenSchemaOptions {
	/** The schema of the code. */
	readonly schema: LakeSchema
	readonly snapshot: CatalogSnapshot
	readonly moment: LakeMoment
	readonly window: ChangeWindow
	/** As in a request. */
	readonly names: LakeRequest['names']
	/** The snapshot of a table that the query reads; null where it had none, undefined for the current one. */
	readonly snapshotIdOf: (table: CatalogTable) => SnapshotId | null | undefined
}

/** A schema as a query sees it. */
export interface SeenSchema extends LakeSchema {
	readonly tables: ReadonlyMap<string, SeenTable>
}

/**
 * The schema that a query sees: for the present the code's tables, for an earlier moment those of then, with those that were dropped
 * since. A range of changes is read with the schema of its end.
 */
export function seenSchema(options: SeenSchemaOptions): SeenSchema {
	const { schema, snapshot, moment, names } = options
	const see = names === 'code' ? seenThenByCode : seenThen
	const tables = new Map<string, SeenTable>()
	for (const [name, table] of schema.tables) {
		tables.set(name, seenNow(table, snapshot.tables.get(changesTableName(table.name))?.metadata ?? null))
	}
	if (moment.kind === 'current') return { ...schema, tables: withRows(tables, snapshot) }
	for (const [lakeName, catalogTable] of snapshot.tables) {
		const then = tableThen(catalogTable, options)
		// A name that the lake knows a table by is the one that its changes are kept under.
		if (then === undefined || changesTableName(then.name) !== lakeName) continue
		const own = [...schema.tables].find(([, { name }]) => name.toLowerCase() === then.name.toLowerCase())
		const key = own?.[0] ?? then.name
		tables.set(key, see(then, tables.get(key), catalogTable.metadata))
	}
	if (moment.kind !== 'between') return { ...schema, tables: withRows(tables, snapshot) }
	const images = new Map([...tables].map(([name, table]) => [name, withBeforeImages(table)]))
	return { ...schema, tables: withRows(images, snapshot) }
}

/** The tables with the column that holds a whole row, where the lake keeps one. */
function withRows(tables: ReadonlyMap<string, SeenTable>, snapshot: CatalogSnapshot): ReadonlyMap<string, SeenTable> {
	return new Map(
		[...tables].map(([name, table]) => {
			const metadata = snapshot.tables.get(changesTableName(table.name))?.metadata
			return [name, metadata === undefined ? table : withWholeRow(table, metadata)]
		}),
	)
}

/** The table in SQL as the lake describes it at the moment; undefined where nothing does. */
function tableThen(catalogTable: CatalogTable, { moment, window, snapshotIdOf }: SeenSchemaOptions): TableSchema | undefined {
	const log = schemaLogOf(catalogTable.metadata)
	switch (moment.kind) {
		case 'current':
			return log.at(-1)?.table
		case 'asOf':
		case 'between':
			return (log.findLast(({ since }) => holdsAtEnd(since, window)) ?? log[0])?.table
		case 'snapshot': {
			const id = snapshotIdOf(catalogTable)
			const read = id === null || id === undefined ? null : getSnapshotById(catalogTable.metadata, id)
			if (read === null) return log[0]?.table
			const { 'schema-id': schemaId, 'timestamp-ms': at } = read
			return (log.findLast((entry) => entry.schemaId === schemaId && entry.since <= at) ?? schemaAt(log, at))?.table
		}
	}
}
