/**
 * From the sets of a statement's tables to its route.
 *
 * @module
 */
import { GLOBAL_SHARD, type TableSchema } from '../schema/table-schema.ts'
import { shardOf } from './compute-shard-id.ts'
import type { NodeId, Use } from './constraints.ts'
import type { Element } from './key-value.ts'
import type { Route } from './route.ts'
import type { ElementSet } from './solve.ts'

/** Shards that a route lists; a statement over more of them is one for the lake. */
const MAX_SHARDS = 1_000

/** What every route says. */
export interface RouteFacts {
	readonly write: boolean
	readonly tables: readonly string[]
}

/** The route of a statement that uses the given tables within the given sets. */
export function decideRoute(facts: RouteFacts, uses: readonly Use[], setOf: (node: NodeId) => ElementSet): Route {
	const { write, tables } = facts
	if (uses.length === 0) return { kind: 'any', write, tables, reason: 'it needs no table' }
	const shards = new Set<string>()
	let pinned: TableSchema | null = null
	let global: TableSchema | null = null
	for (const { table, key, alias } of uses) {
		if (table.shardKey === null) {
			global = table
			shards.add(GLOBAL_SHARD)
			continue
		}
		const sets = key.map((node) => (node === null ? null : setOf(node)))
		if (sets.some((set) => set?.size === 0)) continue
		const open = sets.indexOf(null)
		if (open >= 0) {
			const name = alias === table.name.toLowerCase() ? '' : ` (as "${alias}")`
			const reason = `nothing says which "${table.shardKey[open]}" of "${table.name}"${name} it needs`
			return { kind: 'scatter', write, tables, reason, table: table.name, shardKey: table.shardKey }
		}
		if (!addShards(shards, table, sets)) {
			const reason = `it needs more than ${MAX_SHARDS} shards`
			return { kind: 'scatter', write, tables, reason, table: table.name, shardKey: table.shardKey }
		}
		pinned ??= table
	}
	const [shard] = shards
	if (shard === undefined) return { kind: 'none', write, tables, reason: 'no row can satisfy its conditions' }
	const reason = describe(pinned, global)
	if (shards.size === 1) return { kind: 'shard', shard, write, tables, reason }
	return { kind: 'shards', shards: [...shards], write, tables, reason }
}

function describe(pinned: TableSchema | null, global: TableSchema | null): string {
	if (pinned === null) return `"${global?.name}" is a global table`
	const key = `"${pinned.name}" is pinned by "${pinned.shardKey?.join('", "')}"`
	return global === null ? key : `${key}, and "${global.name}" is a global table`
}

/** Adds the shards of every combination of key values; false when they are too many. */
function addShards(shards: Set<string>, table: TableSchema, sets: readonly ElementSet[]): boolean {
	let keys: Element[][] = [[]]
	for (const set of sets) {
		keys = keys.flatMap((key) => Array.from(set ?? [], (element) => [...key, element]))
		if (keys.length > MAX_SHARDS) return false
	}
	// No row has an empty key: it names no object.
	for (const key of keys) if (!key.includes('')) shards.add(shardOf(table, key))
	return shards.size <= MAX_SHARDS
}

/** Why an INSERT goes where it goes. */
export function describeRows(table: TableSchema): string {
	if (table.shardKey === null) return `"${table.name}" is a global table`
	return `the inserted rows give "${table.shardKey.join('", "')}" of "${table.name}"`
}
