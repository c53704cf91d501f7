import type { MigrationComparison } from './compare-migrations.ts'
import type { MigrationManifest } from './manifest.ts'
import type { LoggedMigration, MigratorMemory } from './migration-log.ts'
import type { MigrationState, MigrationStatus } from './migration-status.ts'

/** What is known of a database's migrations. */
export interface MigrationFacts {
	readonly manifest: MigrationManifest
	readonly logged: readonly LoggedMigration[]
	readonly comparison: MigrationComparison
	readonly memory: MigratorMemory
	/** Milliseconds since the epoch. */
	readonly now: number
}

/** Where a database stands. */
export function statusOf({ manifest, logged, comparison, memory, now }: MigrationFacts): MigrationStatus {
	const { pending, problem, appliedCount } = comparison
	// A failure of another script than the one that comes next is history: the code has changed.
	const failure = memory.failure !== null && memory.failure.checksum === pending[0]?.checksum ? memory.failure : null
	const tags = new Map(manifest.migrations.map(({ when, tag }) => [when, tag]))
	const state = stateOf(comparison, memory, failure !== null)
	const error =
		problem !== null
			? { code: problem.code, message: problem.message, tag: tagOf(problem.details), at: now }
			: state === 'failed' && failure !== null
				? { code: failure.code, message: failure.message, tag: failure.tag, at: failure.at }
				: null
	return {
		state,
		manifestVersion: manifest.version,
		appliedCount: Math.max(appliedCount, logged.length),
		pendingCount: pending.length,
		applied: logged.map(({ when, record }) => ({
			tag: tags.get(when) ?? record?.tag ?? new Date(when).toISOString(),
			appliedAt: record?.appliedAt ?? null,
		})),
		pending: pending.map(({ tag }) => tag),
		lastError: error,
		attempts: state === 'failed' ? (failure?.attempts ?? 0) : 0,
		retryAt: state === 'failed' ? (failure?.retryAt ?? null) : null,
	}
}

function stateOf({ pending, problem }: MigrationComparison, { held }: MigratorMemory, failed: boolean): MigrationState {
	if (problem !== null) return problem.code === 'MIGRATION_AHEAD' ? 'ahead' : 'invalid'
	if (pending.length === 0) return 'current'
	if (held) return 'held'
	return failed ? 'failed' : 'pending'
}

/** The tag that an error's details name; null where they name none. */
export function tagOf(details: Readonly<Record<string, unknown>> | undefined): string | null {
	return typeof details?.tag === 'string' ? details.tag : null
}
