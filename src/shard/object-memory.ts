/**
 * What a Durable Object keeps of itself, besides the application's tables and capture's own.
 *
 * @module
 */

const TABLE = '_sqlake_object'

/** The facts that are kept. */
export type ObjectFact = 'shard' | 'alarm' | 'report' | 'manifest'

/** A small durable map in the object's SQLite. The table is created with the first fact: reading writes nothing. */
export class ObjectMemory {
	readonly #sql: SqlStorage
	/** Whether the table was there once. */
	#created: boolean

	constructor(sql: SqlStorage) {
		this.#sql = sql
		this.#created = this.exists
	}

	/** Whether the table is still there: deleteAll() takes it away under a living object. */
	get exists(): boolean {
		return Array.from(this.#sql.exec(`SELECT 1 FROM sqlite_schema WHERE name = '${TABLE}'`)).length > 0
	}

	get(fact: ObjectFact): string | null {
		if (!this.#created) return null
		const [row] = Array.from(this.#sql.exec<{ value: string }>(`SELECT value FROM ${TABLE} WHERE key = ?`, fact))
		return row?.value ?? null
	}

	/** Writes only where the value is another one: every written row is billed. */
	set(fact: ObjectFact, value: string | null): void {
		if (this.get(fact) === value) return
		if (!this.#created) this.#sql.exec(`CREATE TABLE IF NOT EXISTS ${TABLE} (key TEXT PRIMARY KEY, value) WITHOUT ROWID`)
		this.#created = true
		if (value === null) this.#sql.exec(`DELETE FROM ${TABLE} WHERE key = ?`, fact)
		else this.#sql.exec(`INSERT OR REPLACE INTO ${TABLE} (key, value) VALUES (?, ?)`, fact, value)
	}
}
