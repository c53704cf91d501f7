/**
 * Drizzle's SQLite dialect, which remembers what each statement was built from.
 *
 * @module
 */
import {
	type Casing,
	type Column,
	entityKind,
	getTableColumns,
	is,
	Param,
	type Query,
	SQL,
	Subquery,
	sql,
	View,
	ViewBaseConfig,
} from 'drizzle-orm'
import {
	SQLiteAsyncDialect,
	type SQLiteDeleteConfig,
	type SQLiteInsertConfig,
	type SQLiteSelectConfig,
	type SQLiteUpdateConfig,
} from 'drizzle-orm/sqlite-core'
import type { LakeSchema } from '../schema/table-schema.ts'
import {
	type BuilderFacts,
	deleteFacts,
	hasBoundRows,
	insertFacts,
	isPlainInsert,
	selectFacts,
	updateFacts,
} from './builder-facts.ts'
import { type BulkInsert, takeInsertApart } from './bulk-insert.ts'
import { SelectShapes, type ShapedSelect } from './select-shape.ts'

/** What is known of a query from the builder that made it. */
export interface BuiltQuery {
	readonly access: 'read' | 'write'
	/** Null where the structure does not settle the shard: the parser decides then. */
	readonly facts: BuilderFacts | null
	/**
	 * The same INSERT with its first row only. The parser must agree on it before {@link BuiltQuery.facts} counts for all rows,
	 * since its conflict clause or RETURNING may hold any expression.
	 */
	readonly sample?: Query
	/** The INSERT taken apart, where it has several rows of bound values. */
	readonly bulk?: BulkInsert
}

type Origin =
	| { readonly kind: 'select'; readonly config: SQLiteSelectConfig }
	| { readonly kind: 'insert'; readonly config: SQLiteInsertConfig }
	| { readonly kind: 'update'; readonly config: SQLiteUpdateConfig }
	| { readonly kind: 'delete'; readonly config: SQLiteDeleteConfig }

interface Tag {
	readonly origin: Origin
	/** SQL.append() may change a statement after it was built; it counts as raw SQL then. */
	readonly chunks: number
}

const tags = new WeakMap<SQL, Tag>()
const builtQueries = new WeakMap<Query, BuiltQuery>()

/** What is known of a query from the builder that made it; undefined for raw SQL. */
export function builtQuery(query: Query): BuiltQuery | undefined {
	return builtQueries.get(query)
}

/** Tags each statement with the builder's configuration, and copies what follows from it to the rendered query. */
export class SQLakeDialect extends SQLiteAsyncDialect {
	static override readonly [entityKind]: string = 'SQLakeDialect'
	readonly #schema: LakeSchema
	readonly #shapes: SelectShapes

	/** @param casing - how columns without a name of their own are named; those of the schema have theirs */
	constructor(schema: LakeSchema, casing?: Casing) {
		super(casing === undefined ? {} : { casing })
		this.#schema = schema
		this.#shapes = casing === undefined ? shapesOf(schema) : new SelectShapes()
	}

	override buildSelectQuery(config: SQLiteSelectConfig): SQL {
		return tag(super.buildSelectQuery(withViewsInline(config)), { kind: 'select', config: { ...config } })
	}

	override buildInsertQuery(config: SQLiteInsertConfig): SQL {
		const resolved = resolveDefaults(config)
		return tag(super.buildInsertQuery(resolved), { kind: 'insert', config: resolved })
	}

	override buildUpdateQuery(config: SQLiteUpdateConfig): SQL {
		return tag(super.buildUpdateQuery(config), { kind: 'update', config: { ...config } })
	}

	override buildDeleteQuery(config: SQLiteDeleteConfig): SQL {
		return tag(super.buildDeleteQuery(config), { kind: 'delete', config: { ...config } })
	}

