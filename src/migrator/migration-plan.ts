/**
 * Which scripts take a database to a target.
 *
 * @module
 */
import type { MigrationComparison } from './compare-migrations.ts'
import type { Migration, MigrationManifest } from './manifest.ts'
import { MigrationError } from './migration-error.ts'
import type { KeptDown, LoggedMigration } from './migration-log.ts'
import { type MigrationScript, readScript } from './migration-script.ts'
import type { MigrateRequest } from './migration-status.ts'

/** One migration to apply or to undo. */
export interface MigrationStep {
	readonly direction: 'up' | 'down'
	readonly tag: string
	/** The migration's identity: see {@link Migration.when}. */
	readonly when: number
	/** Null where the code does not have it any more. */
	readonly migration: Migration | null
	readonly script: MigrationScript
	/** SHA-256 in hex, or the SQL itself: tells one script from another. */
	readonly checksum: string
	/** What it destroys. */
	readonly losses: readonly string[]
	/** Migrations that the database has when it is done. */
	readonly appliedCount: number
}

/** The pending migrations up to the target, inclusive. */
export function planUp(
	{ migrations }: MigrationManifest,
	{ appliedCount, pending, problem }: MigrationComparison,
	target: string | null | undefined,
): readonly MigrationStep[] {
	if (problem !== null) throw problem
	const last = target === undefined || target === null ? migrations.length - 1 : migrations.findIndex(({ tag }) => tag === target)
	if (last < 0 && migrations.length > 0) throw unknownTarget(target, 'a migration of the code', migrations)
	return pending.slice(0, Math.max(0, last + 1 - appliedCount)).map((migration, index) => ({
		direction: 'up',
		tag: migration.tag,
		when: migration.when,
		migration,
		script: readScript(migration.sql),
		checksum: migration.checksum,
		losses: [],
		appliedCount: appliedCount + index + 1,
	}))
}

/**
 * The migrations after the target, the newest first.
 *
 * @param kept - down scripts that the database keeps, for migrations that the code does not have any more
 * @throws MigrationError MIGRATION_IRREVERSIBLE before anything is undone where a later step could not be
 */
export function planDown(
	{ migrations }: MigrationManifest,
	logged: readonly LoggedMigration[],
	kept: ReadonlyMap<number, KeptDown>,
	{ target, acceptDataLoss = false }: MigrateRequest,
): readonly MigrationStep[] {
	const all = logged.map((entry) => {
		const migration = migrations.find(({ when }) => when === entry.when) ?? null
		return { ...entry, migration, tag: migration?.tag ?? entry.record?.tag ?? new Date(entry.when).toISOString() }
	})
	const last = target === null ? -1 : all.findIndex(({ tag }) => tag === target)
	if (target === undefined || (target !== null && last < 0)) throw unknownTarget(target, 'a migration that is applied', all)
	return all
		.slice(last + 1)
		.map((entry, index): MigrationStep => {
			const { tag, when, migration } = entry
			const down = migration?.down ?? kept.get(when) ?? null
			if (down === null)
				throw irreversible(tag, 'expected a down script, found none', `write ${tag}.down.sql, and generate again`)
			if (down.losses.length > 0 && !acceptDataLoss) {
				throw irreversible(
					tag,
					`expected to be undone without loss, found that it destroys ${down.losses.join(', ')}`,
					'accept the loss: { acceptDataLoss: true }, or --accept-data-loss',
				)
			}
			return {
				direction: 'down',
				tag,
				when,
				migration,
				script: readScript(down.sql),
				checksum: down.sql,
				losses: down.losses,
				appliedCount: last + 1 + index,
			}
		})
		.toReversed()
}

function irreversible(tag: string, message: string, hint: string): MigrationError {
	return new MigrationError('MIGRATION_IRREVERSIBLE', `migration "${tag}": ${message}`, { hint, details: { tag } })
}

function unknownTarget(
	target: string | null | undefined,
	expected: string,
	known: readonly { readonly tag: string }[],
): MigrationError {
	const tags = known.map(({ tag }) => tag)
	return new MigrationError(
		'MIGRATION_MISSING',
		`target ${JSON.stringify(target) ?? 'of the rollback'}: expected ${expected}, found none of that name`,
		{ hint: tags.length === 0 ? 'there is none at all' : `one of ${tags.slice(-10).join(', ')}`, details: { target, tags } },
	)
}
