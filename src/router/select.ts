/**
 * Queries: SELECT, VALUES and their compounds.
 *
 * @module
 */
import type { CompoundOperator, Expr, OneSelect, ResultColumn, Select, SelectFrom, SelectValues } from 'sqlite3-parser'
import { type Analysis, addBlock, addNodeLike, type Correlation, type Output, type SelectOptions, withCtes } from './analysis.ts'
import { applyToRows, type ConditionContext } from './apply.ts'
import { conjunctsOf } from './conjuncts.ts'
import { addFrom, applyInnerJoins, applyOuterJoins, type Joins } from './from.ts'
import { type Block, type ColumnReference, columnOf, type Source } from './scope.ts'
import { termOf } from './term.ts'
import { ExpressionWalker } from './walk.ts'

/** Analyses a query and everything in it; returns its columns. */
export function analyzeSelect(analysis: Analysis, select: Select, options: SelectOptions): readonly Output[] {
	const ctes = withCtes(select.with, options.ctes, options.parent)
	const isLimited = select.limit !== undefined
	const compounds = select.compounds ?? []
	// The names of a compound's columns are those of its first arm; the others go by their places.
	const positional = options.positional !== false || (compounds.length > 0 && options.from !== null)
	const inner = { ...options, ctes, positional, orderBy: select.orderBy ?? [] }
	if (select.limit !== undefined) {
		const block = addBlock(analysis, options.parent, null)
		new ExpressionWalker(analysis, block, ctes).walk(select.limit)
	}
	const first = analyzeArm(analysis, select.select, inner)
	if (compounds.length === 0) return isLimited ? first.outputs.map(unpushable) : finishSingle(first, options)
	// A compound's ORDER BY names its outputs, but may hold sub-queries; the first arm walks them.
	let outputs = first.outputs
	for (const compound of compounds) {
		const arm = analyzeArm(analysis, compound.select, { ...inner, orderBy: [] })
		outputs = combine(analysis, compound.operator, outputs, arm.outputs)
	}
	return isLimited ? outputs.map(unpushable) : outputs
}

function unpushable(output: Output): Output {
	return { ...output, pushable: false }
}

interface Arm {
	readonly outputs: readonly Output[]
	/** What its rows share with the parent; null where there may be a row without any in the sources. */
	readonly correlations: readonly Correlation[] | null
}

function finishSingle(arm: Arm, options: SelectOptions): readonly Output[] {
	if (arm.correlations !== null) options.onCorrelated?.(arm.correlations)
	return arm.outputs
}

function analyzeArm(analysis: Analysis, arm: OneSelect, options: SelectOptions): Arm {
	const block = addBlock(analysis, options.parent, options.from)
	const walker = new ExpressionWalker(analysis, block, options.ctes)
	if (arm.type === 'SelectValues') {
		walker.walk(arm.values, options.orderBy)
		return { outputs: valuesOutputs(analysis, arm), correlations: null }
	}
	const context: ConditionContext = { analysis, block, walker, correlations: [] }
	for (const column of arm.columns) {
		if (column.type === 'ExprResultColumn' && column.alias !== undefined) block.aliases.add(column.alias.name.text.toLowerCase())
	}
	const joins = arm.from === undefined ? [] : addFrom(context, arm.from, options.ctes)
	applyConditions(context, joins, arm.whereClause)
	walker.walk(arm.columns, arm.groupBy, arm.having, arm.windowClause, options.orderBy)
	const isWhole = arm.groupBy === undefined && (block.isAggregate || arm.having !== undefined)
	if (isWhole || arm.groupBy !== undefined) block.isAggregate = true
	const keys = groupKeys(arm, block)
	if (arm.having !== undefined) applyHaving(context, arm.having, keys)
	finishBlock(analysis, block)
	return {
		outputs: selectOutputs(analysis, arm, block, keys, options.positional !== false),
		correlations: isWhole ? null : context.correlations,
	}
}

