import { SQLakeError } from '../../errors.ts'
import type { CommitRequest, CommitResult } from './catalog.ts'
import type { CommitOutcome } from './commit-outcome.ts'

/** Commits a group as one; one outcome a request, in order. What it throws is the outcome of every request. */
export type CommitGroup = (requests: readonly CommitRequest[]) => Promise<readonly CommitOutcome[]>

/** More requests wait for the next group: the work of one stays bounded. */
const MAX_GROUP = 256

interface Waiting {
	readonly request: CommitRequest
	readonly settle: (outcome: CommitOutcome) => void
	readonly fail: (error: unknown) => void
}

/**
 * Group commit: while one group is being committed, the requests that arrive wait and become the next one. A lone request is
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
	commit(request: CommitRequest): Promise<CommitResult> {
		return new Promise((resolve, reject) => {
			const settle = (outcome: CommitOutcome) => (outcome instanceof Error ? reject(outcome) : resolve(outcome))
			this.#waiting.push({ request, settle, fail: reject })
			if (!this.#running) void this.#run()
		})
	}

	/** Never rejects: every failure is handed to the requests it concerns. */
	async #run(): Promise<void> {
		this.#running = true
		// Requests that are made in the same turn join the first group.
		await Promise.resolve()
		while (this.#waiting.length > 0) await this.#commit(this.#waiting.splice(0, MAX_GROUP))
		this.#running = false
	}

	async #commit(group: readonly Waiting[]): Promise<void> {
		try {
			const outcomes = await this.#commitGroup(group.map(({ request }) => request))
			for (const [i, { settle, fail }] of group.entries()) {
				const outcome = outcomes[i]
				if (outcome === undefined) fail(new SQLakeError('INTERNAL', 'a commit of a group has no outcome'))
				else settle(outcome)
			}
		} catch (error) {
			if (group.length > 1 && !concernsAll(error)) {
				// Something in one request cannot be committed: it must not take the others with it.
				for (const each of group) await this.#commit([each])
			} else {
				for (const { fail } of group) fail(error)
			}
		}
	}
}

/** The store, or rivals, would fail each request alone just as well. */
function concernsAll(error: unknown): boolean {
	return (
		SQLakeError.is(error, 'STORE_UNAVAILABLE') ||
		SQLakeError.is(error, 'COMMIT_CONFLICT') ||
		SQLakeError.is(error, 'LAKE_CORRUPT')
	)
}
