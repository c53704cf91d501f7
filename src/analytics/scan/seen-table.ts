/**
 * A table as a query sees it: under which names, and from which fields of the lake's files, its columns are read.
 *
 * A lake and the code that asks it are seldom at the same version: shards migrate one after the other, and an old moment has the
 * columns of then. Columns are therefore read by field id. Which id a name of the code means, its migration manifest says
 * (`TableSchema.version`); without one the names of the lake's current schema do, as far as they leave no doubt.
 *
 * @module
 */
import { BEFORE_FIELD_OFFSET, beforeColumnName, VARIANT_FIELD_ID } from '../../lake/change-table.ts'
import { currentSchema } from '../../lake/iceberg/table-metadata.ts'
import type { IcebergPrimitiveType, IcebergTableMetadata } from '../../lake/iceberg/types.ts'
import { type SchemaLogEntry, schemaLogOf } from '../../lake/schema-log.ts'
import { columnKind } from '../../schema/sqlite-kind.ts'
import { type ColumnSchema, FIRST_COLUMN_FIELD_ID, type TableSchema } from '../../schema/table-schema.ts'

/** A column of a table as a query sees it; `fieldId`, `lakeType` and `mode` are those of the field that it is read from. */
export interface SeenColumn extends ColumnSchema {
	/** The lake has no value of it in any row: it is NULL. */
	readonly absent?: boolean
	/** It could be one of several columns of the lake: a query that reads it is refused. */
	readonly ambiguous?: boolean
	/** It has a name, but is none of the columns of `*`. */
	readonly hidden?: boolean
	/** The field that rows have instead which were written before the column changed its type in the lake. */
	readonly former?: ColumnSchema
	/** Storage classes, as bits, of values in the files that a query reads which do not fit the column's type there. */
	readonly rescued?: number
}

/** Field id of a column that is read from no file. */
const NO_FIELD = 0

/** A table as a query sees it. */
export interface SeenTable extends TableSchema {
	readonly columns: readonly SeenColumn[]
}

/**
 * The table of the code over the lake's present state.
 *
 * @param metadata Of the table's changes; null where the lake has none.
 */
export function seenNow(code: TableSchema, metadata: IcebergTableMetadata | null): SeenTable {
	if (metadata === null) return code
	const lake = lakeColumns(metadata)
	const columns = isTrusted(code) ? byFieldId(code, lake) : inLakeOrder(byName(code, lake), lake)
	return { ...code, columns: withFormer(columns, lake) }
}

/**
 * The table as it was under an earlier schema. Its columns are those of then; a column of the code that has another name now is
 * found under that name too, and is NULL where it did not exist.
 *
 * @param then What the lake's log says.
 * @param now The table of the code; undefined for one that the code no longer has.
 */
export function seenThen(then: TableSchema, now: SeenTable | undefined, metadata: IcebergTableMetadata): SeenTable {
	const own = new Map(now?.columns.map((column) => [lower(column.name), column]))
	const columns = then.columns.map((column): SeenColumn => {
		const known = own.get(lower(column.name))
		const isSame = known?.fieldId === column.fieldId && known.lakeType === column.lakeType
		return isSame ? { ...column, mode: known.mode, affinity: known.affinity, declaredType: known.declaredType } : column
	})
	const names = new Set(then.columns.map(({ name }) => lower(name)))
	const others = (now?.columns ?? []).filter(({ name }) => !names.has(lower(name)))
	const hidden = others.map((column) => hiddenColumn(column, then))
	return { ...then, columns: [...withFormer(columns, lakeColumns(metadata)), ...hidden] }
}

/**
 * The table as it was under an earlier schema, to a query that was built from the code: a name that both know is the code's, and
 * is read by field id. The columns of then are there as well, where the code has none of their names.
 *
 * @param then What the lake's log says.
 * @param now The table of the code; undefined for one that the code no longer has.
 */
export function seenThenByCode(then: TableSchema, now: SeenTable | undefined, metadata: IcebergTableMetadata): SeenTable {
	const columns = (now?.columns ?? []).map((column): SeenColumn => {
		const { former: _, absent: __, ambiguous, ...plain } = column
		const named = then.columns.find(({ name }) => lower(name) === lower(column.name))
		// What the lake does not know by its name today is known by that of then, or not at all.
		const found = column.fieldId === NO_FIELD ? named : then.columns.find(({ fieldId }) => fieldId === column.fieldId)
		if (found !== undefined && columnKind(found) === columnKind(column)) {
			return { ...plain, fieldId: found.fieldId, lakeType: found.lakeType }
		}
		return ambiguous ? { ...plain, ambiguous } : { ...plain, absent: true }
	})
	const names = new Set(columns.map(({ name }) => lower(name)))
	const others = then.columns.filter(({ name }) => !names.has(lower(name)))
	const all = withFormer([...columns, ...others], lakeColumns(metadata))
	const nameNow = (name: string): string => {
		const fieldId = then.columns.find((column) => column.name === name)?.fieldId
		return all.find((column) => column.fieldId === fieldId)?.name ?? name
	}
	const shardKey = then.shardKey?.map(nameNow) ?? null
	return { ...then, columns: all, primaryKey: then.primaryKey.map(nameNow), shardKey }
}

