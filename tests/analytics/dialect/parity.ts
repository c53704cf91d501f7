/**
 * Runs queries on SQLite and, rewritten, on DuckDB, and compares the rows with their storage classes.
 *
 * @module
 */
import { DatabaseSync } from 'node:sqlite'
import type { DialectColumn, DialectTable } from '../../../src/analytics/dialect/dialect-table.ts'
import { resultValue, storageClassOf } from '../../../src/analytics/dialect/result.ts'
import { rewriteQuery } from '../../../src/analytics/dialect/rewrite-query.ts'
import { dialectError } from '../../../src/analytics/dialect/run-time-error.ts'
import { literal } from '../../../src/analytics/engines/duckdb-sql.ts'
import type { EngineValue } from '../../../src/analytics/query-engine.ts'
import { messageOf, SQLakeError } from '../../../src/errors.ts'
import { parseSQL } from '../../../src/router/parse-sql.ts'
import { affinityOf } from '../../../src/schema/affinity.ts'
import { quoteIdentifier } from '../../../src/schema/quote-identifier.ts'

/** A DuckDB with the macros of the dialect. */
export interface DialectEngine {
	readonly name: string
	/** Runs a statement to its end. */
	run(sql: string): Promise<void>
	/** Runs a query. */
	rows(sql: string): Promise<readonly (readonly EngineValue[])[]>
	close(): void
}

/** What came of one query. */
export type Outcome =
	| { readonly kind: 'equal' }
	/** Both refuse it. */
	| { readonly kind: 'invalid' }
	| { readonly kind: 'refused'; readonly code: string; readonly message: string }
	| { readonly kind: 'wrong'; readonly message: string; readonly sql: string }

/** A query with its parameters. */
export interface ParityQuery {
	readonly sql: string
	readonly params?: readonly EngineValue[]
	/** Whether the order of the rows counts; if absent, it does where the statement has an ORDER BY. */
	readonly ordered?: boolean
}

const KINDS = { INTEGER: 'integer', REAL: 'real', NUMERIC: 'numeric', TEXT: 'text', BLOB: 'blob' } as const
const TYPES = { integer: 'BIGINT', real: 'DOUBLE', numeric: 'DOUBLE', text: 'VARCHAR', blob: 'BLOB' } as const

/** The moment that `'now'` means on both sides is not the same; no query here asks for it. */
const NOW = Date.UTC(2026, 0, 2, 3, 4, 5, 678)

/** One data set on SQLite and on an engine. */
export class ParityDatabase {
	readonly #sqlite: DatabaseSync
	readonly #engine: DialectEngine
	readonly #tables: readonly DialectTable[]

	private constructor(sqlite: DatabaseSync, engine: DialectEngine, tables: readonly DialectTable[]) {
		this.#sqlite = sqlite
		this.#engine = engine
		this.#tables = tables
	}

	/** @param setup Statements in SQLite's dialect; the tables they make are typed by affinity in the engine. */
	static async open(engine: DialectEngine, setup: readonly string[]): Promise<ParityDatabase> {
		const sqlite = new DatabaseSync(':memory:')
		for (const statement of setup) sqlite.exec(statement)
		const tables: DialectTable[] = []
		for (const { name } of all(sqlite, "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY rowid")) {
			const table = describe(sqlite, String(name))
			tables.push(table)
			await copy(sqlite, engine, table)
		}
		return new ParityDatabase(sqlite, engine, tables)
	}

	async close(): Promise<void> {
		for (const { name } of this.#tables) await this.#engine.run(`DROP TABLE ${quoteIdentifier(name)}`)
		this.#sqlite.close()
	}

	/** The query as the engine gets it. */
	rewrite({ sql, params = [] }: ParityQuery) {
		const parsed = parseSQL(sql)
		if (parsed.statement.type !== 'SelectStmt') throw new Error(`expected a SELECT, found ${parsed.statement.type}`)
		return rewriteQuery({
			parsed,
			select: parsed.statement.body,
			params,
			tables: this.#tables,
			now: NOW,
			native: this.#engine.name === 'native',
		})
	}

	/** Runs one query on both. */
	async compare(query: ParityQuery): Promise<Outcome> {
		const expected = this.#expected(query)
		let sql = ''
		try {
			const rewritten = this.rewrite(query)
			sql = rewritten.sql
			const { columns } = rewritten
			const rows = await this.#engine.rows(sql)
			const found = rows.map((row) =>
				columns.map((column, i): Cell => {
					const value = row[i] ?? null
					return { type: storageClassOf(column, value), value: resultValue(column, value) }
				}),
			)
			if (typeof expected === 'string') return { kind: 'wrong', message: `SQLite refuses it (${expected}), found rows`, sql }
			const ordered = query.ordered ?? /\border\s+by\b/i.test(query.sql)
			const sums = /\b(sum|avg|total)\b/i.test(query.sql)
			const difference = compareRows(expected.rows, found, { ordered, sums })
			const names = columns.map(({ name }) => name).join(', ')
			if (difference === null && names !== expected.columns.join(', ')) {
				return { kind: 'wrong', message: `expected the columns ${expected.columns.join(', ')}, found ${names}`, sql }
			}
			return difference === null ? { kind: 'equal' } : { kind: 'wrong', message: difference, sql }
		} catch (error) {
			if (typeof expected === 'string') return { kind: 'invalid' }
			const code = SQLakeError.is(error) ? error.code : 'ENGINE'
			const message = messageOf(error)
			if (
				code === 'DIALECT_UNSUPPORTED' ||
				dialectError(message)?.code === 'DIALECT_UNSUPPORTED' ||
				/out of range/i.test(message)
			) {
				return { kind: 'refused', code: code === 'ENGINE' ? 'DIALECT_UNSUPPORTED' : code, message }
			}
			return { kind: 'wrong', message: `${code}: ${message}`, sql }
		}
	}

	#expected({ sql, params = [] }: ParityQuery): { rows: Cell[][]; columns: string[] } | string {
		try {
			const statement = this.#sqlite.prepare(sql)
			statement.setReadBigInts(true)
			statement.setReturnArrays(true)
			const columns = statement.columns().map(({ name }) => name)
			const rows = statement.all(...params) as unknown as (bigint | number | string | Uint8Array | null)[][]
			return { rows: rows.map((row) => row.map(cellOf)), columns }
		} catch (error) {
			return messageOf(error)
		}
	}
}

