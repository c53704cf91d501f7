/**
 * The terms of a condition that hold for every row it lets through, as plain data.
 *
 * @module
 */
import type { BinaryExpr, Expr, Select } from 'sqlite3-parser'
import type { ParsedStatement } from './parse-sql.ts'
import { type Block, type ColumnReference, columnOf, resolveColumn } from './scope.ts'
import { type Term, termOf } from './term.ts'

/** One term of a condition. */
export type Conjunct =
	/** The column is one of the constants. `nullSafe`: compared by IS. */
	| { readonly kind: 'pin'; readonly column: ColumnReference; readonly terms: readonly Term[]; readonly nullSafe: boolean }
	/** Two columns are equal. */
	| { readonly kind: 'equal'; readonly left: ColumnReference; readonly right: ColumnReference; readonly nullSafe: boolean }
	/** One of several conditions holds. */
	| { readonly kind: 'either'; readonly branches: readonly (readonly Conjunct[])[] }
	/** The columns equal a row of the sub-query: any row with IN, its only row with `=`. */
	| {
			readonly kind: 'within'
			readonly columns: readonly (ColumnReference | null)[]
			readonly select: Select
			readonly any: boolean
	  }
	/** The sub-query has a row. */
	| { readonly kind: 'exists'; readonly select: Select }
	/** The column is not NULL. */
	| { readonly kind: 'present'; readonly column: ColumnReference }
	/** No row passes. */
	| { readonly kind: 'never' }

/** The terms of a condition, of which all hold. What is not understood is left out. */
export function conjunctsOf(expr: Expr, block: Block, parsed: ParsedStatement): Conjunct[] {
	const out: Conjunct[] = []
	collect(expr, block, parsed, out)
	return out
}

function collect(expr: Expr, block: Block, parsed: ParsedStatement, out: Conjunct[]): void {
	switch (expr.type) {
		case 'ParenthesizedExpr':
			if (expr.exprs.length === 1 && expr.exprs[0] !== undefined) collect(expr.exprs[0], block, parsed, out)
			return
		case 'BinaryExpr':
			collectBinary(expr, block, parsed, out)
			return
		case 'InListExpr': {
			if (expr.not) return
			const terms = (expr.rhs ?? []).map((item) => termOf(item, parsed))
			const column = columnOf(expr.lhs, block)
			if (terms.length === 0) out.push({ kind: 'never' })
			if (column === null) return
			if (isComplete(terms)) out.push(...pinned(column, terms, false))
			else out.push({ kind: 'present', column })
			return
		}
		case 'InSelectExpr':
			if (!expr.not) out.push({ kind: 'within', columns: rowColumns(expr.lhs, block), select: expr.rhs, any: true })
			return
		case 'ExistsExpr':
			out.push({ kind: 'exists', select: expr.select })
			return
		case 'NotNullExpr':
			present(expr.expr, block, out)
			return
		case 'BetweenExpr': // NULL for NULL with NOT as well
			present(expr.lhs, block, out)
			return
		case 'LikeExpr':
			if (expr.op === 'Like' || expr.op === 'Glob') present(expr.lhs, block, out)
			return
		case 'UnaryExpr':
			if (expr.op === 'Not') collectNegated(expr.expr, block, parsed, out)
			return
		case 'NullLiteral':
			out.push({ kind: 'never' })
			return
		case 'NumericLiteral':
			if (/^0+$/.test(expr.value)) out.push({ kind: 'never' })
			return
		case 'Id':
			// FALSE is a column if there is one, and in quotes it is text, which is false too but is left alone.
			if (/^false$/i.test(expr.name) && isBare(expr, parsed) && resolveColumn(expr, block) === 'missing') {
				out.push({ kind: 'never' })
			}
	}
}

function isBare(expr: Expr, parsed: ParsedStatement): boolean {
	return /^[a-z]/i.test(parsed.sql.charAt(expr.span.offset))
}

function collectBinary(expr: BinaryExpr, block: Block, parsed: ParsedStatement, out: Conjunct[]): void {
	switch (expr.op) {
		case 'And':
			collect(expr.left, block, parsed, out)
			collect(expr.right, block, parsed, out)
			return
		case 'Or': {
			const branches = disjuncts(expr).map((branch) => conjunctsOf(branch, block, parsed))
			out.push({ kind: 'either', branches })
			return
		}
		case 'Equals':
		case 'Is':
			collectEquality(expr.left, expr.right, expr.op === 'Is', block, parsed, out)
			return
		case 'NotEquals':
		case 'Less':
		case 'LessEquals':
		case 'Greater':
		case 'GreaterEquals':
			present(expr.left, block, out)
			present(expr.right, block, out)
	}
}

