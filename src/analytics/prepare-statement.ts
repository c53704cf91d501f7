/**
 * The statement of a lake query in either dialect: what it asks of the tables, and what the engine is to run.
 *
 * @module
 */
import { SQLakeError } from '../errors.ts'
import { CHANGE_FIELDS } from '../lake/change-table.ts'
import { checkLength } from '../router/check-statement-size.ts'
import { parseSQL } from '../router/parse-sql.ts'
import { trimSpaces } from '../schema/trim-spaces.ts'
import type { DialectTable } from './dialect/dialect-table.ts'
import type { ResultColumn } from './dialect/result.ts'
import { rewriteQuery } from './dialect/rewrite-query.ts'
import { duckdbStatement } from './duckdb/duckdb-statement.ts'
import type { EngineQuery, EngineValue } from './query-engine.ts'
import { type StatementInput, statementTables, type TableUse } from './scan/statement-tables.ts'

/** A statement that was read. */
export interface PreparedStatement {
	/** What it asks of each table. @throws `ROUTE_UNKNOWN_TABLE` for a table that neither the schema nor the statement defines. */
	tables(schema: StatementInput['schema'], extraColumns: readonly string[]): TableUse[]
	/** What the engine is to run over views of these tables. @throws as `rewriteQuery` does. */
	rewrite(tables: readonly DialectTable[]): EngineStatement
}

/** A statement in the engine's dialect. */
export interface EngineStatement extends Pick<EngineQuery, 'sql' | 'params' | 'macros' | 'functions'> {
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
		tables: (schema, extraColumns) => statementTables({ parsed, select, params, schema, extraColumns }),
		rewrite: (tables) => ({ ...rewriteQuery({ parsed, select, params, tables, now: Date.now(), native }), params: [] }),
	}
}

/**
 * A statement in DuckDB's dialect, which the engine gets as it is. All columns of its tables are read, from all files.
 *
 * @throws as `duckdbStatement` does; `STATEMENT_LIMIT` for a text too long; `QUERY_FAILED` for another number of values.
 */
export function duckdbPassThrough(sql: string, params: readonly EngineValue[]): PreparedStatement {
	checkLength(sql)
	return {
		tables: (schema) => {
			const { tables, parameterCount } = duckdbStatement(
				sql,
				[...schema.tables.values()].map(({ name }) => name),
			)
			expectValues(parameterCount, params)
			// Columns have but one type there: what did not fit it can be asked for.
			const names = new Set(sql.toLowerCase().includes(CHANGE_FIELDS.rescued.name) ? [CHANGE_FIELDS.rescued.name] : [])
			return [...schema.tables.values()]
				.filter(({ name }) => tables.includes(name))
				.map((table) => ({ table, all: true, names, conditions: [[]] }))
		},
		rewrite: () => ({ sql: trimSpaces(sql, ' \t\n\v\f\r;'), params, columns: null }),
	}
}

function expectValues(count: number, params: readonly EngineValue[]): void {
	if (params.length === count) return
	throw new SQLakeError('QUERY_FAILED', `expected ${count} bound values, found ${params.length}`)
}
