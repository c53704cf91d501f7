/**
 * Whether what a database has is what the code has.
 *
 * @module
 */
import type { Migration, MigrationManifest } from './manifest.ts'
import { ChecksumMismatchError, MigrationError } from './migration-error.ts'
import type { LoggedMigration } from './migration-log.ts'

/** How a database and the code go together. */
export interface MigrationComparison {
	/** Migrations of the code that the database has; what follows is pending. */
	readonly appliedCount: number
	readonly pending: readonly Migration[]
	/** What is wrong; MIGRATION_AHEAD where the database only has more than the code. */
	readonly problem: MigrationError | null
	/** Those that were edited since they were applied; the first of them is the problem where nothing worse is. */
	readonly edited: readonly Migration[]
}

/**
 * Compares the migrations that a database has with those of the code. They must be the first ones, unchanged.
 *
 * @param skipChecksum - whether an edited migration is no problem
 */
export function compareMigrations(
	{ migrations }: MigrationManifest,
	logged: readonly LoggedMigration[],
	skipChecksum = false,
): MigrationComparison {
	const byTime = new Map(logged.map((entry) => [entry.when, entry]))
	const known = migrations.filter(({ when }) => byTime.has(when))
	const pending = migrations.filter(({ when }) => !byTime.has(when))
	const edited = known.filter((migration) => mismatchOf(migration, byTime.get(migration.when)) !== null)
	const [firstEdited] = edited
	const problem =
		duplicateIn(logged) ??
		missingFrom(migrations, logged) ??
		leftOut(known, pending, logged) ??
		(firstEdited === undefined || skipChecksum ? null : mismatchOf(firstEdited, byTime.get(firstEdited.when))) ??
		aheadOf(migrations, logged)
	return { appliedCount: known.length, pending, problem, edited }
}

function duplicateIn(logged: readonly LoggedMigration[]): MigrationError | null {
	const twice = logged.find(({ when }, index) => logged[index + 1]?.when === when)
	if (twice === undefined) return null
	return new MigrationError(
		'MIGRATION_DUPLICATE',
		`migration ${nameOf(twice)}: expected the database to have it once, found it twice in __drizzle_migrations`,
		{ hint: 'remove one of the two rows', details: { when: twice.when } },
	)
}

/** A migration that the database has and the code has lost, though the code has later ones. */
function missingFrom(migrations: readonly Migration[], logged: readonly LoggedMigration[]): MigrationError | null {
	const newest = migrations.at(-1)?.when ?? Number.NEGATIVE_INFINITY
	const times = new Set(migrations.map(({ when }) => when))
	const lost = logged.find(({ when }) => when < newest && !times.has(when))
	if (lost === undefined) return null
	return new MigrationError(
		'MIGRATION_MISSING',
		`migration ${nameOf(lost)}: the database has it; expected it in the code, found later ones only`,
		{ hint: 'restore the file and its entry in meta/_journal.json', details: { tag: lost.record?.tag, when: lost.when } },
	)
}

/** A migration that is older than one which the database has. */
function leftOut(
	known: readonly Migration[],
	pending: readonly Migration[],
	logged: readonly LoggedMigration[],
): MigrationError | null {
	const newest = logged.at(-1)?.when ?? Number.NEGATIVE_INFINITY
	const late = pending.find(({ when }) => when < newest)
	if (late === undefined) return null
	const applied = known.find(({ when }) => when > late.when)?.tag ?? nameOf(logged.at(-1))
	return new MigrationError(
		'MIGRATION_ORDER',
		`migration "${late.tag}": expected it to be applied before later ones, found "${applied}" applied and this one left out`,
		{
			hint: 'it was added behind migrations that had been applied; drop it and generate it again, so that it comes last',
			details: { tag: late.tag, applied },
		},
	)
}

/** A migration that was edited since it was applied. Without a checksum of ours the file's own hash has to do. */
function mismatchOf({ tag, checksum, hash }: Migration, found: LoggedMigration | undefined): ChecksumMismatchError | null {
	if (found === undefined) return null
	if (found.record !== null) {
		return found.record.checksum === checksum
			? null
			: new ChecksumMismatchError({ tag, expected: found.record.checksum, found: checksum })
	}
	return found.hash === '' || found.hash === hash ? null : new ChecksumMismatchError({ tag, expected: found.hash, found: hash })
}

function aheadOf(migrations: readonly Migration[], logged: readonly LoggedMigration[]): MigrationError | null {
	const newest = migrations.at(-1)?.when ?? Number.NEGATIVE_INFINITY
	const newer = logged.filter(({ when }) => when > newest)
	const [first] = newer
	if (first === undefined) return null
	return new MigrationError(
		'MIGRATION_AHEAD',
		`the database has ${newer.length} migrations that are newer than the code, from ${nameOf(first)} on; expected none`,
		{
			hint: 'deploy a build that has them, or roll the object back: rollbackMigrations(target)',
			details: { newer: newer.map((migration) => migration.record?.tag ?? migration.when) },
		},
	)
}

function nameOf(migration: LoggedMigration | undefined): string {
	if (migration === undefined) return ''
	return migration.record === null ? `of ${new Date(migration.when).toISOString()}` : `"${migration.record.tag}"`
}
