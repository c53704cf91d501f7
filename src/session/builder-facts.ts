/**
 * The shard key of a statement, found in the structure that Drizzle's builders hold, without parsing SQL text.
 *
 * What the structure settles: the rows of INSERT ... VALUES; a single table, or inner joins, whose conditions are ANDs of
 * `eq()` and `inArray()`. Everything else is left to the parser (null). Values stay as they stand in the builder: placeholders
 * are filled at execution.
 *
 * @module
 */
import { type Column, getTableColumns, Placeholder, Table } from 'drizzle-orm'
import type { SQLiteDeleteConfig, SQLiteInsertConfig, SQLiteSelectConfig, SQLiteUpdateConfig } from 'drizzle-orm/sqlite-core'
import type {
	StructuredColumn,
	StructuredEquality,
	StructuredPin,
	StructuredShape,
	StructuredTable,
} from '../router/structure.ts'
import type { LakeSchema, TableSchema } from '../schema/table-schema.ts'
import { type Conjunct, isBoundOrNull, isNullLiteral, isPlainExpression, readConjuncts } from './condition-shape.ts'
import { tableReference } from './drizzle-table.ts'
import { isEntity } from './entity.ts'

/** A SELECT, UPDATE or DELETE over one table, or over inner joins. Terms that pin no column are left out. */
export interface ConditionFacts {
	readonly kind: 'conditions'
	/** What it has in common with statements that differ in their values only. */
	readonly shape: StructuredShape
	/** The values of the shape's pins as they stand in the builder: Param, Placeholder or a bare value. */
	readonly operands: readonly unknown[]
}

/** The rows of an INSERT ... VALUES: for each the operands of the shard key, in key order. */
export interface RowFacts {
	readonly kind: 'rows'
	readonly table: TableSchema
	readonly rows: readonly (readonly unknown[])[]
}

/** What a builder's structure says of a statement. */
export type BuilderFacts = ConditionFacts | RowFacts

/** The facts of a SELECT. */
export function selectFacts(config: SQLiteSelectConfig, schema: LakeSchema): ConditionFacts | null {
	const { withList, table, joins = [], where, having, setOperators, fields, fieldsFlat, orderBy, groupBy } = config
	if (withList?.length || setOperators.length > 0 || having !== undefined) return null
	if (!arePlain(fieldsFlat?.map(({ field }) => field) ?? Object.values(fields))) return null
	if (!arePlain(orderBy ?? []) || !arePlain(groupBy ?? [])) return null
	if (!isCount(config.limit) || !isCount(config.offset)) return null
	const conjuncts: Conjunct[] = []
	for (const { joinType, on } of joins) {
		if (joinType === 'cross') continue
		if (joinType !== 'inner' || on === undefined || !readConjuncts(on, conjuncts)) return null
	}
	if (where !== undefined && !readConjuncts(where, conjuncts)) return null
	return conditionFacts([table, ...joins.map((join) => join.table)], conjuncts, schema, false)
}

/** The facts of an UPDATE; null, too, where it may change a shard key. */
export function updateFacts(config: SQLiteUpdateConfig, schema: LakeSchema): ConditionFacts | null {
	const { withList, from, joins, table, set } = config
	if (withList?.length || from !== undefined || joins.length > 0) return null
	const key = schema.tables.get(tableReference(table)?.table ?? '')?.shardKey ?? []
	for (const [property, column] of Object.entries<Column>(getTableColumns(table))) {
		const value = set[property]
		// A function that $onUpdate() was given may answer an expression.
		if (value === undefined && column.onUpdateFn === undefined) continue
		if (value === undefined || key.includes(column.name) || !isBoundOrNull(value)) return null
	}
	return deleteFacts(config, schema)
}

/** The facts of a DELETE, or of the rows that an UPDATE changes. */
export function deleteFacts(config: SQLiteDeleteConfig | SQLiteUpdateConfig, schema: LakeSchema): ConditionFacts | null {
	const { withList, table, where, returning, orderBy, limit } = config
	if (withList?.length || !arePlain(returning?.map(({ field }) => field) ?? [])) return null
	if (!arePlain(orderBy ?? []) || !isCount(limit)) return null
	const conjuncts: Conjunct[] = []
	if (where !== undefined && !readConjuncts(where, conjuncts)) return null
	return conditionFacts([table], conjuncts, schema, true)
}

/** The facts of the rows of INSERT ... VALUES, whatever its conflict clause says; null where any value is an expression. */
export function insertFacts(config: SQLiteInsertConfig, schema: LakeSchema): RowFacts | null {
	const { table, values } = config
	const reference = tableReference(table)
	const tableSchema = reference === null ? undefined : schema.tables.get(reference.table)
	if (!Array.isArray(values) || !hasBoundRows(config) || tableSchema === undefined) return null
	const { shardKey } = tableSchema
	const properties = (shardKey ?? []).map((name) => tableSchema.columns.find((column) => column.name === name)?.property ?? '')
	const rows = values.map((row) => properties.map((property) => (isNullLiteral(row[property]) ? null : row[property])))
	return { kind: 'rows', table: tableSchema, rows }
}

/** Tells whether an INSERT gives rows of bound values and the word `null`, and no expressions. */
export function hasBoundRows({ values, select, withList }: SQLiteInsertConfig): boolean {
	if (select || withList?.length || !Array.isArray(values)) return false
	return values.every((row) => Object.values(row).every(isBoundOrNull))
}

/** Tells whether an INSERT does nothing but insert its rows: no conflict clause with expressions, plain columns returned. */
export function isPlainInsert({ onConflict = [], returning }: SQLiteInsertConfig): boolean {
	return onConflict.length === 0 && arePlain(returning?.map(({ field }) => field) ?? [])
}

function conditionFacts(
	sources: readonly unknown[],
	terms: readonly Conjunct[],
	schema: LakeSchema,
	write: boolean,
): ConditionFacts | null {
	const tables: StructuredTable[] = []
	for (const source of sources) {
		const reference = tableReference(source)
		const table = reference === null ? undefined : schema.tables.get(reference.table)
		if (reference === null || table === undefined) return null
		tables.push({ table, alias: reference.reference })
	}
	const conjuncts: (StructuredPin | StructuredEquality)[] = []
	const operands: unknown[] = []
	for (const term of terms) {
		if (term.kind === 'equal-columns') {
			const [left, right] = [structuredColumn(term.left), structuredColumn(term.right)]
			if (left === null || right === null) return null
			conjuncts.push({ left, right })
		} else {
			const column = structuredColumn(term.column)
			if (column === null) return null
			conjuncts.push({ column, count: term.values.length })
			operands.push(...term.values)
		}
	}
	return { kind: 'conditions', shape: { tables, conjuncts, write }, operands }
}

function structuredColumn(column: Column): StructuredColumn | null {
	const reference = tableReference(column.table)
	return reference === null ? null : { alias: reference.reference, column: column.name }
}

/** Selected fields may be nested: `{ user: { id: users.id } }`, or a whole table. */
function arePlain(fields: readonly unknown[]): boolean {
	return fields.every((field) => {
		if (isEntity(field, Table) || isPlainExpression(field)) return true
		if (typeof field !== 'object' || field === null || 'getSQL' in field) return false
		return arePlain(Object.values(field))
	})
}

function isCount(value: unknown): boolean {
	return value === undefined || typeof value === 'number' || isEntity(value, Placeholder)
}