	/**
	 * The query of a select whose shape was rendered before, or is now for the first time; null for one of no known shape. See
	 * {@link SelectShapes}.
	 */
	selectToQuery(config: SQLiteSelectConfig): Pick<ShapedSelect, 'query' | 'fields'> | null {
		const found = this.#shapes.query(config, () => ({
			query: super.sqlToQuery(super.buildSelectQuery(config)),
			facts: selectFacts(config, this.#schema),
		}))
		if (found !== null) withBuilt(found.query, { access: 'read', facts: found.facts })
		return found
	}

	override sqlToQuery(statement: SQL, invokeSource?: 'indexes'): Query {
		const known = tags.get(statement)
		if (known === undefined || known.chunks !== statement.queryChunks.length) return super.sqlToQuery(statement, invokeSource)
		if (known.origin.kind === 'insert') return this.#insertToQuery(statement, known.origin.config)
		const query = super.sqlToQuery(statement, invokeSource)
		builtQueries.set(query, this.#built(known.origin))
		return query
	}

	#built(origin: Exclude<Origin, { kind: 'insert' }>): BuiltQuery {
		switch (origin.kind) {
			case 'select':
				return { access: 'read', facts: selectFacts(origin.config, this.#schema) }
			case 'update':
				return { access: 'write', facts: updateFacts(origin.config, this.#schema) }
			case 'delete':
				return { access: 'write', facts: deleteFacts(origin.config, this.#schema) }
		}
	}

	#insertToQuery(statement: SQL, config: SQLiteInsertConfig): Query {
		const write = { access: 'write' } as const
		const { values } = config
		const [first] = Array.isArray(values) && hasBoundRows(config) ? values : []
		if (!Array.isArray(values) || first === undefined) {
			return withBuilt(super.sqlToQuery(statement), { ...write, facts: null })
		}
		// Null for a table that the schema does not have: its rows may be many all the same.
		const facts = insertFacts(config, this.#schema)
		if (values.length === 1) {
			const query = super.sqlToQuery(statement)
			return withBuilt(query, { ...write, facts: isPlainInsert(config) ? facts : null })
		}
		const sample = super.sqlToQuery(super.buildInsertQuery({ ...config, values: [first] }))
		const head = super.sqlToQuery(super.buildInsertQuery({ table: config.table, values: [] })).sql
		const rows = values.map((row) => Object.values(row))
		const apart = takeInsertApart(rows, head, sample)
		return withBuilt(apart?.query ?? super.sqlToQuery(statement), {
			...write,
			facts,
			...(isPlainInsert(config) ? {} : { sample }),
			...(apart === null ? {} : { bulk: apart.bulk }),
		})
	}
}

/**
 * The same SELECT with the query of each view in its place: what it asks of tables is then plain to routing, and to the lake, which
 * has no views.
 */
function withViewsInline(config: SQLiteSelectConfig): SQLiteSelectConfig {
	const { table, joins } = config
	const inline = <T extends SQLiteSelectConfig['table']>(source: T): T | Subquery =>
		is(source, View) ? (queryOfView(source) ?? source) : source
	return {
		...config,
		table: inline(table),
		...(joins === undefined ? {} : { joins: joins.map((join) => ({ ...join, table: inline(join.table) })) }),
	}
}

/** A view as a sub-query of its name; null for one that is only known to exist. */
function queryOfView(view: View): Subquery | null {
	const { name, query, selectedFields } = Reflect.get(view, ViewBaseConfig)
	return is(query, SQL) ? new Subquery(query, selectedFields, name) : null
}

/** Kept for the schema: a database, and its dialect with it, lives for one request. */
const shapes = new WeakMap<LakeSchema, SelectShapes>()

function shapesOf(schema: LakeSchema): SelectShapes {
	const known = shapes.get(schema)
	if (known !== undefined) return known
	const made = new SelectShapes()
	shapes.set(schema, made)
	return made
}

function tag(statement: SQL, origin: Origin): SQL {
	tags.set(statement, { origin, chunks: statement.queryChunks.length })
	return statement
}

function withBuilt(query: Query, built: BuiltQuery): Query {
	builtQueries.set(query, built)
	return query
}

/**
 * The same INSERT with every column given in every row, in column order. `$defaultFn()` may answer another value each time it
 * is asked, and the shard must be that of the value that is inserted.
 */
function resolveDefaults(config: SQLiteInsertConfig): SQLiteInsertConfig {
	const { table, values, select } = config
	if (select || !Array.isArray(values)) return config
	const columns = Object.entries<Column>(getTableColumns(table)).filter(
		([, { generated }]) => generated === undefined || generated.type === 'byDefault',
	)
	return {
		...config,
		values: values.map((row) =>
			Object.fromEntries(columns.map(([property, column]) => [property, given(row[property]) ?? defaultOf(column)])),
		),
	}
}

function given(value: Param | SQL | undefined): Param | SQL | undefined {
	return is(value, Param) && value.value === undefined ? undefined : value
}

/** What Drizzle inserts for a column that a row leaves out. */
function defaultOf(column: Column): Param | SQL {
	if (column.default !== undefined && column.default !== null) return asParam(column.default, column)
	const answer = column.defaultFn ?? column.onUpdateFn
	return answer === undefined ? sql`null` : asParam(answer(), column)
}

function asParam(value: unknown, column: Column): Param | SQL {
	return is(value, SQL) ? value : new Param(value, column)
}
