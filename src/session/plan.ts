/**
 * Decides where a query runs.
 *
 * @module
 */
import { Param, Placeholder } from 'drizzle-orm'
import type { WireValue } from '../driver/transport.ts'
import { SQLakeError } from '../errors.ts'
import { determineRoute } from '../router/determine-route.ts'
import { parseSQL } from '../router/parse-sql.ts'
import { assertSingleShard, type Route } from '../router/route.ts'
import { prepareStructure, routeInsertRows, type StructuredShape } from '../router/structure.ts'
import { GLOBAL_SHARD, type LakeSchema } from '../schema/table-schema.ts'
import { bindValues } from './bind-value.ts'
import type { BuilderFacts } from './builder-facts.ts'
import type { Connection, Target } from './connection.ts'
import type { BuiltQuery } from './dialect.ts'
import { isEntity } from './entity.ts'

/** Values by name, for the placeholders of a prepared query. */
export type Placeholders = Readonly<Record<string, unknown>>

/** Where a statement runs that gives the same answer in every shard, such as `SELECT 1`. */
const ANY_SHARD = GLOBAL_SHARD

/** A query with every placeholder filled and every encoder applied. */
export interface FilledQuery {
	readonly sql: string
	readonly params: readonly WireValue[]
	/** What the builder knew; undefined for raw SQL. */
	readonly built: BuiltQuery | undefined
	/** What filled the placeholders. */
	readonly placeholders: Placeholders
}

/** What a query does to a shard: read rows, write rows, or change the tables themselves. */
export type Access = 'read' | 'write' | 'schema'

/** Where a query runs. */
export type Plan =
	| ({ readonly kind: 'shard'; readonly shard: string; readonly access: Access } & RoutedPlan)
	| { readonly kind: 'lake'; readonly target: Extract<Target, { kind: 'lake' | 'causal' }>; readonly reason: string }
	/** `rows`: the shard of each row of an INSERT ... VALUES. */
	| ({ readonly kind: 'split'; readonly shards: readonly string[]; readonly rows: readonly string[] } & RoutedPlan)

interface RoutedPlan {
	readonly reason: string
	/** Tables whose columns must stand in the order of the schema; see `Route.ordered`. */
	readonly ordered: readonly string[]
}

/** Statements of the parser that change tables, indexes, views and triggers. */
const SCHEMA_CHANGE = /^(?:Create|Alter|Drop)/

type LakeTarget = Extract<Target, { kind: 'lake' | 'causal' }>

/**
 * Decides where a query runs: by the builder's structure where that settles the shard, else by the parsed text.
 *
 * @throws SQLakeError ROUTE_NO_SHARD, ROUTE_MULTIPLE_SHARDS, ROUTE_SHARD_KEY_NULL and the parser's other errors; READ_ONLY for
 * a write to the lake.
 */
export function planQuery(query: FilledQuery, target: Target, connection: Connection): Plan {
	if (target.kind === 'lake' || target.kind === 'causal') return planLake(query, target)
	if (target.kind === 'shard') return planPinned(query, target.shard)
	const route = routeOf(query, connection.schema)
	const access = route.write ? 'write' : 'read'
	const open = route.kind === 'scatter' || route.kind === 'shards'
	if (open && access === 'read' && connection.fallback === 'analytics') {
		return { kind: 'lake', target: { kind: 'lake', moment: { kind: 'current' } }, reason: `fallback: ${route.reason}` }
	}
	if (target.split === true && route.kind === 'shards' && route.rows !== undefined) {
		return { kind: 'split', shards: route.shards, rows: route.rows, reason: route.reason, ordered: route.ordered ?? [] }
	}
	const single = assertSingleShard(route)
	const shard = single.kind === 'shard' ? single.shard : ANY_SHARD
	return { kind: 'shard', shard, access, reason: single.reason, ordered: single.ordered ?? [] }
}

function routeOf(query: FilledQuery, schema: LakeSchema): Route {
	return routeByStructure(query, schema) ?? determineRoute(query.sql, { schema, params: query.params })
}

