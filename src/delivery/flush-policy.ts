/**
 * When a shard's changes are delivered: pure decisions on time.
 *
 * @module
 */

/** The settings of a shard. */
export interface FlushPolicy {
	/** Changes in the buffer that start a flush at once. */
	readonly threshold: number
	/** Milliseconds that a change waits at most while the store is up. It waits up to a quarter less, so that shards part that were written together. */
	readonly interval: number
}

/** The settings that hold unless others are given. */
export const DEFAULT_FLUSH_POLICY: FlushPolicy = { threshold: 1_000, interval: 60_000 }

/** What is known of a shard when its next flush is decided. */
export interface FlushState {
	/** Changes in the buffer, or in a flight whose outcome is not known. */
	readonly buffered: number
	/** Milliseconds: moment of the oldest of them; ignored where there is none. */
	readonly oldestAt: number
	/** Flushes that failed in a row. */
	readonly consecutiveFailures: number
	/** Milliseconds: moment of the last failure; ignored without one. */
	readonly lastFailureAt: number
}

/** Milliseconds between now and an alarm: the platform may never fire one that lies in the past. */
export const SOON = 5

/** The share of the interval by which a flush may come earlier. */
const EARLIER = 1 / 4

/** Milliseconds before the first retry, and at most between two. */
export const FIRST_RETRY = 1_000
export const LAST_RETRY = 300_000

/**
 * The delay before the next attempt after `failures` failures in a row: exponential, at most five minutes. `spread` in [0, 1)
 * moves it within its upper half, so that the shards of a lake do not come back at one moment.
 */
export function retryDelay(failures: number, spread: number): number {
	const delay = Math.min(LAST_RETRY, FIRST_RETRY * 2 ** Math.max(0, failures - 1))
	return Math.round(delay * (0.5 + spread / 2))
}

/**
 * The moment of the next flush, never in the past; null when there is nothing to deliver. `spread` in [0, 1), which a shard chooses
 * anew for each flush, moves it to an earlier one: shards that are written together would otherwise flush together, again and
 * again, and meet at the catalog. A clock that went backwards makes
 * the oldest change look like one of the future: no change waits longer than `interval` from now, whatever its time says.
 */
export function nextFlushAt(policy: FlushPolicy, state: FlushState, now: number, spread: number): number | null {
	if (state.buffered === 0) return null
	if (state.consecutiveFailures > 0) {
		const delay = retryDelay(state.consecutiveFailures, spread)
		return clamp(state.lastFailureAt + delay, now + SOON, now + delay)
	}
	if (state.buffered >= policy.threshold) return now + SOON
	const interval = Math.round(policy.interval * (1 - EARLIER * spread))
	return clamp(state.oldestAt + interval, now + SOON, now + Math.max(SOON, interval))
}

function clamp(value: number, low: number, high: number): number {
	return Math.min(Math.max(value, low), high)
}
