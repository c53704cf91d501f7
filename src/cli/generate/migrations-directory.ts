/**
 * The directory that drizzle-kit keeps migrations in: `NNNN_name.sql`, `meta/_journal.json`, `meta/NNNN_snapshot.json`,
 * `migrations.js`, and sqlake's `NNNN_name.down.sql` beside them.
 *
 * @module
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { messageOf, SQLakeError } from '../../errors.ts'
import { readSnapshot, type Snapshot } from '../../local/statements/snapshot.ts'
import type { MigrationJournalEntry } from '../../migrator/bundled-migrations.ts'
import { checkOrder } from '../../migrator/create-migration-manifest.ts'
import { MigrationError } from '../../migrator/migration-error.ts'

/** drizzle-kit's `meta/_journal.json`. */
export interface Journal {
	readonly version: string
	readonly dialect: string
	readonly entries: readonly JournalEntry[]
}

/** One entry of it. */
export interface JournalEntry extends MigrationJournalEntry {
	/** Version of the snapshot. */
	readonly version: string
}

/** A migration with what lies beside it. */
export interface MigrationOnDisk {
	readonly entry: JournalEntry
	readonly sql: string
	/** The schema after it; null where drizzle-kit has written none. */
	readonly snapshot: Snapshot | null
	/** Text of the down script; null where there is none. */
	readonly down: string | null
}

/** All migrations of a project. */
export interface MigrationsDirectory {
	readonly path: string
	readonly journal: Journal
	/** In the order of the journal. */
	readonly migrations: readonly MigrationOnDisk[]
}

/** How the files of a migration are called. */
export function migrationFiles(directory: string, tag: string) {
	return {
		sql: join(directory, `${tag}.sql`),
		down: join(directory, `${tag}.down.sql`),
		snapshot: join(directory, 'meta', `${tag.split('_')[0]}_snapshot.json`),
		journal: join(directory, 'meta', '_journal.json'),
		bundle: join(directory, 'migrations.js'),
	}
}

/**
 * Reads the migrations of a project; none where the directory does not exist.
 *
 * @throws SQLakeError MIGRATION_MISSING for a gap in the journal and for a file that is not there, MIGRATION_DUPLICATE,
 * MIGRATION_ORDER, MIGRATION_INVALID for a journal or a snapshot that does not parse
 */
export function readMigrationsDirectory(path: string): MigrationsDirectory {
	const journal = readJournal(migrationFiles(path, '').journal)
	checkOrder(journal.entries)
	return { path, journal, migrations: journal.entries.map((entry) => readMigration(path, entry)) }
}

function readMigration(path: string, entry: JournalEntry): MigrationOnDisk {
	const files = migrationFiles(path, entry.tag)
	if (!existsSync(files.sql)) {
		throw new MigrationError('MIGRATION_MISSING', `migration "${entry.tag}": expected the file ${files.sql}, found none`, {
			hint: 'restore it; to take a migration back that nobody has applied: drizzle-kit drop, then sqlake generate',
			details: { tag: entry.tag, file: files.sql },
		})
	}
	return {
		entry,
		sql: readFileSync(files.sql, 'utf8'),
		snapshot: existsSync(files.snapshot) ? readSnapshot(readJson(files.snapshot), files.snapshot) : null,
		down: existsSync(files.down) ? readFileSync(files.down, 'utf8') : null,
	}
}

function readJournal(file: string): Journal {
	if (!existsSync(file)) return { version: '7', dialect: 'sqlite', entries: [] }
	const journal = readJson(file)
	if (isJournal(journal)) return journal
	throw new SQLakeError('MIGRATION_INVALID', `${file}: expected a journal of drizzle-kit for SQLite, found something else`, {
		hint: 'run "drizzle-kit up", or restore the file',
		details: { file },
	})
}

function isJournal(value: unknown): value is Journal {
	if (typeof value !== 'object' || value === null || !('entries' in value) || !Array.isArray(value.entries)) return false
	if ('dialect' in value && value.dialect !== 'sqlite') return false
	return value.entries.every(
		(entry) => typeof entry?.idx === 'number' && typeof entry.when === 'number' && typeof entry.tag === 'string',
	)
}

function readJson(file: string): unknown {
	try {
		return JSON.parse(readFileSync(file, 'utf8'))
	} catch (cause) {
		throw new SQLakeError('MIGRATION_INVALID', `${file}: expected JSON: ${messageOf(cause)}`, {
			cause,
			hint: 'restore the file',
			details: { file },
		})
	}
}

/** `migrations.js`, character for character as drizzle-kit writes it. */
export function bundleText(journal: Journal, driver: string): string {
	const names = journal.entries.map(({ idx }) => `m${String(idx).padStart(4, '0')}`)
	const head =
		driver === 'expo'
			? '// This file is required for Expo/React Native SQLite migrations - https://orm.drizzle.team/quick-sqlite/expo\n\n'
			: ''
	const imports = journal.entries.map(({ tag }, index) => `import ${names[index]} from './${tag}.sql';\n`)
	return `${head}import journal from './meta/_journal.json';\n${imports.join('')}
  export default {
    journal,
    migrations: {
      ${names.join(',\n')}
    }
  }
  `
}