/** Applies the conditions of FROM and WHERE, and analyses the sub-queries in them. */
export function applyConditions(context: ConditionContext, joins: Joins, where: Expr | undefined): void {
	const { analysis, block, walker } = context
	const conjuncts = where === undefined ? [] : conjunctsOf(where, block, analysis.parsed)
	applyInnerJoins(joins)
	applyToRows(context, conjuncts, { block: block.id, rejectsNull: true })
	applyOuterJoins(joins)
	walker.walk(where)
}

/** Notes whose rows every row of the block needs. */
export function finishBlock({ constraints }: Analysis, block: Block): void {
	const required = constraints.blocks[block.id]?.required
	for (const source of block.sources) if (!source.optional || source.rejectsNull) required?.push(...source.nodes)
}

/** HAVING drops whole groups, which is the same as dropping their rows where it looks at the group's key. */
function applyHaving(context: ConditionContext, having: Expr, keys: readonly ColumnReference[]): void {
	const { block, analysis } = context
	const pins = conjunctsOf(having, block, analysis.parsed).filter(
		(conjunct) => conjunct.kind === 'pin' && isAmong(conjunct.column, keys),
	)
	applyToRows(context, pins, { block: null, rejectsNull: true })
}

/** The columns by which rows are grouped, by name, by position or by alias. */
function groupKeys(arm: SelectFrom, block: Block): ColumnReference[] {
	const keys: ColumnReference[] = []
	for (const expr of arm.groupBy ?? []) {
		const found = columnOf(expr, block) ?? columnOf(groupTarget(expr, arm) ?? expr, block)
		if (found !== null && found.block === block) keys.push(found)
	}
	return keys
}

function groupTarget(expr: Expr, arm: SelectFrom): Expr | undefined {
	// `*` moves the positions.
	const isPlain = arm.columns.every((column) => column.type === 'ExprResultColumn')
	const target = arm.columns.find((column, i) => {
		if (column.type !== 'ExprResultColumn') return false
		if (expr.type === 'Id') return column.alias?.name.text.toLowerCase() === expr.name.toLowerCase()
		return isPlain && expr.type === 'NumericLiteral' && expr.value === String(i + 1)
	})
	return target?.type === 'ExprResultColumn' ? target.expr : undefined
}

function isAmong(column: ColumnReference, columns: readonly ColumnReference[]): boolean {
	return columns.some((key) => key.source === column.source && key.column.name === column.column.name)
}

function valuesOutputs({ parsed }: Analysis, arm: SelectValues): Output[] {
	const width = arm.values[0]?.values.length ?? 0
	return Array.from({ length: width }, (_, i) => {
		const terms = arm.values.map((row) => termOf(row.values[i], parsed))
		const known = terms.filter((term) => term !== null)
		return {
			name: `column${i + 1}`,
			node: null,
			terms: known.length === terms.length ? known : null,
			affinity: null,
			nullable: true,
			pushable: false,
		}
	})
}

