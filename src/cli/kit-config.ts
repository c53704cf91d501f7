/**
 * What stands in `drizzle.config.ts` or `sqlake.config.ts`.
 *
 * @module
 */

/** The options of the `sqlake` command, under the key `sqlake` of the configuration. */
export interface SQLakeKitOptions {
	/** Name under which a schema file exports `SQLake(...)`, where it exports several. */
	readonly export?: string
	/** Directory of the local shards. Default `'.sqlake/local.db'`. */
	readonly db?: string
	/** Directory of the local lake. Default `'.sqlake/data'`. */
	readonly lake?: string
	/**
	 * What was renamed, so that `generate` need not ask: the old name of a table, or of a column with its table's old name before it,
	 * and the new name alone: `{ people: 'users', 'people.mail': 'email' }`. Entries of past migrations may stay.
	 */
	readonly renames?: Readonly<Record<string, string>>
	/** Address of the lake as engines see it, prefix of the paths in its metadata. Cannot change later. Default `'s3://sqlake'`. */
	readonly location?: string
	/** Name of the R2 bucket, for `push`. Default: the one that the wrangler configuration binds under the schema's `r2Bucket`. */
	readonly bucket?: string
	/** Cloudflare account of the bucket, for `--remote`. Default: the environment variable `CLOUDFLARE_ACCOUNT_ID`. */
	readonly accountId?: string
	/** S3 endpoint of the bucket, for `--remote`. Default: that of R2 for the account. */
	readonly endpoint?: string
	/** Address of the deployed Worker's admin handler, for `migrate --fleet`. */
	readonly fleet?: string
}

/**
 * The configuration: drizzle-kit's, and a block for sqlake.
 *
 * @example
 * ```ts
 * import type { SQLakeKitConfig } from 'sqlake'
 *
 * export default {
 *   dialect: 'sqlite',
 *   driver: 'durable-sqlite',
 *   schema: './src/schema.ts',
 *   out: './drizzle',
 *   sqlake: { renames: { 'users.mail': 'email' } },
 * } satisfies SQLakeKitConfig
 * ```
 */
export interface SQLakeKitConfig {
	readonly dialect?: 'sqlite'
	readonly driver?: 'durable-sqlite' | 'd1-http' | 'expo'
	/** Files that export the tables: a path, a glob, or several. */
	readonly schema?: string | readonly string[]
	/** Directory of the migrations. Default `'./drizzle'`. */
	readonly out?: string
	readonly casing?: 'camelCase' | 'snake_case'
	readonly breakpoints?: boolean
	readonly tablesFilter?: string | readonly string[]
	readonly verbose?: boolean
	readonly strict?: boolean
	readonly migrations?: { readonly table?: string; readonly prefix?: 'index' | 'timestamp' | 'supabase' | 'unix' | 'none' }
	readonly dbCredentials?: object
	readonly introspect?: { readonly casing: 'camel' | 'preserve' }
	readonly sqlake?: SQLakeKitOptions
}
