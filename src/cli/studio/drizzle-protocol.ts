/**
 * What the front end of Drizzle Studio asks of the machine that its user works on, as `drizzle-kit studio` 0.31 answers it for D1.
 *
 * drizzle-kit's own server is not used: it answers pages of every origin, it cannot be closed, a port that is taken ends the process,
 * and all databases have one and the same `dbHash`, by which the front end tells them apart.
 *
 * @module
 */

import { createHash } from 'node:crypto'
import { type Column, getTableColumns, getTableName } from 'drizzle-orm'
import type { BoundStatement, WireValue } from '../../driver/transport.ts'
import { messageOf, SQLakeError } from '../../errors.ts'
import { isRecord } from '../../schema/is-record.ts'
import { rowObjects } from '../../session/result.ts'
import { type DrizzleSchema, describeRelations, SCHEMA } from './describe-relations.ts'
import type { StudioDatabase, StudioRows } from './studio-database.ts'

/** The page that speaks it. It comes from the internet; what it shows comes from here. */
export const DRIZZLE_STUDIO = 'https://local.drizzle.studio'

/** The version of the protocol that drizzle-kit 0.31 speaks. */
const VERSION = '6.2'

type Body = Readonly<Record<string, unknown>>

/**
 * Answers one request.
 *
 * @param schema - of the project, whose `$default()`s the front end may ask for
 * @returns plain data: {@link studioJson} writes it
 * @throws SQLakeError REQUEST_INVALID for a request of no known shape, and what the database throws
 */
export async function answerDrizzleStudio(body: unknown, database: StudioDatabase, schema: DrizzleSchema): Promise<unknown> {
	if (!isRecord(body)) throw malformed('an object')
	switch (body.type) {
		case 'init':
			return describeDatabase(database, schema)
		case 'proxy':
			return runOne(body.data, database)
		case 'tproxy':
			return runAll(body.data, database)
		case 'defaults':
			return makeDefaults(body.data, schema)
		default:
			throw malformed('"type" to be init, proxy, tproxy or defaults')
	}
}

/** The answer as the front end reads it: integers beyond 2^53 are text. */
export function studioJson(value: unknown): string {
	return JSON.stringify(value, (_key, member: unknown) => (typeof member === 'bigint' ? member.toString() : member))
}

/** The answer to a request that failed. */
export function studioError(error: unknown): unknown {
	return { status: 'error', error: messageOf(error) }
}

function describeDatabase({ id, title }: StudioDatabase, schema: DrizzleSchema) {
	return {
		version: VERSION,
		dialect: 'sqlite',
		driver: 'd1',
		packageName: 'd1',
		schemaFiles: [],
		customDefaults: defaultsOf(schema).map(({ table, column }) => ({ schema: SCHEMA, table, column: column.name })),
		relations: describeRelations(schema),
		dbHash: createHash('sha256').update(id).digest('hex'),
		databaseName: title,
	}
}

async function runOne(data: unknown, database: StudioDatabase): Promise<unknown> {
	if (!isRecord(data)) throw malformed('"data" to be an object')
	const [result] = await database.execute([statementOf(data)])
	return result === undefined ? [] : rowsOf(result, data.mode === 'array')
}

/** All or none. A failure is the only result, as the front end expects it. */
async function runAll(data: unknown, database: StudioDatabase): Promise<unknown> {
	if (!Array.isArray(data)) throw malformed('"data" to be an array')
	const statements = data.map((each) => statementOf(isRecord(each) ? { sql: each.sql } : {}))
	try {
		return (await database.execute(statements)).map((result) => rowsOf(result, false))
	} catch (error) {
		return [{ error: messageOf(error) }]
	}
}

function makeDefaults(data: unknown, schema: DrizzleSchema): unknown {
	if (!Array.isArray(data) || data.length === 0) throw malformed('"data" to be an array of columns')
	const known = defaultsOf(schema)
	return data.map((wanted: unknown) => {
		const { schema: namespace, table, column } = isRecord(wanted) ? wanted : {}
		const found = known.find((each) => namespace === SCHEMA && each.table === table && each.column.name === column)
		if (found === undefined)
			throw malformed(`a column with a default, found ${String(namespace)}.${String(table)}.${String(column)}`)
		return { schema: namespace, table, column, value: found.column.defaultFn?.() }
	})
}

function defaultsOf({ tables }: DrizzleSchema): { readonly table: string; readonly column: Column }[] {
	return Object.values(tables).flatMap((table) =>
		Object.values<Column>(getTableColumns(table))
			.filter(({ defaultFn }) => defaultFn !== undefined)
			.map((column) => ({ table: getTableName(table), column })),
	)
}

function statementOf({ sql, params = [] }: Body): BoundStatement {
	if (typeof sql !== 'string') throw malformed('"sql" to be text')
	if (!Array.isArray(params)) throw malformed('"params" to be an array')
	return { sql, params: params.map(paramOf) }
}

/** Numbers without a fraction are integers to whoever typed them, so that text columns do not become "5.0". */
function paramOf(value: unknown): WireValue {
	if (value === null || value === undefined) return null
	if (typeof value === 'boolean') return value ? 1n : 0n
	if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value
	if (typeof value === 'string') return value
	if (isRecord(value) && value.type === 'binary') {
		return new TextEncoder().encode(typeof value.value === 'string' ? value.value : JSON.stringify(value.value))
	}
	return JSON.stringify(value)
}

function rowsOf(result: StudioRows, asArrays: boolean): readonly unknown[] {
	const plain = { columns: result.columns, rows: result.rows.map((row) => row.map(plainValue)) }
	return asArrays ? plain.rows : rowObjects(plain)
}

/** BLOBs are text in base64. */
function plainValue(value: WireValue): WireValue {
	if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64')
	return value instanceof ArrayBuffer ? Buffer.from(value).toString('base64') : value
}

function malformed(expected: string): SQLakeError {
	return new SQLakeError('REQUEST_INVALID', `request of Drizzle Studio: expected ${expected}`)
}
