/**
 * Drizzle's select builder with the forms that ask the lake.
 *
 * @module
 */
import { type Assume, type ColumnsSelection, entityKind, getTableName, is, type SQL, type Subquery, Table } from 'drizzle-orm'
import type {
	BuildSubquerySelection,
	GetSelectTableName,
	GetSelectTableSelection,
	JoinNullability,
	SelectMode,
	SelectResult,
} from 'drizzle-orm/query-builders/select.types'
import {
	type SelectedFields,
	SQLiteSelectBase,
	SQLiteSelectBuilder,
	type SQLiteSelectHKTBase,
	SQLiteTable,
} from 'drizzle-orm/sqlite-core'
import type { SQLiteViewBase } from 'drizzle-orm/sqlite-core/view-base'
import type { Bookmark } from '../cdc/change-batch.ts'
import { SQLakeError } from '../errors.ts'
import { type CausalOptions, causalTarget, lakeTarget, type QueryOptions, type Target } from '../session/connection.ts'
import type { SQLakeDialect } from '../session/dialect.ts'
import type { QueryPlan } from '../session/executor.ts'
import { asOfMoment, betweenMoment, type MomentInput, snapshotMoment } from '../session/moment.ts'
import { SQLakePreparedQuery } from '../session/prepared-query.ts'
import type { RunResult } from '../session/result.ts'
import { fullSelection } from '../session/select-shape.ts'
import type { SQLakeSession } from '../session/session.ts'
import { type ChangeColumns, columnsOf } from './change-columns.ts'

/** Carries the type parameters of a select through `.where()`, `.innerJoin()` and the others (Drizzle's way). */
export interface SQLakeSelectHKT extends SQLiteSelectHKTBase {
	_type: SQLakeSelect<
		this['tableName'],
		this['resultType'],
		this['runResult'],
		Assume<this['selection'], ColumnsSelection>,
		this['selectMode'],
		Assume<this['nullabilityMap'], Record<string, JoinNullability>>,
		this['dynamic'],
		this['excludedMethods'],
		Assume<this['result'], unknown[]>,
		Assume<this['selectedFields'], ColumnsSelection>
	>
}

/** The selection of a query over changes: of a full row, the change columns of the first table are added. */
export type WithChanges<
	TSelection extends ColumnsSelection,
	TSelectMode extends SelectMode,
	TTableName extends string | undefined,
> = TSelectMode extends 'single'
	? TSelection & ChangeColumns
	: TSelectMode extends 'multiple'
		? { [K in keyof TSelection]: K extends TTableName ? TSelection[K] & ChangeColumns : TSelection[K] }
		: TSelection

/** A session of any schema: a select knows its table by itself. */
type AnySession = Pick<SQLakeSession, 'target' | 'withTarget' | 'prepareQuery'> &
	ConstructorParameters<typeof SQLiteSelectBuilder>[0]['session']

/** What the constructor of Drizzle's builder takes. */
interface SelectParts {
	readonly table: SQLiteTable | Subquery | SQLiteViewBase | SQL
	readonly fields: SelectedFields
	readonly isPartialSelect: boolean
	readonly session: AnySession
	readonly dialect: SQLakeDialect
	readonly withList: Subquery[] | undefined
	readonly distinct: boolean | undefined
}

/** A select that can be sent to the lake. Each of the lake's forms returns a new builder and leaves this one as it is. */
export class SQLakeSelect<
	TTableName extends string | undefined,
	TResultType extends 'sync' | 'async',
	TRunResult,
	TSelection extends ColumnsSelection,
	TSelectMode extends SelectMode = 'single',
	// The default of the builder that this one extends, which has no name of its own.
	TNullabilityMap extends Record<string, JoinNullability> = SQLiteSelectBase<
		TTableName,
		TResultType,
		TRunResult,
		TSelection,
		TSelectMode
	>['_']['nullabilityMap'],
	TDynamic extends boolean = false,
	TExcludedMethods extends string = never,
	TResult extends unknown[] = SelectResult<TSelection, TSelectMode, TNullabilityMap>[],
	TSelectedFields extends ColumnsSelection = BuildSubquerySelection<TSelection, TNullabilityMap>,
> extends SQLiteSelectBase<
	TTableName,
	TResultType,
	TRunResult,
	TSelection,
	TSelectMode,
	TNullabilityMap,
	TDynamic,
	TExcludedMethods,
	TResult,
	TSelectedFields
