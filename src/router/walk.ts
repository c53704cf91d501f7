import { type AstNode, type Expr, type FunctionCallExpr, type FunctionCallStarExpr, type Select, traverse } from 'sqlite3-parser'
import { type Analysis, addBlock, type CteScope, type Output, type SelectOptions } from './analysis.ts'
import { addTable, tableFunction } from './from-table.ts'
import { type Block, columnOf, resolveColumn } from './scope.ts'

/** SQLite's aggregates (https://www.sqlite.org/lang_aggfunc.html, json1, percentile). A Durable Object allows no others. */
const aggregates = new Set(
	`avg count group_concat max median min percentile percentile_cont percentile_disc string_agg sum total json_group_array
	json_group_object jsonb_group_array jsonb_group_object geopoly_group_bbox`.split(/\s+/),
)

/** Analyses the sub-queries of a block's expressions, each once, and notes aggregates and windows. */
export class ExpressionWalker {
	readonly #analysis: Analysis
	readonly #block: Block
	readonly #ctes: CteScope
	readonly #seen = new Map<Select, readonly Output[]>()

	constructor(analysis: Analysis, block: Block, ctes: CteScope) {
		this.#analysis = analysis
		this.#block = block
		this.#ctes = ctes
	}

	/** The outputs of a sub-query in an expression of the block. */
	subquery(select: Select, options: Pick<SelectOptions, 'onCorrelated' | 'positional'> = {}): readonly Output[] {
		const seen = this.#seen.get(select)
		if (seen !== undefined) return seen
		const outputs = this.#analysis.select(select, {
			parent: this.#block,
			ctes: this.#ctes,
			from: null,
			...options,
		})
		this.#seen.set(select, outputs)
		return outputs
	}

	/** Walks any part of the block that is not a query of its own. */
	walk(...nodes: readonly (AstNode | readonly AstNode[] | undefined)[]): void {
		for (const node of nodes.flat()) if (node !== undefined) this.#walkOne(node)
	}

	#walkOne(root: AstNode): void {
		traverse(root, {
			enter: (node) => {
				if (node.type === 'ExistsExpr') {
					this.subquery(node.select, { positional: false })
					return 'skip'
				}
				if (node.type === 'Select') {
					this.subquery(node)
					return 'skip'
				}
				if (node.type === 'InTableExpr') {
					// Its rows are only looked up, but they are all needed.
					if (node.args !== undefined) tableFunction(this.#analysis, node.rhs.objName.text, undefined)
					else addTable(this.#analysis, addBlock(this.#analysis, null, null), node.rhs, undefined, this.#ctes)
				}
				if (node.type === 'FunctionCallExpr' || node.type === 'FunctionCallStarExpr') this.#noteFunction(node)
				return 'continue'
			},
		})
	}

	#noteFunction(call: FunctionCallExpr | FunctionCallStarExpr): void {
		const over = call.filterOver?.overClause
		if (over !== undefined) {
			const columns = over.type === 'WindowOver' ? (over.window.partitionBy ?? []) : []
			this.#block.partitions.push(columns.map((expr) => columnOf(expr, this.#block)).filter((found) => found !== null))
			return
		}
		const name = call.name.name.toLowerCase()
		const args = call.type === 'FunctionCallExpr' ? (call.args ?? []) : []
		if (!aggregates.has(name) || ((name === 'min' || name === 'max') && args.length > 1)) return
		this.#block.isAggregate = true
		for (const arg of args) this.#noteAggregateArgument(arg)
	}

	/** An aggregate over columns of outer blocks alone belongs to one of those, and groups its rows. */
	#noteAggregateArgument(arg: Expr): void {
		traverse(arg, {
			enter: (node) => {
				if (node.type !== 'Id' && node.type !== 'QualifiedExpr') return 'continue'
				const found = resolveColumn(node, this.#block)
				for (let block = this.#block.parent; block !== null; block = block.parent) {
					if (found === 'unknown' || (found !== 'missing' && found.block === block)) block.isAggregate = true
				}
				return 'skip'
			},
		})
	}
}