function selectOutputs(
	analysis: Analysis,
	arm: SelectFrom,
	block: Block,
	keys: readonly ColumnReference[],
	positional: boolean,
): Output[] {
	const outputOf = (found: ColumnReference, name: string): Output => {
		const { source, column } = found
		const { node, terms, affinity } = column
		const isOptional = source.optional && !source.rejectsNull
		const nullable = isOptional || (column.nullable && !(node !== null && analysis.constraints.isCompared(node)))
		// A group, or a partition of a window, lies on one side of a condition on its key.
		const isWhole = (columns: readonly ColumnReference[]) => isAmong(found, columns)
		const pushable = node !== null && block.partitions.every(isWhole) && (!block.isAggregate || isWhole(keys))
		return { name, node, terms: isOptional ? null : terms, affinity, nullable, pushable }
	}
	const expand = (source: Source, hidesShared: boolean): Output[] => {
		const hidden = hidesShared ? block.hidden.get(source) : undefined
		if (positional) analysis.restOnOrder(source.table)
		return source.columnNames.flatMap((name) => {
			if (hidden?.has(name)) return []
			const column = source.column(name)
			const isMerged = hidesShared && block.hasRightJoin && block.shared.has(name)
			return column === undefined || isMerged ? [opaque(name)] : [outputOf({ block, source, column }, name)]
		})
	}
	return arm.columns.flatMap((result): Output[] => {
		if (result.type === 'StarResultColumn') return block.sources.flatMap((source) => expand(source, true))
		if (result.type === 'TableStarResultColumn') {
			const alias = result.table.text.toLowerCase()
			return block.sources.filter((source) => source.alias === alias).flatMap((source) => expand(source, false))
		}
		const name = nameOf(result, analysis)
		const found = columnOf(result.expr, block)
		if (found !== null && found.block === block) return [outputOf(found, name)]
		const term = termOf(result.expr, analysis.parsed)
		return [term === null ? opaque(name) : { ...opaque(name), terms: [term] }]
	})
}

/** A column of which nothing is known. */
function opaque(name: string): Output {
	return { name, node: null, terms: null, affinity: null, nullable: true, pushable: false }
}

/** The name by which an enclosing block finds an output (`sqlite3ColumnsFromExprList()` in select.c). */
function nameOf(column: Extract<ResultColumn, { type: 'ExprResultColumn' }>, { parsed }: Analysis): string {
	if (column.alias !== undefined) return column.alias.name.text.toLowerCase()
	let expr = column.expr
	for (;;) {
		if (expr.type === 'CollateExpr') expr = expr.expr
		else if (expr.type === 'ParenthesizedExpr' && expr.exprs.length === 1 && expr.exprs[0] !== undefined) expr = expr.exprs[0]
		else if (
			expr.type === 'FunctionCallExpr' &&
			/^(?:un)?likely$|^likelihood$/i.test(expr.name.name) &&
			expr.args?.[0] !== undefined
		) {
			expr = expr.args[0]
		} else break
	}
	if (expr.type === 'Id') return expr.name.toLowerCase()
	if (expr.type === 'QualifiedExpr') return expr.column.text.toLowerCase()
	const { offset, length } = column.expr.span
	return parsed.sql.slice(offset, offset + length).toLowerCase()
}

/** The columns of two arms together. */
function combine(
	{ constraints }: Analysis,
	operator: CompoundOperator,
	left: readonly Output[],
	right: readonly Output[],
): readonly Output[] {
	return left.map((one, i): Output => {
		const { name } = one
		const other = right[i]
		if (other === undefined) return opaque(name)
		if (one.terms !== null && other.terms !== null) return { ...opaque(name), terms: [...one.terms, ...other.terms] }
		const like = one.node ?? other.node
		if (like === null) return opaque(name)
		const domain = constraints.domains[like]
		const nodes = [one, other].map((output) => {
			if (output.node !== null) return constraints.domains[output.node] === domain ? output.node : null
			if (output.terms === null) return null
			const node = addNodeLike(constraints, like)
			constraints.pin({ node, terms: output.terms, mode: 'plain', block: null })
			return node
		})
		const [a = null, b = null] = nodes
		if (a === null || b === null) return opaque(name)
		const node = addNodeLike(constraints, like)
		if (operator === 'Union' || operator === 'UnionAll') constraints.union([a, b], node)
		else {
			constraints.flow(a, node, false)
			if (operator === 'Intersect') constraints.flow(b, node, false)
		}
		const pushable = [one, other].every((output) => output.pushable || output.terms !== null)
		if (pushable) constraints.push(node, [a, b])
		const affinity = one.affinity === other.affinity ? one.affinity : null
		return { name, node, terms: null, affinity, nullable: one.nullable || other.nullable, pushable }
	})
}
