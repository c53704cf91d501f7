/**
 * drizzle-kit, as a library.
 *
 * @module
 */
import { messageOf, SQLakeError } from '../../errors.ts'
import { ORIGIN_ID, readSnapshot, type Snapshot } from './snapshot.ts'
import { problemOf } from './try-on-sqlite.ts'
import { changesBetween, columnsBetween, needsRebuild, type RowsPolicy, writeStatements } from './write-statements.ts'

/** How names of columns without one of their own are written. */
export type Casing = 'camelCase' | 'snake_case' | undefined

/**
 * The schema of the code, as drizzle-kit sees it.
 *
 * @param exported - tables and views, by any name
 * @param previous - the snapshot before
 * @throws SQLakeError DEPENDENCY_MISSING without drizzle-kit
 */
export async function snapshotOf(
	exported: Readonly<Record<string, unknown>>,
	previous: Pick<Snapshot, 'id'> | null,
	casing: Casing,
): Promise<Snapshot> {
	const { generateSQLiteDrizzleJson } = await loadDrizzleKit()
	const made: unknown = await generateSQLiteDrizzleJson({ ...exported }, previous?.id ?? ORIGIN_ID, casing)
	// As it will be read from its file: without what JSON does not hold.
	const { version, dialect, id, prevId, ...rest } = readSnapshot(JSON.parse(JSON.stringify(made)), 'the schema')
	return { version, dialect, id, prevId, ...rest }
}

/**
 * The statements that lead from one schema to another. They are drizzle-kit's wherever those do it and lose nothing; where it would
 * ask, copy a table, leave something out or drop rows of other tables, they are written by {@link writeStatements}.
 *
 * @throws SQLakeError MIGRATION_INVALID where SQLite does not take the schema itself
 */
export async function statementsBetween(prev: Snapshot, cur: Snapshot, rows: RowsPolicy = 'refuse'): Promise<readonly string[]> {
	if (isPlain(prev, cur, rows)) {
		const { generateSQLiteMigration } = await loadDrizzleKit()
		// The types of the two functions are those of drizzle-kit's own reading of a snapshot.
		type KitSnapshot = Parameters<typeof generateSQLiteMigration>[0]
		const statements = await generateSQLiteMigration(prev as unknown as KitSnapshot, cur as unknown as KitSnapshot)
		if (problemIn(prev, statements, cur) === null) return statements
	}
	const statements = writeStatements(prev, cur, rows)
	checkStatements(prev, statements, cur)
	return statements
}

/**
 * Runs statements on an empty SQLite.
 *
 * @throws SQLakeError MIGRATION_INVALID where they do not lead from one schema to the other
 */
export function checkStatements(from: Snapshot, statements: readonly string[], to: Snapshot): void {
	const problem = problemIn(from, statements, to)
	if (problem === null) return
	throw new SQLakeError('MIGRATION_INVALID', `the schema: SQLite refuses its tables, or what leads to them: ${problem}`, {
		hint: "correct the table; expressions of checks, indexes and defaults must be SQLite's, without bound values: sql.raw(...)",
		details: { statements: [...statements] },
	})
}

/** Tells whether drizzle-kit neither asks nor copies a table nor drops one that others may refer to. */
function isPlain(prev: Snapshot, cur: Snapshot, rows: RowsPolicy): boolean {
	const { created, dropped, altered } = changesBetween(prev, cur)
	if (Object.keys({ ...prev.views, ...cur.views }).length > 0) return false
	if (dropped.length > 0 && (created.length > 0 || altered.length > 0 || dropped.length > 1)) return false
	return altered.every(([before, after]) => {
		const columns = columnsBetween(before, after)
		return !needsRebuild(before, after, rows) && (columns.added.length === 0 || columns.dropped.length === 0)
	})
}

function problemIn(from: Snapshot, statements: readonly string[], to: Snapshot): string | null {
	try {
		return problemOf({ from, statements, to })
	} catch (error) {
		return messageOf(error)
	}
}

async function loadDrizzleKit() {
	const kit = await import('drizzle-kit/api').catch((cause: unknown) => {
		throw new SQLakeError('DEPENDENCY_MISSING', `drizzle-kit cannot be loaded: ${messageOf(cause)}`, {
			cause,
			hint: 'npm install --save-dev drizzle-kit@^0.31',
		})
	})
	if ('generateSQLiteDrizzleJson' in kit && 'generateSQLiteMigration' in kit) return kit
	throw new SQLakeError('DEPENDENCY_MISSING', 'drizzle-kit: expected release 0.31 with its functions for SQLite, found another', {
		hint: 'npm install --save-dev drizzle-kit@^0.31',
	})
}
