/** Milliseconds before the second attempt at a migration, and at most between two. */
const FIRST = 1_000
const LAST = 600_000

/** Milliseconds until a migration that failed so often in a row is tried again: doubling, at most ten minutes. */
export function migrationRetryDelay(attempts: number): number {
	return Math.min(LAST, FIRST * 2 ** Math.max(0, attempts - 1))
}
