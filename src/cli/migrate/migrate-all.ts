import { SQLakeError } from '../../errors.ts'
import type { MigrationStatus } from '../../migrator/migration-status.ts'
import type { Progress } from '../progress.ts'
import type { Migratable } from './migratable.ts'
import { type Goal, requestFor } from './request-for.ts'

/** A database, and where it stands. */
export interface Known {
	readonly database: Migratable
	readonly status: MigrationStatus
}

/** What came of one database. */
export interface Outcome {
	readonly name: string
	readonly status: 'migrated' | 'unchanged' | 'failed'
	/** Tags, in the order in which they were applied or undone; those before a failure too. */
	readonly migrations: readonly string[]
	/** Tag of the last migration that it has now; null for none, and where it cannot be told. */
	readonly version: string | null
	readonly error: { readonly code: string; readonly message: string; readonly hint: string } | null
}

/** Where databases stand; one that cannot be read does not stop the others. */
export async function readStatuses(
	databases: readonly Migratable[],
	progress: Progress,
	signal: AbortSignal,
): Promise<{ readonly known: readonly Known[]; readonly unreadable: readonly Outcome[] }> {
	const known: Known[] = []
	const unreadable: Outcome[] = []
	for (const [index, database] of databases.entries()) {
		if (signal.aborted) break
		try {
			known.push({ database, status: await database.status() })
		} catch (error) {
			unreadable.push(failedOutcome(database.name, [], null, error))
		}
		progress.update(index + 1)
	}
	return { known, unreadable }
}

/** Migrates databases one after the other; one that fails does not stop the others. */
export async function migrateAll(
	known: readonly Known[],
	goal: Goal,
	tags: readonly string[],
	progress: Progress,
	signal: AbortSignal,
): Promise<readonly Outcome[]> {
	const outcomes: Outcome[] = []
	for (const each of known) {
		if (signal.aborted) break
		outcomes.push(await migrateOne(each, goal, tags))
		progress.update(outcomes.length)
	}
	return outcomes
}

async function migrateOne({ database, status }: Known, goal: Goal, tags: readonly string[]): Promise<Outcome> {
	const { name } = database
	const before = status.applied.map(({ tag }) => tag)
	try {
		const request = requestFor(goal, status, tags)
		if (request === null) return { name, status: 'unchanged', migrations: [], version: before.at(-1) ?? null, error: null }
		const { migrations, version } = await database.run(request)
		return { name, status: migrations.length > 0 ? 'migrated' : 'unchanged', migrations, version, error: null }
	} catch (error) {
		const after = await tagsOf(database)
		const done = goal.direction === 'up' ? after.slice(before.length) : before.slice(after.length).toReversed()
		return failedOutcome(name, done, after.at(-1) ?? null, error)
	}
}

/** What a database has after a failure: the migrations before the one that failed stay. */
async function tagsOf(database: Migratable): Promise<readonly string[]> {
	try {
		return (await database.status()).applied.map(({ tag }) => tag)
	} catch {
		// The failure itself is what is told.
		return []
	}
}

/** What is told of a database that an error stopped. */
export function failedOutcome(name: string, migrations: readonly string[], version: string | null, reason: unknown): Outcome {
	const { code, message, hint } = SQLakeError.wrap(reason, 'MIGRATION_FAILED', JSON.stringify(name))
	return { name, status: 'failed', migrations, version, error: { code, message, hint } }
}
