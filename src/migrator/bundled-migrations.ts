/** What drizzle-kit's `migrations.js` exports for the driver `durable-sqlite`. */
export interface BundledMigrations {
	readonly journal: { readonly entries: readonly MigrationJournalEntry[] }
	/** The SQL of each migration, under `m0000`, `m0001` and so on. */
	readonly migrations: Readonly<Record<string, string>>
}

/** One entry of drizzle-kit's `meta/_journal.json`. */
export interface MigrationJournalEntry {
	readonly idx: number
	/** When it was generated, in milliseconds since the epoch; Drizzle's identity of a migration. */
	readonly when: number
	/** The file's name without `.sql`. */
	readonly tag: string
	readonly breakpoints: boolean
}
