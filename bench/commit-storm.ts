/**
 * What a pointer catalog takes, and what becomes of it beyond that: many shards in several isolates over a store with R2's
 * latencies and its limit of one write a second of one key.
 *
 *     node bench/commit-storm.ts                       the storms below
 *     node bench/commit-storm.ts <shards> <isolates> <interval in ms> <flushes>
 */
import { commitStorm, percentile, type StormOptions } from '../tests/support/commit-storm.ts'

const [shards, isolates, interval, flushes] = process.argv.slice(2).map(Number)
const storms: readonly StormOptions[] =
	shards === undefined
		? [
				{ shards: 1, isolates: 1, interval: 5_000, flushes: 4 },
				{ shards: 50, isolates: 5, interval: 5_000, flushes: 4 },
				{ shards: 500, isolates: 1, interval: 5_000, flushes: 4 },
				{ shards: 500, isolates: 10, interval: 5_000, flushes: 4 },
				{ shards: 500, isolates: 100, interval: 5_000, flushes: 4 },
				{ shards: 500, isolates: 500, interval: 5_000, flushes: 4, atOnce: true },
				{ shards: 2_000, isolates: 100, interval: 5_000, flushes: 3 },
			]
		: [{ shards, isolates: isolates ?? 1, interval: interval ?? 5_000, flushes: flushes ?? 4, atOnce: true }]

console.log(
	'shards isolates | commits  sets/commit | lag p50    p99    max (intervals) | puts  gets a flush | conflicts refused | delivered',
)
for (const storm of storms) {
	const { commits, metadataSets, lags, conflicts, putsEach, getsEach, refused, expected, delivered } = await commitStorm(storm)
	const lag = (share: number) => percentile(lags, share).toFixed(2).padStart(6)
	const exactly = expected.join() === delivered.join() ? 'each once' : `WRONG: ${delivered.length} of ${expected.length}`
	console.log(
		`${String(storm.shards).padStart(6)} ${String(storm.isolates).padStart(8)} | ${String(commits).padStart(7)} ${metadataSets.toFixed(2).padStart(12)} | ` +
			`${lag(0.5)} ${lag(0.99)} ${lag(1)}             | ${putsEach.toFixed(2).padStart(5)} ${getsEach.toFixed(2).padStart(5)}        | ${String(conflicts).padStart(9)} ${String(refused).padStart(7)} | ${exactly}`,
	)
}
