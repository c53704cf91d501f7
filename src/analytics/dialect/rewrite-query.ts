/**
 * From SQLite's dialect to DuckDB's.
 *
 * @module
 */
import type { Expr, Select } from 'sqlite3-parser'
import type { ParsedStatement } from '../../router/parse-sql.ts'
import type { EngineFunction, EngineValue } from '../query-engine.ts'
import { callbacksFor } from './callbacks/callbacks.ts'
import type { PrintedSelect, RewriteContext, SelectOptions } from './context.ts'
import type { DialectTable } from './dialect-table.ts'
import { printExpression } from './expression.ts'
import { macrosFor, writtenLength } from './prelude.ts'
import type { ResultColumn } from './result.ts'
import type { Scope } from './scope.ts'
import { printSelect } from './select/select.ts'
import type { TypedSql } from './typed-sql.ts'
import { checkWritten } from './unsupported.ts'

/** A SELECT in SQLite's dialect, with what it is about. */
export interface DialectQuery {
	readonly parsed: ParsedStatement
	readonly select: Select
	/** One for each parameter: a number is REAL, a bigint INTEGER. */
	readonly params: readonly EngineValue[]
	/** What the engine shows under the names of the query's tables. */
	readonly tables: readonly DialectTable[]
	/** The moment that `'now'` means, in milliseconds since the epoch. */
	readonly now: number
	/** Whether native DuckDB runs it, which has functions of JSON. */
	readonly native?: boolean
}

/** The same query for DuckDB. */
export interface RewrittenQuery {
	/** One SELECT without parameters: they are written into it, so that DuckDB knows their types. */
	readonly sql: string
	/** Statements that make the macros it names, on the connection that runs it. */
	readonly macros: readonly string[]
	/** What the engine calls back. */
	readonly functions: readonly EngineFunction[]
	/** The outputs, whose values {@link file://./result.ts} reads. */
	readonly columns: readonly ResultColumn[]
}

/**
 * Rewrites a query so that DuckDB gives SQLite's answer.
 *
 * @throws `DIALECT_UNSUPPORTED` for what has no equal in DuckDB, with `details: { construct, offset, line, column }`;
 *   `STATEMENT_LIMIT` for what becomes too long to be planned; `QUERY_FAILED` for what SQLite refuses as well; `VALUE_UNSUPPORTED` for an integer beyond 64 bits.
 * @example
 * rewriteQuery({ parsed: parseSQL('SELECT 7 / 2'), ... }).sql // SELECT CAST('3' AS BIGINT) AS c0
 */
export function rewriteQuery(query: DialectQuery): RewrittenQuery {
	const { sql, columns } = printSelect(new Rewriting(query), query.select, { parent: null, ctes: new Map(), outermost: true })
	// Planning cannot be interrupted: what macros would make endless is not begun.
	checkWritten(writtenLength(sql) - sql.length)
	const macros = macrosFor(sql)
	return { sql, macros, functions: callbacksFor([sql, ...macros]), columns: columns.map(({ name, kind }) => ({ name, kind })) }
}

class Rewriting implements RewriteContext {
	readonly parsed: ParsedStatement
	readonly params: readonly EngineValue[]
	readonly tables: ReadonlyMap<string, DialectTable>
	readonly now: number
	readonly native: boolean
	#names = 0

	constructor({ parsed, params, tables, now, native = false }: DialectQuery) {
		this.native = native
		this.parsed = parsed
		this.params = params
		this.tables = new Map(tables.map((table) => [table.name.toLowerCase(), table]))
		this.now = now
	}

	text({ span: { offset, length } }: { readonly span: { readonly offset: number; readonly length: number } }): string {
		return this.parsed.sql.slice(offset, offset + length)
	}

	fresh(prefix: string): string {
		this.#names += 1
		return `_${prefix}${this.#names}`
	}

	expression(expr: Expr, scope: Scope): TypedSql {
		return printExpression(this, expr, scope)
	}

	select(select: Select, options: SelectOptions): PrintedSelect {
		return printSelect(this, select, options)
	}
}