> {
	static override readonly [entityKind]: string = 'SQLakeSelect'
	declare readonly _: Omit<
		SQLiteSelectBase<
			TTableName,
			TResultType,
			TRunResult,
			TSelection,
			TSelectMode,
			TNullabilityMap,
			TDynamic,
			TExcludedMethods,
			TResult,
			TSelectedFields
		>['_'],
		'hkt'
	> & { readonly hkt: SQLakeSelectHKT }
	readonly #parts: SelectParts

	constructor(parts: SelectParts) {
		super(parts)
		this.#parts = parts
		// Drizzle copies it; the same object each time is what lets a shape be told at once. It is replaced, never changed.
		this._.config.fields = parts.fields
	}

	/** As in the builder that this one extends, whose declarations leave it out. */
	override getSQL(): SQL {
		return this.#parts.dialect.buildSelectQuery(this._.config)
	}

	/** Where Drizzle prepares a select, for any of its ways to run one. A select of a known shape is not rendered again. */
	_prepare(isOneTimeQuery = true): unknown {
		const { session, dialect } = this.#parts
		const { config } = this._
		const known = dialect.selectToQuery(config)
		if (known === null) return prepareAsDrizzle.call(this, isOneTimeQuery)
		const metadata = { type: 'select' as const, tables: [...this.usedTables] }
		const prepared = session.prepareQuery(known.query, known.fields, 'all', true, undefined, metadata, this.cacheConfig)
		prepared.joinsNotNullableMap = this.joinsNotNullableMap
		return prepared
	}

	/** Asks the lake: all shards, eventually consistent. */
	analytics(options?: QueryOptions): this {
		return this.#over(lakeTarget({ kind: 'current' }, options))
	}

	/**
	 * Asks the lake as it was at a moment.
	 *
	 * @param at - a Date, ISO 8601 text, or milliseconds since the epoch
	 * @throws SQLakeError TIME_INVALID
	 */
	asOf(at: MomentInput, options?: QueryOptions): this {
		return this.#over(lakeTarget(asOfMoment(at), options))
	}

	/**
	 * Asks one Iceberg snapshot.
	 *
	 * @throws SQLakeError TIME_INVALID
	 */
	snapshot(id: bigint | number | string, options?: QueryOptions): this {
		return this.#over(lakeTarget(snapshotMoment(id), options))
	}

	/**
	 * Asks the lake once the given write is in it.
	 *
	 * @throws SQLakeError CAUSAL_TIMEOUT when the query runs and the write does not arrive in time
	 */
	causal(bookmark: Bookmark, options?: CausalOptions): this {
		return this.#over(causalTarget(bookmark, options))
	}

	/**
	 * Asks for the changes from one moment, inclusive, to another, exclusive: one row a change, with `_op`, `_shard`, `_seq` and
	 * `_ts` of the first table where full rows are selected.
	 *
	 * @throws SQLakeError TIME_INVALID
	 */
	between(
		from: MomentInput,
		to: MomentInput,
		options?: QueryOptions,
	): SQLakeSelect<
		TTableName,
		TResultType,
		TRunResult,
		WithChanges<TSelection, TSelectMode, TTableName>,
		TSelectMode,
		TNullabilityMap,
		TDynamic,
		TExcludedMethods
	> {
		const select = this.#over(lakeTarget(betweenMoment(from, to), options))
		select.#addChangeColumns()
		// The selection has just grown by what the type says.
		return select as never
	}

	/**
	 * The rows one by one, made as they are asked for: of a large result of the lake only a part is held at a time. To leave the
	 * loop early ends the query; its time limit counts the time of the loop's own work, too. A shard answers at once, as a whole.
	 *
	 * @example
	 * ```ts
	 * for await (const order of db.select().from(orders).analytics({ timeoutMs: 600_000 }).stream()) write(order)
	 * ```
	 */
	async *stream(): AsyncGenerator<TResult[number], void, undefined> {
		yield* this.#prepared().stream() as AsyncGenerator<TResult[number], void, undefined>
	}

	/** Drizzle's name, in its MySQL driver, for {@link stream}. */
	iterator(): AsyncGenerator<TResult[number], void, undefined> {
		return this.stream()
	}

	/** Where the query runs and why; for the lake with its snapshots and the files kept and pruned. */
	async explain(): Promise<QueryPlan> {
		return this.#prepared().explain()
	}

	#prepared(): SQLakePreparedQuery {
		const prepared: unknown = this.prepare()
		if (prepared instanceof SQLakePreparedQuery) return prepared
		throw new SQLakeError('INTERNAL', 'select: prepared by another session than sqlake’s')
	}

	#over(target: Target): this {
		const { session } = this.#parts
		const copy = new SQLakeSelect({ ...this.#parts, session: session.withTarget(target) })
		const { joins, setOperators, ...config } = this._.config
		Object.assign(copy._.config, config, { setOperators: [...setOperators] }, joins === undefined ? {} : { joins: [...joins] })
		copy.joinsNotNullableMap = { ...this.joinsNotNullableMap }
		copy.usedTables = new Set(this.usedTables)
		if (this.cacheConfig !== undefined) copy.cacheConfig = this.cacheConfig
		return copy as never
	}

	#addChangeColumns(): void {
		const { table, isPartialSelect } = this.#parts
		if (isPartialSelect || !is(table, Table)) return
		const name = getTableName(table)
		const { config } = this._
		const own = config.fields[name]
		const nested = config.joins !== undefined && config.joins.length > 0
		config.fields = nested
			? { ...config.fields, [name]: { ...Object(own), ...columnsOf(name) } }
			: { ...config.fields, ...columnsOf(name) }
	}
}

