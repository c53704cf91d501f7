/**
 * The door `sqlake/columns`: what a schema is written with. All of it is Drizzle's own.
 *
 * @module
 */
export {
	blob,
	check,
	customType,
	foreignKey,
	index,
	integer,
	numeric,
	primaryKey,
	real,
	sqliteTable,
	text,
	unique,
	uniqueIndex,
} from 'drizzle-orm/sqlite-core'
