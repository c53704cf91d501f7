/**
 * FROM: its sources, and what its joins say of them.
 *
 * @module
 */
import type { FromClause, JoinedSelectTable, Select, SelectTable } from 'sqlite3-parser'
import { addBlock, type CteScope, exportColumns } from './analysis.ts'
import { applyToOptional, applyToRows, type ConditionContext } from './apply.ts'
import { type Conjunct, conjunctsOf } from './conjuncts.ts'
import { addTable, tableFunction } from './from-table.ts'
import { type Block, type ColumnReference, derivedSource, type Source } from './scope.ts'
import { ExpressionWalker } from './walk.ts'

/** The bits of a join's type that matter here (`JT_*` in sqliteInt.h); the parser declares them but does not export them. */
const joinTypes = { INNER: 1, NATURAL: 4, LEFT: 8, RIGHT: 16 } as const

/** A join, once the sources of its FROM are known. */
interface Join {
	readonly context: ConditionContext
	readonly syntax: JoinedSelectTable
	readonly isLeft: boolean
	readonly isRight: boolean
	readonly leftSources: readonly Source[]
	readonly rightSources: readonly Source[]
	/** Equalities of USING and NATURAL. */
	readonly shared: readonly Conjunct[]
	/** Whether an inner join's condition holds for every row of the final result. */
	readonly isFinal: boolean
}

/** The joins of a block, of which the conditions are still to be applied. */
export type Joins = readonly Join[]

/**
 * Adds the sources of a FROM clause to a block. Names are resolved once all are known, as SQLite does; so the conditions of
 * the joins come later, in {@link applyJoins}.
 */
export function addFrom(context: ConditionContext, from: FromClause, ctes: CteScope): Joins {
	const joins: Join[] = []
	collectFrom(context, from, ctes, joins, true)
	return joins
}

function collectFrom(context: ConditionContext, from: FromClause, ctes: CteScope, joins: Join[], isTop: boolean): Source[] {
	if (from.select === undefined) return []
	const { block } = context
	const sources = collectSource(context, from.select, ctes, joins)
	const chain = from.joins ?? []
	for (const [i, syntax] of chain.entries()) {
		const right = collectSource(context, syntax.table, ctes, joins)
		const type = joinTypeOf(syntax)
		const isLeft = (type & joinTypes.LEFT) !== 0
		const isRight = (type & joinTypes.RIGHT) !== 0
		const shared = shareColumns(block, syntax, (type & joinTypes.NATURAL) !== 0, sources, right)
		const isFinal = isTop && !chain.slice(i + 1).some((later) => (joinTypeOf(later) & joinTypes.RIGHT) !== 0)
		if (isLeft) for (const source of right) source.optional = true
		if (isRight) for (const source of sources) source.optional = true
		block.hasOuterJoin ||= isLeft || isRight
		block.hasRightJoin ||= isRight
		joins.push({ context, syntax, isLeft, isRight, leftSources: [...sources], rightSources: right, shared, isFinal })
		sources.push(...right)
	}
	return sources
}

function joinTypeOf(join: JoinedSelectTable): number {
	return join.operator.type === 'TypedJoinJoinOperator' ? (join.operator.joinType ?? joinTypes.INNER) : joinTypes.INNER
}

function collectSource(context: ConditionContext, table: SelectTable, ctes: CteScope, joins: Join[]): Source[] {
	const { analysis, block } = context
	switch (table.type) {
		case 'TableSelectTable':
			return [addTable(analysis, block, table.tblName, table.alias?.name.text, ctes)]
		case 'TableCallSelectTable': {
			context.walker.walk(table.args)
			const source = tableFunction(analysis, table.tblName.objName.text, table.alias?.name.text)
			block.sources.push(source)
			return [source]
		}
		case 'SelectSelectTable': {
			const outputs = analysis.select(table.select, { parent: block.parent, ctes, from: block.id, positional: false })
			const source = derivedSource(table.alias?.name.text ?? null, exportColumns(analysis.constraints, outputs))
			block.sources.push(source)
			return [source]
		}
		case 'SubSelectTable':
			return table.alias === undefined
				? collectNested(context, table.from, ctes, joins)
				: collectSource(context, selectAll(table.from, table), ctes, joins)
	}
}

/** `(a JOIN b) AS x` is `(SELECT * FROM a JOIN b) AS x`. */
function selectAll(from: FromClause, table: Extract<SelectTable, { type: 'SubSelectTable' }>): SelectTable {
	const { span, alias } = table
	const select: Select = {
		type: 'Select',
		with: undefined,
		select: {
			type: 'SelectFrom',
			distinctness: undefined,
			columns: [{ type: 'StarResultColumn', span }],
			from,
			whereClause: undefined,
			groupBy: undefined,
			having: undefined,
			windowClause: undefined,
			span,
		},
		compounds: undefined,
		orderBy: undefined,
		limit: undefined,
		span,
	}
	return { type: 'SelectSelectTable', select, alias, span }
}

