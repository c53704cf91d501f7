import { sha256Hex } from '../schema/sha256.ts'
import type { BundledMigrations, MigrationJournalEntry } from './bundled-migrations.ts'
import { computeChecksum } from './compute-checksum.ts'
import type { DownMigration, Migration, MigrationManifest } from './manifest.ts'
import { MigrationError } from './migration-error.ts'

/** Migrations as they lie in drizzle-kit's folder. */
export interface MigrationFiles {
	readonly journal: { readonly entries: readonly MigrationJournalEntry[] }
	/** The SQL of each migration, by tag. */
	readonly files: Readonly<Record<string, string>>
	/** The scripts that undo them, by tag; a migration without one cannot be undone. */
	readonly downs?: Readonly<Record<string, { readonly sql: string; readonly losses: readonly string[] }>>
}

/** What a manifest knows besides the migrations themselves. */
export type ManifestTables = Pick<MigrationManifest, 'version' | 'tables' | 'lastFieldIds'> & {
	/** For each migration, by tag, the captured tables that it changes, as {@link Migration.tables} has them. */
	readonly changes: Readonly<Record<string, NonNullable<Migration['tables']>>>
}

/**
 * Makes a manifest of drizzle-kit's migrations: of the bundle that it writes as `migrations.js`, or of its journal and files.
 * Without `tables` it is a manifest of SQL alone, of version 0: the lake's field ids follow from what the SQL does.
 *
 * @throws MigrationError MIGRATION_MISSING for a gap in the journal and for a file that is not there, MIGRATION_DUPLICATE for
 * two migrations of one number, name or time, MIGRATION_ORDER where the journal runs backwards in time, MIGRATION_INVALID for
 * anything that is no migration.
 * @example
 * ```ts
 * import { createMigrationManifest } from 'sqlake/do'
 * import bundle from '../drizzle/migrations.js'
 *
 * const manifest = createMigrationManifest(bundle)
 * ```
 */
export function createMigrationManifest(source: BundledMigrations | MigrationFiles, tables?: ManifestTables): MigrationManifest {
	const entries = orderJournal(source.journal.entries)
	const { changes = {}, version = 0, tables: last = {}, lastFieldIds = {} } = tables ?? {}
	return {
		formatVersion: 1,
		version,
		migrations: entries.map((entry) => createMigration(entry, source, changes[entry.tag])),
		tables: last,
		lastFieldIds,
	}
}

function createMigration(
	{ idx, tag, when }: MigrationJournalEntry,
	source: BundledMigrations | MigrationFiles,
	tables: Migration['tables'],
): Migration {
	const sql: unknown = 'files' in source ? source.files[tag] : source.migrations[`m${String(idx).padStart(4, '0')}`]
	if (sql === undefined) {
		throw new MigrationError('MIGRATION_MISSING', `migration "${tag}": expected the file ${tag}.sql, found none`, {
			hint: 'restore it; a bundle imports every file that the journal names, as drizzle-kit writes it in migrations.js',
			details: { tag },
		})
	}
	if (typeof sql !== 'string') {
		throw new MigrationError('MIGRATION_INVALID', `migration "${tag}": expected the text of ${tag}.sql, found ${typeof sql}`, {
			hint: 'let the bundler import .sql files as text: rules: [{ type: "Text", globs: ["**/*.sql"] }] in wrangler.jsonc',
			details: { tag },
		})
	}
	const down = 'files' in source ? source.downs?.[tag] : undefined
	return {
		idx,
		tag,
		when,
		sql,
		hash: sha256Hex(sql),
		checksum: computeChecksum(sql),
		down: down === undefined ? null : createDown(down),
		...(tables === undefined ? {} : { tables }),
	}
}

function createDown({ sql, losses }: Omit<DownMigration, 'checksum'>): DownMigration {
	return { sql, checksum: computeChecksum(sql), losses }
}

/** The entries by number. Drizzle's identity of a migration is its time, so times must follow the numbers. */
function orderJournal(entries: readonly MigrationJournalEntry[]): readonly MigrationJournalEntry[] {
	const ordered = entries.toSorted((a, b) => a.idx - b.idx)
	checkOrder(ordered)
	return ordered
}

/**
 * Checks that migrations follow each other: numbers from 0 without a gap, no name twice, times that grow.
 *
 * @throws MigrationError MIGRATION_MISSING, MIGRATION_DUPLICATE or MIGRATION_ORDER
 */
export function checkOrder(migrations: readonly Pick<Migration, 'idx' | 'tag' | 'when'>[]): void {
	const tags = new Set<string>()
	for (const [position, { idx, tag, when }] of migrations.entries()) {
		const previous = migrations[position - 1]
		if (tags.has(tag)) {
			throw new MigrationError('MIGRATION_DUPLICATE', `migration "${tag}": expected it once in the journal, found it twice`, {
				hint: 'remove one of the two entries from meta/_journal.json',
				details: { tag },
			})
		}
		tags.add(tag)
		if (previous !== undefined && (idx === previous.idx || when === previous.when)) {
			const same = idx === previous.idx ? `number, ${idx}` : `time, ${when}`
			throw new MigrationError(
				'MIGRATION_DUPLICATE',
				`migrations "${previous.tag}" and "${tag}": expected two, found one ${same}`,
				{
					hint: 'they come from two branches, perhaps: drop the later one and generate it again',
					details: { tag, previous: previous.tag },
				},
			)
		}
		if (previous !== undefined && idx < previous.idx) {
			throw new MigrationError(
				'MIGRATION_ORDER',
				`migration "${tag}", number ${idx}: expected it before "${previous.tag}", number ${previous.idx}, found it behind`,
				{ details: { tag, previous: previous.tag } },
			)
		}
		if (idx !== position) {
			throw new MigrationError(
				'MIGRATION_MISSING',
				`migration "${tag}": expected number ${position} in the journal, found ${idx}`,
				{
					hint: 'a migration is missing from meta/_journal.json; restore it',
					details: { tag },
				},
			)
		}
		if (previous !== undefined && when < previous.when) {
			throw new MigrationError(
				'MIGRATION_ORDER',
				`migration "${tag}": expected a later time than that of "${previous.tag}", found an earlier one`,
				{
					hint: 'it was generated before the other, on another branch perhaps; drop it and generate it again',
					details: { tag, when, previous: previous.tag },
				},
			)
		}
	}
}
