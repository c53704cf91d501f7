/**
 * The `this.sql` of a Durable Object: a tagged template on its own SQLite.
 *
 * @module
 */
import type { BoundStatement, StatementResult, WireValue } from '../driver/transport.ts'
import { bindValues } from '../session/bind-value.ts'

/**
 * A value that may stand in the template. A boolean is bound as 0 or 1, a bigint as INTEGER, a number as REAL. `undefined` is
 * refused when the statement runs, not by its type, so that a value which is there in practice, such as `this.ctx.id.name`,
 * needs no check.
 */
export type LocalSqlValue = WireValue | ArrayBufferView | boolean | undefined

/** A row, by column name. */
export type LocalRow = Record<string, WireValue>

/**
 * What a local statement answered, in the forms that the `sql` template has elsewhere. The statement has run by the time this
 * exists, so nothing needs to be awaited and nothing is lost when the result is not looked at.
 */
export class LocalResult<TRow = LocalRow> implements Iterable<TRow> {
	readonly #result: StatementResult

	constructor(result: StatementResult) {
		this.#result = result
	}

	/** Number of rows. */
	get length(): number {
		return this.#result.rows.length
	}

	/** The first row; null without one. */
	first(): TRow | null {
		const [row] = this.#result.rows
		return row === undefined ? null : this.#object(row)
	}

	/** All rows as objects. */
	all(): TRow[] {
		return this.#result.rows.map((row) => this.#object(row))
	}

	/** All rows as arrays in column order, which keeps columns that share a name. */
	values(): readonly (readonly WireValue[])[] {
		return this.#result.rows
	}

	/** What a write did. */
	run(): { readonly rowsAffected: number; readonly lastInsertRowid: number | null } {
		return { rowsAffected: this.#result.changes, lastInsertRowid: this.#result.lastInsertRowid }
	}

	/** The rows as objects. */
	*[Symbol.iterator](): Iterator<TRow> {
		for (const row of this.#result.rows) yield this.#object(row)
	}

	#object(row: readonly WireValue[]): TRow {
		return Object.fromEntries(this.#result.columns.map((column, index) => [column, row[index]])) as TRow
	}
}

/** Runs on the object's own SQLite at once; no await is needed. */
export type LocalSql = <TRow = LocalRow>(strings: TemplateStringsArray, ...values: LocalSqlValue[]) => LocalResult<TRow>

/** The statement of a template: every value is bound, none becomes text. */
export function localStatement(strings: TemplateStringsArray, values: readonly LocalSqlValue[]): BoundStatement {
	return { sql: strings.join('?'), params: bindValues(values) }
}
