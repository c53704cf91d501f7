/**
 * DuckDB expressions that know what SQLite would make of them.
 *
 * @module
 */
import type { Affinity } from '../../schema/table-schema.ts'
import type { EngineValue } from '../query-engine.ts'

/**
 * What an expression is in DuckDB, and which of SQLite's storage classes its values have (NULL aside):
 * - `null`: always NULL
 * - `boolean`: BOOLEAN, an INTEGER of 0 or 1
 * - `integer`: BIGINT
 * - `real`: DOUBLE
 * - `numeric`: DOUBLE of a column with NUMERIC affinity, where SQLite keeps whole numbers as INTEGER
 * - `text`: VARCHAR
 * - `blob`: BLOB
 * - `any`: a struct of our own, for values whose class is known only when the query runs; see macros/any.ts
 */
export type Kind = 'null' | 'boolean' | 'integer' | 'real' | 'numeric' | 'text' | 'blob' | 'any'

/** Bits of the storage classes that a value may have. */
export const INTEGER_CLASS = 1
export const REAL_CLASS = 2
export const TEXT_CLASS = 4
export const BLOB_CLASS = 8
export const NUMBER_CLASSES: number = INTEGER_CLASS | REAL_CLASS
export const ANY_CLASS: number = NUMBER_CLASSES | TEXT_CLASS | BLOB_CLASS

/** The collations that SQLite has built in. */
export type Collation = 'BINARY' | 'NOCASE' | 'RTRIM'

/** One printed expression. */
export interface TypedSql {
	/** Can stand as an operand of any operator. */
	readonly sql: string
	readonly kind: Kind
	/** Storage classes, as bits. */
	readonly classes: number
	/** Whether equal numbers are of one class, as in a column of NUMERIC or INTEGER affinity, which keeps whole numbers as INTEGER. */
	readonly uniqueNumbers?: boolean | undefined
	/** Affinity that takes part in comparisons (https://www.sqlite.org/datatype3.html section 3.2); undefined for none. */
	readonly affinity?: Affinity | undefined
	readonly collation?: Collation | undefined
	/** Whether the collation stands in the expression itself, and not in a column's definition. */
	readonly explicitCollation?: boolean | undefined
	/** The value, where the statement alone tells it. */
	readonly constant?: { readonly value: EngineValue } | undefined
	/** `TRUE` or `FALSE` as written, which `IS` treats in its own way. */
	readonly truth?: boolean | undefined
	/** Whether the text is JSON that a JSON function made, which others take as it is; 'mixed' if that depends on the row. */
	readonly json?: boolean | 'mixed' | undefined
	/** The same value as text of {@link file://./callbacks/sql-value.ts}, as long as `sql` is what it was printed for. */
	readonly encoded?: { readonly of: string; readonly text: string } | undefined
	/**
	 * A column of JSON and a plain path in it, as literal, where native DuckDB can look at the value itself, as long as `sql` is what
	 * it was printed for.
	 */
	readonly jsonAt?: { readonly of: string; readonly subject: string; readonly path: string } | undefined
	/** Whether a NaN may stand for NULL in it, until {@link file://./convert.ts settled}. */
	readonly mayBeNaN?: boolean | undefined
}

/** A table's column. */
const COLUMN = /^\w+\."(?:[^"]|"")+"$/

/**
 * Whether an expression is but a table's column: to name it again costs nothing. One of a sub-query is not: a condition on it could move
 * into the sub-query, and fail there on rows that its own conditions keep away.
 */
export function isColumn({ sql }: TypedSql): boolean {
	return COLUMN.test(sql)
}

/** The storage classes of a kind; `any` needs to say more. */
export function classesOf(kind: Exclude<Kind, 'any'>): number {
	switch (kind) {
		case 'null':
			return 0
		case 'boolean':
		case 'integer':
			return INTEGER_CLASS
		case 'real':
			return REAL_CLASS
		case 'numeric':
			return NUMBER_CLASSES
		case 'text':
			return TEXT_CLASS
		case 'blob':
			return BLOB_CLASS
	}
}

/** An expression of a kind whose classes are fixed. */
export function typed(kind: Exclude<Kind, 'any'>, sql: string): TypedSql {
	return { sql, kind, classes: classesOf(kind) }
}

/** An expression whose class is known only when the query runs. */
export function anySql(sql: string, classes: number): TypedSql {
	return { sql, kind: 'any', classes }
}

/** DuckDB's name of the type. */
export function duckdbType(kind: Kind): string {
	switch (kind) {
		case 'boolean':
			return 'BOOLEAN'
		case 'null':
		case 'integer':
			return 'BIGINT'
		case 'real':
		case 'numeric':
			return 'DOUBLE'
		case 'text':
			return 'VARCHAR'
		case 'blob':
			return 'BLOB'
		case 'any':
			return 'STRUCT(c TINYINT, i BIGINT, r DOUBLE, t VARCHAR, b BLOB)'
	}
}

/** Whether a choice among values is JSON. */
export function commonJson(values: readonly TypedSql[]): TypedSql['json'] {
	const texts = values.filter(({ kind }) => kind !== 'null')
	if (texts.every(({ json }) => json === undefined || json === false)) return undefined
	return texts.every(({ json }) => json === true) ? true : 'mixed'
}

/** Whether all values are numbers. */
export function isNumber({ kind }: TypedSql): boolean {
	return kind === 'boolean' || kind === 'integer' || kind === 'real' || kind === 'numeric'
}
