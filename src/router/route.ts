/**
 * Where a statement can run, as the router decides it.
 *
 * @module
 */
import { SQLakeError } from '../errors.ts'

interface RouteBase {
	/** Whether the statement writes rows. */
	readonly write: boolean
	/** SQL names of the tables that the statement names, in order of appearance. */
	readonly tables: readonly string[]
	/** Why the route is what it is, in one sentence. */
	readonly reason: string
	/**
	 * SQL names of the tables whose columns must stand in the shard in the order of the schema: the statement has a `*` or an INSERT
	 * without names, and what it pins depends on their places. Absent where it rests on names alone.
	 */
	readonly ordered?: readonly string[]
}

/** All rows that matter are in one shard. */
export interface ShardRoute extends RouteBase {
	readonly kind: 'shard'
	readonly shard: string
}

/** All rows that matter are in several known shards. */
export interface ShardsRoute extends RouteBase {
	readonly kind: 'shards'
	/** Without duplicates. */
	readonly shards: readonly string[]
	/** For `INSERT ... VALUES`: the shard of each row, in the order of the rows. Absent where the rows do not tell everything. */
	readonly rows?: readonly string[]
}

/** No table of the schema matters: any shard gives the same answer. */
export interface AnyRoute extends RouteBase {
	readonly kind: 'any'
}

/** No row of any table can matter, as in `WHERE id = NULL`: any shard gives the same answer. */
export interface NoneRoute extends RouteBase {
	readonly kind: 'none'
}

/** The statement needs rows of an unknown number of shards. */
export interface ScatterRoute extends RouteBase {
	readonly kind: 'scatter'
	/** SQL name of the table that is not pinned. */
	readonly table: string
	/** SQL names of the columns that would pin it. */
	readonly shardKey: readonly string[]
}

/** Where a statement can run. */
export type Route = ShardRoute | ShardsRoute | AnyRoute | NoneRoute | ScatterRoute

/** A route that any one shard can serve: the named one, or whichever the caller likes. */
export type SingleRoute = ShardRoute | AnyRoute | NoneRoute

/** How many shard names an error message spells out. */
const MAX_NAMED_SHARDS = 5

/**
 * Returns the route if one shard can serve the whole statement.
 *
 * @throws SQLakeError ROUTE_NO_SHARD when no shard is pinned, ROUTE_MULTIPLE_SHARDS when several are; both name the table, its
 * shard column and what was found.
 * @example
 * ```ts
 * const route = assertSingleShard(determineRoute('SELECT * FROM users WHERE id = ?', { schema, params: ['user-123'] }))
 * if (route.kind === 'shard') console.log(route.shard) // 'user-123'
 * ```
 */
export function assertSingleShard(route: Route): SingleRoute {
	if (route.kind === 'scatter') {
		const column = route.shardKey.map((name) => `"${name}"`).join(', ')
		throw new SQLakeError(
			'ROUTE_NO_SHARD',
			`table "${route.table}": expected ${route.write ? 'a write' : 'a query'} that pins one shard by ${column}, found none: ${route.reason}`,
			{
				hint: route.write
					? `compare ${column} with a value, or pin the database with db.shard(id)`
					: `compare ${column} with a value, or ask the lake with .analytics()`,
				details: { table: route.table, shardKey: route.shardKey, tables: route.tables, write: route.write },
			},
		)
	}
	if (route.kind === 'shards') {
		const named = route.shards.slice(0, MAX_NAMED_SHARDS).map((shard) => JSON.stringify(shard))
		const more = route.shards.length - named.length
		throw new SQLakeError(
			'ROUTE_MULTIPLE_SHARDS',
			`${route.tables.map((table) => `"${table}"`).join(', ')}: expected one shard, found ${route.shards.length} (${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}): ${route.reason}`,
			{
				hint: route.write
					? 'send one write for each shard: a write never goes to several silently'
					: 'ask one shard at a time, or ask the lake with .analytics()',
				details: {
					tables: route.tables,
					shards: route.shards.slice(0, 100),
					shardCount: route.shards.length,
					write: route.write,
				},
			},
		)
	}
	return route
}
