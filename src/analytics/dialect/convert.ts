/**
 * Conversions between SQLite's storage classes.
 *
 * @module
 */
import type { TargetType } from './context.ts'
import { constant, integerPrefix, NULL, numberPrefix, realToInteger } from './literals.ts'
import {
	anySql,
	BLOB_CLASS,
	commonJson,
	duckdbType,
	isColumn,
	NUMBER_CLASSES,
	TEXT_CLASS,
	type TypedSql,
	typed,
} from './typed-sql.ts'
import { type Position, unsupported } from './unsupported.ts'

/** As a value of one of SQLite's classes: a boolean is 0 or 1, a NaN is NULL. */
export function settled(e: TypedSql): TypedSql {
	if (e.kind === 'boolean') return { ...e, sql: `CAST(${e.sql} AS BIGINT)`, kind: 'integer' }
	if (e.mayBeNaN) return { ...e, sql: `NULLIF(${e.sql}, CAST('nan' AS DOUBLE))`, mayBeNaN: false }
	return e
}

/** As a condition. */
export function asCondition(e: TypedSql): string {
	switch (e.kind) {
		case 'boolean':
			return e.sql
		case 'null':
			return 'CAST(NULL AS BOOLEAN)'
		case 'integer':
		case 'real':
		case 'numeric':
			return e.truth === undefined ? `(${settled(e).sql} <> 0)` : e.truth ? 'TRUE' : 'FALSE'
		case 'text':
			if (typeof e.constant?.value === 'string') return Number(numberPrefix(e.constant.value)) !== 0 ? 'TRUE' : 'FALSE'
			return `(_sl_text_real(${e.sql}) <> 0)`
		case 'any':
			return `(_sl_any_to_real(${e.sql}) <> 0)`
		case 'blob':
			return `(_sl_text_real(_sl_blob_text(${e.sql})) <> 0)`
	}
}

/** As the operand of arithmetic: `integer`, `real`, `null`, or `any` of those two. */
export function asNumber(e: TypedSql): TypedSql {
	switch (e.kind) {
		case 'boolean':
			return settled(e)
		case 'null':
		case 'integer':
		case 'real':
			return e
		case 'numeric':
			return anySql(`_sl_any_numeric(${e.sql})`, NUMBER_CLASSES)
		case 'text':
			if (typeof e.constant?.value === 'string') return constant(numberPrefix(e.constant.value))
			return anySql(`_sl_text_number(${e.sql})`, NUMBER_CLASSES)
		case 'any':
			if ((e.classes & ~NUMBER_CLASSES) === 0) return e
			return anySql(`_sl_any_number(${e.sql})`, NUMBER_CLASSES)
		case 'blob':
			return anySql(`_sl_text_number(_sl_blob_text(${e.sql}))`, NUMBER_CLASSES)
	}
}

/** As a DOUBLE, whatever it is. */
export function asReal(e: TypedSql): string {
	switch (e.kind) {
		case 'boolean':
			return `CAST(CAST(${e.sql} AS BIGINT) AS DOUBLE)`
		case 'null':
			return 'CAST(NULL AS DOUBLE)'
		case 'integer':
			return typeof e.constant?.value === 'bigint' ? constant(Number(e.constant.value)).sql : `CAST(${e.sql} AS DOUBLE)`
		case 'real':
		case 'numeric':
			return e.sql
		case 'text':
			if (typeof e.constant?.value === 'string') return constant(Number(numberPrefix(e.constant.value))).sql
			return `_sl_text_real(${e.sql})`
		case 'any':
			return `${isColumn(e) ? '_sl_column_real' : '_sl_any_to_real'}(${e.sql})`
		case 'blob':
			return `_sl_text_real(_sl_blob_text(${e.sql}))`
	}
}

