/**
 * Finding the aggregate calls of a SELECT.
 *
 * @module
 */
import { type AstNode, type Expr, type FunctionCallExpr, traverse } from 'sqlite3-parser'

/** Whether an aggregate stands in the nodes, sub-queries aside. */
export function hasAggregate(nodes: readonly (AstNode | undefined)[], isAggregate: (expr: Expr) => boolean): boolean {
	return aggregateCalls(nodes, isAggregate).length > 0
}

/** The outermost aggregate calls in the nodes, sub-queries aside. */
export function aggregateCalls(nodes: readonly (AstNode | undefined)[], isAggregate: (expr: Expr) => boolean): Expr[] {
	const calls: Expr[] = []
	for (const node of nodes) {
		if (node === undefined) continue
		traverse(node, {
			enter: (visited) => {
				if (visited.type === 'Select') return 'skip'
				if (visited.type !== 'FunctionCallExpr' && visited.type !== 'FunctionCallStarExpr') return 'continue'
				if (!isAggregate(visited)) return 'continue'
				calls.push(visited)
				return 'skip'
			},
		})
	}
	return calls
}

/** The calls of `min` and `max` among aggregates. */
export function extremes(calls: readonly Expr[]): FunctionCallExpr[] {
	return calls.filter((call): call is FunctionCallExpr => call.type === 'FunctionCallExpr' && /^(min|max)$/i.test(call.name.name))
}
