/**
 * The statement of a lake query in either dialect: what it asks of the tables, and what the engine is to run.
 *
 * @module
 */
import { SQLakeError } from '../errors.ts'
import { CHANGE_FIELDS } from '../lake/change-table.ts'
import { checkLength } from '../router/check-statement-size.ts'
import { parseSQL } from '../router/parse-sql.ts'
import { quoteIdentifier } from '../schema/quote-identifier.ts'
import { sqliteKind } from '../schema/sqlite-kind.ts'
import type { DialectColumn, DialectTable } from './dialect/dialect-table.ts'
import type { ResultColumn } from './dialect/result.ts'
import { rewriteQuery } from './dialect/rewrite-query.ts'
import { duckdbStatement } from './duckdb/duckdb-statement.ts'
import { quoteText } from './engines/duckdb-sql.ts'
import type { EngineLimits, EngineQuery, EngineRelation, EngineValue, EngineView, QueryEngine } from './query-engine.ts'
import type { SeenTable } from './scan/seen-table.ts'
import { type StatementInput, statementTables, type TableUse } from './scan/statement-tables.ts'

/** A statement that was read. */
export interface PreparedStatement {
	/** What it asks of each table. @throws `ROUTE_UNKNOWN_TABLE` for a table that neither the schema nor the statement defines. */
	tables(schema: StatementInput['schema'], extraColumns: readonly DialectColumn[]): Promise<TableUse[]>
	/** What the engine is to run over views of these tables. @throws as `rewriteQuery` does. */
	rewrite(tables: readonly DialectTable[]): EngineStatement
}

/** A statement in the engine's dialect. */
export interface EngineStatement extends Pick<EngineQuery, 'sql' | 'params' | 'macros' | 'functions' | 'printed'> {
	/** Views beside those of the tables that are read. */
	readonly views?: readonly EngineView[]
	/** The outputs; null where the engine alone knows them. */
	readonly columns: readonly ResultColumn[] | null
}

/**
 * A statement in SQLite's dialect.
 *
 * @param native Whether native DuckDB is to run it.
 * @throws `SQL_PARSE`; `READ_ONLY` for what is no SELECT; `QUERY_FAILED` for another number of values.
 */
export function sqliteStatement(sql: string, params: readonly EngineValue[], native: boolean): PreparedStatement {
	const parsed = parseSQL(sql)
	if (parsed.statement.type !== 'SelectStmt') {
		throw new SQLakeError('READ_ONLY', `a lake query only reads: expected a SELECT, found ${parsed.statement.type}`, {
			hint: 'Write through the database itself, not through analytics(), asOf(), snapshot() or between().',
		})
	}
	expectValues(parsed.parameterCount, params)
	const select = parsed.statement.body
	return {
		tables: async (schema, extraColumns) =>
			statementTables({ parsed, select, params, schema, extraColumns: extraColumns.map(({ name }) => name) }),
		rewrite: (tables) => ({
			...rewriteQuery({ parsed, select, params, tables, now: Date.now(), native }),
			params: [],
			printed: true,
		}),
	}
}

/**
 * A statement in DuckDB's dialect, which the engine gets as it is. All columns of its tables are read, from all files.
 *
 * @throws as `duckdbStatement` does; `STATEMENT_LIMIT` for a text too long.
 */
export function duckdbPassThrough(
	sql: string,
	params: readonly EngineValue[],
	engine: QueryEngine,
	limits: EngineLimits,
): PreparedStatement {
	checkLength(sql)
	// Columns have but one type there: what did not fit it can be asked for.
	const rescued = sql.toLowerCase().includes(CHANGE_FIELDS.rescued.name) ? [CHANGE_FIELDS.rescued.name] : []
	let relations: readonly EngineRelation[] = []
	return {
		tables: async (schema, extraColumns) => {
			const tables = [...schema.tables.values()]
			const extra = [...(rescued.length === 0 ? [] : [RESCUED_COLUMN]), ...extraColumns]
			relations = tables.map((table) => engineRelation(table, extra))
			const read = await duckdbStatement(engine, { sql, params, relations }, limits)
			return tables
				.filter((_, index) => read.has(index))
				.map((table) => ({ table, all: true, names: new Set(rescued), conditions: [[]] }))
		},
		rewrite: (read) => {
			const unread = relations.filter(({ name }) => !read.some((table) => table.name === name))
			return { sql, params, columns: null, views: unread.map(unreadView) }
		},
	}
}

/** DuckDB wants to know a table that is named where it is never read, as in a common table expression without use. */
function unreadView({ name, columns }: EngineRelation): EngineView {
	const typed = columns.map((column) => `CAST(NULL AS ${column.type}) AS ${quoteIdentifier(column.name)}`)
	const failure = quoteText(`table ${name} was to be read, which its plan does not have`)
	return { name, sql: `SELECT ${typed.join(', ')} WHERE error(${failure}) IS NULL` }
}

const RESCUED_COLUMN: DialectColumn = { name: CHANGE_FIELDS.rescued.name, affinity: 'TEXT', kind: 'text' }

const ENGINE_TYPES = { integer: 'BIGINT', real: 'DOUBLE', text: 'VARCHAR', blob: 'BLOB' } as const

/** A table as the view over it shows it: what does not fit the type of its column is NULL there. */
function engineRelation({ name, columns }: SeenTable, extraColumns: readonly DialectColumn[]): EngineRelation {
	const own = columns.filter(({ hidden }) => !hidden).map((column) => ({ name: column.name, kind: sqliteKind(column.lakeType) }))
	const shown = [...own, ...extraColumns.map(({ name, kind }) => ({ name, kind: kind === 'integer' ? kind : ('text' as const) }))]
	return { name, columns: shown.map((column) => ({ name: column.name, type: ENGINE_TYPES[column.kind] })) }
}

function expectValues(count: number, params: readonly EngineValue[]): void {
	if (params.length === count) return
	throw new SQLakeError('QUERY_FAILED', `expected ${count} bound values, found ${params.length}`)
}