function planLake(query: FilledQuery, target: LakeTarget): Plan {
	// Who reads DuckDB's SQL finds out there whether it writes.
	if (query.built === undefined && target.limits?.dialect === 'duckdb')
		return { kind: 'lake', target, reason: momentName(target) }
	const write = query.built === undefined ? parseSQL(query.sql).statement.type !== 'SelectStmt' : query.built.access === 'write'
	if (write) throw readOnlyError(momentName(target))
	return { kind: 'lake', target, reason: momentName(target) }
}

/**
 * A pinned session runs everything in its shard, whatever the shard key says, tables that the schema does not have and changes of
 * the shard's own tables included: SQLite has the last word.
 */
function planPinned({ sql, built }: FilledQuery, shard: string): Plan {
	return {
		kind: 'shard',
		shard,
		access: built === undefined ? accessOf(sql) : built.access,
		reason: 'pinned by shard()',
		ordered: [],
	}
}

function accessOf(sql: string): Access {
	const { type } = parseSQL(sql).statement
	if (type === 'SelectStmt' || type === 'ExplainStmt') return 'read'
	return SCHEMA_CHANGE.test(type) ? 'schema' : 'write'
}

/** The shard that the builder's structure pins; null where it does not settle one, and the parser has the word. */
function routeByStructure({ built, placeholders }: FilledQuery, schema: LakeSchema): Route | null {
	if (built === undefined || built.facts === null) return null
	const route = routeFacts(built.facts, placeholders)
	if (route === null || (route.kind !== 'shard' && built.facts.kind !== 'rows')) return null
	if (built.sample !== undefined) {
		if (route.kind !== 'shard') return null
		const params = bindValues(fillParams(built.sample.params, placeholders))
		const sample = determineRoute(built.sample.sql, { schema, params })
		if (sample.kind !== 'shard' || sample.shard !== route.shard) return null
	}
	return route
}

/** The routes of each shape; statements of one shape share it. */
const preparedRoutes = new WeakMap<StructuredShape, ReturnType<typeof prepareStructure>>()

function routeFacts(facts: BuilderFacts, placeholders: Placeholders): Route | null {
	if (facts.kind === 'rows') {
		const rows = facts.rows.map((operands) => bindValues(operands.map((operand) => fillParam(operand, placeholders))))
		return routeInsertRows(facts.table, rows)
	}
	const { shape, operands } = facts
	let route = preparedRoutes.get(shape)
	if (route === undefined) {
		route = prepareStructure(shape)
		preparedRoutes.set(shape, route)
	}
	return route(bindValues(operands.map((operand) => fillParam(operand, placeholders))))
}

/** The parameters with every placeholder filled. */
export function fillParams(params: readonly unknown[], values: Placeholders): unknown[] {
	return params.map((param) => (typeof param === 'object' && param !== null ? fillParam(param, values) : param))
}

function fillParam(param: unknown, values: Placeholders): unknown {
	if (isEntity(param, Placeholder)) return placeholderValue(param, values)
	if (!isEntity(param, Param)) return param
	const value: unknown = isEntity(param.value, Placeholder) ? placeholderValue(param.value, values) : param.value
	return value === null ? null : param.encoder.mapToDriverValue(value)
}

function placeholderValue({ name }: Placeholder, values: Placeholders): unknown {
	if (!Object.hasOwn(values, name)) {
		throw new SQLakeError('VALUE_UNSUPPORTED', `placeholder "${name}": expected a value, found none`, {
			hint: `pass it to the prepared query: execute({ ${name}: ... })`,
			details: { placeholder: name },
		})
	}
	return values[name]
}

/** The error for a write through something that only reads. */
export function readOnlyError(what: string): SQLakeError {
	return new SQLakeError('READ_ONLY', `${what}: expected a query, found a write`, {
		hint: 'write through the database itself: drizzle(sqlake(env, { schema })), or sql`...`.run()',
	})
}

function momentName(target: LakeTarget): string {
	if (target.kind === 'causal') return 'causal()'
	return target.moment.kind === 'current' ? 'analytics()' : `${target.moment.kind}()`
}
