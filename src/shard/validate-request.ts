/**
 * Checks what comes in over RPC: types and sizes, before anything runs.
 *
 * @module
 */

import type { BoundStatement, ExecuteRequest, WireValue } from '../driver/transport.ts'
import { SQLakeError } from '../errors.ts'
import { isBytes } from '../schema/bytes.ts'
import { isRecord } from '../schema/is-record.ts'
import type { ColumnOrder } from './column-order.ts'
import { changesSchema as isSchemaChange, scanStatement } from './statement.ts'

/** Limits of Durable Object SQLite (https://developers.cloudflare.com/durable-objects/platform/limits/), and of one call. */
export const REQUEST_LIMITS = {
	/** Statements in one call: all run in one transaction and hold up every other request. */
	statements: 1_000,
	/** Bytes of one statement's text. */
	sqlBytes: 100_000,
	/** Values of one statement; those that SQLite cannot bind go in one JSON array. */
	params: 10_000,
	/** Bytes of one text or BLOB. */
	valueBytes: 2_000_000,
} as const

/**
 * Statements that a caller from outside may send. Settings belong to the object, and so does the schema, which changes through
 * migrations, unless the caller names the shard whose tables it changes.
 */
const ALLOWED_KEYWORDS = new Set(['SELECT', 'VALUES', 'WITH', 'INSERT', 'REPLACE', 'UPDATE', 'DELETE', 'EXPLAIN'])

/**
 * Returns the request once it is known to be one.
 *
 * @param shard name of the object that was called
 * @throws `RPC_INVALID` for a malformed request or one for another shard, `STATEMENT_LIMIT` beyond {@link REQUEST_LIMITS},
 *   `ROUTE_UNSUPPORTED` for a statement that is neither a query nor a change of rows, `QUERY_FAILED` for sqlake's own tables.
 */
export function validateRequest(request: unknown, shard: string): ExecuteRequest {
	if (!isRecord(request)) throw invalid('request', 'an object', request)
	const { shard: meant, statements, readOnly, changesSchema = false, columnOrder = {} } = request
	if (typeof meant !== 'string') throw invalid('request.shard', 'a string', meant)
	if (meant !== shard) {
		throw new SQLakeError(
			'RPC_INVALID',
			`request for shard ${JSON.stringify(meant)}: it reached the object of shard ${JSON.stringify(shard)}`,
			{ hint: 'reach the object by env.BINDING.getByName(shard)', details: { expected: shard, found: meant } },
		)
	}
	if (typeof readOnly !== 'boolean') throw invalid('request.readOnly', 'a boolean', readOnly)
	if (typeof changesSchema !== 'boolean') throw invalid('request.changesSchema', 'a boolean', changesSchema)
	validateColumnOrder(columnOrder)
	if (!Array.isArray(statements)) throw invalid('request.statements', 'an array', statements)
	if (statements.length > REQUEST_LIMITS.statements) {
		throw limit('request.statements', REQUEST_LIMITS.statements, 'statements', statements.length)
	}
	for (const [index, statement] of statements.entries()) {
		validateStatement(statement, changesSchema, `request.statements[${index}]`)
	}
	return { shard: meant, statements: statements as readonly BoundStatement[], readOnly, changesSchema, columnOrder }
}

function validateColumnOrder(order: unknown): asserts order is ColumnOrder {
	if (!isRecord(order)) throw invalid('request.columnOrder', 'an object', order)
	for (const [table, names] of Object.entries(order)) {
		const isOrder = Array.isArray(names) && names.every((name) => typeof name === 'string')
		if (!isOrder) throw invalid(`request.columnOrder[${JSON.stringify(table)}]`, 'an array of strings', names)
	}
}

function validateStatement(statement: unknown, changesSchema: boolean, path: string): void {
	if (!isRecord(statement)) throw invalid(path, 'an object', statement)
	const { sql, params } = statement
	if (typeof sql !== 'string') throw invalid(`${path}.sql`, 'a string', sql)
	const bytes = utf8Length(sql)
	if (bytes > REQUEST_LIMITS.sqlBytes) throw limit(`${path}.sql`, REQUEST_LIMITS.sqlBytes, 'bytes', bytes)
	if (!Array.isArray(params)) throw invalid(`${path}.params`, 'an array', params)
	if (params.length > REQUEST_LIMITS.params) throw limit(`${path}.params`, REQUEST_LIMITS.params, 'bound values', params.length)
	for (const [index, value] of params.entries()) validateValue(value, `${path}.params[${index}]`)
	validateText(sql, changesSchema, path)
}

function validateValue(value: unknown, path: string): asserts value is WireValue {
	if (value === null || typeof value === 'number' || typeof value === 'bigint') return
	const bytes = typeof value === 'string' ? utf8Length(value) : isBytes(value) ? value.byteLength : undefined
	if (bytes === undefined) throw invalid(path, 'a string, number, bigint, ArrayBuffer or view of one, or null', value)
	if (bytes > REQUEST_LIMITS.valueBytes) throw limit(path, REQUEST_LIMITS.valueBytes, 'bytes', bytes)
}

function validateText(sql: string, changesSchema: boolean, path: string): void {
	const { keyword, multiple, internalName, temporary } = scanStatement(sql)
	if (keyword === '' || multiple) {
		throw new SQLakeError('RPC_INVALID', `${path}.sql: expected one statement, found ${multiple ? 'several' : 'none'}`)
	}
	if (!ALLOWED_KEYWORDS.has(keyword) && !(changesSchema && isSchemaChange(sql))) {
		throw new SQLakeError('ROUTE_UNSUPPORTED', `${path}.sql: a ${keyword} statement cannot be sent to a shard`, {
			hint: 'change the schema through migrations, or in one shard with db.shard(id); settings belong to the Durable Object itself',
			details: { keyword },
		})
	}
	if (temporary) {
		throw new SQLakeError('ROUTE_UNSUPPORTED', `${path}.sql: expected what stays in the shard, found something temporary`, {
			hint: 'leave TEMP out: a shard may restart between two statements, and then it would be gone',
			details: { keyword },
		})
	}
	if (internalName !== null) {
		throw new SQLakeError('QUERY_FAILED', `${path}.sql: "${internalName}" belongs to sqlake and is closed to callers`, {
			hint: 'if it is a value, bind it as a parameter',
			details: { table: internalName },
		})
	}
}

/** Bytes of a string in UTF-8. The encoder is asked only where the answer could matter. */
function utf8Length(text: string): number {
	return text.length * 3 <= REQUEST_LIMITS.sqlBytes ? text.length : new TextEncoder().encode(text).byteLength
}

function invalid(path: string, expected: string, found: unknown): SQLakeError {
	const kind = found === null ? 'null' : Array.isArray(found) ? 'an array' : typeof found
	return new SQLakeError('RPC_INVALID', `${path}: expected ${expected}, found ${kind}`)
}

function limit(path: string, most: number, unit: string, found: number): SQLakeError {
	return new SQLakeError('STATEMENT_LIMIT', `${path}: expected at most ${most} ${unit}, found ${found}`, {
		details: { limit: most, found },
	})
}
