/**
 * What sqlake wants of a schema that drizzle-kit does not mind.
 *
 * @module
 */

import { getTableName } from 'drizzle-orm'
import type { SQLiteTable } from 'drizzle-orm/sqlite-core'
import { SQLakeError } from '../../errors.ts'
import type { Snapshot } from '../../local/statements/snapshot.ts'
import type { LakeSchema } from '../../schema/table-schema.ts'
import type { LoadedSchema } from '../load-schema.ts'

/** What to tell of a schema that can be worked with. */
export function schemaWarnings({
	database,
	exportName,
	hidden,
}: Pick<LoadedSchema, 'database' | 'exportName' | 'hidden'>): readonly string[] {
	return [
		...(hidden.length === 0
			? []
			: [
					`drizzle-kit does not see ${hidden.map((name) => `"${name}"`).join(', ')}, and would drop them; export them beside ${exportName}: export const { ${hidden.join(', ')} } = ${exportName}.tables`,
				]),
		...(database === null ? ['no schema file exports SQLake({ ... }): the tables are not captured, and the lake has none'] : []),
	]
}

/** Capture knows columns by the names that `SQLake()` saw; drizzle-kit's casing must not give them others. */
export function checkCasing(lake: LakeSchema | null, cur: Snapshot): void {
	for (const table of lake?.tables.values() ?? []) {
		const made = cur.tables[table.name]
		const missing = table.columns.find(({ name }) => made !== undefined && made.columns[name] === undefined)
		if (missing === undefined) continue
		throw new SQLakeError(
			'CONFIG_INVALID',
			`"casing": expected it to leave the names of captured columns alone, found that it renames "${table.name}"."${missing.name}"`,
			{ hint: `name the column: ${missing.property}: text('...'), or take casing out of the configuration` },
		)
	}
}

/** Two exports of one name in SQL: drizzle-kit takes the last one without a word, capture may know the other. */
export function checkTables(tables: Readonly<Record<string, SQLiteTable>>): void {
	const exports = new Map<string, string>()
	for (const [name, table] of Object.entries(tables)) {
		const sqlName = getTableName(table)
		const other = exports.get(sqlName)
		if (other !== undefined) {
			throw new SQLakeError(
				'CONFIG_INVALID',
				`table "${sqlName}": expected one definition in the schema files, found ${other} and ${name}`,
				{
					hint: 'give SQLake() the very table that is exported: SQLake({ users, ... })',
					details: { table: sqlName },
				},
			)
		}
		exports.set(sqlName, name)
	}
}
