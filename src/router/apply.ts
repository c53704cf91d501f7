/**
 * What a condition means for the sources of its block.
 *
 * @module
 */
import type { Analysis, Correlation, Output } from './analysis.ts'
import type { Conjunct } from './conjuncts.ts'
import type { BlockId, NodeId } from './constraints.ts'
import type { Block, ColumnReference, Source } from './scope.ts'
import type { Term } from './term.ts'
import type { ExpressionWalker } from './walk.ts'

/** The block whose condition is applied, and its parts. */
export interface ConditionContext {
	readonly analysis: Analysis
	readonly block: Block
	readonly walker: ExpressionWalker
	/** Filled with the equalities between the block and its parents. */
	readonly correlations: Correlation[]
}

/** How far a condition's word goes. */
export interface Reach {
	/** The block whose rows all satisfy it, so that the block has no rows where nothing can; null otherwise. */
	readonly block: BlockId | null
	/** Whether every row of the final result satisfies it, so that NULL from an outer join is dropped. */
	readonly rejectsNull: boolean
}

/**
 * Applies the terms of WHERE or of an inner join's ON: they restrict every source they name. OR goes last, for it looks at
 * the equalities of the others.
 */
export function applyToRows(context: ConditionContext, conjuncts: readonly Conjunct[], reach: Reach): void {
	for (const conjunct of conjuncts) if (conjunct.kind !== 'either') applyTerm(context, conjunct, reach)
	for (const conjunct of conjuncts) if (conjunct.kind === 'either') applyEither(context, conjunct.branches, reach)
}

function applyTerm(context: ConditionContext, conjunct: Exclude<Conjunct, { kind: 'either' }>, reach: Reach): void {
	const { analysis, block, walker } = context
	const { constraints } = analysis
	switch (conjunct.kind) {
		case 'pin': {
			const { node } = conjunct.column.column
			if (conjunct.column.block !== block || node === null) return
			constraints.pin({ node, terms: conjunct.terms, mode: conjunct.nullSafe ? 'is' : 'equals', block: reach.block })
			return
		}
		case 'equal':
			applyEquality(context, conjunct.left, conjunct.right, conjunct.nullSafe, reach)
			return
		case 'within': {
			const outputs = walker.subquery(conjunct.select, { onCorrelated: (found) => followBack(context, found, reach) })
			for (const [i, column] of conjunct.columns.entries()) {
				const output = outputs[i]
				if (column === null || output === undefined || column.block !== block) continue
				rejectNull(column, reach)
				restrictTo(analysis, column.column.node, output, reach)
				const pushes = conjunct.any && output.pushable && column.column.node !== null && output.node !== null
				if (pushes) constraints.flow(column.column.node, output.node, true)
			}
			return
		}
		case 'exists':
			walker.subquery(conjunct.select, { positional: false, onCorrelated: (found) => followBack(context, found, reach) })
			return
		case 'present':
			if (conjunct.column.block === block) rejectNull(conjunct.column, reach)
			return
		case 'never': {
			const facts = reach.block === null ? undefined : constraints.blocks[reach.block]
			if (facts !== undefined) facts.never = true
		}
	}
}

function applyEquality(
	context: ConditionContext,
	left: ColumnReference,
	right: ColumnReference,
	nullSafe: boolean,
	reach: Reach,
): void {
	const { analysis, block, correlations } = context
	if (!nullSafe) for (const side of [left, right]) if (side.block === block) rejectNull(side, reach)
	const [a, b] = [left.column.node, right.column.node]
	if (a === null || b === null) return
	if (left.block === block && right.block === block) {
		// Rows where both are NULL pass IS; in two tables without outer joins these are rows of no shard, or match each other.
		const plain = !block.hasOuterJoin && left.source.table !== null && right.source.table !== null
		if (!nullSafe) analysis.constraints.merge(a, b, true)
		else if (plain && !left.column.nullable && !right.column.nullable) analysis.constraints.merge(a, b, false)
	} else if (!nullSafe && left.block === block) correlate(context, a, right, b)
	else if (!nullSafe && right.block === block) correlate(context, b, left, a)

	function correlate({ analysis }: ConditionContext, inner: NodeId, outer: ColumnReference, from: NodeId): void {
		analysis.constraints.flow(from, inner, true)
		if (reach.rejectsNull) correlations.push({ inner, outer })
	}
}

/** Every row needs a row of the sub-query, so what holds for the sub-query's columns holds for the columns equal to them. */
function followBack({ analysis, block }: ConditionContext, found: readonly Correlation[], reach: Reach): void {
	for (const { inner, outer } of found) {
		if (outer.block !== block || outer.column.node === null) continue
		rejectNull(outer, reach)
		analysis.constraints.flow(inner, outer.column.node, true)
	}
}

function restrictTo({ constraints }: Analysis, node: NodeId | null, output: Output, reach: Reach): void {
	if (node === null) return
	if (output.node !== null) constraints.flow(output.node, node, true)
	else if (output.terms !== null) constraints.pin({ node, terms: output.terms, mode: 'equals', block: reach.block })
}

function rejectNull(column: ColumnReference, reach: Reach): void {
	if (reach.rejectsNull) column.source.rejectsNull = true
}

