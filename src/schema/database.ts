import type { SQLiteTable } from 'drizzle-orm/sqlite-core'
import { checkTable, checkTableNames } from './check-table.ts'
import type { SQLakeConfig, TablesOf } from './config.ts'
import { deriveTable } from './derive-table.ts'
import { readOptions, readTables } from './options.ts'
import { readShardKeys } from './shard-key.ts'
import type { LakeSchema, StorageMode } from './table-schema.ts'

/** What `SQLake()` returns: the Drizzle tables, and the plain schema that everything below the driver works from. */
export interface SQLakeDatabase<TTables extends Readonly<Record<string, SQLiteTable>> = Readonly<Record<string, SQLiteTable>>> {
	/** The Drizzle tables by property; also the `schema` of a Drizzle database. Export them for drizzle-kit to find. */
	readonly tables: TTables
	/** The same schema as plain data. */
	readonly lake: LakeSchema
	readonly storage: StorageMode
	/** Whether changes are captured. */
	readonly cdc: boolean
	/** Name of the R2 binding in env. */
	readonly r2Bucket: string
	/** Name of the lake's column that holds the whole row, where storage is not `'columns'`. */
	readonly variantColumn: string
}

/** A table of a database, by property name. */
export type TableRef<
	TDatabase extends SQLakeDatabase = SQLakeDatabase,
	TName extends keyof TDatabase['tables'] = keyof TDatabase['tables'],
> = TDatabase['tables'][TName]

/** A row as it is selected from a table. */
export type InferSelect<TTable extends SQLiteTable> = TTable['$inferSelect']

/** A row as it is inserted into a table. */
export type InferInsert<TTable extends SQLiteTable> = TTable['$inferInsert']

/**
 * Defines an application's schema, once, for the shards and for the lake.
 *
 * @param config - tables by property name, each a record of Drizzle columns or a `sqliteTable(...)`, and the options beside
 * them: `shard` (the column that picks the shard, for each table), `global` (tables without one), `storage`, `cdc`,
 * `r2Bucket`, `variantColumn`
 * @throws SQLakeError with a code that begins with `SCHEMA_`: whatever the platform or the lake could not hold later is
 * refused here.
 * @example
 * ```ts
 * import { SQLake } from 'sqlake'
 * import { integer, real, text } from 'sqlake/columns'
 *
 * export const db = SQLake({
 *   users: { id: text('id').primaryKey(), createdAt: integer('created_at', { mode: 'timestamp' }) },
 *   orders: { id: text('id').primaryKey(), userId: text('user_id').notNull(), amount: real('amount').notNull() },
 *   shard: { users: 'id', orders: 'userId' },
 * })
 * export const { users, orders } = db.tables // drizzle-kit reads exported tables
 * export type User = typeof users.$inferSelect
 * ```
 */
export function SQLake<const TConfig extends SQLakeConfig<TConfig>>(config: TConfig): SQLakeDatabase<TablesOf<TConfig>> {
	const definition: Readonly<Record<string, unknown>> = config
	const tables = readTables(definition)
	const options = readOptions(definition)
	const shardKeys = readShardKeys(tables, definition)
	const schemas = Array.from(tables, ([property, table]) => deriveTable(property, table, shardKeys.get(property) ?? null))
	for (const schema of schemas) checkTable(schema, options)
	checkTableNames(schemas)
	const { storage, cdc, r2Bucket, variantColumn } = options
	return Object.freeze({
		// The types of the tables are computed from the same config that readTables() has just read.
		tables: Object.freeze(Object.fromEntries(tables)) as unknown as TablesOf<TConfig>,
		lake: Object.freeze({
			tables: new Map(schemas.map((schema) => [schema.name, schema])),
			storage,
			cdc,
			bucketBinding: r2Bucket,
			variantColumn,
		}),
		...options,
	})
}
