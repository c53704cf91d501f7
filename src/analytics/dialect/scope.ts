/**
 * What names mean at a place of the statement.
 *
 * @module
 */
import type { Expr, Window } from 'sqlite3-parser'
import type { DialectTable } from './dialect-table.ts'
import type { TypedSql } from './typed-sql.ts'

/** A column of a source, named as SQLite names it. */
export interface SourceColumn extends TypedSql {
	readonly name: string
	/** Found by its name where no other column has it, but none of the columns of `*`. */
	readonly hidden?: boolean | undefined
}

/** One table, view, common table expression or sub-query in a FROM. */
export interface Source {
	/** Name that qualifies its columns, in lower case; empty for a sub-query without an alias. */
	readonly name: string
	/** Its name in the rewritten statement. */
	readonly alias: string
	readonly columns: readonly SourceColumn[]
	/** Where it is a table of the schema. */
	readonly table?: DialectTable | undefined
	/** Whether it is a function, whose rows come anew for each row before it. */
	readonly isFunction?: boolean | undefined
	/** The order that a sub-query gives its rows, as terms in the rewritten statement; null if it cannot be told. */
	readonly order?: readonly string[] | null | undefined
}

/** A column that a USING or NATURAL join made of several. */
export interface MergedColumn {
	readonly column: SourceColumn
	readonly sources: ReadonlySet<Source>
}

/** A common table expression in sight. */
export interface Cte {
	readonly alias: string
	readonly columns: readonly SourceColumn[]
}

/** Common table expressions by name in lower case. */
export type CteScope = ReadonlyMap<string, Cte>

/** How the rows of an aggregating SELECT are grouped. */
export interface Grouping {
	/** The printed keys, and what stands for each after grouping. */
	readonly keys: ReadonlyMap<string, string>
	/** Sources whose primary key is among the keys. */
	readonly determined: ReadonlySet<Source>
	/** The only `min()` or `max()`, whose row the bare columns come from. */
	readonly extreme: { readonly picker: 'arg_min_null' | 'arg_max_null'; readonly sql: string } | null
}

/** A column found by {@link Scope.find}. */
export interface FoundColumn {
	readonly column: SourceColumn
	readonly source: Source | null
	readonly scope: Scope
}

/** The names of one SELECT, within those of the queries around it. */
export class Scope {
	readonly parent: Scope | null
	/** Queries whose expressions it lies in. */
	readonly depth: number
	readonly ctes: CteScope
	readonly sources: Source[] = []
	/** By name in lower case. */
	readonly merged = new Map<string, MergedColumn>()
	/** Expressions of the outputs by alias, in lower case. */
	readonly aliases = new Map<string, Expr>()
	readonly windows = new Map<string, Window>()
	/** What the WHERE asks of every row, part by part. */
	conditions: readonly Expr[] = []
	/** Set while what is printed stands after grouping; null before it and within aggregate functions. */
	grouping: Grouping | null = null
	/** The aggregates printed so far. */
	readonly aggregates: string[] = []
	/** Collects the scopes of the columns found, while someone asks for it. */
	trace: Set<Scope> | null = null
	readonly #openAliases = new Set<string>()

	constructor(parent: Scope | null, ctes: CteScope) {
		this.parent = parent
		this.depth = parent === null ? 0 : parent.depth + 1
		this.ctes = ctes
	}

	/**
	 * The columns of this SELECT that a name may mean.
	 *
	 * @param qualifier Name of the table, in lower case.
	 */
	candidates(name: string, qualifier: string | null): FoundColumn[] {
		const lower = name.toLowerCase()
		const found: FoundColumn[] = []
		const merged = qualifier === null ? this.merged.get(lower) : undefined
		if (merged !== undefined) found.push({ column: merged.column, source: null, scope: this })
		for (const source of this.sources) {
			if (qualifier !== null && source.name !== qualifier) continue
			if (merged?.sources.has(source)) continue
			const column = source.columns.find((other) => other.name.toLowerCase() === lower)
			if (column !== undefined) found.push({ column, source, scope: this })
		}
		const visible = found.filter(({ column }) => !column.hidden)
		return visible.length > 0 ? visible : found
	}

	/** Prints the expression behind an alias, unless that is being done already. */
	withAlias(name: string, print: (expr: Expr) => TypedSql): TypedSql | undefined {
		const lower = name.toLowerCase()
		const expr = this.aliases.get(lower)
		if (expr === undefined || this.#openAliases.has(lower)) return undefined
		this.#openAliases.add(lower)
		try {
			return print(expr)
		} finally {
			this.#openAliases.delete(lower)
		}
	}

	/** A window by name, in this SELECT or one around it. */
	window(name: string): Window | undefined {
		return this.windows.get(name.toLowerCase()) ?? this.parent?.window(name)
	}

	/** Prints something as it would stand before grouping. */
	ungrouped<T>(print: () => T): T {
		const { grouping } = this
		this.grouping = null
		try {
			return print()
		} finally {
			this.grouping = grouping
		}
	}
}
