/**
 * What a WHERE says of the rows before a function in the FROM: `FROM t, json_each(t.body) WHERE json_valid(t.body)`. SQLite asks it
 * before it calls the function; DuckDB may do so after, and a text that is no JSON ends the query.
 *
 * @module
 */
import { type Expr, traverse } from 'sqlite3-parser'
import type { RewriteContext } from '../context.ts'
import { asCondition } from '../convert.ts'
import type { Scope } from '../scope.ts'

/** The parts of a condition that all have to hold. */
export function conjuncts(expr: Expr | undefined): Expr[] {
	if (expr === undefined) return []
	if (expr.type === 'BinaryExpr' && expr.op === 'And') return [...conjuncts(expr.left), ...conjuncts(expr.right)]
	const [only, other] = expr.type === 'ParenthesizedExpr' ? expr.exprs : []
	return only !== undefined && other === undefined ? conjuncts(only) : [expr]
}

/**
 * The conditions on the sources that a scope has so far, as one; undefined for none.
 *
 * @param names Columns that are to come, in lower case: a condition that names one may mean it.
 */
export function guardOf(ctx: RewriteContext, scope: Scope, names: ReadonlySet<string>): string | undefined {
	const conditions = scope.conditions
		.filter((expr) => isSettled(expr, scope, names))
		.map((expr) => asCondition(ctx.expression(expr, scope)))
	return conditions.length === 0 ? undefined : conditions.join(' AND ')
}

/** Whether all names in an expression are columns of the sources so far. */
function isSettled(root: Expr, scope: Scope, names: ReadonlySet<string>): boolean {
	let settled = true
	const functions = new Set<object>()
	traverse(root, {
		enter: (node) => {
			switch (node.type) {
				case 'Select':
					settled = false
					return 'skip'
				case 'FunctionCallExpr':
				case 'FunctionCallStarExpr':
					functions.add(node.name)
					return 'continue'
				case 'Id':
					if (functions.has(node)) return 'continue'
					if (names.has(node.name.toLowerCase()) || scope.candidates(node.name, null).length !== 1) settled = false
					return 'continue'
				case 'QualifiedExpr':
					if (scope.candidates(node.column.text, node.table.text.toLowerCase()).length !== 1) settled = false
					return 'skip'
				default:
					return 'continue'
			}
		},
	})
	return settled
}
