/**
 * What one database is asked to do, so that all of them end at the same place.
 *
 * @module
 */
import { SQLakeError } from '../../errors.ts'
import type { MigrationManifest } from '../../migrator/manifest.ts'
import type { MigrateRequest, MigrationStatus } from '../../migrator/migration-status.ts'

/** Where all databases shall end. */
export interface Goal {
	readonly direction: 'up' | 'down'
	/** Tag of the last migration that they shall have, null for none; undefined: all that there are, or one step back. */
	readonly target: string | null | undefined
	readonly acceptDataLoss: boolean
	/** Whether edited migrations are taken as they are now, which a database has to be told even where nothing is pending. */
	readonly skipChecksum: boolean
}

/**
 * The goal of a rollback without a target: the newest migration that any database has is undone, everywhere. So one call is one
 * step, also where some databases are behind.
 *
 * @param tags - all migrations of the project, in order
 */
export function oneStepBack(statuses: readonly MigrationStatus[], tags: readonly string[]): string | null | undefined {
	const newest = Math.max(-1, ...statuses.map(({ applied }) => tags.indexOf(applied.at(-1)?.tag ?? '')))
	if (newest >= 0) return tags[newest - 1] ?? null
	// What the project does not know can be undone, too, where the database keeps the script.
	const unknown = statuses.find(({ applied }) => applied.length > 0)
	return unknown === undefined ? undefined : (unknown.applied.at(-2)?.tag ?? null)
}

/**
 * What a database is asked for.
 *
 * @returns null where it need not do anything
 * @throws SQLakeError MIGRATION_MISSING for a target that nobody knows
 */
export function requestFor(
	goal: Goal,
	{ applied, pending, state }: MigrationStatus,
	tags: readonly string[],
): MigrateRequest | null {
	const { direction, target, acceptDataLoss } = goal
	if (direction === 'up') {
		if (pending.length === 0 && state === 'current' && !goal.skipChecksum) return null
		return target === undefined ? {} : { target }
	}
	const request: MigrateRequest = { direction, target: target ?? null, acceptDataLoss }
	if (applied.length === 0 || target === undefined) return null
	if (target === null || applied.some(({ tag }) => tag === target)) return applied.at(-1)?.tag === target ? null : request
	// It has not come that far yet.
	if (tags.includes(target)) return null
	throw unknownTarget(target, tags)
}

/**
 * Checks a target before anything is touched.
 *
 * @throws SQLakeError MIGRATION_MISSING for one that neither the project nor a database has
 */
export function checkTarget({ target }: Goal, statuses: readonly MigrationStatus[], tags: readonly string[]): void {
	if (target === undefined || target === null || tags.includes(target)) return
	if (!statuses.some(({ applied }) => applied.some(({ tag }) => tag === target))) throw unknownTarget(target, tags)
}

function unknownTarget(target: string, tags: readonly string[]): SQLakeError {
	return new SQLakeError('MIGRATION_MISSING', `--target ${target}: expected a migration, found none of that name`, {
		hint: `one of ${tags.slice(-10).join(', ')}; with --rollback, none undoes them all`,
		details: { target },
	})
}

/** What a rollback would destroy in a database, as far as the project knows. */
export function lossesOf({ target }: Goal, { applied }: MigrationStatus, { migrations }: MigrationManifest): readonly string[] {
	const kept = applied.findIndex(({ tag }) => tag === target) + 1
	return applied.slice(kept).flatMap((undone) => migrations.find(({ tag }) => tag === undone.tag)?.down?.losses ?? [])
}
