/**
 * The tables of the engine that hold a table's files, and the view over them that a query sees under the table's name: its rows
 * in SQLite's storage classes, at the moment asked for.
 *
 * @module
 */
import { CHANGE_FIELDS } from '../../lake/change-table.ts'
import type { IcebergDataFile, IcebergField } from '../../lake/iceberg/types.ts'
import { quoteIdentifier } from '../../schema/quote-identifier.ts'
import type { ColumnSchema } from '../../schema/table-schema.ts'
import { quoteText } from '../engines/duckdb-sql.ts'
import type { EngineTable, EngineView } from '../query-engine.ts'
import { windowCondition, windowFields } from './change-window.ts'
import { keyGroups } from './key-groups.ts'
import type { RescuedFields } from './rescued-fields.ts'
import type { SeenColumn } from './seen-table.ts'
import { isUsed } from './statement-tables.ts'
import type { TablePlan } from './table-plan.ts'
import { beforeField, lakeField, TableSources } from './table-sources.ts'
import { ColumnPrinter } from './view-column.ts'

/** What an engine needs to show one table to a query. */
export interface TableRelation {
	readonly tables: readonly EngineTable[]
	readonly view: EngineView
}

/** How {@link tableRelation} shows a table. */
export interface RelationOptions {
	/** Of the names of the engine's tables; distinct for each table of a query. */
	readonly prefix: string
	/** Of shards that were rewound, for files that mix epochs. */
	readonly newestEpochs: ReadonlyMap<string, bigint>
	readonly rescued: RescuedFields
	/** SQLite's dialect has values of any class in a column, DuckDB's only those of the column's type in the lake. */
	readonly dialect: 'sqlite' | 'duckdb'
}

const { op, shard, epoch, seq, ts, rescued: rescuedField } = CHANGE_FIELDS

/**
 * The engine's tables name a column by its field id, since several names may mean one field; the view gives the names.
 *
 * @param plan What to read.
 */
export function tableRelation(plan: TablePlan, options: RelationOptions): TableRelation {
	const { use, window } = plan
	const { prefix, newestEpochs } = options
	const columns = use.table.columns.filter((column) => isUsed(use, column))
	const groups = keyGroups(plan)
	const keys = groups.flatMap((group) => group.keys)
	const sources = new TableSources(plan, options.rescued, keys, options.dialect === 'sqlite' ? columns.flatMap(fieldsOf) : [])
	const printer = new ColumnPrinter(plan, options, sources.opened)
	// Asked for by its name, as only DuckDB's dialect does: what the columns do not show.
	const rescued = use.names.has(rescuedField.name) ? [rescuedField] : []
	const wanted = unique([...columns.flatMap((column) => fieldsOf(column).map(lakeField)), ...rescued])
	const shown = [...columns.map((column) => printer.column(column)), ...rescued.map(({ name }) => name)]
	const view = (sql: string) => ({ name: use.table.name, sql })
	const relation = (sql: string) => ({ tables: sources.tables, view: view(sql) })
	const moment = [...(plan.cut ? windowFields(window) : []), ...printer.fields]
	if (window.kind === 'changes') {
		// `_op`, `_shard`, `_seq` and `_ts` are columns of the rows themselves here.
		const extra = [op, shard, seq, ts].filter((field) => field === ts || isUsed(use, field))
		const from = sources.add(`${prefix}_changes`, plan.plain, unique([...wanted, ...extra, ...moment]))
		return relation(`SELECT ${[...shown, ...extra.map(changeColumn)].join(', ')} FROM ${from}${where(cutCondition(plan))}`)
	}

	const plain = (files: readonly IcebergDataFile[]) => {
		const from = sources.add(`${prefix}_plain`, files, unique([...(wanted.length > 0 ? wanted : [seq]), ...moment]))
		return `SELECT ${shown.length > 0 ? shown.join(', ') : quoteIdentifier(seq.name)} FROM ${from}${where(cutCondition(plan))}`
	}
	if (plan.merged.length === 0) return relation(plain(plan.plain))

	const plainSql = plan.plain.length === 0 ? [] : [plain(plan.plain)]
	const logs = groups.map((group, i) => {
		const before = plan.hasUpdates ? group.keys.map(beforeField) : []
		const identity = [op, shard, seq, ...(plan.mixedEpochs ? [epoch] : []), ...group.keys.map(lakeField)]
		const name = i === 0 ? `${prefix}_log` : `${prefix}_log${i}`
		return sources.add(name, group.files, unique([...identity, ...moment, ...before, ...wanted]))
	})
	const mergedSql = groups.map((group, i) => {
		const merged = mergedRows(plan, { log: logs[i] ?? '', logs, newestEpochs }, group.keys, wanted)
		return `SELECT ${shown.length > 0 ? shown.join(', ') : '0'} FROM (${merged})`
	})
	return relation([...plainSql, ...mergedSql].join(' UNION ALL '))
}

/** The fields that a column is read from. */
function fieldsOf(column: SeenColumn): readonly ColumnSchema[] {
	if (column.absent) return []
	return column.former === undefined ? [column] : [column, column.former]
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
	return `(SELECT l.* FROM ${log} AS l JOIN (${newest}) USING (_shard, _epoch))`
}

function cutCondition({ cut, window }: TablePlan): string {
	return cut ? windowCondition(window) : ''
}

function where(...conditions: readonly string[]): string {
	const needed = conditions.filter((condition) => condition !== '')
	return needed.length === 0 ? '' : ` WHERE ${needed.join(' AND ')}`
}

/** `_ts` is milliseconds for who reads changes. */
function changeColumn({ name }: IcebergField): string {
	return name === ts.name ? `${name} // 1000 AS ${name}` : name
}

function unique(fields: readonly IcebergField[]): IcebergField[] {
	return [...new Map(fields.map((field) => [field.id, field])).values()]
}