/** The method of Drizzle's builder that is left out of its declarations. */
const prepareAsDrizzle: (isOneTimeQuery: boolean) => unknown = Reflect.get(SQLiteSelectBase.prototype, '_prepare')

/** What the constructor of {@link SQLakeSelectBuilder} takes. */
export interface SelectBuilderParts<TSelection> {
	readonly fields: TSelection
	readonly session: AnySession
	readonly dialect: SQLakeDialect
	readonly withList?: Subquery[]
	readonly distinct?: boolean
}

/** What `select()` returns: it waits for `.from()`. */
export class SQLakeSelectBuilder<TSelection extends SelectedFields | undefined> extends SQLiteSelectBuilder<
	TSelection,
	'async',
	RunResult
> {
	static override readonly [entityKind]: string = 'SQLakeSelectBuilder'
	readonly #parts: SelectBuilderParts<TSelection>

	constructor(parts: SelectBuilderParts<TSelection>) {
		super(parts)
		this.#parts = parts
	}

	override from<TFrom extends SQLiteTable | Subquery | SQLiteViewBase | SQL>(
		source: TFrom,
	): SQLakeSelect<
		GetSelectTableName<TFrom>,
		'async',
		RunResult,
		TSelection extends undefined ? GetSelectTableSelection<TFrom> : TSelection,
		TSelection extends undefined ? 'single' : 'partial'
	>
	// As in the builder that this one extends: by this the database fits where Drizzle's own type is asked for.
	override from<TFrom extends SQLiteTable | Subquery | SQLiteViewBase | SQL>(
		source: TFrom,
	): ReturnType<SQLiteSelectBuilder<TSelection, 'async', RunResult>['from']>
	override from(source: SQLiteTable | Subquery | SQLiteViewBase | SQL) {
		const { fields, session, dialect, withList, distinct } = this.#parts
		const { target } = session
		const overChanges = target.kind === 'lake' && target.moment.kind === 'between'
		const own = fields ?? (is(source, SQLiteTable) ? fullSelection(source) : super.from(source)._.config.fields)
		const added = overChanges && fields === undefined && is(source, Table) ? columnsOf(getTableName(source)) : null
		const select = new SQLakeSelect({
			table: source,
			fields: (added === null ? own : { ...own, ...added }) as SelectedFields,
			isPartialSelect: fields !== undefined,
			session,
			dialect,
			withList,
			distinct,
		})
		// The type parameters follow from the source and the selection, as in the builder that this one extends.
		return select as never
	}
}

/** What `select()` of a database over changes returns: `.from(table)` adds the change columns to a full row. */
export interface ChangesSelectBuilder<TSelection extends SelectedFields | undefined> {
	from<TFrom extends SQLiteTable | Subquery | SQLiteViewBase | SQL>(
		source: TFrom,
	): TSelection extends SelectedFields
		? SQLakeSelect<GetSelectTableName<TFrom>, 'async', RunResult, TSelection, 'partial'>
		: SQLakeSelect<
				GetSelectTableName<TFrom>,
				'async',
				RunResult,
				TFrom extends SQLiteTable ? GetSelectTableSelection<TFrom> & ChangeColumns : GetSelectTableSelection<TFrom>,
				'single'
			>
}
