/**
 * The databases that `drizzle()` returns: one that routes to shards, and read-only ones over the lake.
 *
 * @module
 */
import { type ExtractTablesWithRelations, entityKind, type WithSubquery } from 'drizzle-orm'
import type { BatchItem, BatchResponse } from 'drizzle-orm/batch'
import {
	BaseSQLiteDatabase,
	type SelectedFields,
	type SQLiteDeleteBase,
	SQLiteInsertBuilder,
	type SQLiteTable,
	type SQLiteUpdateBuilder,
} from 'drizzle-orm/sqlite-core'
import type { Bookmark } from '../cdc/change-batch.ts'
import type { SQLakeDatabase } from '../schema/database.ts'
import { type CausalOptions, causalTarget, lakeTarget, type QueryOptions, SPLIT, type Target } from '../session/connection.ts'
import { asOfMoment, betweenMoment, type MomentInput, snapshotMoment } from '../session/moment.ts'
import { readOnlyError } from '../session/plan.ts'
import type { RunResult } from '../session/result.ts'
import type { SQLakeSession } from '../session/session.ts'
import { type ChangesSelectBuilder, SQLakeSelectBuilder } from './select.ts'

/** The tables of a database and whatever a Drizzle schema adds to them, such as relations; of two with one name it is the latter's. */
export type FullSchema<TDatabase extends SQLakeDatabase, TExtra extends Record<string, unknown> = Record<never, never>> = {
	-readonly [K in Exclude<keyof TDatabase['tables'] & string, keyof TExtra>]: TDatabase['tables'][K]
} & TExtra

/**
 * A Drizzle database over shards. Statements go to the shard that they pin; the other methods are Drizzle's.
 *
 * @example
 * ```ts
 * const db = drizzle(sqlake(env, { schema }))
 * await db.insert(users).values({ id: 'user-1', email: 'a@example.com' })
 * await db.select().from(users).where(eq(users.id, 'user-1'))
 * await db.analytics().select({ plan: users.plan, n: count() }).from(users).groupBy(users.plan)
 * ```
 */
export class SQLakeDrizzleDatabase<
	TFullSchema extends Record<string, unknown> = Record<string, never>,
