/**
 * INSERT and REPLACE, with their upserts.
 *
 * @module
 */
import type { Expr, InsertStmt, SetAssignment, Upsert } from 'sqlite3-parser'
import { SQLakeError } from '../errors.ts'
import type { TableSchema } from '../schema/table-schema.ts'
import { type Analysis, addBlock, type CteScope, type Output, withCtes } from './analysis.ts'
import type { NodeId } from './constraints.ts'
import { domainOf } from './key-value.ts'
import { type Block, columnOf, derivedSource, tableSource } from './scope.ts'
import { type Term, termOf } from './term.ts'
import { keyChange, keyColumnOf } from './update-delete.ts'
import { ExpressionWalker } from './walk.ts'

/** How an INSERT gives the shard key of its rows. */
export interface InsertPlan {
	readonly table: TableSchema
	/** The key of each row of VALUES, in key order, null for what is no constant; null for a query. */
	readonly rows: readonly (readonly (Term | null)[])[] | null
	/** Constants that a query gives as the key: none may be NULL. */
	readonly constants: readonly Term[]
	/** Columns of the key that ON CONFLICT sets to a constant. */
	readonly assignments: readonly { readonly column: string; readonly position: number; readonly term: Term }[]
}

/** @throws SQLakeError ROUTE_NO_SHARD when the statement leaves the shard key to a default, ROUTE_SHARD_KEY_CHANGE. */
export function analyzeInsert(analysis: Analysis, statement: InsertStmt): InsertPlan {
	const ctes = withCtes(statement.with, new Map(), null)
	const { dbName, objName, alias } = statement.tblName
	const database = dbName === undefined || /^main$/i.test(dbName.text) ? '' : `${dbName.text}.`
	const table = analysis.table(`${database}${objName.text}`)
	const positions = keyPositions(table, statement)
	if (statement.columns === undefined && table.shardKey !== null) analysis.restOnOrder(table)
	const plan = { table, rows: null, constants: [], assignments: analyzeRest(analysis, statement, table, alias?.text, ctes) }
	if (table.shardKey === null) {
		analysis.constraints.uses.push({ table, key: [], alias: table.name })
		if (statement.body.type === 'SelectInsertBody') {
			analysis.select(statement.body.select, { parent: null, ctes, from: null })
		}
		return plan
	}
	if (statement.body.type === 'DefaultValuesInsertBody') throw missingKey(table, table.shardKey[0] ?? '')
	const { select } = statement.body
	const values = select.select
	if (values.type === 'SelectValues' && select.compounds === undefined && select.limit === undefined) {
		const block = addBlock(analysis, null, null)
		new ExpressionWalker(analysis, block, withCtes(select.with, ctes, null)).walk(values.values, select.orderBy)
		const rows = values.values.map((row) => positions.map((position) => termOf(row.values[position], analysis.parsed)))
		return { ...plan, rows }
	}
	const outputs = analysis.select(select, { parent: null, ctes, from: null })
	const keys = positions.map((position) => outputs[position])
	analysis.constraints.uses.push({ table, alias: table.name, key: keys.map((output, i) => keyNode(analysis, table, i, output)) })
	return { ...plan, constants: keys.flatMap((output) => output?.terms ?? []) }
}

/** Where the columns of the shard key stand in the inserted rows. */
function keyPositions(table: TableSchema, statement: InsertStmt): readonly number[] {
	const listed = statement.columns?.map((column) => column.text.toLowerCase())
	const columns = listed ?? table.columns.filter((column) => !column.generated).map((column) => column.name.toLowerCase())
	// `rowid` is the INTEGER PRIMARY KEY under another name, and of the two only one counts.
	const hidden = listed?.find((column) => !table.columns.some((known) => known.name.toLowerCase() === column))
	return (table.shardKey ?? []).map((key) => {
		const position = columns.indexOf(key.toLowerCase())
		if (position < 0 && statement.body.type !== 'DefaultValuesInsertBody') throw missingKey(table, key)
		if (hidden !== undefined && keyColumnOf(table, hidden) !== undefined) throw keyChange(table, key)
		return position
	})
}

