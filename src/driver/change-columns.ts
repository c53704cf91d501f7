/**
 * The columns that a query over changes adds to each row.
 *
 * @module
 */
import { type SQL, sql } from 'drizzle-orm'
import type { ChangeOp } from '../cdc/change-batch.ts'

/** As they are selected. */
export interface ChangeColumns {
	/** Kind of the change: create, update or delete. */
	_op: SQL.Aliased<ChangeOp>
	/** Name of the shard. */
	_shard: SQL.Aliased<string>
	/** Position in the shard's total order. */
	_seq: SQL.Aliased<bigint>
	/** Milliseconds since the epoch. */
	_ts: SQL.Aliased<number>
}

/**
 * The change columns, to select them by hand beside columns or aggregates of one's own.
 *
 * @example
 * ```ts
 * import { changeColumns } from 'sqlake'
 *
 * const { _op } = changeColumns()
 * await db.between(t1, t2).select({ op: _op, n: count() }).from(users).groupBy(_op)
 * ```
 */
export function changeColumns(): ChangeColumns {
	return columnsOf('')
}

/** The change columns of one table of a query. */
export function columnsOf(table: string): ChangeColumns {
	const column = (name: string): SQL =>
		table === '' ? sql.identifier(name).getSQL() : sql`${sql.identifier(table)}.${sql.identifier(name)}`
	return {
		_op: column('_op').mapWith(String).as('_op') as SQL.Aliased<ChangeOp>,
		_shard: column('_shard').mapWith(String).as('_shard') as SQL.Aliased<string>,
		_seq: column('_seq').mapWith(BigInt).as('_seq') as SQL.Aliased<bigint>,
		_ts: column('_ts').mapWith(Number).as('_ts') as SQL.Aliased<number>,
	}
}
