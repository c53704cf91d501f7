/**
 * What became of the flushes of a shard since the object started.
 *
 * @module
 */
import { SQLakeError } from '../errors.ts'

/** The last failure, in plain data. */
export interface FlushFailure {
	readonly code: string
	readonly message: string
	/** Milliseconds since the epoch. */
	readonly at: number
}

/** Counts of failures and successes. */
export interface FlushOutcomes {
	readonly consecutiveFailures: number
	readonly totalFailures: number
	readonly lastError: FlushFailure | null
	/** Milliseconds since the epoch of the last flush that delivered all it found; null when none did. */
	readonly lastSuccess: number | null
}

/**
 * Counts failed flushes, so that the back-off grows and an operator sees what is wrong.
 *
 * @example
 * const tracker = new CDCFlushErrorTracker()
 * tracker.failed(new Error('503'), Date.now())
 * tracker.outcomes.consecutiveFailures // 1
 */
export class CDCFlushErrorTracker {
	#consecutiveFailures = 0
	#totalFailures = 0
	#lastError: FlushFailure | null = null
	#lastSuccess: number | null = null

	/** Records a failed flush. @param at milliseconds */
	failed(error: unknown, at: number): void {
		this.#consecutiveFailures++
		this.#totalFailures++
		this.#lastError = {
			code: SQLakeError.is(error) ? error.code : 'INTERNAL',
			message: error instanceof Error ? error.message : String(error),
			at,
		}
	}

	/** Records a flush that delivered all it found; the last error stays readable. @param at milliseconds */
	succeeded(at: number): void {
		this.#consecutiveFailures = 0
		this.#lastSuccess = at
	}

	get outcomes(): FlushOutcomes {
		return {
			consecutiveFailures: this.#consecutiveFailures,
			totalFailures: this.#totalFailures,
			lastError: this.#lastError,
			lastSuccess: this.#lastSuccess,
		}
	}
}
