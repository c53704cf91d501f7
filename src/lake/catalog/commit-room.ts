import { SQLakeError } from '../../errors.ts'
import type { LakeChange } from './admit-changes.ts'
import type { LakeOutcome } from './commit-outcome.ts'
import { type CommitGroup, concernsAll } from './commit-queue.ts'
import { MetadataCache } from './metadata-cache.ts'

/** Milliseconds between two looks of one who waits, and what is added at random. */
const LOOK = 30
const LOOK_SPREAD = 40

/** Milliseconds between two signs of life of the leader, and after which he is taken for dead without one. */
const HEARTBEAT = 500
const LEADER_TIME = 5_000

/** Milliseconds between two swaps of one object, where several wait: R2 takes about one write a second of one key. */
const SWAP_DISTANCE = 1_000

/** Changes in one group at most, unless one party alone has more: the work of one commit stays bounded. */
const MAX_GROUP = 512

/** The changes of one Durable Object, and what became of them. */
interface Party {
	readonly changes: readonly LakeChange[]
	outcome: { readonly outcomes: readonly LakeOutcome[] } | { readonly error: unknown } | null
}

/**
 * Where the committers of one isolate meet: one of them commits for all that wait, and the others find their outcome here.
 *
 * Nothing here is a promise, and nobody waits for another's: in workerd a promise that another Durable Object of the isolate
 * settles is never seen, and its I/O is refused. Each looks at plain data in its own time, by its own timers. A leader whose object
 * dies stops giving signs of life, and another takes over what he left; that both may commit the same changes is no harm, since
 * a range is committed once.
 */
export class CommitRoom {
	/** Decoded metadata, of which the leaders have the same need. */
	readonly cache = new MetadataCache()
	/** The mark of the last swap that was made from here; empty before the first. */
	lastNonce = ''
	/** When commits from elsewhere were met last, in milliseconds of `performance.now()`: a clock that is set must not stop anybody. */
	rivalAt = Number.NEGATIVE_INFINITY
	readonly #waiting = new Set<Party>()
	#leader: { alive: number } | null = null
	/** When, in milliseconds of `performance.now()`, a group was committed last that was of several, or that others waited behind. */
	#busySince = Number.NEGATIVE_INFINITY

	/**
	 * Has changes committed: at once where nobody else is committing.
	 *
	 * @param commit Commits a group of this and other parties' changes.
	 * @param patience Milliseconds to wait for another's commit.
	 * @throws what the commit threw; `COMMIT_CONFLICT` when none was begun in time.
	 */
	async join(changes: readonly LakeChange[], commit: CommitGroup, patience: number): Promise<readonly LakeOutcome[]> {
		const party: Party = { changes, outcome: null }
		this.#waiting.add(party)
		try {
			const start = performance.now()
			while (party.outcome === null) {
				if (this.#mayLead()) await this.#lead(party, commit)
				else if (performance.now() - start > patience) throw busy(patience)
				else await new Promise((resolve) => setTimeout(resolve, LOOK + Math.random() * LOOK_SPREAD))
			}
			if ('error' in party.outcome) throw party.outcome.error
			return party.outcome.outcomes
		} finally {
			this.#waiting.delete(party)
		}
	}

	#mayLead(): boolean {
		if (this.#leader !== null && performance.now() - this.#leader.alive < LEADER_TIME) return false
		// Where commits meet, more may come until the store takes the next swap.
		return performance.now() - this.#busySince >= SWAP_DISTANCE
	}

	async #lead(own: Party, commit: CommitGroup): Promise<void> {
		const leader = { alive: performance.now() }
		this.#leader = leader
		const heart = setInterval(() => {
			leader.alive = performance.now()
		}, HEARTBEAT)
		try {
			const group = this.#group(own)
			await this.#commit(group, commit)
			if (group.length > 1 || this.#waiting.size > 0) this.#busySince = performance.now()
		} finally {
			clearInterval(heart)
			if (this.#leader === leader) this.#leader = null
		}
	}

	#group(own: Party): Party[] {
		const group = [own]
		let size = own.changes.length
		for (const party of this.#waiting) {
			if (party === own) continue
			size += party.changes.length
			if (size > MAX_GROUP) break
			group.push(party)
		}
		return group
	}

	/** Never throws: what it comes to is each party's outcome. */
	async #commit(group: readonly Party[], commit: CommitGroup): Promise<void> {
		try {
			const outcomes = [...(await commit(group.flatMap(({ changes }) => changes)))]
			for (const party of group) this.#settle(party, { outcomes: outcomes.splice(0, party.changes.length) })
		} catch (error) {
			if (group.length === 1 || concernsAll(error)) {
				for (const party of group) this.#settle(party, { error })
			} else {
				// Something of one party cannot be committed: it must not take the others with it.
				for (const party of group) await this.#commit([party], commit)
			}
		}
	}

	/** Out of the room: one whose object has died will not look any more. */
	#settle(party: Party, outcome: NonNullable<Party['outcome']>): void {
		party.outcome = outcome
		this.#waiting.delete(party)
	}
}

function busy(patience: number): SQLakeError {
	return new SQLakeError('COMMIT_CONFLICT', `commit: expected a turn within ${patience} ms, found other commits before it`, {
		hint: 'Nothing is lost, and it may be tried again. Flush less often, or bind the catalog Durable Object as SQLAKE_CATALOG.',
		details: { waitedMs: patience },
	})
}
