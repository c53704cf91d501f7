import type { Constraints, NodeId } from './constraints.ts'
import type { Element } from './key-value.ts'
import { elementOf, type Params, plainElementOf, type Term } from './term.ts'

/** A set of elements; null where everything is possible. */
export type ElementSet = ReadonlySet<Element> | null

const EMPTY: ReadonlySet<Element> = new Set()

/** The graph of {@link Constraints} with merged columns as one, ready to be solved for any parameters. */
export interface SolvableConstraints {
	readonly classes: readonly NodeId[]
	readonly constraints: Constraints
}

/** Prepares a complete graph. */
export function prepare(constraints: Constraints): SolvableConstraints {
	constraints.settle()
	return { constraints, classes: constraints.domains.map((_, node) => constraints.classOf(node)) }
}

/** The smallest sets that the graph gives for these parameters; the answer tells the set of each node. */
export function solve(prepared: SolvableConstraints, params: Params | undefined): (node: NodeId) => ElementSet {
	const { classes, constraints } = prepared
	const sets: ElementSet[] = classes.map(() => null)
	const dead: boolean[] = constraints.blocks.map((block) => block.never)
	const at = (node: NodeId): ElementSet => sets[classes[node] ?? node] ?? null
	let changed = true

	const restrict = (node: NodeId, bound: ReadonlySet<Element>): void => {
		const key = classes[node] ?? node
		const before = sets[key] ?? null
		if (before === null) sets[key] = bound
		else {
			if (before === bound || isSubset(before, bound)) return
			sets[key] = new Set([...before].filter((element) => bound.has(element)))
		}
		changed = true
	}

	for (const pin of constraints.pins) {
		const set = pinnedSet(constraints, pin, params)
		if (set === null) continue
		if (set.size === 0 && pin.block !== null) dead[pin.block] = true
		restrict(pin.node, set)
	}
	for (let i = 0; i < dead.length; i++) if (dead[i]) empty(i)

	function empty(block: number): void {
		dead[block] = true
		for (const node of constraints.blocks[block]?.nodes ?? []) restrict(node, EMPTY)
	}

	while (changed) {
		changed = false
		for (const { from, to } of constraints.flows) {
			const set = at(from)
			if (set !== null) restrict(to, set)
		}
		for (const { from, to } of constraints.unions) {
			const all = unionOf(from.map(at))
			if (all !== null) restrict(to, all)
		}
		for (const [i, block] of constraints.blocks.entries()) {
			if (dead[i]) continue
			if ((block.from !== null && dead[block.from]) || block.required.some((node) => at(node)?.size === 0)) {
				empty(i)
				changed = true
			}
		}
	}
	return at
}

function pinnedSet(
	constraints: Constraints,
	pin: { readonly node: NodeId; readonly terms: readonly Term[]; readonly mode: 'equals' | 'is' | 'plain' },
	params: Params | undefined,
): ReadonlySet<Element> | null {
	const domain = constraints.domains[pin.node]
	if (domain === undefined) return null
	const set = new Set<Element>()
	for (const term of pin.terms) {
		const element = pin.mode === 'plain' ? plainElementOf(term, domain, params) : elementOf(term, domain, params)
		if (element === undefined || (element === null && pin.mode === 'is')) return null
		if (element !== null) set.add(element)
	}
	return set
}

function isSubset(set: ReadonlySet<Element>, of: ReadonlySet<Element>): boolean {
	for (const element of set) if (!of.has(element)) return false
	return true
}

function unionOf(sets: readonly ElementSet[]): ReadonlySet<Element> | null {
	const all = new Set<Element>()
	for (const set of sets) {
		if (set === null) return null
		for (const element of set) all.add(element)
	}
	return all
}
