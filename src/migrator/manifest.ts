/**
 * The manifest: every migration with the script that undoes it, and the tables with the field ids that the lake knows their
 * columns by. `sqlake generate` writes it to `.sqlake/manifest.json`; it is plain data, so that a Worker imports it as JSON and
 * a bucket can hold it.
 *
 * @module
 */
import type { TableSchema } from '../schema/table-schema.ts'

/** The script that undoes a migration. */
export interface DownMigration {
	/** Statements between `--> statement-breakpoint` marks, as in the migration itself. */
	readonly sql: string
	/** SHA-256 in hex over the normalised SQL. */
	readonly checksum: string
	/** What the script destroys, one sentence each, such as `column "users"."note"`; empty where nothing is lost. */
	readonly losses: readonly string[]
}

/** One migration. */
export interface Migration {
	/** Its place in drizzle-kit's journal, from 0. */
	readonly idx: number
	/** The file's name without `.sql`. */
	readonly tag: string
	/** When it was generated, in milliseconds since the epoch; Drizzle's identity of a migration. */
	readonly when: number
	/** The file's text. */
	readonly sql: string
	/** SHA-256 in hex of the file's text, as Drizzle's own migrators record it. */
	readonly hash: string
	/** SHA-256 in hex over the normalised SQL: other line ends, spaces or comments leave it the same. */
	readonly checksum: string
	/** null where nobody has written one. */
	readonly down: DownMigration | null
	/**
	 * The captured tables that it creates or changes, as they are after it, by SQL name; null for one that it drops or renames away.
	 * Absent where the migration comes straight from drizzle-kit, which knows nothing of the lake.
	 */
	readonly tables?: Readonly<Record<string, TableSchema | null>>
}

/** All migrations of an application. */
export interface MigrationManifest {
	readonly formatVersion: 1
	/** Grows with each `sqlake generate` that changed anything; from 1. 0: made from drizzle-kit's bundle alone. */
	readonly version: number
	/** In the order of the journal. */
	readonly migrations: readonly Migration[]
	/** The tables after all migrations, by SQL name: what the code's schema says, with stable field ids. */
	readonly tables: Readonly<Record<string, TableSchema>>
	/** For each table that ever was, the highest field id that a column of it has had: ids are not given out again. */
	readonly lastFieldIds: Readonly<Record<string, number>>
}

/** A manifest as TypeScript sees one that is imported from JSON, where texts and numbers have no narrower types. It is checked when it is used. */
export interface ManifestJson {
	readonly formatVersion: number
	readonly version: number
	readonly migrations: readonly object[]
	readonly tables: object
	readonly lastFieldIds: object
}
