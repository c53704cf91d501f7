/**
 * The columns of the view over a table's rows.
 *
 * @module
 */
import { CHANGE_FIELDS } from '../../lake/change-table.ts'
import type { IcebergField } from '../../lake/iceberg/types.ts'
import { quoteIdentifier } from '../../schema/quote-identifier.ts'
import { columnKind, isNumericText, sqliteKind } from '../../schema/sqlite-kind.ts'
import type { ColumnSchema } from '../../schema/table-schema.ts'
import { isOpenClass } from '../dialect/dialect-table.ts'
import { misfitError } from '../dialect/run-time-error.ts'
import { duckdbType } from '../dialect/typed-sql.ts'
import type { RescuedFields } from './rescued-fields.ts'
import type { SeenColumn } from './seen-table.ts'
import type { TablePlan } from './table-plan.ts'
import { classedValue, lakeField, plainValue } from './table-sources.ts'

/** Prints the columns of one view. */
export class ColumnPrinter {
	/** What the columns need beside their own fields. */
	readonly fields: readonly IcebergField[]
	readonly #plan: TablePlan
	readonly #rescued: RescuedFields
	readonly #opened: ReadonlyMap<number, ColumnSchema>
	readonly #withClasses: boolean
	readonly #keys: readonly ColumnSchema[]

	constructor(
		plan: TablePlan,
		{ rescued, dialect }: { readonly rescued: RescuedFields; readonly dialect: 'sqlite' | 'duckdb' },
		opened: ReadonlyMap<number, ColumnSchema>,
	) {
		const { columns, primaryKey } = plan.use.table
		this.#plan = plan
		this.#rescued = rescued
		this.#opened = opened
		this.#withClasses = dialect === 'sqlite'
		this.#keys = columns.filter(({ name, absent, hidden }) => primaryKey.includes(name) && !absent && !hidden)
		const tells = [...opened.keys()].some((id) => this.#unreadable(id) > 0)
		this.fields = tells ? [CHANGE_FIELDS.shard, ...this.#keys.map(lakeField)] : []
	}

	/** A column of the lake as SQLite would hold it, or as DuckDB does. */
	column(column: SeenColumn): string {
		const name = quoteIdentifier(column.name)
		const open = this.#withClasses && isOpenClass(column)
		const type = open ? duckdbType('any') : plainType(column)
		if (column.absent) return `CAST(NULL AS ${type}) AS ${name}`
		const value = this.#value(column, column, open)
		if (column.former === undefined) return `${value} AS ${name}`
		// A row was written with one of the two fields, and is NULL in the other.
		const former = this.#value(column.former, column, open)
		return `COALESCE(${value}, ${plainType(column.former) === plainType(column) || open ? former : `CAST(${former} AS ${type})`}) AS ${name}`
	}

	#value(field: ColumnSchema, column: SeenColumn, open: boolean): string {
		const { name } = lakeField(field)
		if (!this.#opened.has(field.fieldId)) return open ? classedValue(field) : plainValue(field)
		if (!open) return withoutClass(field, name)
		const count = this.#unreadable(field.fieldId)
		if (count === 0) return name
		const details = { table: this.#plan.use.table.name, column: column.name, count }
		const keys = this.#keys.map((key) => {
			const value = this.#opened.has(key.fieldId) ? `_sl_any_to_text(${lakeField(key).name})` : plainValue(key)
			return `CAST(${value} AS VARCHAR)`
		})
		return `CASE WHEN (${name}).c = 5 THEN ${misfitError(details, [CHANGE_FIELDS.shard.name, ...keys, `hex((${name}).b)`])} ELSE ${name} END`
	}

	#unreadable(fieldId: number): number {
		return this.#rescued.fields.get(fieldId)?.unreadable ?? 0
	}
}

function plainType({ lakeType }: ColumnSchema): string {
	return duckdbType(sqliteKind(lakeType))
}

/** An opened field as a value of the type that the lake has for it. */
function withoutClass(field: ColumnSchema, name: string): string {
	if (isNumericText(field)) return `_sl_any_to_text(${name})`
	if (columnKind(field) === 'numeric') return `CASE (${name}).c WHEN 1 THEN CAST((${name}).i AS DOUBLE) ELSE (${name}).r END`
	const part = { integer: 'i', real: 'r', text: 't', blob: 'b' }[sqliteKind(field.lakeType)]
	return `(${name}).${part}`
}
