/**
 * UPDATE and DELETE.
 *
 * @module
 */
import type { DeleteStmt, Expr, SetAssignment, UpdateStmt } from 'sqlite3-parser'
import { SQLakeError } from '../errors.ts'
import type { TableSchema } from '../schema/table-schema.ts'
import { type Analysis, addBlock, withCtes } from './analysis.ts'
import type { ConditionContext } from './apply.ts'
import type { NodeId } from './constraints.ts'
import { addFrom } from './from.ts'
import { addUse, type Block, columnOf, type Source, tableSource } from './scope.ts'
import { applyConditions, finishBlock } from './select.ts'
import { type Term, termOf } from './term.ts'
import { ExpressionWalker } from './walk.ts'

/** A column of the shard key is set to a constant: nothing changes if WHERE pins it to the same. */
export interface KeyAssignment {
	readonly table: TableSchema
	/** SQL name. */
	readonly column: string
	readonly node: NodeId
	readonly term: Term
}

/** @throws SQLakeError ROUTE_SHARD_KEY_CHANGE when the shard key is set to anything that cannot be compared with it. */
export function analyzeUpdate(analysis: Analysis, statement: UpdateStmt): readonly KeyAssignment[] {
	const { table, target, context } = analyzeTarget(analysis, statement)
	const assignments = statement.sets.flatMap((set) => keyAssignments(analysis, set, table, target, context.block))
	context.walker.walk(...statement.sets.map((set) => set.expr))
	return assignments
}

export function analyzeDelete(analysis: Analysis, statement: DeleteStmt): void {
	analyzeTarget(analysis, statement)
}

interface Target {
	readonly table: TableSchema
	readonly target: Source
	readonly context: ConditionContext
}

function analyzeTarget(analysis: Analysis, statement: UpdateStmt | DeleteStmt): Target {
	const { constraints } = analysis
	const ctes = withCtes(statement.with, new Map(), null)
	const block = addBlock(analysis, null, null)
	const walker = new ExpressionWalker(analysis, block, ctes)
	const context: ConditionContext = { analysis, block, walker, correlations: [] }
	// A CTE never hides the table that is written.
	const { dbName, objName, alias } = statement.tblName
	const database = dbName === undefined || /^main$/i.test(dbName.text) ? '' : `${dbName.text}.`
	const table = analysis.table(`${database}${objName.text}`)
	const target = tableSource(constraints, block, table, alias?.text ?? objName.text)
	addUse(constraints, table, target)
	block.sources.push(target)
	const from = statement.type === 'UpdateStmt' ? statement.from : undefined
	const joins = from === undefined ? [] : addFrom(context, from, ctes)
	applyConditions(context, joins, statement.whereClause)
	walker.walk(statement.orderBy, statement.limit, statement.returning)
	finishBlock(analysis, block)
	return { table, target, context }
}

function keyAssignments(
	analysis: Analysis,
	set: SetAssignment,
	table: TableSchema,
	target: Source,
	block: Block,
): readonly KeyAssignment[] {
	return set.colNames.flatMap((name, i) => {
		const column = keyColumnOf(table, name.text)
		if (column === undefined) return []
		const expr = itemOf(set, i)
		const found = expr === undefined ? null : columnOf(expr, block)
		if (found !== null && found.source === target && found.column.name === column.toLowerCase()) return []
		const term = termOf(expr, analysis.parsed)
		const node = target.column(column.toLowerCase())?.node ?? null
		if (term === null || node === null) throw keyChange(table, column)
		return [{ table, column, node, term }]
	})
}

/** The expression that the i-th column of an assignment is set to. */
function itemOf(set: SetAssignment, i: number): Expr | undefined {
	if (set.colNames.length === 1) return set.expr
	return set.expr.type === 'ParenthesizedExpr' ? set.expr.exprs[i] : undefined
}

/**
 * The column of the shard key that an assignment to `name` may change: itself, the INTEGER PRIMARY KEY behind `rowid`, or a
 * generated column, which any other may change.
 */
export function keyColumnOf(table: TableSchema, name: string): string | undefined {
	const lower = name.toLowerCase()
	const column = table.columns.find((candidate) => candidate.name.toLowerCase() === lower)
	return table.shardKey?.find((key) => {
		if (key.toLowerCase() === lower) return true
		const schema = table.columns.find((candidate) => candidate.name === key)
		return schema?.generated === true || (column === undefined && table.primaryKey.includes(key))
	})
}

/** The error of a statement that would move rows to another shard. */
export function keyChange(table: TableSchema, column: string): SQLakeError {
	return new SQLakeError(
		'ROUTE_SHARD_KEY_CHANGE',
		`table "${table.name}": expected an update that leaves the shard key "${column}" as it is, found one that sets it`,
		{
			hint: 'a row lives in the shard its key names: delete it there and insert it in the other shard',
			details: { table: table.name, column },
		},
	)
}
