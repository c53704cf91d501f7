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
import { duckdbType, NUMBER_CLASSES, TEXT_CLASS } from '../../../src/analytics/dialect/typed-sql.ts'
import { literal } from '../../../src/analytics/engines/duckdb-sql.ts'
import { duckdbMessage } from '../../../src/analytics/engines/engine-error.ts'
import type { EngineValue } from '../../../src/analytics/query-engine.ts'
import { messageOf, SQLakeError } from '../../../src/errors.ts'
import { numericText } from '../../../src/lake/parquet/lake-types.ts'
import { parseSQL } from '../../../src/router/parse-sql.ts'
import { affinityOf } from '../../../src/schema/affinity.ts'
import { quoteIdentifier } from '../../../src/schema/quote-identifier.ts'
import type { ColumnSchema } from '../../../src/schema/table-schema.ts'

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

/** As the views over the lake show columns: numbers and texts of a numeric one with their class. */
const KINDS = { INTEGER: 'integer', REAL: 'real', NUMERIC: 'any', TEXT: 'text', BLOB: 'blob' } as const
const NUMERIC_COLUMN: ColumnSchema = {
	name: 'n',
	property: 'n',
	fieldId: 101,
	declaredType: 'numeric',
	affinity: 'NUMERIC',
	mode: 'numeric',
	lakeType: 'string',
	notNull: false,
	generated: false,
}
const NUMERIC_CLASSES = NUMBER_CLASSES | TEXT_CLASS

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
			const difference = compareRows(expected.rows, found, { ordered, tolerance: toleranceOf(query.sql) })
			const names = columns.map(({ name }) => name).join(', ')
			if (difference === null && names !== expected.columns.join(', ')) {
				return { kind: 'wrong', message: `expected the columns ${expected.columns.join(', ')}, found ${names}`, sql }
			}
			return difference === null ? { kind: 'equal' } : { kind: 'wrong', message: difference, sql }
		} catch (error) {
			// An error that the engine alone knows is a failure, whatever SQLite makes of the query.
			const known = SQLakeError.is(error) ? error : dialectError(duckdbMessage(error))
			if (known === undefined) return { kind: 'wrong', message: `ENGINE: ${messageOf(error)}`, sql }
			const { code, message } = known
			if (typeof expected === 'string') return { kind: 'invalid' }
			return code === 'DIALECT_UNSUPPORTED'
				? { kind: 'refused', code, message }
				: { kind: 'wrong', message: `${code}: ${message}`, sql }
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

/** How far a REAL may be from SQLite's where SQLite does not determine it, relative to its size; and what counts as nothing. */
export interface Tolerance {
	readonly relative: number
	readonly nothing: number
}

const EXACT: Tolerance = { relative: 0, nothing: 0 }

/** No order of adding is defined: a compensated sum is off by an ulp or two, and what cancels out leaves a rest of its terms. */
export const SUMMATION_ORDER: Tolerance = { relative: 2 ** -51, nothing: 1e-11 }

/** The last bit is the mathematical library's, which SQLite takes from its host. */
const MATHEMATICAL_LIBRARY: Tolerance = { relative: 2 ** -51, nothing: 0 }

const SUMS = /\b(?:sum|avg|total)\s*\(/i
const LIBRARY = /\b(?:a?(?:cos|sin|tan)h?|atan2|exp|ln|log|log10|log2|pow|power|sqrt|degrees|radians)\s*\(/i

function toleranceOf(sql: string): Tolerance {
	return SUMS.test(sql) ? SUMMATION_ORDER : LIBRARY.test(sql) ? MATHEMATICAL_LIBRARY : EXACT
}

/** @returns null if the rows are the same. */
function compareRows(
	expected: Cell[][],
	found: Cell[][],
	{ ordered, tolerance }: { readonly ordered: boolean; readonly tolerance: Tolerance },
): string | null {
	// What may differ in its last digits must not decide which rows stand beside each other.
	const digits = tolerance === EXACT ? 17 : 13
	const [left, right] = ordered ? [expected, found] : [sorted(expected, digits), sorted(found, digits)]
	const differs =
		left.length !== right.length || left.some((row, i) => row.some((cell, j) => !sameCell(cell, right[i]?.[j], tolerance)))
	return differs ? `expected ${show(left)}, found ${show(right)}` : null
}

function sameCell(a: Cell, b: Cell | undefined, { relative, nothing }: Tolerance): boolean {
	if (b === undefined || a.type !== b.type) return false
	if (typeof a.value !== 'number' || typeof b.value !== 'number' || a.type !== 'real') return text(a, 17) === text(b, 17)
	const size = Math.max(Math.abs(a.value), Math.abs(b.value))
	return a.value === b.value || size < nothing || Math.abs(a.value - b.value) <= relative * size
}

function text({ type, value }: Cell, digits: number): string {
	if (value instanceof Uint8Array) return `x'${Buffer.from(value).toString('hex')}'`
	if (typeof value === 'number' && type === 'real') return `${Number(value.toPrecision(digits))}r`
	return typeof value === 'string' ? JSON.stringify(value) : String(value)
}

function sorted(rows: Cell[][], digits: number): Cell[][] {
	const key = (row: Cell[]) => row.map((cell) => text(cell, digits)).join('\u0001')
	return rows.toSorted((a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0))
}

function show(rows: Cell[][]): string {
	const lines = rows.slice(0, 6).map((row) => `(${row.map((cell) => text(cell, 17)).join(', ')})`)
	return `${rows.length} rows ${lines.join(' ')}`
}

function all(sqlite: DatabaseSync, sql: string): Record<string, unknown>[] {
	return sqlite.prepare(sql).all() as Record<string, unknown>[]
}

function describe(sqlite: DatabaseSync, name: string): DialectTable {
	const info = all(sqlite, `PRAGMA table_info(${quoteIdentifier(name)})`)
	const columns = info.map((row): DialectColumn => {
		const affinity = affinityOf(String(row.type))
		return { name: String(row.name), affinity, kind: KINDS[affinity], classes: NUMERIC_CLASSES }
	})
	const key = info.filter((row) => row.pk !== 0)
	const rowid = key.length === 1 && /^integer$/i.test(String(key[0]?.type)) ? String(key[0]?.name) : undefined
	return { name, columns, rowid, primaryKey: key.map((row) => String(row.name)) }
}

/** A value as the lake's text of it is shown. */
function numericLiteral(value: EngineValue): string {
	const text = value === null ? null : numericText(NUMERIC_COLUMN, value)
	if (text === undefined) throw new Error(`${value} would be rescued`)
	return `_sl_numeric(CAST(${literal(text)} AS VARCHAR))`
}

async function copy(sqlite: DatabaseSync, engine: DialectEngine, { name, columns }: DialectTable): Promise<void> {
	const types = columns.map((column) => `${quoteIdentifier(column.name)} ${duckdbType(column.kind)}`)
	await engine.run(`CREATE OR REPLACE TABLE ${quoteIdentifier(name)} (${types.join(', ')})`)
	const statement = sqlite.prepare(`SELECT * FROM ${quoteIdentifier(name)}`)
	statement.setReadBigInts(true)
	statement.setReturnArrays(true)
	const rows = statement.all() as unknown as EngineValue[][]
	for (const row of rows) {
		for (const [i, value] of row.entries()) {
			const kind = columns[i]?.kind
			const type = cellOf(value).type
			if (type !== 'null' && type !== kind && (kind !== 'any' || type === 'blob')) {
				throw new Error(`${name}.${columns[i]?.name}: a ${type} in a column of kind ${kind} would be rescued`)
			}
		}
	}
	for (let from = 0; from < rows.length; from += 500) {
		const values = rows
			.slice(from, from + 500)
			.map(
				(row) => `(${row.map((value, i) => (columns[i]?.kind === 'any' ? numericLiteral(value) : literal(value))).join(', ')})`,
			)
		await engine.run(`INSERT INTO ${quoteIdentifier(name)} VALUES ${values.join(', ')}`)
	}
}