> extends BaseSQLiteDatabase<'async', RunResult, TFullSchema> {
	static override readonly [entityKind]: string = 'SQLakeDrizzleDatabase'
	readonly #session: SQLakeSession<TFullSchema, ExtractTablesWithRelations<TFullSchema>>

	constructor(session: SQLakeSession<TFullSchema, ExtractTablesWithRelations<TFullSchema>>) {
		super('async', session.sqlakeDialect, session, session.relationalSchema)
		this.#session = session
		// Drizzle's withReplicas() copies a database's own properties, and not what it inherits.
		for (const name of OWN_METHODS) Object.defineProperty(this, name, { value: this[name].bind(this), enumerable: true })
	}

	override select(): SQLakeSelectBuilder<undefined>
	override select<TSelection extends SelectedFields>(fields: TSelection): SQLakeSelectBuilder<TSelection>
	override select(fields?: SelectedFields): SQLakeSelectBuilder<SelectedFields | undefined> {
		return this.#selectBuilder(fields, {})
	}

	override selectDistinct(): SQLakeSelectBuilder<undefined>
	override selectDistinct<TSelection extends SelectedFields>(fields: TSelection): SQLakeSelectBuilder<TSelection>
	override selectDistinct(fields?: SelectedFields): SQLakeSelectBuilder<SelectedFields | undefined> {
		return this.#selectBuilder(fields, { distinct: true })
	}

	/**
	 * Begins an INSERT.
	 *
	 * @param options.split - rows that belong to several shards go to their shards, instead of being refused. The rows of one shard are
	 * written all or none; the shards are not one transaction. The result's `shards` says what happened in each, and so do the
	 * details of SPLIT_INCOMPLETE, which is thrown where some failed.
	 * @example
	 * ```ts
	 * const { shards } = await db.insert(orders, { split: true }).values([
	 *   { id: 'o1', userId: 'ada', amount: 1 },
	 *   { id: 'o2', userId: 'bob', amount: 2 },
	 * ])
	 * ```
	 */
	override insert<TTable extends SQLiteTable>(
		into: TTable,
		options: InsertOptions = {},
	): SQLiteInsertBuilder<TTable, 'async', RunResult> {
		const session = this.#session
		const splits = options.split === true && session.target.kind === 'routed'
		return new SQLiteInsertBuilder(into, splits ? this.#over(SPLIT) : session, session.sqlakeDialect)
	}

	override with(...queries: WithSubquery[]): WithClause {
		const { insert, update, delete: remove } = super.with(...queries)
		return {
			select: (fields?: SelectedFields) => this.#selectBuilder(fields, { withList: queries }) as never,
			selectDistinct: (fields?: SelectedFields) => this.#selectBuilder(fields, { withList: queries, distinct: true }) as never,
			insert,
			update,
			delete: remove,
		}
	}

	/**
	 * Runs queries in one shard as one transaction: all or none.
	 *
	 * @throws SQLakeError ROUTE_MULTIPLE_SHARDS where they belong to several shards
	 */
	async batch<U extends BatchItem<'sqlite'>, T extends Readonly<[U, ...U[]]>>(batch: T): Promise<BatchResponse<T>> {
		return (await this.#session.batch(batch)) as BatchResponse<T>
	}

	/**
	 * The same database, pinned to one shard: statements need no shard key. Tables that the schema does not have live in that shard
	 * alone and never reach the lake; `run()` of a CREATE TABLE makes them. A row whose shard key names another shard stays here
	 * all the same, where queries that are routed by the key do not look for it.
	 */
	shard(id: string): SQLakeDrizzleDatabase<TFullSchema> {
		return new SQLakeDrizzleDatabase(this.#over({ kind: 'shard', shard: id }))
	}

	/**
	 * All shards, from the lake: eventually consistent, and read-only.
	 *
	 * @param options - limits of each of its queries: `timeoutMs`, and a `signal` that aborts them
	 */
	analytics(options?: QueryOptions): SQLakeLakeDatabase<TFullSchema> {
		return lakeDatabase(this.#over(lakeTarget({ kind: 'current' }, options)))
	}

	/**
	 * All shards as they were at a moment; read-only.
	 *
	 * @param at - a Date, ISO 8601 text, or milliseconds since the epoch
	 * @throws SQLakeError TIME_INVALID
	 */
	asOf(at: MomentInput, options?: QueryOptions): SQLakeLakeDatabase<TFullSchema> {
		return lakeDatabase(this.#over(lakeTarget(asOfMoment(at), options)))
	}

	/**
	 * One Iceberg snapshot; read-only.
	 *
	 * @throws SQLakeError TIME_INVALID
	 */
	snapshot(id: bigint | number | string, options?: QueryOptions): SQLakeLakeDatabase<TFullSchema> {
		return lakeDatabase(this.#over(lakeTarget(snapshotMoment(id), options)))
	}

	/**
	 * The changes from one moment, inclusive, to another, exclusive; read-only. Full rows carry `_op`, `_shard`, `_seq`, `_ts`.
	 *
	 * @throws SQLakeError TIME_INVALID
	 */
	between(from: MomentInput, to: MomentInput, options?: QueryOptions): SQLakeChangesDatabase<TFullSchema> {
		return lakeDatabase(this.#over(lakeTarget(betweenMoment(from, to), options))) as never
	}

	/**
	 * All shards, from the lake, once the given write is in it; read-only.
	 *
	 * @param options.timeoutMs - how long to wait for the write; 30 seconds by default
	 * @throws SQLakeError CAUSAL_TIMEOUT when a query runs and the write does not arrive in time
	 */
	causal(bookmark: Bookmark, options?: CausalOptions): SQLakeLakeDatabase<TFullSchema> {
		return lakeDatabase(this.#over(causalTarget(bookmark, options)))
	}

	/** The bookmark of the last write through this database: to any shard, or to the one named. */
	lastBookmark(shard?: string): Bookmark | undefined {
		return this.#session.lastBookmark(shard)
	}

	#over(target: Target): SQLakeSession<TFullSchema, ExtractTablesWithRelations<TFullSchema>> {
		return this.#session.withTarget(target)
	}

	#selectBuilder(
		fields: SelectedFields | undefined,
		parts: { readonly withList?: WithSubquery[]; readonly distinct?: boolean },
	): SQLakeSelectBuilder<SelectedFields | undefined> {
		const session = this.#session
		return new SQLakeSelectBuilder({ fields, session, dialect: session.sqlakeDialect, ...parts })
	}
}

/** The methods that Drizzle's database does not have. */
const OWN_METHODS = ['batch', 'shard', 'analytics', 'asOf', 'snapshot', 'between', 'causal', 'lastBookmark'] as const

/** How an INSERT runs. */
export interface InsertOptions {
	/** Sends rows that belong to several shards to their shards. */
	readonly split?: boolean
}

/** What `db.with(...)` goes on with. */
export interface WithClause extends SelectClause {
	update: <TTable extends SQLiteTable>(table: TTable) => SQLiteUpdateBuilder<TTable, 'async', RunResult>
	insert: <TTable extends SQLiteTable>(into: TTable) => SQLiteInsertBuilder<TTable, 'async', RunResult>
	delete: <TTable extends SQLiteTable>(from: TTable) => SQLiteDeleteBase<TTable, 'async', RunResult>
}

interface SelectClause {
	select: {
		(): SQLakeSelectBuilder<undefined>
		<TSelection extends SelectedFields>(fields: TSelection): SQLakeSelectBuilder<TSelection>
	}
	selectDistinct: {
		(): SQLakeSelectBuilder<undefined>
		<TSelection extends SelectedFields>(fields: TSelection): SQLakeSelectBuilder<TSelection>
	}
}

/** The methods that the read-only databases do without. */
type Writing = 'insert' | 'update' | 'delete' | 'run' | 'transaction' | 'batch' | 'shard' | 'lastBookmark'
type Lake = 'analytics' | 'asOf' | 'snapshot' | 'between' | 'causal'

/** A read-only database over the lake: the same queries, and no writes. */
export type SQLakeLakeDatabase<TFullSchema extends Record<string, unknown>> = Omit<
	SQLakeDrizzleDatabase<TFullSchema>,
	Writing | Lake | 'with'
> & { with(...queries: WithSubquery[]): SelectClause }

/** A read-only database over changes: a full row carries the change columns, too. */
export type SQLakeChangesDatabase<TFullSchema extends Record<string, unknown>> = Omit<
	SQLakeLakeDatabase<TFullSchema>,
	'select' | 'selectDistinct' | 'with' | 'query'
> & {
	select(): ChangesSelectBuilder<undefined>
	select<TSelection extends SelectedFields>(fields: TSelection): ChangesSelectBuilder<TSelection>
	selectDistinct(): ChangesSelectBuilder<undefined>
	selectDistinct<TSelection extends SelectedFields>(fields: TSelection): ChangesSelectBuilder<TSelection>
}

/** The database of a schema, as `drizzle()` returns it. */
export type SQLakeDrizzle<
	TDatabase extends SQLakeDatabase = SQLakeDatabase,
	TExtra extends Record<string, unknown> = Record<never, never>,
> = SQLakeDrizzleDatabase<FullSchema<TDatabase, TExtra>>

/** Refuses at run time what its type leaves out, for callers that TypeScript did not check. */
class ReadOnlyDatabase<TFullSchema extends Record<string, unknown>> extends SQLakeDrizzleDatabase<TFullSchema> {
	static override readonly [entityKind]: string = 'SQLakeLakeDatabase'

	override insert(): never {
		throw readOnlyError('a database over the lake, insert()')
	}

	override update(): never {
		throw readOnlyError('a database over the lake, update()')
	}

	override delete(): never {
		throw readOnlyError('a database over the lake, delete()')
	}

	override run(): never {
		throw readOnlyError('a database over the lake, run()')
	}

	override transaction(): never {
		throw readOnlyError('a database over the lake, transaction()')
	}

	override batch(): never {
		throw readOnlyError('a database over the lake, batch()')
	}

	override with(...queries: WithSubquery[]): WithClause {
		const refuse = (): never => {
			throw readOnlyError('a database over the lake, with()')
		}
		return { ...super.with(...queries), insert: refuse, update: refuse, delete: refuse }
	}
}

function lakeDatabase<TFullSchema extends Record<string, unknown>>(
	session: SQLakeSession<TFullSchema, ExtractTablesWithRelations<TFullSchema>>,
): SQLakeLakeDatabase<TFullSchema> {
	return new ReadOnlyDatabase(session)
}