/**
 * The table with what its columns were before each update: `_before_id` beside `id`. Not among the columns of `*`; NULL for what is
 * no update.
 */
export function withBeforeImages(table: SeenTable): SeenTable {
	const shown = table.columns.filter(({ hidden }) => !hidden)
	const names = new Set(table.columns.map(({ name }) => lower(name)))
	const before = ({ former, ...column }: SeenColumn): SeenColumn => ({
		...column,
		name: beforeColumnName(column.name),
		fieldId: column.fieldId + BEFORE_FIELD_OFFSET,
		hidden: true,
		...(former === undefined ? {} : { former: { ...former, fieldId: former.fieldId + BEFORE_FIELD_OFFSET } }),
	})
	const images = shown.map(before).filter(({ name }) => !names.has(lower(name)))
	return { ...table, columns: [...table.columns, ...images] }
}

/** The table with its whole row as JSON text, `_row`, where the lake keeps it. Not among the columns of `*`. */
export function withWholeRow(table: SeenTable, metadata: IcebergTableMetadata): SeenTable {
	const field = currentSchema(metadata).fields.find(({ id }) => id === VARIANT_FIELD_ID)
	if (field === undefined) return table
	const { id: fieldId, name } = field
	const text = { declaredType: 'TEXT', affinity: 'TEXT', mode: 'text', lakeType: 'string' } as const
	const row: SeenColumn = { name, property: name, fieldId, ...text, notNull: false, generated: false, hidden: true }
	return { ...table, columns: [...table.columns, row] }
}

/** What the lake says of a table's own columns. */
interface LakeColumns {
	/** Of the current schema, by field id. */
	readonly current: ReadonlyMap<number, ColumnSchema>
	/** The same by name in lower case. */
	readonly byName: ReadonlyMap<string, ColumnSchema>
	/** All columns that the table has had, by name in lower case, newest first. */
	readonly ever: ReadonlyMap<string, readonly ColumnSchema[]>
	readonly log: readonly SchemaLogEntry[]
}

/** Metadata does not change; a table with a long history is not gone through by each query. */
const known = new WeakMap<IcebergTableMetadata, LakeColumns>()

function lakeColumns(metadata: IcebergTableMetadata): LakeColumns {
	const found = known.get(metadata) ?? readLakeColumns(metadata)
	known.set(metadata, found)
	return found
}

function readLakeColumns(metadata: IcebergTableMetadata): LakeColumns {
	const log = schemaLogOf(metadata)
	const described = new Map(log.at(-1)?.table.columns.map((column) => [column.fieldId, column]))
	const isOwn = (id: number) => id >= FIRST_COLUMN_FIELD_ID && id < FIRST_COLUMN_FIELD_ID + BEFORE_FIELD_OFFSET
	const columns = currentSchema(metadata)
		.fields.filter(({ id }) => isOwn(id))
		.map(({ id, name, type }) => described.get(id) ?? undescribed(id, name, type))
	const ever = new Map<string, ColumnSchema[]>()
	// Entries share the columns that they have in common.
	for (const column of new Set([...columns, ...log.toReversed().flatMap(({ table }) => table.columns)])) {
		const name = lower(column.name)
		const others = ever.get(name)
		if (others === undefined) ever.set(name, [column])
		else if (!others.some(({ fieldId }) => fieldId === column.fieldId)) others.push(column)
	}
	return {
		current: new Map(columns.map((column) => [column.fieldId, column])),
		byName: new Map(columns.map((column) => [lower(column.name), column])),
		ever,
		log,
	}
}

/** Whether the table's field ids come from a manifest. */
function isTrusted({ version = 0 }: TableSchema): boolean {
	return version > 0
}

function byFieldId(code: TableSchema, lake: LakeColumns): SeenColumn[] {
	return code.columns.map((column) => {
		const found = lake.current.get(column.fieldId)
		if (found === undefined) return { ...column, absent: true }
		// The lake may have held a numeric column otherwise before there was a manifest.
		return columnKind(found) === 'numeric' && columnKind(column) === 'numeric' ? { ...column, lakeType: found.lakeType } : column
	})
}

/** `*` has the columns as the shards have them, which add new ones at the end; so does the lake that they deliver to. */
function inLakeOrder(columns: readonly SeenColumn[], { current }: LakeColumns): SeenColumn[] {
	const places = new Map(Array.from(current.keys(), (fieldId, place) => [fieldId, place]))
	const placeOf = ({ fieldId }: SeenColumn) => places.get(fieldId) ?? places.size
	return columns.toSorted((a, b) => placeOf(a) - placeOf(b))
}