/** The terms of `NOT expr`, which is true only where `expr` is false: where it is NULL, both are. */
function collectNegated(expr: Expr, block: Block, parsed: ParsedStatement, out: Conjunct[]): void {
	if (expr.type === 'ParenthesizedExpr' && expr.exprs.length === 1 && expr.exprs[0] !== undefined) {
		collectNegated(expr.exprs[0], block, parsed, out)
	} else if (expr.type === 'UnaryExpr' && expr.op === 'Not') {
		collect(expr.expr, block, parsed, out)
	} else if (expr.type === 'BinaryExpr') {
		const { op, left, right } = expr
		// A row value differs where one of its columns does, so its negation says that all are equal.
		if (op === 'NotEquals' || op === 'IsNot') collectEquality(left, right, op === 'IsNot', block, parsed, out)
		else if (op === 'Or') {
			collectNegated(left, block, parsed, out)
			collectNegated(right, block, parsed, out)
		}
	}
}

function disjuncts(expr: Expr): Expr[] {
	if (expr.type === 'BinaryExpr' && expr.op === 'Or') return [...disjuncts(expr.left), ...disjuncts(expr.right)]
	const inner = expr.type === 'ParenthesizedExpr' && expr.exprs.length === 1 ? expr.exprs[0] : undefined
	return inner !== undefined && inner.type === 'BinaryExpr' && inner.op === 'Or' ? disjuncts(inner) : [expr]
}

function collectEquality(
	left: Expr,
	right: Expr,
	nullSafe: boolean,
	block: Block,
	parsed: ParsedStatement,
	out: Conjunct[],
): void {
	const [leftRow, rightRow] = [rowOf(left), rowOf(right)]
	if (leftRow !== null && rightRow !== null) {
		if (leftRow.length !== rightRow.length) return
		for (const [i, item] of leftRow.entries()) {
			const other = rightRow[i]
			if (other !== undefined) collectEquality(item, other, nullSafe, block, parsed, out)
		}
		return
	}
	for (const [one, other] of [
		[left, right],
		[right, left],
	] as const) {
		const select = subqueryOf(other)
		if (select === null || nullSafe) continue
		out.push({ kind: 'within', columns: rowColumns(one, block), select, any: false })
		return
	}
	const [leftColumn, rightColumn] = [columnOf(left, block), columnOf(right, block)]
	if (leftColumn !== null && rightColumn !== null) {
		const [leftTerms, rightTerms] = [leftColumn.column.terms, rightColumn.column.terms]
		if (leftTerms !== null || rightTerms !== null) {
			// An outer join may make such a column NULL after all, which IS would find in the other.
			if (nullSafe) return
			if (rightTerms !== null) out.push(...pinned(leftColumn, rightTerms, false))
			if (leftTerms !== null) out.push(...pinned(rightColumn, leftTerms, false))
		} else out.push({ kind: 'equal', left: leftColumn, right: rightColumn, nullSafe })
		return
	}
	const column = leftColumn ?? rightColumn
	const term = termOf(leftColumn === null ? left : right, parsed)
	if (column !== null && term !== null) out.push(...pinned(column, [term], nullSafe))
	else if (column !== null && !nullSafe) out.push({ kind: 'present', column })
	else if (column === null && !nullSafe && areUnequal(term, termOf(right, parsed))) out.push({ kind: 'never' })
}

function pinned(column: ColumnReference, terms: readonly Term[], nullSafe: boolean): Conjunct[] {
	const literals = terms.every((term) => term.kind === 'literal' && term.value !== null)
	const pin: Conjunct = { kind: 'pin', column, terms, nullSafe }
	return nullSafe && !literals ? [pin] : [pin, { kind: 'present', column }]
}

/** Whether `a = b` is never true for two literals; those of different types are left alone. */
function areUnequal(a: Term | null, b: Term | null): boolean {
	if (a?.kind !== 'literal' || b?.kind !== 'literal') return false
	if (a.value === null || b.value === null) return true
	return typeof a.value === typeof b.value && a.value !== b.value
}

function present(expr: Expr, block: Block, out: Conjunct[]): void {
	const column = columnOf(expr, block)
	if (column !== null) out.push({ kind: 'present', column })
}

/** The columns of a row value, or of one column; null for what is no column. */
function rowColumns(expr: Expr, block: Block): (ColumnReference | null)[] {
	return (rowOf(expr) ?? [expr]).map((item) => columnOf(item, block))
}

/** The items of a row value; null for anything else. */
function rowOf(expr: Expr): readonly Expr[] | null {
	return expr.type === 'ParenthesizedExpr' && expr.exprs.length > 1 ? expr.exprs : null
}

function subqueryOf(expr: Expr): Select | null {
	if (expr.type === 'SubqueryExpr') return expr.select
	if (expr.type === 'ParenthesizedExpr' && expr.exprs.length === 1 && expr.exprs[0] !== undefined)
		return subqueryOf(expr.exprs[0])
	return null
}

function isComplete(terms: readonly (Term | null)[]): terms is Term[] {
	return terms.every((term) => term !== null)
}
