import { SQLakeError } from '../errors.ts'
import { sha256Hex } from '../schema/sha256.ts'

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

/** One migration, ready to run. */
export interface BundledMigration {
	readonly tag: string
	readonly when: number
	/** SHA-256 of the file's text, in hex, as Drizzle's other migrators record it. */
	readonly hash: string
	readonly statements: readonly string[]
}

/**
 * Puts the migrations of a bundle in order.
 *
 * @throws SQLakeError MIGRATION_FAILED when the journal has a gap, runs backwards in time or names a file that is missing.
 */
export function readBundledMigrations(bundle: BundledMigrations): readonly BundledMigration[] {
	const entries = bundle.journal.entries.toSorted((a, b) => a.idx - b.idx)
	return entries.map(({ idx, tag, when }, position) => {
		const previous = entries[position - 1]
		if (idx !== position) {
			throw new SQLakeError('MIGRATION_FAILED', `migration "${tag}": expected number ${position} in the journal, found ${idx}`, {
				hint: 'a migration is missing from meta/_journal.json; restore it',
				details: { tag },
			})
		}
		if (previous !== undefined && when <= previous.when) {
			throw new SQLakeError(
				'MIGRATION_FAILED',
				`migration "${tag}": expected a later time than that of "${previous.tag}", found an earlier one`,
				{
					hint: 'it was generated before the other, on another branch perhaps; drop it and generate it again',
					details: { tag, when, previous: previous.tag },
				},
			)
		}
		const sql = bundle.migrations[`m${String(idx).padStart(4, '0')}`]
		if (sql === undefined) {
			throw new SQLakeError('MIGRATION_FAILED', `migration "${tag}": expected the file ${tag}.sql in the bundle, found none`, {
				hint: 'import every file that the journal names, as drizzle-kit writes it in migrations.js',
				details: { tag },
			})
		}
		return { tag, when, hash: sha256Hex(sql), statements: splitStatements(sql) }
	})
}

/** Splits where drizzle-kit marks the end of a statement. What holds only comments is no statement: SQLite refuses it. */
function splitStatements(sql: string): readonly string[] {
	return sql.split('--> statement-breakpoint').filter((statement) => !onlyComments.test(statement))
}

const onlyComments = /^(?:[\s;]|--[^\n]*(?:\n|$)|\/\*[\s\S]*?(?:\*\/|$))*$/