function missingKey(table: TableSchema, column: string): SQLakeError {
	return new SQLakeError('ROUTE_NO_SHARD', `table "${table.name}": expected a value for its shard key "${column}", found none`, {
		hint: `name "${column}" among the inserted columns: the shard is chosen before SQLite fills in defaults`,
		details: { table: table.name, shardKey: table.shardKey, tables: [table.name], write: true },
	})
}

/** The values that a query gives as a column of the key, as the column will store them; null where they cannot be told. */
function keyNode({ constraints }: Analysis, table: TableSchema, i: number, output: Output | undefined): NodeId | null {
	const column = table.columns.find((candidate) => candidate.name === table.shardKey?.[i])
	// What is inserted is stored as it is, whatever the collation of later comparisons.
	const domain = column === undefined ? null : domainOf({ ...column, declaredType: '' })
	if (domain === null || output === undefined) return null
	const node = constraints.addNode(domain)
	if (output.terms !== null) {
		constraints.pin({ node, terms: output.terms, mode: 'equals', block: null })
		return node
	}
	if (output.node === null || output.nullable || constraints.domains[output.node] !== domain) return null
	constraints.flow(output.node, node, false)
	return node
}

/** RETURNING and ON CONFLICT. */
function analyzeRest(
	analysis: Analysis,
	statement: InsertStmt,
	table: TableSchema,
	alias: string | undefined,
	ctes: CteScope,
): InsertPlan['assignments'] {
	const block = addBlock(analysis, null, null)
	const walker = new ExpressionWalker(analysis, block, ctes)
	// The rows in conflict are in the shard of the inserted rows, so this occurrence of the table is no use of its own.
	const target = tableSource(analysis.constraints, block, table, alias ?? table.name)
	const columns = table.columns.map(({ name }) => {
		return { name: name.toLowerCase(), node: null, terms: null, affinity: null, nullable: true }
	})
	const excluded = derivedSource('excluded', columns)
	block.sources.push(target, excluded)
	walker.walk(statement.returning)
	const assignments: InsertPlan['assignments'][number][] = []
	const upserts = statement.body.type === 'SelectInsertBody' ? upsertsOf(statement.body.upsert) : []
	for (const { index, doClause } of upserts) {
		walker.walk(index)
		if (doClause.type !== 'SetUpsertDo') continue
		walker.walk(doClause)
		for (const set of doClause.sets) {
			for (const [i, name] of set.colNames.entries()) {
				const column = keyColumnOf(table, name.text)
				if (column === undefined) continue
				const expr = itemOf(set, i)
				if (expr !== undefined && isColumnItself(expr, column, block)) continue
				const term = termOf(expr, analysis.parsed)
				if (term === null) throw keyChange(table, column)
				assignments.push({ column, position: table.shardKey?.indexOf(column) ?? -1, term })
			}
		}
	}
	return assignments
}

/** Whether an expression of DO UPDATE is the column as it is in the row. A bare name is always that of the row in conflict. */
function isColumnItself(expr: Expr, column: string, block: Block): boolean {
	if (expr.type === 'Id') return expr.name.toLowerCase() === column.toLowerCase()
	const found = columnOf(expr, block)
	return found !== null && found.column.name === column.toLowerCase()
}

function upsertsOf(first: Upsert | undefined): Upsert[] {
	const upserts: Upsert[] = []
	for (let upsert = first; upsert !== undefined; upsert = upsert.next) upserts.push(upsert)
	return upserts
}

function itemOf(set: SetAssignment, i: number): Expr | undefined {
	if (set.colNames.length === 1) return set.expr
	return set.expr.type === 'ParenthesizedExpr' ? set.expr.exprs[i] : undefined
}
