import { is } from 'drizzle-orm'
import {
	SQLiteBigInt,
	SQLiteBlobBuffer,
	SQLiteBlobJson,
	SQLiteBoolean,
	type SQLiteColumn,
	SQLiteCustomColumn,
	SQLiteInteger,
	SQLiteNumeric,
	SQLiteNumericBigInt,
	SQLiteNumericNumber,
	SQLiteReal,
	SQLiteText,
	SQLiteTextJson,
	SQLiteTimestamp,
} from 'drizzle-orm/sqlite-core'
import type { Affinity, ColumnMode, LakeType } from './table-schema.ts'

const lakeTypes: Readonly<Record<Exclude<ColumnMode, 'custom'>, LakeType>> = {
	text: 'string',
	json: 'string',
	number: 'long',
	boolean: 'boolean',
	timestamp: 'timestamptz',
	timestamp_ms: 'timestamptz',
	real: 'double',
	numeric: 'string',
	blob: 'binary',
}

const lakeTypesByAffinity: Readonly<Record<Affinity, LakeType>> = {
	TEXT: 'string',
	NUMERIC: 'string',
	INTEGER: 'long',
	REAL: 'double',
	BLOB: 'binary',
}

/** How Drizzle reads and writes a column. A column class that Drizzle adds later counts as custom: its affinity decides. */
export function columnModeOf(column: SQLiteColumn): ColumnMode {
	if (is(column, SQLiteCustomColumn)) return 'custom'
	if (is(column, SQLiteTextJson)) return 'json'
	if (is(column, SQLiteText)) return 'text'
	if (is(column, SQLiteBoolean)) return 'boolean'
	if (is(column, SQLiteTimestamp)) return column.mode
	if (is(column, SQLiteInteger) || is(column, SQLiteNumericBigInt)) return 'number'
	if (is(column, SQLiteReal)) return 'real'
	if (is(column, SQLiteNumeric) || is(column, SQLiteNumericNumber)) return 'numeric'
	if (is(column, SQLiteBlobBuffer) || is(column, SQLiteBlobJson) || is(column, SQLiteBigInt)) return 'blob'
	return 'custom'
}

/** The type of a column in the lake. */
export function lakeTypeOf(mode: ColumnMode, affinity: Affinity): LakeType {
	return mode === 'custom' ? lakeTypesByAffinity[affinity] : lakeTypes[mode]
}

const modesByAffinity: Readonly<Record<Affinity, ColumnMode>> = {
	TEXT: 'text',
	INTEGER: 'number',
	REAL: 'real',
	NUMERIC: 'numeric',
	BLOB: 'blob',
}

/** How Drizzle reads a column of which nothing but its type is known. */
export function modeOfAffinity(affinity: Affinity): ColumnMode {
	return modesByAffinity[affinity]
}
