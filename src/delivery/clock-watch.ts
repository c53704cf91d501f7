import type { ChangeBatch } from '../cdc/change-batch.ts'
import type { MetricName } from '../observability/names.ts'
import type { Observability } from '../observability/observability.ts'

/** Milliseconds by which clocks may differ, or a moment be raised to tell it from another, without having jumped. */
const CLOCK_GRAIN = 1_000

/**
 * Tells of a shard's clock that went back, once until it has caught up. Nobody else would notice: the changes get the latest moment
 * there was, and seem to be of the future meanwhile.
 */
export class ClockWatch {
	readonly #shard: string
	readonly #observability: Observability
	#isBehind = false

	constructor(shard: string, observability: Observability) {
		this.#shard = shard
		this.#observability = observability
	}

	/** @param now Milliseconds, by the clock that is watched. */
	look({ watermark, raisedBy }: ChangeBatch, now: number): void {
		const byMs = Math.max(raisedBy, watermark - now)
		const wasBehind = this.#isBehind
		this.#isBehind = byMs > CLOCK_GRAIN
		if (wasBehind || !this.#isBehind) return
		const { logger, metrics } = this.#observability
		metrics.count('sqlake.clock.jumps' satisfies MetricName, 1)
		const message = 'the clock of the shard went back: until it has caught up, changes get the latest moment there was'
		logger.warn(message, { 'sqlake.shard': this.#shard, byMs })
	}
}
