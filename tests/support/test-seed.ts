/**
 * Seeds of random tests. A run in CI has another seed each time, which is printed and replays it:
 *
 *     VITE_TEST_SEED=7 VITE_TEST_RUNS=10 vitest run --project workers tests/workers/simulation/random
 *
 * `VITE_TEST_RUNS` multiplies the runs, for a long one. Both reach workerd by the prefix of their names.
 *
 * @module
 */

/** The seed of a test, printed with its name. */
export function testSeed(name: string): number {
	const given = Number(process.env.VITE_TEST_SEED)
	const seed = Number.isSafeInteger(given) && given !== 0 ? given : Math.floor(Math.random() * 2 ** 31)
	console.log(`${name}: VITE_TEST_SEED=${seed} replays this run`)
	return seed
}

/** How many runs a test makes: as many as given, unless a longer run is asked for. */
export function testRuns(runs: number): number {
	return runs * Math.max(1, Number(process.env.VITE_TEST_RUNS) || 1)
}
