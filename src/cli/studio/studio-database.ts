import type { BoundStatement, WireValue } from '../../driver/transport.ts'

/** What a statement answered. */
export interface StudioRows {
	readonly columns: readonly string[]
	readonly rows: readonly (readonly WireValue[])[]
	/** Rows that the statement itself wrote. */
	readonly changes: number
	readonly lastInsertRowid: number | null
}

/** A database that a browser looks into: one shard, the lake, or a SQLite file. */
export interface StudioDatabase {
	/** What a person calls it. */
	readonly title: string
	/** Stays the same from one start to the next, and is no other database's. */
	readonly id: string
	/**
	 * Runs statements, all or none.
	 *
	 * @throws SQLakeError with the database's own message
	 */
	execute(statements: readonly BoundStatement[]): Promise<readonly StudioRows[]>
	close(): void
}
