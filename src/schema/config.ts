/**
 * The argument of `SQLake()`, and the types that are inferred from it.
 *
 * @module
 */
import type { BuildColumns } from 'drizzle-orm/column-builder'
import type { SQLiteColumnBuilderBase, SQLiteTable, SQLiteTableWithColumns } from 'drizzle-orm/sqlite-core'
import type { StorageMode } from './table-schema.ts'

/** The names that `SQLake()` reads as options; no table may have one of them as its property. */
export const optionNames = ['shard', 'global', 'storage', 'cdc', 'r2Bucket', 'variantColumn'] as const

/** The name of an option of `SQLake()`. */
export type OptionName = (typeof optionNames)[number]

/** The columns of a table by property name, as Drizzle's `sqliteTable()` takes them. */
export type ColumnRecord = Readonly<Record<string, SQLiteColumnBuilderBase>>

/** What describes one table: its columns, or a whole `sqliteTable(...)`. */
export type TableEntry = ColumnRecord | SQLiteTable

/** The properties of a definition that are tables. */
export type TableNames<TConfig> = Exclude<keyof TConfig & string, OptionName>

/** The property names of a table's columns. */
export type ColumnNames<TEntry> = TEntry extends SQLiteTable ? keyof TEntry['_']['columns'] & string : keyof TEntry & string

/** For each table the property name of the column that picks the shard; several for a composite key, in key order. */
export type ShardConfig<TConfig = Record<string, ColumnRecord>> = {
	readonly [TName in TableNames<TConfig>]?: ColumnNames<TConfig[TName]> | readonly ColumnNames<TConfig[TName]>[]
}

/** The options of `SQLake()`. */
export interface SQLakeOptions<TConfig = Record<string, ColumnRecord>> {
	/** The shard key of each table, by property names. */
	readonly shard?: ShardConfig<TConfig>
	/** Tables without a shard key; one shard holds them all. */
	readonly global?: readonly TableNames<TConfig>[]
	/** How rows are stored in the lake. Default `'columns'`. */
	readonly storage?: StorageMode
	/** Whether changes are captured. Default `true`. */
	readonly cdc?: boolean
	/** Name of the R2 binding in env. Default `'SQLAKE_BUCKET'`. */
	readonly r2Bucket?: string
	/** Name of the lake's column that holds the whole row, where storage is not `'columns'`. Default `'_row'`. */
	readonly variantColumn?: string
}

/**
 * The argument of `SQLake()`: tables by property name, and options beside them. Without a type argument the names are open,
 * so that nothing can be said of the properties that are no options.
 */
export type SQLakeConfig<TConfig = Record<string, ColumnRecord>> = {
	readonly [TName in TableNames<TConfig>]: string extends TName ? unknown : TableEntry
} & SQLakeOptions<TConfig>

/** A table built from a column record; const inference makes the record's properties readonly, Drizzle wants them bare. */
type TableOf<TName extends string, TEntry> = TEntry extends SQLiteTable
	? TEntry
	: TEntry extends ColumnRecord
		? SQLiteTableWithColumns<{
				name: TName
				schema: undefined
				columns: BuildColumns<TName, { -readonly [TColumn in keyof TEntry & string]: TEntry[TColumn] }, 'sqlite'>
				dialect: 'sqlite'
			}>
		: never

/** The Drizzle tables that a definition yields. */
export type TablesOf<TConfig> = { readonly [TName in TableNames<TConfig>]: TableOf<TName, TConfig[TName]> }
