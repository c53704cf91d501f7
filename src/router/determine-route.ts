import { SQLakeError } from '../errors.ts'
import type { LakeSchema, TableSchema } from '../schema/table-schema.ts'
import { shardOf } from './compute-shard-id.ts'
import { decideRoute, describeRows } from './decide.ts'
import type { SqlValue } from './key-value.ts'
import { LruCache } from './lru.ts'
import { type ParsedStatement, parseSQL } from './parse-sql.ts'
import type { Route } from './route.ts'
import { prepare, type SolvableConstraints, solve } from './solve.ts'
import { analyzeStatement, type StatementFacts } from './statement.ts'
import { elementOf, type Params, type Term, termValue } from './term.ts'
import { keyChange } from './update-delete.ts'

/** What a statement is routed by. */
export interface RouteOptions {
	/** The schema, as `SQLake({...}).lake`. */
	readonly schema: LakeSchema
	/** The bound values in SQLite's order: a number is bound as REAL, a bigint as INTEGER. Without them parameters pin nothing. */
	readonly params?: readonly unknown[]
}

/** A statement analysed against a schema, for any parameters. */
interface RoutePlan {
	readonly facts: StatementFacts
	readonly prepared: SolvableConstraints
}

/** What is kept for each schema. */
interface SchemaCache {
	/** By name in lower case. */
	readonly tables: ReadonlyMap<string, TableSchema>
	readonly plans: LruCache<string, RoutePlan>
}

/** Statements whose analysis is kept, for each schema. */
const CACHE_LIMIT = 1_000

/** Longer texts are mostly inserts with literal values, which never come back. UTF-16 units. */
const MAX_CACHED_LENGTH = 10_000

const caches = new WeakMap<LakeSchema, SchemaCache>()

/**
 * Decides where a statement can run: in the one shard that it pins, in several, or nowhere but in the lake. A shard is claimed
 * only where the statement gives the same answer on the shard's rows as it would on the rows of all shards.
 *
 * @param statement - the text of one statement, or what {@link parseSQL} made of it
 * @throws SQLakeError SQL_PARSE; ROUTE_UNKNOWN_TABLE; ROUTE_SHARD_KEY_CHANGE for an update that may move rows;
 * ROUTE_SHARD_KEY_NULL for an insert whose shard key is NULL or empty; ROUTE_NO_SHARD for an insert that leaves it to a
 * default; ROUTE_UNSUPPORTED for anything but SELECT, INSERT, UPDATE and DELETE; SHARD_ID_INVALID.
 * @example
 * ```ts
 * import { determineRoute } from 'sqlake'
 *
 * const route = determineRoute('SELECT * FROM orders WHERE user_id = ?', { schema: db.lake, params: ['user-123'] })
 * if (route.kind === 'shard') console.log(route.shard) // 'user-123'
 * ```
 */
export function determineRoute(statement: string | ParsedStatement, { schema, params }: RouteOptions): Route {
	const { facts, prepared } = planOf(statement, schema)
	const route = routeOfFacts(facts, prepared, params)
	return facts.ordered.length === 0 ? route : { ...route, ordered: facts.ordered }
}

function routeOfFacts(facts: StatementFacts, prepared: SolvableConstraints, params: Params | undefined): Route {
	const { insert, tables, write } = facts
	if (insert?.rows != null && insert.table.shardKey !== null) return routeRows(facts, prepared, insert.rows, params)
	if (insert?.constants.some((term) => termValue(term, params) === null)) {
		// Throws what a row of VALUES with that key would.
		shardOf(insert.table, insert.table.shardKey?.map(() => null) ?? [])
	}
	const setOf = solve(prepared, params)
	const route = decideRoute({ tables, write }, facts.constraints.uses, setOf)
	for (const { table, column, node, term } of facts.assignments) {
		const set = setOf(node)
		const element = elementOf(term, facts.constraints.domains[node] ?? 'BLOB', params)
		const isSame = set?.size === 0 || (set?.size === 1 && element !== undefined && element !== null && set.has(element))
		if (!isSame) throw keyChange(table, column)
	}
	if (insert !== null) checkUpsert(insert.table, insert.assignments, route, null, params)
	return route
}

function planOf(statement: string | ParsedStatement, schema: LakeSchema): RoutePlan {
	let cache = caches.get(schema)
	if (cache === undefined) {
		const tables = new Map(Array.from(schema.tables.values(), (table) => [table.name.toLowerCase(), table]))
		cache = { tables, plans: new LruCache(CACHE_LIMIT) }
		caches.set(schema, cache)
	}
	const { plans, tables } = cache
	const make = (): RoutePlan => {
		const facts = analyzeStatement(typeof statement === 'string' ? parseSQL(statement) : statement, tables)
		return { facts, prepared: prepare(facts.constraints) }
	}
	const sql = typeof statement === 'string' ? statement : statement.sql
	return sql.length > MAX_CACHED_LENGTH ? make() : plans.get(sql, make)
}

/** Routes `INSERT ... VALUES` by the key of each row, and by what its sub-queries need. */
function routeRows(
	facts: StatementFacts,
	prepared: SolvableConstraints,
	rows: readonly (readonly (Term | null)[])[],
	params: Params | undefined,
): Route {
	const { constraints, insert, tables, write } = facts
	if (insert === null) throw new SQLakeError('INTERNAL', 'INSERT: expected its plan, found none')
	const { table } = insert
	const shardKey = table.shardKey ?? []
	const shards: string[] = []
	for (const [i, row] of rows.entries()) {
		const key: SqlValue[] = []
		for (const [k, term] of row.entries()) {
			const value = term === null ? undefined : termValue(term, params)
			if (value === undefined) {
				const reason = `"${shardKey[k]}" of row ${i + 1} is neither a literal nor a parameter with a value`
				return { kind: 'scatter', write, tables, reason, table: table.name, shardKey }
			}
			key.push(value)
		}
		shards.push(shardOf(table, key))
	}
	const route = decideRows(facts, prepared, table, shards, params)
	checkUpsert(table, insert.assignments, route, rows, params)
	if (constraints.uses.length > 0 || route.kind !== 'shards') return route
	return { ...route, rows: shards }
}

function decideRows(
	facts: StatementFacts,
	prepared: SolvableConstraints,
	table: TableSchema,
	rows: readonly string[],
	params: Params | undefined,
): Route {
	const { constraints, tables, write } = facts
	const shards = new Set(rows)
	if (constraints.uses.length > 0) {
		const others = decideRoute({ tables, write }, constraints.uses, solve(prepared, params))
		if (others.kind === 'scatter') return others
		if (others.kind === 'shard') shards.add(others.shard)
		if (others.kind === 'shards') for (const shard of others.shards) shards.add(shard)
	}
	const reason = describeRows(table)
	const [shard] = shards
	return shard !== undefined && shards.size === 1
		? { kind: 'shard', shard, write, tables, reason }
		: { kind: 'shards', shards: [...shards], write, tables, reason }
}

/** ON CONFLICT may set a column of the shard key only to what it is in every row. */
function checkUpsert(
	table: TableSchema,
	assignments: readonly { readonly column: string; readonly position: number; readonly term: Term }[],
	route: Route,
	rows: readonly (readonly (Term | null)[])[] | null,
	params: Params | undefined,
): void {
	for (const { column, position, term } of assignments) {
		const value = termValue(term, params)
		const isSame = rows?.every((row) => {
			const own = row[position]
			return own != null && termValue(own, params) === value
		})
		if (route.kind === 'scatter' || isSame !== true) throw keyChange(table, column)
	}
}