/** As a BIGINT, cut off as CAST does. */
export function asInteger(e: TypedSql): string {
	switch (e.kind) {
		case 'boolean':
			return settled(e).sql
		case 'null':
			return 'CAST(NULL AS BIGINT)'
		case 'integer':
			return e.sql
		case 'real':
		case 'numeric':
			if (typeof e.constant?.value === 'number') return constant(realToInteger(e.constant.value)).sql
			return `_sl_real_integer(${settled(e).sql})`
		case 'text':
			return `_sl_text_integer(${e.sql})`
		case 'any':
			return `_sl_any_to_integer(${e.sql})`
		case 'blob':
			return `_sl_text_integer(_sl_blob_text(${e.sql}))`
	}
}

/** The operand of a bitwise operator or `%`: of a text the integer at its start counts, as in CAST. */
export function asBits(e: TypedSql): string {
	if (typeof e.constant?.value === 'string') return constant(integerPrefix(e.constant.value)).sql
	return asInteger(e)
}

/** As a VARCHAR. */
export function asText(e: TypedSql): string {
	switch (e.kind) {
		case 'boolean':
			return `CAST(CAST(${e.sql} AS BIGINT) AS VARCHAR)`
		case 'null':
			return 'CAST(NULL AS VARCHAR)'
		case 'integer':
			return `CAST(${e.sql} AS VARCHAR)`
		case 'real':
			return `_sl_real_text(${e.sql})`
		case 'numeric':
			return `_sl_numeric_text(${e.sql})`
		case 'text':
			return e.sql
		case 'blob':
			return `decode(${e.sql})`
		case 'any':
			return `_sl_any_to_text(${e.sql})`
	}
}

/**
 * As text of {@link file://./callbacks/sql-value.ts}, for functions that the engine calls back.
 *
 * @throws `DIALECT_UNSUPPORTED` where it is open which of its rows are JSON.
 */
export function asEncoded(value: TypedSql, position?: Position): string {
	const e = settled(value)
	if (e.encoded?.of === e.sql) return e.encoded.text
	if (e.json === 'mixed') throw unsupported('a value that is JSON in some rows and text in others', position)
	switch (e.kind) {
		case 'null':
			return 'CAST(NULL AS VARCHAR)'
		case 'boolean':
		case 'integer':
			return `('i' || CAST(${e.sql} AS VARCHAR))`
		case 'real':
			return `('r' || CAST(${e.sql} AS VARCHAR))`
		case 'text':
			return `('${e.json === true ? 'j' : 't'}' || ${e.sql})`
		case 'blob':
			return `('b' || hex(${e.sql}))`
		case 'numeric':
		case 'any':
			return `_sl_any_encode(${asAny(e)})`
	}
}

/** As functions take it that read the bytes of a BLOB as text. */
export function asUnblobbed(e: TypedSql): TypedSql {
	if (e.kind === 'blob') return typed('text', asText(e))
	if (e.kind !== 'any' || (e.classes & BLOB_CLASS) === 0) return e
	return anySql(`_sl_any_unblob(${e.sql})`, (e.classes & ~BLOB_CLASS) | TEXT_CLASS)
}

/** A choice among values of which some are JSON and others text that is not: it goes on with the row. */
export function mixedJson(values: readonly TypedSql[], choose: (texts: readonly string[]) => string): TypedSql | undefined {
	if (commonJson(values) !== 'mixed') return undefined
	if (values.some((e) => e.json === 'mixed' && e.encoded?.of !== e.sql)) return undefined
	const classes = values.reduce((all, value) => all | value.classes, 0)
	return { ...decoded(choose(values.map((value) => asEncoded(value))), classes), json: 'mixed' }
}

/** A value that a function called back by the engine gives, as text of {@link file://./callbacks/sql-value.ts}. */
export function decoded(text: string, classes: number): TypedSql {
	const sql = `_sl_decode(${text})`
	return { ...anySql(sql, classes), encoded: { of: sql, text } }
}

