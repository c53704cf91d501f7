/**
 * Makes a Drizzle database over sqlake.
 *
 * @module
 */
import {
	type Casing,
	type Column,
	createTableRelationsHelpers,
	DefaultLogger,
	type ExtractTablesWithRelations,
	extractTablesRelationalConfig,
	getTableColumns,
	getTableName,
	type Logger,
	type Table,
} from 'drizzle-orm'
import type { Cache } from 'drizzle-orm/cache/core'
import { CasingCache } from 'drizzle-orm/casing'
import { SQLakeError } from '../errors.ts'
import type { SQLakeDatabase } from '../schema/database.ts'
import { type Connection, ROUTED } from '../session/connection.ts'
import { SQLakeDialect } from '../session/dialect.ts'
import { SQLakeSession } from '../session/session.ts'
import { type FullSchema, SQLakeDrizzleDatabase } from './database.ts'

/** What `sqlake(env, ...)` returns: the way to the shards and to the lake of a schema. */
export interface SQLakeClient<TDatabase extends SQLakeDatabase = SQLakeDatabase> {
	readonly schema: TDatabase
	readonly connection: Connection
}

/** The options of {@link drizzle}. */
export interface SQLakeDrizzleConfig<TExtra extends Record<string, unknown> = Record<never, never>> {
	/** What relational queries need beside the tables: `relations(...)`. The tables come from `SQLake()`. */
	readonly schema?: TExtra
	/** `true` logs every statement to the console. */
	readonly logger?: boolean | Logger
	/** Drizzle's cache. Queries of the lake and of a pinned shard do not go through it. */
	readonly cache?: Cache
	/** How columns without a name of their own are named. The tables of `SQLake()` keep the names they were declared with. */
	readonly casing?: Casing
}

/**
 * A Drizzle database whose statements run in the shard that they pin.
 *
 * @param client - what `sqlake(env, { schema })` returns
 * @throws SQLakeError SCHEMA_INVALID where `casing` would rename a column of the schema
 * @example
 * ```ts
 * import { drizzle, sqlake } from 'sqlake'
 * import { db as schema } from './schema.ts'
 *
 * export default {
 *   async fetch(request: Request, env: Env): Promise<Response> {
 *     const db = drizzle(sqlake(env, { schema }))
 *     return Response.json(await db.query.users.findFirst({ where: eq(schema.tables.users.id, 'user-1') }))
 *   },
 * }
 * ```
 */
export function drizzle<TDatabase extends SQLakeDatabase, TExtra extends Record<string, unknown> = Record<never, never>>(
	client: SQLakeClient<TDatabase>,
	config: SQLakeDrizzleConfig<TExtra> = {},
): SQLakeDrizzleDatabase<FullSchema<TDatabase, TExtra>> & { readonly $client: SQLakeClient<TDatabase> } {
	type Full = FullSchema<TDatabase, TExtra>
	const { connection, schema } = client
	if (config.casing !== undefined) assertNamesStay(schema, config.casing)
	const fullSchema: Record<string, unknown> = { ...schema.tables, ...config.schema }
	const { tables, tableNamesMap } = extractTablesRelationalConfig<ExtractTablesWithRelations<Full>>(
		fullSchema,
		createTableRelationsHelpers,
	)
	const logger = config.logger === true ? new DefaultLogger() : config.logger === false ? undefined : config.logger
	const session = new SQLakeSession<Full, ExtractTablesWithRelations<Full>>(
		connection,
		ROUTED,
		new SQLakeDialect(connection.schema, config.casing),
		{ fullSchema, schema: tables, tableNamesMap },
		{ logger, cache: config.cache },
	)
	const db = new SQLakeDrizzleDatabase<Full>(session)
	// The cache itself, under the name of its method that Drizzle's databases know it by.
	if (config.cache !== undefined) db.$cache = Object.assign(config.cache, { invalidate: config.cache.onMutate })
	return Object.assign(db, { $client: client })
}

/** The lake knows a column by the name that it was declared with. */
function assertNamesStay(schema: SQLakeDatabase, casing: Casing): void {
	const names = new CasingCache(casing)
	for (const table of Object.values<Table>(schema.tables)) {
		for (const column of Object.values<Column>(getTableColumns(table))) {
			const found = names.getColumnCasing(column)
			if (found === column.name) continue
			throw new SQLakeError(
				'SCHEMA_INVALID',
				`casing "${casing}": column "${column.name}" of table "${getTableName(table)}" would be "${found}", which the lake does not know`,
				{ hint: `name the column where it is declared: text('${found}')`, details: { column: column.name, casing: found } },
			)
		}
	}
}
