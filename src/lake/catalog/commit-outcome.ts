import type { SQLakeError } from '../../errors.ts'
import type { LakeChange, Verdict } from './admit-changes.ts'
import type { CommitResult, EvolutionResult } from './catalog.ts'
import type { PreparedTable } from './prepare-commit.ts'

/** What a change that took effect is told; one of the two, as the change was. */
export interface LakeResult {
	readonly commit?: CommitResult
	readonly evolution?: EvolutionResult
}

/** What became of one change of a group. */
export type LakeOutcome = LakeResult | SQLakeError

/**
 * What a change is told once its group stands.
 *
 * @param version Version of the lake.
 * @param tables What the group wrote.
 */
export function outcomeOf(
	verdict: Verdict,
	version: number,
	tables: ReadonlyMap<string, PreparedTable>,
	change?: LakeChange,
): LakeOutcome {
	switch (verdict.kind) {
		case 'refused':
			return verdict.error
		case 'evolved':
			return { evolution: { version, tables: verdict.tables } }
		case 'duplicate':
			return { commit: { status: 'duplicate', position: verdict.position, snapshots: {} } }
		case 'admitted':
			return { commit: { status: 'committed', position: verdict.position, snapshots: snapshotsOf(change, tables) } }
	}
}

function snapshotsOf(change: LakeChange | undefined, tables: ReadonlyMap<string, PreparedTable>): Record<string, number> {
	const snapshots: Record<string, number> = {}
	if (change?.kind !== 'commit') return snapshots
	for (const { table, dataFiles } of change.request.appends) {
		const id = tables.get(table)?.snapshotId
		if (id !== undefined && dataFiles.length > 0) snapshots[table] = id
	}
	return snapshots
}