interface Cell {
	readonly type: string
	readonly value: EngineValue
}

function cellOf(value: EngineValue): Cell {
	if (value === null) return { type: 'null', value }
	if (typeof value === 'bigint') return { type: 'integer', value: Number.isSafeInteger(Number(value)) ? Number(value) : value }
	if (typeof value === 'number') return { type: 'real', value }
	return { type: typeof value === 'string' ? 'text' : 'blob', value }
}

/** @returns null if the rows are the same. Sums of REAL values may differ in their last digits: no order of adding is defined. */
function compareRows(
	expected: Cell[][],
	found: Cell[][],
	{ ordered, sums }: { readonly ordered: boolean; readonly sums: boolean },
): string | null {
	const [left, right] = ordered ? [expected, found] : [sorted(expected), sorted(found)]
	const differs =
		left.length !== right.length || left.some((row, i) => row.some((cell, j) => !sameCell(cell, right[i]?.[j], sums)))
	return differs ? `expected ${show(left)}, found ${show(right)}` : null
}

function sameCell(a: Cell, b: Cell | undefined, sums: boolean): boolean {
	if (b === undefined || a.type !== b.type) return false
	if (typeof a.value === 'number' && typeof b.value === 'number' && a.type === 'real') {
		// What is left of a sum that comes to nothing.
		if (sums && Math.abs(a.value) < 1e-11 && Math.abs(b.value) < 1e-11) return true
		return a.value === b.value || Math.abs(a.value - b.value) <= 4e-15 * Math.max(Math.abs(a.value), Math.abs(b.value))
	}
	return text(a) === text(b)
}

function text({ type, value }: Cell): string {
	if (value instanceof Uint8Array) return `x'${Buffer.from(value).toString('hex')}'`
	if (typeof value === 'number' && type === 'real') return `${Number(value.toPrecision(13))}r`
	return typeof value === 'string' ? JSON.stringify(value) : String(value)
}

function sorted(rows: Cell[][]): Cell[][] {
	return rows.toSorted((a, b) => {
		const [x, y] = [a.map(text).join('\u0001'), b.map(text).join('\u0001')]
		return x < y ? -1 : x > y ? 1 : 0
	})
}

function show(rows: Cell[][]): string {
	const lines = rows.slice(0, 6).map((row) => `(${row.map(text).join(', ')})`)
	return `${rows.length} rows ${lines.join(' ')}`
}

function all(sqlite: DatabaseSync, sql: string): Record<string, unknown>[] {
	return sqlite.prepare(sql).all() as Record<string, unknown>[]
}

function describe(sqlite: DatabaseSync, name: string): DialectTable {
	const info = all(sqlite, `PRAGMA table_info(${quoteIdentifier(name)})`)
	const columns = info.map((row): DialectColumn => {
		const affinity = affinityOf(String(row.type))
		return { name: String(row.name), affinity, kind: KINDS[affinity] }
	})
	const key = info.filter((row) => row.pk !== 0)
	const rowid = key.length === 1 && /^integer$/i.test(String(key[0]?.type)) ? String(key[0]?.name) : undefined
	return { name, columns, rowid, primaryKey: key.map((row) => String(row.name)) }
}

async function copy(sqlite: DatabaseSync, engine: DialectEngine, { name, columns }: DialectTable): Promise<void> {
	const types = columns.map((column) => `${quoteIdentifier(column.name)} ${TYPES[column.kind]}`)
	await engine.run(`CREATE OR REPLACE TABLE ${quoteIdentifier(name)} (${types.join(', ')})`)
	const statement = sqlite.prepare(`SELECT * FROM ${quoteIdentifier(name)}`)
	statement.setReadBigInts(true)
	statement.setReturnArrays(true)
	const rows = statement.all() as unknown as EngineValue[][]
	for (const row of rows) {
		for (const [i, value] of row.entries()) {
			const kind = columns[i]?.kind
			const type = cellOf(value).type
			if (type !== 'null' && type !== kind && !(kind === 'numeric' && (type === 'integer' || type === 'real'))) {
				throw new Error(`${name}.${columns[i]?.name}: a ${type} in a column of kind ${kind} would be rescued`)
			}
		}
	}
	for (let from = 0; from < rows.length; from += 500) {
		const values = rows.slice(from, from + 500).map((row) => `(${row.map(literal).join(', ')})`)
		await engine.run(`INSERT INTO ${quoteIdentifier(name)} VALUES ${values.join(', ')}`)
	}
}
