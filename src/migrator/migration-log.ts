/**
 * What a database records of its migrations: in Drizzle's own table, which its tools read, and in one of ours beside it.
 *
 * @module
 */
import type { Migration } from './manifest.ts'
import type { MigrationResult } from './migration-status.ts'

/** What our table adds to Drizzle's. */
export interface MigrationRecord {
	readonly tag: string
	/** SHA-256 in hex over the normalised SQL. */
	readonly checksum: string
	/** Milliseconds since the epoch; null where Drizzle's own migrator applied it. */
	readonly appliedAt: number | null
}

/** The script that undoes a migration, as it was when the migration was applied. */
export interface KeptDown {
	readonly sql: string
	readonly losses: readonly string[]
}

/** A migration that the database has. */
export interface LoggedMigration {
	/** The time from the journal, in milliseconds since the epoch: Drizzle's identity of a migration. */
	readonly when: number
	/** SHA-256 in hex of the file's text; empty where Drizzle's own migrator for Durable Objects wrote it. */
	readonly hash: string
	/** Null where only Drizzle's table has it. */
	readonly record: MigrationRecord | null
}

/** A migration that did not apply. */
export interface MigrationFailure {
	readonly tag: string
	/** Of the script that failed: another one is tried at once. */
	readonly checksum: string
	readonly code: string
	readonly message: string
	/** Milliseconds since the epoch. */
	readonly at: number
	readonly attempts: number
	/** Milliseconds since the epoch. */
	readonly retryAt: number
}

/** What a database remembers of its migrator, besides the migrations it has. */
export interface MigratorMemory {
	readonly failure: MigrationFailure | null
	/** The migration that is being applied; there after a restart only where the object died meanwhile. */
	readonly begun: { readonly tag: string; readonly checksum: string; readonly times: number } | null
	/** Whether it was rolled back, and stays where it is. */
	readonly held: boolean
	readonly lastResult: MigrationResult | null
}

const DRIZZLE = '__drizzle_migrations'
const RECORDS = '_sqlake_migrations'
const MEMORY = '_sqlake_migrator'

const nothing: MigratorMemory = { failure: null, begun: null, held: false, lastResult: null }

/** The record of one database. Reading writes nothing; tables are made when there is something to record. */
export class MigrationLog {
	readonly #sql: SqlStorage

	constructor(sql: SqlStorage) {
		this.#sql = sql
	}

