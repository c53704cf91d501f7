import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf, SQLakeError } from '../errors.ts'
import type { BundledMigrations } from '../migrator/bundled-migrations.ts'

/**
 * Reads the migrations that drizzle-kit generated, without the bundler that a Worker's `migrations.js` needs.
 *
 * @param folder - the `out` of drizzle.config.ts, which holds `meta/_journal.json`
 * @throws SQLakeError CONFIG_INVALID where a file is missing or malformed
 */
export async function readMigrationsFolder(folder: string): Promise<BundledMigrations> {
	const journal = parseJournal(await read(join(folder, 'meta', '_journal.json')), folder)
	const files = await Promise.all(
		journal.entries.map(
			async ({ idx, tag }) => [`m${String(idx).padStart(4, '0')}`, await read(join(folder, `${tag}.sql`))] as const,
		),
	)
	return { journal, migrations: Object.fromEntries(files) }
}

async function read(file: string): Promise<string> {
	try {
		return await readFile(file, 'utf8')
	} catch (cause) {
		throw new SQLakeError('CONFIG_INVALID', `migrations: expected the file ${file}: ${messageOf(cause)}`, {
			cause,
			hint: 'migrations names the folder that drizzle-kit generate writes to: drizzle.config.ts calls it out',
		})
	}
}

function parseJournal(text: string, folder: string): BundledMigrations['journal'] {
	try {
		const journal: unknown = JSON.parse(text)
		if (isJournal(journal)) return journal
	} catch {
		// Told below: text that is no JSON is no journal either.
	}
	throw new SQLakeError('CONFIG_INVALID', `migrations: expected a journal of drizzle-kit in ${folder}/meta, found something else`)
}

function isJournal(value: unknown): value is BundledMigrations['journal'] {
	if (typeof value !== 'object' || value === null || !('entries' in value) || !Array.isArray(value.entries)) return false
	return value.entries.every(
		(entry) => typeof entry?.idx === 'number' && typeof entry.when === 'number' && typeof entry.tag === 'string',
	)
}
