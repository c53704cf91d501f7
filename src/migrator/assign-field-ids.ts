/**
 * Which field id of the lake a column has. An id is kept through renames and never given out again, so that the files of every
 * version can be read together (Iceberg specification, "Schema Evolution").
 *
 * @module
 */
import { isTypePromotionAllowed } from '../lake/iceberg/schema-evolution.ts'
import { columnKind } from '../schema/sqlite-kind.ts'
import { type ColumnSchema, FIRST_COLUMN_FIELD_ID, type TableSchema } from '../schema/table-schema.ts'
import type { MigrationManifest } from './manifest.ts'

/** No column has it. */
const NO_NAME = ''

/** What a table was before: null for a new one, one that was dropped, and one that had another name. */
export interface AssignFieldIdsOptions {
	readonly previous: TableSchema | null
	/** The table as it is now; its field ids count for nothing. */
	readonly current: TableSchema
	/** Columns that were renamed: the new name to the old one. */
	readonly renamed?: ReadonlyMap<string, string>
	/** Whether the table was created or rebuilt, so that its columns stand as the code has them. Default: where it is new. */
	readonly rebuilt?: boolean
	/** The highest field id that a column of the table's name ever had. */
	readonly lastFieldId?: number
	/** Version of the manifest that is being written: the table's, where it changed. */
	readonly version: number
}

/**
 * Gives the columns of one table their field ids, and the places that they have in a shard: SQLite adds columns at the end, wherever
 * the code declares them, until the table is rebuilt. A column keeps its id while its type in the lake stays, or can be promoted;
 * else it is a new column of the same name to the lake.
 *
 * @returns the table, and the highest field id that it has or had
 */
export function assignFieldIds(options: AssignFieldIdsOptions): { readonly table: TableSchema; readonly lastFieldId: number } {
	const { previous, current, renamed = new Map(), rebuilt = false, version } = options
	const before = new Map(previous?.columns.map((column) => [column.name, column]))
	const formerNames = new Set(renamed.values())
	let lastFieldId = options.lastFieldId ?? FIRST_COLUMN_FIELD_ID - 1
	// A name that another column had until now is a new column's unless it says otherwise.
	const formerOf = ({ name }: ColumnSchema) => before.get(renamed.get(name) ?? (formerNames.has(name) ? NO_NAME : name)) ?? null
	const declared = current.columns.map((column): ColumnSchema => {
		const former = formerOf(column)
		if (former === null || !keepsFieldId(former, column)) return { ...column, fieldId: ++lastFieldId }
		// A numeric column stays as the table has it, as text or as double: the values are the same.
		const { fieldId, lakeType } = former
		return { ...column, fieldId, ...(isNumeric(column) ? { lakeType } : {}) }
	})
	const places = new Map(previous?.columns.map(({ name }, place) => [name, place]))
	const placeOf = (column: ColumnSchema) => places.get(formerOf(column)?.name ?? NO_NAME) ?? places.size
	const columns = rebuilt ? declared : declared.toSorted((a, b) => placeOf(a) - placeOf(b))
	const table: TableSchema = { ...current, columns, version }
	const unchanged = previous !== null && previous.version !== undefined && sameInLake(previous, table)
	return { table: unchanged ? { ...table, version: previous.version } : table, lastFieldId }
}

/**
 * Gives all tables of a schema their field ids.
 *
 * @param previous - the manifest before; the field ids of tables that it does not have begin anew
 * @param current - the tables of the code, by SQL name
 * @param renames - for tables, by their name now: the renamed columns, the new name to the old one
 * @param version - version of the manifest that is being written
 * @param rebuilt - names of the tables that were rebuilt
 */
export function assignAllFieldIds(
	previous: Pick<MigrationManifest, 'tables' | 'lastFieldIds'>,
	current: ReadonlyMap<string, TableSchema>,
	renames: ReadonlyMap<string, ReadonlyMap<string, string>>,
	version: number,
	rebuilt: ReadonlySet<string> = new Set(),
): Pick<MigrationManifest, 'tables' | 'lastFieldIds'> {
	const tables: Record<string, TableSchema> = {}
	const lastFieldIds: Record<string, number> = { ...previous.lastFieldIds }
	for (const [name, table] of current) {
		const lastFieldId = Object.hasOwn(lastFieldIds, name) ? lastFieldIds[name] : undefined
		const assigned = assignFieldIds({
			previous: (Object.hasOwn(previous.tables, name) ? previous.tables[name] : undefined) ?? null,
			current: table,
			rebuilt: rebuilt.has(name),
			version,
			...(renames.has(name) ? { renamed: renames.get(name) ?? new Map() } : {}),
			...(lastFieldId === undefined ? {} : { lastFieldId }),
		})
		tables[name] = assigned.table
		lastFieldIds[name] = assigned.lastFieldId
	}
	return { tables, lastFieldIds }
}

function keepsFieldId(former: ColumnSchema, column: ColumnSchema): boolean {
	if (isNumeric(former) && isNumeric(column)) return true
	return former.lakeType === column.lakeType || isTypePromotionAllowed(former.lakeType, column.lakeType)
}

function isNumeric(column: ColumnSchema): boolean {
	return columnKind(column) === 'numeric'
}

/** Tells whether two versions of a table are the same to the lake: names of properties live in code only. */
function sameInLake(a: TableSchema, b: TableSchema): boolean {
	return fingerprint(a) === fingerprint(b)
}

function fingerprint({ columns, primaryKey, shardKey }: TableSchema): string {
	return JSON.stringify([
		columns.map((column) => [
			column.name,
			column.fieldId,
			column.declaredType,
			column.affinity,
			column.mode,
			column.lakeType,
			column.notNull,
			column.generated,
		]),
		primaryKey,
		shardKey,
	])
}