	/** The migrations that the database has, oldest first. */
	read(): readonly LoggedMigration[] {
		const tables = this.#tables()
		if (!tables.has(DRIZZLE)) return []
		const ours = tables.has(RECORDS)
		const columns = ours ? 'r.tag, r.checksum, r.applied_at' : 'NULL, NULL, NULL'
		const join = ours ? `LEFT JOIN ${RECORDS} AS r ON r.created_at = d.created_at` : ''
		const query = `SELECT d.created_at, d.hash, ${columns} FROM ${DRIZZLE} AS d ${join} ORDER BY d.created_at, d.rowid`
		return Array.from(this.#sql.exec(query).raw(), ([when, hash, tag, checksum, appliedAt]) => ({
			when: Number(when),
			hash: String(hash),
			record:
				typeof tag === 'string'
					? { tag, checksum: String(checksum), appliedAt: appliedAt === null ? null : Number(appliedAt) }
					: null,
		}))
	}

	/** The down scripts that the database keeps, by the migration's time. */
	readDowns(): ReadonlyMap<number, KeptDown> {
		if (!this.#tables().has(RECORDS)) return new Map()
		const rows = this.#sql.exec(`SELECT created_at, down, losses FROM ${RECORDS} WHERE down IS NOT NULL`).raw()
		return new Map(
			Array.from(rows, ([when, sql, losses]) => [
				Number(when),
				{ sql: String(sql), losses: JSON.parse(String(losses)) as string[] },
			]),
		)
	}

	/** Records a migration that was applied. Call it inside the migration's transaction. */
	record(migration: Migration, appliedAt: number, durationMs: number): void {
		this.#ensureTables()
		this.#sql.exec(`INSERT INTO ${DRIZZLE} (hash, created_at) VALUES (?, ?)`, migration.hash, migration.when)
		this.#keep(migration, appliedAt, durationMs)
	}

	/** Records what the code knows of a migration that Drizzle's own migrator applied. */
	adopt(migration: Migration): void {
		this.#ensureTables()
		this.#sql.exec(`UPDATE ${DRIZZLE} SET hash = ? WHERE created_at = ?`, migration.hash, migration.when)
		this.#keep(migration, null, null)
	}

	/** Takes a migration for applied as the code has it now, whatever it was. */
	accept(migration: Migration): void {
		this.#sql.exec(`UPDATE ${DRIZZLE} SET hash = ? WHERE created_at = ?`, migration.hash, migration.when)
		this.#sql.exec(`UPDATE ${RECORDS} SET checksum = ? WHERE created_at = ?`, migration.checksum, migration.when)
	}

	/** Forgets a migration that was undone. Call it inside the transaction that undid it. */
	remove(when: number): void {
		this.#ensureTables()
		this.#sql.exec(`DELETE FROM ${DRIZZLE} WHERE created_at = ?`, when)
		this.#sql.exec(`DELETE FROM ${RECORDS} WHERE created_at = ?`, when)
	}

	get memory(): MigratorMemory {
		if (!this.#tables().has(MEMORY)) return nothing
		const [row] = this.#sql.exec<{ value: string }>(`SELECT value FROM ${MEMORY} WHERE key = 'state'`).toArray()
		return row === undefined ? nothing : { ...nothing, ...(JSON.parse(row.value) as Partial<MigratorMemory>) }
	}

	/** Changes what is remembered; writes nothing where it is so already. */
	remember(change: Partial<MigratorMemory>): void {
		const before = this.memory
		const after = { ...before, ...change }
		if (JSON.stringify(after) === JSON.stringify(before)) return
		this.#ensureTables()
		this.#sql.exec(`INSERT OR REPLACE INTO ${MEMORY} (key, value) VALUES ('state', ?)`, JSON.stringify(after))
	}

	#keep({ tag, when, checksum, down }: Migration, appliedAt: number | null, durationMs: number | null): void {
		this.#sql.exec(
			`INSERT OR REPLACE INTO ${RECORDS} (created_at, tag, checksum, applied_at, duration_ms, down, losses) VALUES (?, ?, ?, ?, ?, ?, ?)`,
			when,
			tag,
			checksum,
			appliedAt,
			durationMs,
			down?.sql ?? null,
			down === null ? null : JSON.stringify(down.losses),
		)
	}

	#tables(): ReadonlySet<string> {
		const names = this.#sql.exec<{ name: string }>(
			`SELECT name FROM sqlite_schema WHERE type = 'table' AND name IN ('${DRIZZLE}', '${RECORDS}', '${MEMORY}')`,
		)
		return new Set(Array.from(names, ({ name }) => name))
	}

	#ensureTables(): void {
		// Drizzle's table letter for letter, so that its tools read it. (SERIAL is no type of SQLite: `id` stays NULL.)
		this.#sql.exec(`CREATE TABLE IF NOT EXISTS ${DRIZZLE} (
	id SERIAL PRIMARY KEY,
	hash text NOT NULL,
	created_at numeric
)`)
		this.#sql.exec(
			`CREATE TABLE IF NOT EXISTS ${RECORDS} (created_at INTEGER PRIMARY KEY, tag TEXT NOT NULL, checksum TEXT NOT NULL, applied_at INTEGER, duration_ms INTEGER, down TEXT, losses TEXT)`,
		)
		this.#sql.exec(`CREATE TABLE IF NOT EXISTS ${MEMORY} (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID`)
	}
}
