/**
 * The tables of the engine that hold a table's files, and the view over them that a query sees under the table's name: its rows
 * in SQLite's storage classes, at the moment asked for.
 *
 * @module
 */
import { BEFORE_FIELD_OFFSET, CHANGE_FIELDS } from '../../lake/change-table.ts'
import type { IcebergDataFile, IcebergField } from '../../lake/iceberg/types.ts'
import { lakeLocationOf, objectKeyOf } from '../../lake/lake-path.ts'
import { quoteIdentifier } from '../../schema/quote-identifier.ts'
import { sqliteKind } from '../../schema/sqlite-kind.ts'
import type { ColumnSchema } from '../../schema/table-schema.ts'
import { quoteText } from '../engines/duckdb-sql.ts'
import type { EngineFile, EngineTable, EngineView } from '../query-engine.ts'
import { windowCondition } from './change-window.ts'
import { keyGroups } from './key-groups.ts'
import type { SeenColumn } from './seen-table.ts'
import { isUsed } from './statement-tables.ts'
import type { TablePlan } from './table-plan.ts'

/** What an engine needs to show one table to a query. */
export interface TableRelation {
	readonly tables: readonly EngineTable[]
	readonly view: EngineView
	/** Field ids of the table's own columns that are read. */
	readonly fieldIds: ReadonlySet<number>
	/** Field ids of the columns that rows are told apart by. */
	readonly keyIds: ReadonlySet<number>
}

const { op, shard, epoch, seq, ts } = CHANGE_FIELDS

/**
 * The engine's tables name a column by its field id, since several names may mean one field; the view gives the names.
 *
 * @param plan What to read.
 * @param prefix Of the names of the engine's tables; distinct for each table of a query.
 * @param newestEpochs Of shards that were rewound, for files that mix epochs.
 */
export function tableRelation(plan: TablePlan, prefix: string, newestEpochs: ReadonlyMap<string, bigint>): TableRelation {
	const { use, window } = plan
	const columns = use.table.columns.filter((column) => isUsed(use, column))
	const wanted = unique(columns.flatMap(lakeFields))
	const fieldIds = new Set(wanted.map(({ id }) => id))
	const groups = keyGroups(plan)
	const keyIds = new Set(groups.flatMap(({ keys }) => keys.map(({ fieldId }) => fieldId)))
	const view = (sql: string) => ({ name: use.table.name, sql })
	const relation = (tables: readonly EngineTable[], sql: string) => ({ tables, view: view(sql), fieldIds, keyIds })
	const moment = plan.cut ? [ts] : []
	if (window.kind === 'changes') {
		// `_op`, `_shard`, `_seq` and `_ts` are columns of the rows themselves here.
		const extra = [op, shard, seq, ts].filter((field) => field === ts || isUsed(use, field))
		const name = `${prefix}_changes`
		const shown = [...columns.map(sqliteColumn), ...extra.map(changeColumn)]
		const sql = `SELECT ${shown.join(', ')} FROM ${name}${where(cutCondition(plan))}`
		return relation([engineTable(plan, name, plan.plain, [...wanted, ...extra])], sql)
	}

	const plain = engineTable(plan, `${prefix}_plain`, plan.plain, [...(wanted.length > 0 ? wanted : [seq]), ...moment])
	const shown = columns.length > 0 ? columns.map(sqliteColumn) : [quoteIdentifier(seq.name)]
	const plainSql = `SELECT ${shown.join(', ')} FROM ${plain.name}${where(cutCondition(plan))}`
	if (plan.merged.length === 0) return relation([plain], plainSql)

	const logs = groups.map(({ keys, files }, i) => {
		const before = plan.hasUpdates ? keys.map(beforeField) : []
		const name = i === 0 ? `${prefix}_log` : `${prefix}_log${i}`
		return engineTable(plan, name, files, [
			...unique([op, shard, seq, ...(plan.mixedEpochs ? [epoch] : []), ...moment, ...keys.map(lakeField), ...before, ...wanted]),
		])
	})
	const names = logs.map(({ name }) => name)
	const mergedSql = groups.map(({ keys }, i) => {
		const merged = mergedRows(plan, { log: names[i] ?? '', logs: names, newestEpochs }, keys, wanted)
		return `SELECT ${columns.length > 0 ? shown.join(', ') : '0'} FROM (${merged})`
	})
	if (plan.plain.length === 0) return relation(logs, mergedSql.join(' UNION ALL '))
	return relation([plain, ...logs], [plainSql, ...mergedSql].join(' UNION ALL '))
}

/** The engine's tables of changes that are merged. */
interface MergeSource {
	/** The one to merge. */
	readonly log: string
	/** All of the query's table: together they tell which epochs are in force. */
	readonly logs: readonly string[]
	readonly newestEpochs: ReadonlyMap<string, bigint>
}

/**
 * The newest row of each identity, without those that were deleted. An update that changed the key ends the old identity.
 * `arg_max` over one group is several times faster than numbering the rows of a window.
 */
