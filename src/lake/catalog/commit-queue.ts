import { SQLakeError } from '../../errors.ts'
import type { LakeChange } from './admit-changes.ts'
import type { CommitRequest, CommitResult, EvolutionResult, EvolveOptions, TableEvolution } from './catalog.ts'
import type { LakeOutcome, LakeResult } from './commit-outcome.ts'

/** Commits a group as one; one outcome a change, in order. What it throws is the outcome of every change. */
export type CommitGroup = (changes: readonly LakeChange[]) => Promise<readonly LakeOutcome[]>

/** More changes wait for the next group: the work of one stays bounded. */
const MAX_GROUP = 256

interface Waiting {
	readonly change: LakeChange
	readonly settle: (outcome: LakeOutcome) => void
	readonly fail: (error: unknown) => void
}

/**
 * Group commit: while one group is being committed, the changes that arrive wait and become the next one. A lone change is
 * not delayed.
 */
export class CommitQueue {
	readonly #commitGroup: CommitGroup
	readonly #waiting: Waiting[] = []
	#running = false

	constructor(commitGroup: CommitGroup) {
		this.#commitGroup = commitGroup
	}

	/** @throws the error that is the request's outcome. */
	async commit(request: CommitRequest): Promise<CommitResult> {
		const { commit } = await this.#submit({ kind: 'commit', request })
		if (commit === undefined) throw new SQLakeError('INTERNAL', 'a commit was answered as something else')
		return commit
	}

	/** @throws the error that is the evolution's outcome. */
	async evolve(tables: readonly TableEvolution[], options: EvolveOptions): Promise<EvolutionResult> {
		const { evolution } = await this.#submit({ kind: 'evolve', tables, options })
		if (evolution === undefined) throw new SQLakeError('INTERNAL', 'an evolution was answered as something else')
		return evolution
	}

	#submit(change: LakeChange): Promise<LakeResult> {
		return new Promise((resolve, reject) => {
			const settle = (outcome: LakeOutcome) => (outcome instanceof Error ? reject(outcome) : resolve(outcome))
			this.#waiting.push({ change, settle, fail: reject })
			if (!this.#running) void this.#run()
		})
	}

	/** Never rejects: every failure is handed to the changes it concerns. */
	async #run(): Promise<void> {
		this.#running = true
		// Changes that are asked for in the same turn join the first group.
		await Promise.resolve()
		while (this.#waiting.length > 0) await this.#commit(this.#waiting.splice(0, MAX_GROUP))
		this.#running = false
	}

	async #commit(group: readonly Waiting[]): Promise<void> {
		try {
			const outcomes = await this.#commitGroup(group.map(({ change }) => change))
			for (const [i, { settle, fail }] of group.entries()) {
				const outcome = outcomes[i]
				if (outcome === undefined) fail(new SQLakeError('INTERNAL', 'a change of a group has no outcome'))
				else settle(outcome)
			}
		} catch (error) {
			if (group.length > 1 && !concernsAll(error)) {
				// Something in one change cannot be committed: it must not take the others with it.
				for (const each of group) await this.#commit([each])
			} else {
				for (const { fail } of group) fail(error)
			}
		}
	}
}

/** Whether an error would befall each change alone just as well: it comes from the store, or from rivals. */
export function concernsAll(error: unknown): boolean {
	return (
		SQLakeError.is(error, 'STORE_UNAVAILABLE') ||
		SQLakeError.is(error, 'COMMIT_CONFLICT') ||
		SQLakeError.is(error, 'LAKE_CORRUPT')
	)
}
