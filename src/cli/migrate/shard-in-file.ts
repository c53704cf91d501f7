import { messageOf, SQLakeError } from '../../errors.ts'
import { openDatabase } from '../../local/node-sqlite.ts'

/**
 * The shard that a SQLite file is of. The file is only read: it may be anybody's.
 *
 * @returns null for a file that is no shard's
 * @throws SQLakeError CONFIG_INVALID where it is no database
 */
export function shardInFile(file: string): string | null {
	const database = openDatabase(file, { readOnly: true })
	try {
		const [table] = database.prepare("SELECT 1 FROM sqlite_schema WHERE name = '_sqlake_object'").all()
		if (table === undefined) return null
		const row = database.prepare("SELECT value FROM _sqlake_object WHERE key = 'shard'").get()
		return typeof row?.value === 'string' ? row.value : null
	} catch (cause) {
		throw new SQLakeError('CONFIG_INVALID', `--db: expected ${file} to be a SQLite database: ${messageOf(cause)}`, {
			cause,
			hint: 'name a directory of shards, or a SQLite file',
		})
	} finally {
		database.close()
	}
}
