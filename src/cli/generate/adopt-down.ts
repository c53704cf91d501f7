import { messageOf } from '../../errors.ts'
import { EMPTY_SNAPSHOT, isSameSchema } from '../../local/statements/snapshot.ts'
import { problemOf } from '../../local/statements/try-on-sqlite.ts'
import { splitStatements } from '../../migrator/split-statements.ts'
import { downScript, downStatements } from './down-script.ts'
import type { MigrationOnDisk } from './migrations-directory.ts'
import { renamesFromMeta } from './renames.ts'

/**
 * A migration with its down script: the one on disk, or one derived from the snapshots, if that really undoes it. Migrations by hand
 * are left to their authors.
 */
export async function withDown(
	before: MigrationOnDisk | undefined,
	migration: MigrationOnDisk,
	breakpoints: boolean,
): Promise<{ readonly migration: MigrationOnDisk; readonly warning: string | null }> {
	const { entry, sql, snapshot: cur, down } = migration
	const prev = before === undefined ? EMPTY_SNAPSHOT : before.snapshot
	if (down !== null || cur === null || prev === null || isSameSchema(prev, cur)) return { migration, warning: null }
	try {
		const step = { prev, cur, renames: renamesFromMeta(cur) }
		const problem = problemOf({ from: prev, statements: [...splitStatements(sql), ...(await downStatements(step))], to: prev })
		if (problem !== null) throw new Error(problem)
		return { migration: { ...migration, down: await downScript(entry.tag, step, breakpoints) }, warning: null }
	} catch (error) {
		return {
			migration,
			warning: `migration "${entry.tag}" does more than its snapshot tells: write ${entry.tag}.down.sql yourself (${messageOf(error)})`,
		}
	}
}