/** `(a JOIN b)` without a name: its sources stay visible outside, but its conditions see only its own. */
function collectNested(context: ConditionContext, from: FromClause, ctes: CteScope, joins: Join[]): Source[] {
	const { analysis, block } = context
	const inner = addBlock(analysis, block.parent, block.id)
	const walker = new ExpressionWalker(analysis, inner, ctes)
	const sources = collectFrom({ analysis, block: inner, walker, correlations: [] }, from, ctes, joins, false)
	block.sources.push(...inner.sources)
	for (const name of inner.shared) block.shared.add(name)
	for (const [source, names] of inner.hidden) block.hidden.set(source, names)
	block.hasOuterJoin ||= inner.hasOuterJoin
	block.hasRightJoin ||= inner.hasRightJoin
	return sources
}

/** Makes the columns of USING or NATURAL one, and gives their equalities. */
function shareColumns(
	block: Block,
	join: JoinedSelectTable,
	isNatural: boolean,
	left: readonly Source[],
	right: readonly Source[],
): Conjunct[] {
	const names = isNatural
		? [...new Set(left.flatMap((source) => source.columnNames))].filter((name) => right.some((source) => hasColumn(source, name)))
		: join.constraint?.type === 'UsingJoinConstraint'
			? join.constraint.columns.map((column) => column.text.toLowerCase())
			: []
	const equalities: Conjunct[] = []
	for (const name of names) {
		block.shared.add(name)
		const [lefts, rights] = [left, right].map((side) => side.filter((source) => hasColumn(source, name)))
		for (const source of rights ?? []) block.hidden.set(source, (block.hidden.get(source) ?? new Set()).add(name))
		const [one, other] = [referenceTo(block, lefts?.[0], name), referenceTo(block, rights?.[0], name)]
		// After a RIGHT or FULL join the column is the first of several that is not NULL.
		const isPlain = rights?.length === 1 && (lefts?.length === 1 || !block.hasRightJoin)
		if (one !== null && other !== null && isPlain) equalities.push({ kind: 'equal', left: one, right: other, nullSafe: false })
	}
	return equalities
}

function hasColumn(source: Source, name: string): boolean {
	return source.columnNames.includes(name)
}

function referenceTo(block: Block, source: Source | undefined, name: string): ColumnReference | null {
	const column = source?.column(name)
	return source === undefined || column === undefined ? null : { block, source, column }
}

/** Applies the conditions of inner joins, which restrict all that they name. */
export function applyInnerJoins(joins: Joins): void {
	for (const join of joins) {
		if (join.isLeft || join.isRight) continue
		const block = join.isFinal ? join.context.block.id : null
		applyToRows(join.context, conditionOf(join), { block, rejectsNull: join.isFinal })
	}
}

/**
 * Applies the conditions of outer joins, once WHERE is known: where the final rows never have NULL on the nullable side, the
 * join is an inner one; elsewhere its condition restricts the nullable side alone, and in a FULL join neither.
 */
export function applyOuterJoins(joins: Joins): void {
	const open = new Set(joins.filter((join) => join.isLeft || join.isRight))
	for (let grew = true; grew; ) {
		grew = false
		for (const join of open) {
			const needsLeft = join.isRight && !join.leftSources.some((source) => source.rejectsNull)
			const needsRight = join.isLeft && !join.rightSources.some((source) => source.rejectsNull)
			if (needsLeft || needsRight) continue
			open.delete(join)
			applyToRows(join.context, conditionOf(join), { block: null, rejectsNull: true })
			grew = true
		}
	}
	for (const join of open) {
		const keepsLeft = join.isLeft && !join.rightSources.some((source) => source.rejectsNull)
		const keepsRight = join.isRight && !join.leftSources.some((source) => source.rejectsNull)
		const optional = keepsLeft && keepsRight ? [] : keepsLeft ? join.rightSources : join.leftSources
		applyToOptional(join.context, conditionOf(join), new Set(optional))
	}
	for (const join of joins) {
		if (join.syntax.constraint?.type === 'OnJoinConstraint') join.context.walker.walk(join.syntax.constraint.expr)
	}
}

function conditionOf(join: Join): readonly Conjunct[] {
	const { context, shared, syntax } = join
	const on = syntax.constraint?.type === 'OnJoinConstraint' ? syntax.constraint.expr : undefined
	return on === undefined ? shared : [...shared, ...conjunctsOf(on, context.block, context.analysis.parsed)]
}