/** OR: a column that every branch pins is pinned to all of their constants. Branches that never hold do not count. */
function applyEither(context: ConditionContext, branches: readonly (readonly Conjunct[])[], reach: Reach): void {
	const { constraints } = context.analysis
	const pins = pinsOfEither(branches, context.block, (node) => constraints.classOf(node))
	if (pins === 'never') {
		applyTerm(context, { kind: 'never' }, reach)
		return
	}
	for (const { column, terms } of pins.values()) {
		const { node } = column.column
		if (node === null) continue
		rejectNull(column, reach)
		constraints.pin({ node, terms, mode: 'equals', block: reach.block })
	}
}

interface EitherPin {
	readonly column: ColumnReference
	readonly terms: readonly Term[]
}

/** The pins that all branches have, by class of column. */
function pinsOfEither(
	branches: readonly (readonly Conjunct[])[],
	block: Block,
	classOf: (node: NodeId) => NodeId,
): Map<NodeId, EitherPin> | 'never' {
	let common: Map<NodeId, EitherPin> | null = null
	for (const branch of branches) {
		const pins = pinsOfBranch(branch, block, classOf)
		if (pins === 'never') continue
		if (common === null) {
			common = pins
			continue
		}
		const both = new Map<NodeId, EitherPin>()
		for (const [key, pin] of common) {
			const other = pins.get(key)
			if (other !== undefined) both.set(key, { column: pin.column, terms: [...pin.terms, ...other.terms] })
		}
		common = both
	}
	return common ?? 'never'
}

function pinsOfBranch(
	branch: readonly Conjunct[],
	block: Block,
	classOf: (node: NodeId) => NodeId,
): Map<NodeId, EitherPin> | 'never' {
	const pins = new Map<NodeId, EitherPin>()
	for (const conjunct of branch) {
		if (conjunct.kind === 'never') return 'never'
		if (conjunct.kind === 'pin' && conjunct.column.block === block && conjunct.column.column.node !== null) {
			if (conjunct.nullSafe && conjunct.terms.some((term) => term.kind !== 'literal' || term.value === null)) continue
			const key = classOf(conjunct.column.column.node)
			if (!pins.has(key)) pins.set(key, { column: conjunct.column, terms: conjunct.terms })
		} else if (conjunct.kind === 'either') {
			const inner = pinsOfEither(conjunct.branches, block, classOf)
			if (inner === 'never') return 'never'
			for (const [key, pin] of inner) if (!pins.has(key)) pins.set(key, pin)
		}
	}
	for (let grew = true; grew; ) {
		grew = false
		for (const conjunct of branch) {
			if (conjunct.kind !== 'equal' || conjunct.nullSafe) continue
			for (const [from, to] of [
				[conjunct.left, conjunct.right],
				[conjunct.right, conjunct.left],
			] as const) {
				if (from.block !== block || to.block !== block || from.column.node === null || to.column.node === null) continue
				const pin = pins.get(classOf(from.column.node))
				if (pin === undefined || pins.has(classOf(to.column.node)) || !isPlainEquality(from, to)) continue
				pins.set(classOf(to.column.node), { column: to, terms: pin.terms })
				grew = true
			}
		}
	}
	return pins
}

/** Whether constants of one column are the constants of the other: the affinities convert them alike. */
function isPlainEquality(a: ColumnReference, b: ColumnReference): boolean {
	return a.column.affinity !== null && a.column.affinity === b.column.affinity
}

/**
 * Applies the terms of an outer join's ON: a row of the nullable side matters only where they hold, but the rows of the other
 * side matter all the same.
 */
export function applyToOptional(context: ConditionContext, conjuncts: readonly Conjunct[], optional: ReadonlySet<Source>): void {
	const { analysis, block, walker } = context
	const { constraints } = analysis
	const isOptional = (column: ColumnReference) => column.block === block && optional.has(column.source)
	const here: Reach = { block: null, rejectsNull: false }
	for (const conjunct of conjuncts) {
		if (conjunct.kind === 'pin' && isOptional(conjunct.column)) applyTerm(context, conjunct, here)
		else if (conjunct.kind === 'equal' && !conjunct.nullSafe) {
			const { left, right } = conjunct
			const [a, b] = [left.column.node, right.column.node]
			if (a === null || b === null) continue
			if (isOptional(left) && isOptional(right)) constraints.merge(a, b, true)
			else if (isOptional(left)) constraints.flow(b, a, true)
			else if (isOptional(right)) constraints.flow(a, b, true)
		} else if (conjunct.kind === 'either') {
			const pins = pinsOfEither(conjunct.branches, block, (node) => node)
			if (pins === 'never') continue
			for (const { column, terms } of pins.values()) {
				if (isOptional(column)) applyTerm(context, { kind: 'pin', column, terms, nullSafe: false }, here)
			}
		} else if (conjunct.kind === 'within') {
			const outputs = walker.subquery(conjunct.select)
			for (const [i, column] of conjunct.columns.entries()) {
				const output = outputs[i]
				if (column !== null && output !== undefined && isOptional(column)) {
					restrictTo(analysis, column.column.node, output, here)
				}
			}
		}
	}
}