function mergedRows(plan: TablePlan, from: MergeSource, keys: readonly ColumnSchema[], wanted: readonly IcebergField[]): string {
	const keyFields = keys.map(lakeField)
	const identity = ['_shard', ...keyFields.map(({ name }) => name)]
	const values = wanted.filter(({ id }) => !keyFields.some((key) => key.id === id)).map(({ name }) => name)
	const source = plan.mixedEpochs ? epochsInForce(from) : from.log
	const cut = cutCondition(plan)
	const events = [`SELECT ${[...identity, '_seq', '_op', ...values].join(', ')} FROM ${source}${where(cut)}`]
	if (plan.hasUpdates) {
		const old = keys.map((key) => beforeField(key).name)
		const changed = keyFields.map(({ name }, i) => `${name} IS DISTINCT FROM ${old[i]}`)
		const ended = ['_shard', ...old, '_seq', "'d'", ...values.map(() => 'NULL')]
		events.push(`SELECT ${ended.join(', ')} FROM ${source}${where("_op = 'u'", `(${changed.join(' OR ')})`, cut)}`)
	}
	const newest = values.map((value) => `arg_max_null(${value}, _seq) AS ${value}`)
	return (
		`SELECT ${[...identity, 'arg_max(_op, _seq) AS _last', ...newest].join(', ')} ` +
		`FROM (${events.join(' UNION ALL ')}) GROUP BY ${identity.join(', ')} HAVING _last <> 'd'`
	)
}

/** The rows of each shard's newest epoch. */
function epochsInForce({ log, logs, newestEpochs }: MergeSource): string {
	const known = [...newestEpochs].map(([name, newest]) => `SELECT ${quoteText(name)}, ${newest}`)
	const all = [...logs.map((each) => `SELECT _shard, _epoch FROM ${each}`), ...known].join(' UNION ALL ')
	const newest = `SELECT _shard, max(_epoch) AS _epoch FROM (${all}) GROUP BY _shard`
	return `(SELECT ${log}.* FROM ${log} JOIN (${newest}) USING (_shard, _epoch))`
}

function cutCondition({ cut, window }: TablePlan): string {
	return cut ? windowCondition(window) : ''
}

function where(...conditions: readonly string[]): string {
	const needed = conditions.filter((condition) => condition !== '')
	return needed.length === 0 ? '' : ` WHERE ${needed.join(' AND ')}`
}

/** A column of the lake as SQLite would hold it. */
function sqliteColumn(column: SeenColumn): string {
	const name = quoteIdentifier(column.name)
	if (column.absent) return `CAST(NULL AS ${sqliteType(column)}) AS ${name}`
	if (column.former === undefined) return `${sqliteValue(column)} AS ${name}`
	// A row was written with one of the two fields, and is NULL in the other.
	return `COALESCE(${sqliteValue(column)}, ${sqliteValue(column.former)}) AS ${name}`
}

function sqliteValue(column: ColumnSchema): string {
	const { name } = lakeField(column)
	if (column.lakeType === 'boolean') return `CAST(${name} AS BIGINT)`
	if (column.lakeType === 'timestamptz') return `${name} // ${column.mode === 'timestamp_ms' ? '1000' : '1000000'}`
	return name
}

function sqliteType({ lakeType }: ColumnSchema): string {
	const kind = sqliteKind(lakeType)
	return { integer: 'BIGINT', real: 'DOUBLE', text: 'VARCHAR', blob: 'BLOB' }[kind]
}

/** `_ts` is milliseconds for who reads changes. */
function changeColumn({ name }: IcebergField): string {
	return name === ts.name ? `${name} // 1000 AS ${name}` : name
}

function engineTable(
	plan: TablePlan,
	name: string,
	files: readonly IcebergDataFile[],
	columns: readonly IcebergField[],
): EngineTable {
	if (plan.catalogTable === null) return { name, columns, files: [] }
	const { metadata } = plan.catalogTable
	const location = lakeLocationOf(metadata)
	return { name, columns, files: files.map((file) => engineFile(file, location)), cacheKey: metadata['table-uuid'] }
}

function engineFile(file: IcebergDataFile, location: string): EngineFile {
	return {
		key: objectKeyOf(location, file.filePath),
		sizeInBytes: file.fileSizeInBytes,
		recordCount: file.recordCount,
		...(file.crc32 === undefined ? {} : { crc32: file.crc32 }),
	}
}

/** The field of a column's value after a change, under the name that the engine knows it by. */
function lakeField({ fieldId, lakeType }: ColumnSchema): IcebergField {
	return { id: fieldId, name: `f${fieldId}`, required: false, type: lakeType }
}

/** The fields that a column is read from. */
function lakeFields(column: SeenColumn): IcebergField[] {
	if (column.absent) return []
	return column.former === undefined ? [lakeField(column)] : [lakeField(column), lakeField(column.former)]
}

function beforeField(column: ColumnSchema): IcebergField {
	return lakeField({ ...column, fieldId: column.fieldId + BEFORE_FIELD_OFFSET })
}

function unique(fields: readonly IcebergField[]): IcebergField[] {
	return [...new Map(fields.map((field) => [field.id, field])).values()]
}
