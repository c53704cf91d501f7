import { type OneSelect, type Select, traverse } from 'sqlite3-parser'
import { SQLakeError } from '../errors.ts'
import { type Analysis, addNodeLike, type Cte, exportColumns, type Output } from './analysis.ts'
import type { BlockId, NodeId } from './constraints.ts'
import type { Domain } from './key-value.ts'
import type { ScopedColumn } from './scope.ts'

/**
 * The columns of one reference to a common table expression. Each reference is analysed on its own, as if written out.
 *
 * @param from - the block in whose FROM the reference stands
 */
export function cteColumns(analysis: Analysis, cte: Cte, from: BlockId): readonly ScopedColumn[] {
	if (cte.recursion !== null) return cte.recursion()
	if (analysis.expanding.has(cte.expr)) throw circular(cte)
	analysis.expanding.add(cte.expr)
	try {
		return renamed(cte, expand(analysis, cte, from))
	} finally {
		analysis.expanding.delete(cte.expr)
	}
}

function expand(analysis: Analysis, cte: Cte, from: BlockId): readonly ScopedColumn[] {
	const { select } = cte.expr
	const name = cte.expr.tblName.text.toLowerCase()
	const arms = [select.select, ...(select.compounds ?? []).map((compound) => compound.select)]
	const firstRecursive = arms.findIndex((arm) => refersTo(arm, name))
	if (firstRecursive === 0) throw circular(cte)
	if (firstRecursive > 0) return recursiveColumns(analysis, cte, from, firstRecursive)
	const positional = cte.expr.columns !== undefined
	const outputs = analysis.select(select, { parent: cte.parent, ctes: cte.ctes, from, positional })
	return exportColumns(analysis.constraints, outputs)
}

function renamed(cte: Cte, columns: readonly ScopedColumn[]): readonly ScopedColumn[] {
	const names = cte.expr.columns?.map((column) => column.colName.text.toLowerCase())
	return names === undefined ? columns : columns.map((column, i) => ({ ...column, name: names[i] ?? column.name }))
}

function circular(cte: Cte): SQLakeError {
	return new SQLakeError('ROUTE_UNSUPPORTED', `common table expression "${cte.expr.tblName.text}": circular reference`, {
		hint: 'a recursive expression starts with a query that does not refer to itself, followed by UNION or UNION ALL',
	})
}

function refersTo(arm: OneSelect, name: string): boolean {
	let found = false
	traverse(arm, {
		enter: (node) => {
			const table = node.type === 'TableSelectTable' ? node.tblName : node.type === 'InTableExpr' ? node.rhs : undefined
			found ||= table !== undefined && table.dbName === undefined && table.objName.text.toLowerCase() === name
			return found ? 'break' : 'continue'
		},
	})
	return found
}

/**
 * A recursive expression (https://www.sqlite.org/lang_with.html section 3): a column that every recursive step carries over
 * keeps the set that it starts with, by induction over the steps. Other columns have the union of what the arms give.
 * Nothing is pushed inside from outside: a row that is dropped at the end may lead to others.
 */
function recursiveColumns(analysis: Analysis, cte: Cte, from: BlockId, firstRecursive: number): ScopedColumn[] {
	const { constraints } = analysis
	const { select } = cte.expr
	const compounds = select.compounds ?? []
	const options = { parent: cte.parent, from }
	const bare = { ...select, orderBy: undefined, limit: undefined }
	const anchor = analysis.select({ ...bare, compounds: compounds.slice(0, firstRecursive - 1) }, { ...options, ctes: cte.ctes })
	const starts = anchor.map((output) => startNode(analysis, output))
	const steps = compounds.slice(firstRecursive - 1).map((compound) => {
		const references: (NodeId | null)[][] = []
		const recursion = (): readonly ScopedColumn[] => {
			const nodes = starts.map((start) => (start === null ? null : addNodeLike(constraints, start)))
			references.push(nodes)
			return renamed(
				cte,
				anchor.map(({ name }, i) => ({ name, node: nodes[i] ?? null, terms: null, affinity: null, nullable: true })),
			)
		}
		const ctes = new Map(cte.ctes).set(cte.expr.tblName.text.toLowerCase(), { ...cte, recursion })
		const arm: Select = { ...bare, select: compound.select, compounds: undefined }
		return { outputs: analysis.select(arm, { ...options, ctes }), references }
	})
	return anchor.map(({ name }, i) => {
		const unknown = { name, node: null, terms: null, affinity: null, nullable: true }
		const start = starts[i] ?? null
		if (start === null) return unknown
		const ends = steps.map((step) => step.outputs[i]?.node ?? null)
		if (!ends.every((end) => end !== null && constraints.domains[end] === constraints.domains[start])) return unknown
		const all = addNodeLike(constraints, start)
		const carried = steps.every((step, s) => {
			const [reference, ...others] = step.references
			const [into, out] = [reference?.[i] ?? null, ends[s] ?? null]
			return others.length === 0 && into !== null && out !== null && constraints.reaches(into, out)
		})
		if (carried) constraints.flow(start, all, false)
		else constraints.union([start, ...ends.filter((end) => end !== null)], all)
		for (const reference of steps.flatMap((step) => step.references)) {
			const into = reference[i] ?? null
			if (into !== null) constraints.flow(carried ? start : all, into, false)
		}
		// What the reference is compared with must not reach the steps: it has a node of its own.
		const column = addNodeLike(constraints, start)
		constraints.flow(all, column, false)
		return { ...unknown, node: column }
	})
}

/** The node of a column before the first step; constants get one of their own. */
function startNode(analysis: Analysis, output: Output): NodeId | null {
	if (output.node !== null || output.terms === null) return output.node
	const domains = new Set(
		output.terms.map((term): Domain | null => {
			if (term.kind === 'integer') return 'NUMERIC'
			if (term.kind !== 'literal' || term.value === null) return null
			return typeof term.value === 'string' ? 'TEXT' : 'NUMERIC'
		}),
	)
	const [domain = null] = domains
	if (domain === null || domains.size > 1) return null
	const node = analysis.constraints.addNode(domain)
	analysis.constraints.pin({ node, terms: output.terms, mode: 'plain', block: null })
	return node
}
