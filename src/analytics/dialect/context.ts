/**
 * What the parts of the rewriting share: the statement, its parameters, and each other.
 *
 * @module
 */
import type { Expr, Select } from 'sqlite3-parser'
import type { ParsedStatement } from '../../router/parse-sql.ts'
import type { EngineValue } from '../query-engine.ts'
import type { DialectTable } from './dialect-table.ts'
import type { CteScope, Scope, SourceColumn } from './scope.ts'
import type { TypedSql } from './typed-sql.ts'

/** An output of a printed SELECT. */
export interface OutputColumn extends Omit<SourceColumn, 'sql'> {
	/** Text of the expression, by which ORDER BY may name it in a compound. */
	readonly text: string
}

/** A printed SELECT. Its outputs are called `c0`, `c1` ... */
export interface PrintedSelect {
	readonly sql: string
	readonly columns: readonly OutputColumn[]
	/** The order of its rows, as terms over `c0`, `c1` ...; undefined where it has none that its outputs tell. */
	readonly order?: readonly string[] | undefined
}

/** A kind that an output has to have, because it meets others in one column. */
export type TargetType = Pick<TypedSql, 'kind' | 'classes'>

/** How a SELECT is printed. */
export interface SelectOptions {
	/** The query around it, whose columns it may use. */
	readonly parent: Scope | null
	readonly ctes: CteScope
	/** Whether the query sorts its rows itself, or makes one of all, so that the order of those it reads does not show. */
	readonly ordersRows?: boolean | undefined
	/** Kinds of the outputs; as they come where absent. */
	readonly targets?: readonly TargetType[] | undefined
}

/** One rewriting. */
export interface RewriteContext {
	readonly parsed: ParsedStatement
	readonly params: readonly EngineValue[]
	/** By name in lower case. */
	readonly tables: ReadonlyMap<string, DialectTable>
	/** The moment that `'now'` means, in milliseconds. */
	readonly now: number
	/** Whether native DuckDB runs the query. */
	readonly native: boolean
	/** Source text of a node. */
	text(node: { readonly span: { readonly offset: number; readonly length: number } }): string
	/** A name that nothing else in the rewritten statement has. */
	fresh(prefix: string): string
	expression(expr: Expr, scope: Scope): TypedSql
	select(select: Select, options: SelectOptions): PrintedSelect
}
