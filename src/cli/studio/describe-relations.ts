import {
	type Column,
	createTableRelationsHelpers,
	extractTablesRelationalConfig,
	is,
	normalizeRelation,
	One,
	type Relations,
} from 'drizzle-orm'
import type { SQLiteTable } from 'drizzle-orm/sqlite-core'

/** The tables and relations of a project, in Drizzle's words. */
export interface DrizzleSchema {
	readonly tables: Readonly<Record<string, SQLiteTable>>
	readonly relations: Readonly<Record<string, Relations>>
}

/** A relation as Drizzle Studio's front end reads it. */
export interface DescribedRelation {
	readonly name: string
	readonly type: 'one' | 'many'
	readonly table: string
	readonly schema: string
	readonly columns: readonly string[]
	readonly refTable: string
	readonly refSchema: string
	readonly refColumns: readonly string[]
}

/** The schema that SQLite's tables are in, as the front end calls it. */
export const SCHEMA = 'public'

/**
 * The relations between tables, both ways.
 *
 * @throws Error of Drizzle's, where a relation leads to no other or could lead to several
 */
export function describeRelations({ tables, relations }: DrizzleSchema): readonly DescribedRelation[] {
	const config = extractTablesRelationalConfig({ ...tables, ...relations }, createTableRelationsHelpers)
	return Object.values(config.tables).flatMap((table) =>
		Object.entries(table.relations).map(([name, relation]) => {
			const { fields, references } = normalizeRelation(config.tables, config.tableNamesMap, relation)
			return {
				name,
				type: is(relation, One) ? 'one' : 'many',
				table: table.dbName,
				schema: SCHEMA,
				columns: fields.map(nameOf),
				refTable: relation.referencedTableName,
				refSchema: SCHEMA,
				refColumns: references.map(nameOf),
			}
		}),
	)
}

function nameOf({ name }: Column): string {
	return name
}
