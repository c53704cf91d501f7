/**
 * Many shards in several isolates that write and flush to one pointer catalog, for a time.
 *
 * @module
 */
import { SQLakeError } from '../../src/errors.ts'
import { CommitRoom } from '../../src/lake/catalog/commit-room.ts'
import { R2PointerCatalog } from '../../src/lake/catalog/r2-pointer-catalog.ts'
import { contractCommit, filesOf, LOCATION } from '../contract/catalog-fixture.ts'
import { R2_LATENCIES, SlowStore, type SlowStoreOptions } from './slow-store.ts'

/** How a storm blows. */
export interface StormOptions {
	readonly shards: number
	/** The shards are spread over so many isolates evenly. */
	readonly isolates: number
	/** Milliseconds between two flushes of a shard. */
	readonly interval: number
	/** Flushes of each shard. */
	readonly flushes: number
	/** Whether all shards flush for the first time in one moment, in place of spread over the interval. */
	readonly atOnce?: boolean
	readonly store?: SlowStoreOptions
	/** Milliseconds that a commit waits for its turn. */
	readonly patience?: number
}

/** What a storm has left. */
export interface StormFigures {
	/** Versions of the lake. */
	readonly commits: number
	/** Metadata files that were put, for each commit. */
	readonly metadataSets: number
	/** From the oldest change of a flush to its commit, in intervals, in ascending order; the wait for the flush counts. */
	readonly lags: readonly number[]
	/** Commits that were told to try again later. */
	readonly conflicts: number
	/** Puts for each commit of a shard, the data file left out. */
	readonly putsEach: number
	readonly getsEach: number
	/** Writes that the store refused, since they came too soon after another of their key. */
	readonly refused: number
	/** Files that were to be delivered, and those that the lake has. */
	readonly expected: readonly string[]
	readonly delivered: readonly string[]
}

/** Runs a storm to its end: every shard commits each of its ranges, however often it is told to come back. */
export async function commitStorm(options: StormOptions): Promise<StormFigures> {
	const { shards, isolates, interval, flushes, atOnce = false, store: latencies = R2_LATENCIES } = options
	const store = new SlowStore(latencies)
	const rooms = Array.from({ length: isolates }, () => new CommitRoom())
	const waiting = options.patience === undefined ? {} : { patience: options.patience }
	const lags: number[] = []
	const expected: string[] = []
	let conflicts = 0

	const deliver = async (catalog: R2PointerCatalog, shard: string, seq: number): Promise<void> => {
		for (let failures = 0; ; failures++) {
			try {
				await catalog.commit(contractCommit(shard, seq, seq, { tables: ['users'] }))
				return
			} catch (error) {
				if (!SQLakeError.is(error, 'COMMIT_CONFLICT') && !SQLakeError.is(error, 'STORE_UNAVAILABLE')) throw error
				conflicts++
				await pause(Math.random() * 1_000 * 2 ** Math.min(failures, 5))
			}
		}
	}
	const shardLife = async (n: number): Promise<void> => {
		const shard = `shard-${n}`
		const room = rooms[n % isolates]
		const catalog = new R2PointerCatalog({ store, location: LOCATION, ...waiting, ...(room === undefined ? {} : { room }) })
		// The oldest change of a flush has waited for an interval.
		let due = performance.now() + (atOnce ? 0 : Math.random() * interval)
		for (let seq = 1; seq <= flushes; seq++) {
			await pause(due - performance.now())
			await deliver(catalog, shard, seq)
			lags.push((performance.now() - due) / interval + 1)
			expected.push(
				...contractCommit(shard, seq, seq, { tables: ['users'] }).appends.flatMap(({ dataFiles }) =>
					dataFiles.map(({ filePath }) => filePath),
				),
			)
			due = Math.max(due + interval, performance.now())
		}
	}
	await Promise.all(Array.from({ length: shards }, (_, n) => shardLife(n)))

	const reader = new R2PointerCatalog({ store, location: LOCATION })
	const commits = (await reader.load()).version
	const { get, put, refused } = store.calls
	return {
		commits,
		metadataSets: store.puts.filter((key) => key.endsWith('.metadata.json')).length / commits,
		lags: lags.toSorted((a, b) => a - b),
		conflicts,
		putsEach: put / (shards * flushes),
		getsEach: get / (shards * flushes),
		refused,
		expected: expected.toSorted(),
		delivered: await filesOf(reader, store, 'users_changes'),
	}
}

/** The value that a share of the others is not beyond. */
export function percentile(sorted: readonly number[], share: number): number {
	return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? 0
}

function pause(ms: number): Promise<void> {
	return new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)))
}
