/**
 * Names of Drizzle's tables, which its declarations keep to itself.
 *
 * @module
 */
import { getTableName, Table } from 'drizzle-orm'
import { isEntity } from './entity.ts'

const ORIGINAL_NAME = Symbol.for('drizzle:OriginalName')
const SCHEMA = Symbol.for('drizzle:Schema')

/** A table as it stands in FROM. */
export interface TableReference {
	/** The name that columns are qualified with: the alias where there is one. */
	readonly reference: string
	/** The table's own name. */
	readonly table: string
}

/** How a source stands in FROM; null for anything but a table of the main schema. */
export function tableReference(source: unknown): TableReference | null {
	if (!isEntity(source, Table)) return null
	if (Reflect.get(source, SCHEMA) !== undefined) return null
	const table: unknown = Reflect.get(source, ORIGINAL_NAME)
	return typeof table === 'string' ? { reference: getTableName(source), table } : null
}
