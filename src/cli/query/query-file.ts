import type { StatementSync } from 'node:sqlite'
import type { LakeBatch, WireValue } from '../../driver/transport.ts'
import { messageOf, SQLakeError } from '../../errors.ts'
import { openDatabase } from '../../local/node-sqlite.ts'
import type { CommandContext } from '../command-context.ts'
import { count } from '../count.ts'
import type { RowFormat } from '../rows/row-formatter.ts'
import { writeRows } from '../rows/write-rows.ts'
import type { Params } from './parse-params.ts'
import { reportWrite } from './report-write.ts'
import { bindingsOf } from './resolve-params.ts'

/** A query of a plain SQLite file. */
export interface FileQuery {
	/** Absolute path. */
	readonly file: string
	readonly sql: string
	readonly params: Params
	readonly readOnly: boolean
	readonly explain: boolean
	readonly format: RowFormat
}

/** Milliseconds to wait for another program that writes. */
const BUSY_MS = 5_000

/** Rows that are read at a time. */
const BATCH = 500

/**
 * Runs one statement on a SQLite file, which need not be sqlake's.
 *
 * @throws SQLakeError QUERY_FAILED with SQLite's message; USAGE_INVALID for several statements
 */
export async function queryFile(
	{ file, sql, params, readOnly, explain, format }: FileQuery,
	context: CommandContext,
): Promise<void> {
	const database = openDatabase(file, { readOnly, timeout: BUSY_MS })
	try {
		const statement = database.prepare(explain ? `EXPLAIN QUERY PLAN ${sql}` : sql)
		assertSingle(sql, statement, explain)
		statement.setReadBigInts(true)
		statement.setReturnArrays(true)
		const { named, anonymous } = bindingsOf(sql, params)
		const bound: BoundValues = [mapValues(named), ...anonymous.map(asBytes)]
		if (statement.columns().length > 0) {
			const rows = await writeRows(format, batchesOf(statement, bound), context)
			if (format === 'table') context.log(context.errorColors.dim(count(rows, 'row')))
			return
		}
		const { changes, lastInsertRowid } = statement.run(...bound)
		await reportWrite({ changes: Number(changes), lastInsertRowid: Number(lastInsertRowid) }, format, context)
	} catch (error) {
		throw SQLakeError.wrap(error, 'QUERY_FAILED', file, hintFor(error))
	} finally {
		database.close()
	}
}

async function* batchesOf(statement: StatementSync, params: BoundValues): AsyncGenerator<LakeBatch> {
	const columns = statement.columns().map(({ name }) => name)
	let rows: WireValue[][] = []
	for (const row of statement.iterate(...params)) {
		rows.push(Object.values(row).map(narrow))
		if (rows.length < BATCH) continue
		yield { columns, rows }
		rows = []
	}
	yield { columns, rows }
}

type BoundValue = Exclude<WireValue, ArrayBuffer>

/** What `node:sqlite` is called with. */
type BoundValues = readonly [Record<string, BoundValue>, ...BoundValue[]]

function asBytes(value: WireValue): BoundValue {
	return value instanceof ArrayBuffer ? new Uint8Array(value) : value
}

function mapValues(values: Readonly<Record<string, WireValue>>): Record<string, BoundValue> {
	return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, asBytes(value)]))
}

/** Integers that a number holds exactly are numbers, as everywhere in sqlake. */
function narrow(value: WireValue): WireValue {
	return typeof value === 'bigint' && Number.isSafeInteger(Number(value)) ? Number(value) : value
}

/** SQLite compiles the first statement of a text and says nothing of the rest. */
function assertSingle(sql: string, statement: StatementSync, explain: boolean): void {
	const taken = statement.sourceSQL.length - (explain ? 'EXPLAIN QUERY PLAN '.length : 0)
	const rest = sql.slice(taken).replaceAll(/--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|[\s;]/g, '')
	if (rest === '') return
	throw new SQLakeError(
		'USAGE_INVALID',
		`query: expected one statement, found more after ${JSON.stringify(sql.slice(0, taken).slice(-30))}`,
		{
			hint: 'run them one by one',
		},
	)
}

function hintFor(error: unknown): { readonly hint?: string } {
	const message = messageOf(error)
	if (/not a database/.test(message)) return { hint: 'name a SQLite file, or a directory of shards' }
	if (/readonly database/.test(message)) return { hint: 'leave --read-only out' }
	return {}
}