/** As a struct of {@link file://./macros/any.ts}. */
export function asAny(value: TypedSql): string {
	const e = settled(value)
	switch (e.kind) {
		case 'null':
			return `CAST(NULL AS ${duckdbType('any')})`
		case 'boolean':
		case 'integer':
			return `_sl_any_integer(${e.sql})`
		case 'real':
			return `_sl_any_real(${e.sql})`
		case 'numeric':
			return `_sl_any_numeric(${e.sql})`
		case 'text':
			return `_sl_any_text(${e.sql})`
		case 'blob':
			return `_sl_any_blob(${e.sql})`
		case 'any':
			return e.sql
	}
}

/** What compares and groups as SQLite does. */
export function asKey(e: TypedSql): string {
	const value = settled(e)
	if (value.kind === 'any') return `${isColumn(value) ? '_sl_column_key' : '_sl_key'}(${value.sql})`
	if (value.kind !== 'text') return value.kind === 'null' ? 'CAST(NULL AS BIGINT)' : value.sql
	return collated(value.sql, value.collation)
}

/** A text that compares as the collation says. */
export function collated(sql: string, collation: TypedSql['collation']): string {
	if (collation === 'NOCASE') return `_sl_lower(${sql})`
	return collation === 'RTRIM' ? `rtrim(${sql}, ' ')` : sql
}

/** The kind of a column that takes values of all of these kinds. */
export function commonType(types: readonly TargetType[]): TargetType {
	const kinds = new Set(types.map(({ kind }) => (kind === 'boolean' ? 'integer' : kind)))
	kinds.delete('null')
	const classes = types.reduce((all, type) => all | type.classes, 0)
	const [only, ...others] = kinds
	if (only === undefined) return { kind: 'null', classes: 0 }
	return others.length === 0 ? { kind: only, classes } : { kind: 'any', classes }
}

/** The same values in another kind, as {@link commonType} chose it. */
export function coerced(value: TypedSql, target: TargetType): TypedSql {
	const e = settled(value)
	if (target.kind === 'null') return { ...NULL, sql: 'CAST(NULL AS BIGINT)' }
	if (target.kind === 'any') return { ...e, sql: asAny(e), kind: 'any', classes: target.classes, constant: undefined }
	if (e.kind === 'null')
		return { ...e, sql: `CAST(NULL AS ${duckdbType(target.kind)})`, kind: target.kind, classes: target.classes }
	return e
}

/** `CAST(e AS type)` by the affinity of the type. */
export function cast(e: TypedSql, affinity: NonNullable<TypedSql['affinity']>): TypedSql {
	const value = settled(e)
	const as = (result: TypedSql): TypedSql => ({ ...result, affinity })
	if (value.kind === 'null') {
		const kind = { INTEGER: 'integer', REAL: 'real', NUMERIC: 'numeric', TEXT: 'text', BLOB: 'blob' } as const
		return as({ ...NULL, sql: `CAST(NULL AS ${duckdbType(kind[affinity])})` })
	}
	switch (affinity) {
		case 'INTEGER':
			return as(typed('integer', asInteger(value)))
		case 'REAL':
			return as(typed('real', asReal(value)))
		case 'NUMERIC': {
			// A REAL stays a REAL here, although it may be whole.
			if (value.kind === 'integer' || value.kind === 'real' || value.kind === 'numeric')
				return as({ ...value, constant: undefined })
			if (value.kind === 'text') return as(anySql(`_sl_any_cast_numeric(_sl_text_number(${value.sql}))`, NUMBER_CLASSES))
			if (value.kind === 'blob') {
				return as(anySql(`_sl_any_cast_numeric(_sl_text_number(_sl_blob_text(${value.sql})))`, NUMBER_CLASSES))
			}
			return as(anySql(`_sl_any_to_numeric(${asAny(value)})`, NUMBER_CLASSES))
		}
		case 'TEXT':
			return as(typed('text', asText(value)))
		case 'BLOB':
			return as(value.kind === 'blob' ? value : typed('blob', `encode(${asText(value)})`))
	}
}
