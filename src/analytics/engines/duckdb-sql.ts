/**
 * Names, values and types as DuckDB reads them.
 *
 * @module
 */
import { SQLakeError } from '../../errors.ts'
import type { IcebergPrimitiveType } from '../../lake/iceberg/types.ts'
import { quoteIdentifier } from '../../schema/quote-identifier.ts'
import type { EngineValue } from '../query-engine.ts'

const MIN_INT64 = -(2n ** 63n)
const MAX_INT64 = 2n ** 63n - 1n

/** Text in single quotes. NUL, which ends DuckDB's text, is put in by `chr(0)`. */
export function quoteText(text: string): string {
	const parts = text.split('\0').map((part) => `'${part.replaceAll("'", "''")}'`)
	return parts.length === 1 ? parts.join('') : `(${parts.join(' || chr(0) || ')})`
}

/**
 * A value as a literal with its type: a number is DOUBLE, a bigint is BIGINT.
 *
 * @throws `VALUE_UNSUPPORTED` for an integer beyond 64 bits.
 */
export function literal(value: EngineValue): string {
	if (value === null) return 'NULL'
	switch (typeof value) {
		case 'string':
			return quoteText(value)
		case 'bigint':
			if (value < MIN_INT64 || value > MAX_INT64) {
				throw new SQLakeError('VALUE_UNSUPPORTED', `an integer has at most 64 bits, found ${value}`)
			}
			return `CAST('${value}' AS BIGINT)`
		case 'number':
			return Number.isNaN(value) ? 'NULL' : `CAST('${doubleText(value)}' AS DOUBLE)` // SQLite has no NaN: it binds as NULL
		default:
			return `from_hex('${hex(value)}')`
	}
}

function hex(bytes: Uint8Array): string {
	return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

function doubleText(value: number): string {
	return Object.is(value, -0) ? '-0' : String(value)
}

/** A view that ends with its connection. */
export function createView(name: string, sql: string): string {
	return `CREATE TEMP VIEW ${quoteIdentifier(name)} AS ${sql}`
}

/** The type that a lake column has in the engine's tables. Microseconds stand for moments: no TIMESTAMPTZ arithmetic without ICU. */
export function columnType(type: IcebergPrimitiveType): 'BOOLEAN' | 'BIGINT' | 'DOUBLE' | 'VARCHAR' | 'BLOB' {
	switch (type) {
		case 'boolean':
			return 'BOOLEAN'
		case 'int':
		case 'long':
		case 'timestamp':
		case 'timestamptz':
			return 'BIGINT'
		case 'float':
		case 'double':
			return 'DOUBLE'
		case 'string':
			return 'VARCHAR'
		case 'binary':
			return 'BLOB'
		case 'date':
		case 'uuid':
			throw new SQLakeError('ANALYTICS_FAILED', `columns of type ${type} cannot be queried`)
	}
}
