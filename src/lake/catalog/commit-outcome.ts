import type { SQLakeError } from '../../errors.ts'
import type { Verdict } from './admit-commits.ts'
import type { CommitRequest, CommitResult } from './catalog.ts'
import type { PreparedTable } from './prepare-commit.ts'

/** What became of one request of a group. */
export type CommitOutcome = CommitResult | SQLakeError

/** What a request is told once its group stands. */
export function outcomeOf(verdict: Verdict, tables: ReadonlyMap<string, PreparedTable>, request?: CommitRequest): CommitOutcome {
	if (verdict.kind === 'refused') return verdict.error
	if (verdict.kind === 'duplicate') return { status: 'duplicate', position: verdict.position, snapshots: {} }
	const snapshots: Record<string, number> = {}
	for (const { table, dataFiles } of request?.appends ?? []) {
		const id = tables.get(table)?.snapshotId
		if (id !== undefined && dataFiles.length > 0) snapshots[table] = id
	}
	return { status: 'committed', position: verdict.position, snapshots }
}