/** Without a manifest names must do. */
function byName(code: TableSchema, lake: LakeColumns): SeenColumn[] {
	const named = new Set(code.columns.map(({ name }) => lower(name)))
	const isComplete = code.columns.every(({ name }) => lake.byName.has(lower(name)))
	const unclaimed = [...lake.byName.keys()].some((name) => !named.has(name))
	// Code that the lake has left behind: the log says what its names were.
	const earlier = isComplete || !unclaimed ? undefined : lake.log.findLast(({ table }) => hasSameColumns(table, code))
	if (earlier !== undefined) return code.columns.map((column) => asOfThen(column, earlier.table, lake))
	return code.columns.map((column): SeenColumn => {
		const found = lake.byName.get(lower(column.name))
		if (found !== undefined) return underName(column, found, lake)
		// Only an addition is without doubt, as long as the lake has no column that the code lacks.
		return unclaimed ? { ...column, fieldId: NO_FIELD, ambiguous: true } : { ...column, fieldId: NO_FIELD, absent: true }
	})
}

/** A column of code that was written for an earlier schema, in the schema of now. */
function asOfThen(column: ColumnSchema, then: TableSchema, lake: LakeColumns): SeenColumn {
	const fieldId = then.columns.find(({ name }) => lower(name) === lower(column.name))?.fieldId ?? NO_FIELD
	const now = lake.current.get(fieldId)
	if (now !== undefined) return underName(column, now, lake)
	// One of another type under its name is what it became; one of the same type is another column.
	const named = lake.byName.get(lower(column.name))
	const became = named?.lakeType === column.lakeType ? undefined : named
	return became === undefined ? { ...column, fieldId, absent: true } : underName(column, became, lake)
}

/** A column of the code, read from a field that may hold the same values as another type. */
function underName(column: ColumnSchema, found: ColumnSchema, { log }: LakeColumns): SeenColumn {
	const { fieldId, lakeType, mode } = found
	if (lakeType === column.lakeType) return { ...column, fieldId }
	const isConvertible = log.length > 0 && columnKind(found) === columnKind(column)
	return isConvertible ? { ...column, fieldId, lakeType, mode } : { ...column, fieldId: NO_FIELD, ambiguous: true }
}

/**
 * Finds what columns were before they changed their type in the lake, which gives them a new field id under the same name. A
 * column of the same type would have kept its id: it was dropped, and another came in its place.
 */
function withFormer(columns: readonly SeenColumn[], { ever }: LakeColumns): SeenColumn[] {
	const claimed = new Set(columns.map(({ fieldId }) => fieldId))
	return columns.map((column) => {
		const former = ever
			.get(lower(column.name))
			?.find(
				(other) => !claimed.has(other.fieldId) && other.lakeType !== column.lakeType && columnKind(other) === columnKind(column),
			)
		if (former === undefined || column.ambiguous) return column
		const { absent: _, ...read } = column
		return { ...read, former }
	})
}

function hasSameColumns(a: TableSchema, b: TableSchema): boolean {
	const shape = ({ columns }: TableSchema) => columns.map(({ name, lakeType }) => `${lower(name)} ${lakeType}`).sort()
	return a.columns.length === b.columns.length && shape(a).join('\n') === shape(b).join('\n')
}

function hiddenColumn(column: SeenColumn, then: TableSchema): SeenColumn {
	const { former: _, absent: __, ...plain } = column
	if (column.ambiguous) return { ...column, hidden: true }
	const found = then.columns.find(({ fieldId }) => fieldId === column.fieldId)
	const fits = found !== undefined && columnKind(found) === columnKind(column)
	return fits ? { ...plain, lakeType: found.lakeType, hidden: true } : { ...plain, absent: true, hidden: true }
}

/** What a column can only be where nothing but its Iceberg type is known. */
function undescribed(fieldId: number, name: string, type: IcebergPrimitiveType): ColumnSchema {
	const base = { name, property: name, fieldId, notNull: false, generated: false }
	switch (type) {
		case 'boolean':
			return { ...base, declaredType: 'integer', affinity: 'INTEGER', mode: 'boolean', lakeType: 'boolean' }
		case 'int':
		case 'long':
			return { ...base, declaredType: 'integer', affinity: 'INTEGER', mode: 'number', lakeType: 'long' }
		case 'float':
		case 'double':
			return { ...base, declaredType: 'real', affinity: 'REAL', mode: 'real', lakeType: 'double' }
		case 'date':
		case 'timestamp':
		case 'timestamptz':
			return { ...base, declaredType: 'integer', affinity: 'INTEGER', mode: 'timestamp_ms', lakeType: 'timestamptz' }
		case 'binary':
		case 'uuid':
			return { ...base, declaredType: 'blob', affinity: 'BLOB', mode: 'blob', lakeType: 'binary' }
		case 'string':
			return { ...base, declaredType: 'text', affinity: 'TEXT', mode: 'text', lakeType: 'string' }
	}
}

function lower(text: string): string {
	return text.toLowerCase()
}
