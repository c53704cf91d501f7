/**
 * What a statement says of the columns in it, as a graph that does not depend on the values of parameters.
 *
 * A node stands for a column of one source of one query block. Its *set* bounds the rows of that source that can matter: the
 * answer is the same whatever rows the source has whose value lies outside (NULL lies outside always). Every entry is a step
 * of the form "given the sets so far, rows outside this set cannot matter", so they may be applied in any order:
 *
 * - a pin: a comparison with constants in WHERE, in an inner join's ON, or in an outer join's ON on its nullable side;
 * - a merge: equality of two columns in WHERE or in an inner join's ON, which carries a set both ways;
 * - a flow: a set that is carried one way only, as from the preserved side of an outer join to its nullable side, from an outer
 *   block to a correlated one, or from a sub-query's output to the column that is compared with it;
 * - a union: the outputs of a compound's arms;
 * - a push: from a column of a derived table into the block behind it. It holds only where the column is compared with
 *   something, for a derived column may be NULL and a comparison is what makes rows with NULL not matter.
 *
 * @module
 */
import type { TableSchema } from '../schema/table-schema.ts'
import type { Domain } from './key-value.ts'
import type { Term } from './term.ts'

/** A column of a source. */
export type NodeId = number

/** A query block. */
export type BlockId = number

/** A node's set lies within the elements that its terms are. */
export interface Pin {
	readonly node: NodeId
	readonly terms: readonly Term[]
	/** `is`: a term that is NULL makes it say nothing. `plain`: the terms are values of the column, not compared with it. */
	readonly mode: 'equals' | 'is' | 'plain'
	/** The block whose rows all satisfy it, so that a pin to nothing leaves the block without rows; null otherwise. */
	readonly block: BlockId | null
}

export interface Flow {
	readonly from: NodeId
	readonly to: NodeId
}

export interface Union {
	readonly from: readonly NodeId[]
	readonly to: NodeId
}

/** One occurrence of a table. */
export interface Use {
	readonly table: TableSchema
	/** A node for each column of the shard key; null for a column whose equality says nothing. Empty for a global table. */
	readonly key: readonly (NodeId | null)[]
	/** A way to name it that a reader recognises. */
	readonly alias: string
}

/** What must be known of a block to tell that it has no rows. */
export interface BlockFacts {
	/** The block in whose FROM it stands; null for others. */
	readonly from: BlockId | null
	/** Nodes of its sources. */
	readonly nodes: NodeId[]
	/** Those of tables whose rows every row of the block needs. */
	readonly required: NodeId[]
	never: boolean
}

/** Collects what a statement says. */
export class Constraints {
	readonly domains: Domain[] = []
	readonly pins: Pin[] = []
	readonly flows: Flow[] = []
	readonly unions: Union[] = []
	readonly uses: Use[] = []
	readonly blocks: BlockFacts[] = []
	readonly #parents: NodeId[] = []
	readonly #compared = new Set<NodeId>()
	readonly #pushes = new Map<NodeId, readonly NodeId[]>()

	addNode(domain: Domain): NodeId {
		const node = this.domains.length
		this.domains.push(domain)
		this.#parents.push(node)
		return node
	}

	addBlock(from: BlockId | null): BlockId {
		this.blocks.push({ from, nodes: [], required: [], never: false })
		return this.blocks.length - 1
	}

	pin(pin: Pin): void {
		this.pins.push(pin)
		// `x IS ?` with NULL keeps the rows where x is NULL, so it does not count as a comparison that drops them.
		const keepsNull = pin.mode === 'is' && pin.terms.some((term) => term.kind !== 'literal' || term.value === null)
		if (pin.mode !== 'plain' && !keepsNull) this.#compared.add(pin.node)
	}

	/**
	 * Equality that holds both ways; columns of different domains are left alone.
	 *
	 * @param compared - whether it makes rows with NULL in either not matter (`=` does, `IS` does not)
	 */
	merge(a: NodeId, b: NodeId, compared: boolean): void {
		if (this.domains[a] !== this.domains[b]) return
		if (compared) this.#compared.add(a).add(b)
		const [from, to] = [this.classOf(a), this.classOf(b)]
		if (from !== to) this.#parents[from] = to
	}

	/**
	 * Carries the set of `from` to `to`.
	 *
	 * @param compared - whether a comparison makes rows with NULL in `to` not matter
	 */
	flow(from: NodeId, to: NodeId, compared: boolean): void {
		if (this.domains[from] !== this.domains[to]) return
		if (compared) this.#compared.add(to)
		this.flows.push({ from, to })
	}

	union(from: readonly NodeId[], to: NodeId): void {
		this.unions.push({ from, to })
	}

	/** Lets `from`, a column of a derived table, restrict the columns behind it once it is compared with something. */
	push(from: NodeId, to: readonly NodeId[]): void {
		this.#pushes.set(from, to)
	}

	/** Whether a comparison makes rows with NULL in the column not matter. */
	isCompared(node: NodeId): boolean {
		return this.#compared.has(node)
	}

	classOf(node: NodeId): NodeId {
		let current = node
		for (let parent = this.#parents[current]; parent !== undefined && parent !== current; parent = this.#parents[current]) {
			current = parent
		}
		return current
	}

	/** Whether the set of `from` bounds that of `to` whatever the values are. */
	reaches(from: NodeId, to: NodeId): boolean {
		const target = this.classOf(to)
		const reached = new Set([this.classOf(from)])
		for (let grew = true; grew && !reached.has(target); ) {
			grew = false
			for (const flow of this.flows) {
				if (!reached.has(this.classOf(flow.from)) || reached.has(this.classOf(flow.to))) continue
				reached.add(this.classOf(flow.to))
				grew = true
			}
		}
		return reached.has(target)
	}

	/** Turns the pushes whose column is compared into flows; those make the columns behind them compared as well. */
	settle(): void {
		for (let grew = true; grew; ) {
			grew = false
			for (const [from, targets] of this.#pushes) {
				if (!this.#compared.has(from)) continue
				this.#pushes.delete(from)
				for (const to of targets) this.flow(from, to, true)
				grew = true
			}
		}
	}
}
