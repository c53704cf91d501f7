/**
 * How far a roll-out is, and what each event makes of it: pure functions from one record to the next.
 *
 * @module
 */
import { SQLakeError } from '../errors.ts'
import type { Rollout, RolloutOptions } from './fleet.ts'

/** Options, all of them settled. */
export type RolloutSettings = Required<RolloutOptions>

/** A roll-out as it is kept. */
export interface RolloutRecord extends RolloutSettings {
	readonly number: number
	readonly rollbackOf: number | null
	readonly state: Rollout['state']
	readonly wave: number
	/** Place of the last shard of the wave that runs. */
	readonly waveEnd: number
	/** Shards that the wave was to migrate when it began. */
	readonly waveShards: number
	/** Of them, those without an outcome. */
	readonly waveLeft: number
	readonly waveFailed: number
	readonly total: number
	readonly migrated: number
	readonly failed: number
	/** Highest place of a shard that was called, or may have been. */
	readonly reached: number
	readonly startedAt: number
	readonly finishedAt: number | null
	readonly reason: string | null
}

/** What came of one shard. */
export type ShardOutcome =
	| { readonly status: 'migrated' }
	| { readonly status: 'failed'; readonly shard: string; readonly message: string }

/** Milliseconds, shares and counts that hold where an option is absent. */
const DEFAULTS = {
	direction: 'up',
	canary: 0.01,
	waveSize: 1_000,
	concurrency: 10,
	failureThreshold: 0.01,
	timeoutMs: 30_000,
	acceptDataLoss: false,
} as const

/** Options with their defaults. */
export function settingsOf(options: RolloutOptions, target: string | null): RolloutSettings {
	return { ...DEFAULTS, ...options, target }
}

/** A roll-out before its first wave. */
export function newRollout(
	settings: RolloutSettings,
	plan: Pick<RolloutRecord, 'number' | 'rollbackOf' | 'total' | 'startedAt'>,
) {
	return {
		...settings,
		...plan,
		state: 'running',
		wave: -1,
		waveEnd: 0,
		waveShards: 0,
		waveLeft: 0,
		waveFailed: 0,
		migrated: 0,
		failed: 0,
		reached: 0,
		finishedAt: null,
		reason: null,
	} as const satisfies RolloutRecord
}

/** Shards that the next wave takes. */
export function nextWaveSize({ wave, total, canary, waveSize }: RolloutRecord): number {
	return wave < 0 ? Math.max(1, Math.ceil(total * canary)) : waveSize
}

/** The next wave, over the shards up to a place. */
export function withWave(
	record: RolloutRecord,
	{ end, shards }: { readonly end: number; readonly shards: number },
): RolloutRecord {
	return { ...record, wave: record.wave + 1, waveEnd: end, waveShards: shards, waveLeft: shards, waveFailed: 0 }
}

/** Notes what came of one shard. The roll-out stops as soon as its wave cannot end well. */
export function withOutcome(record: RolloutRecord, outcome: ShardOutcome): RolloutRecord {
	const waveLeft = record.waveLeft - 1
	if (outcome.status === 'migrated') return { ...record, waveLeft, migrated: record.migrated + 1 }
	const next = { ...record, waveLeft, failed: record.failed + 1, waveFailed: record.waveFailed + 1 }
	const { waveFailed, waveShards, failureThreshold } = next
	if (record.state !== 'running' || waveFailed / waveShards <= failureThreshold) return next
	const most = `${Number((failureThreshold * 100).toPrecision(6))}%`
	const name = record.wave === 0 ? 'canary wave' : `wave ${record.wave}`
	return {
		...next,
		state: 'stopped',
		reason: `${name}: ${waveFailed} of ${waveShards} shards failed, at most ${most} may; shard ${JSON.stringify(outcome.shard)}: ${outcome.message}`,
	}
}

/** @throws SQLakeError ROLLOUT_INVALID where it does not run */
export function paused(record: RolloutRecord): RolloutRecord {
	if (record.state === 'paused') return record
	expectState(record, ['running'], 'pause')
	return { ...record, state: 'paused' }
}

/** @throws SQLakeError ROLLOUT_INVALID where it is neither paused nor stopped */
export function assertResumable(record: RolloutRecord): void {
	expectState(record, ['paused', 'stopped'], 'resume')
}

/**
 * Goes on; what failed is to be tried again.
 *
 * @param waveLeft shards of the wave that have to be migrated, those that failed in any wave included
 */
export function resumed(record: RolloutRecord, waveLeft: number): RolloutRecord {
	// What may fail is a share of the whole wave, not of what is left of it.
	const waveMigrated = record.waveShards - record.waveLeft - record.waveFailed
	const waveShards = waveMigrated + waveLeft
	return { ...record, state: 'running', reason: null, failed: 0, waveFailed: 0, waveShards, waveLeft }
}

/** @throws SQLakeError ROLLOUT_INVALID where it is over */
export function cancelled(record: RolloutRecord, now: number): RolloutRecord {
	if (record.state === 'cancelled') return record
	expectState(record, ['running', 'paused', 'stopped'], 'cancel')
	return { ...record, state: 'cancelled', finishedAt: now }
}

/** Whether it may go on, now or later. */
export function isUnderWay({ state }: Pick<RolloutRecord, 'state'>): boolean {
	return state === 'running' || state === 'paused' || state === 'stopped'
}

/** What is told of it. */
export function rolloutOf(record: RolloutRecord): Rollout {
	const { number, rollbackOf, waveEnd, waveShards, waveLeft, waveFailed, reached, ...told } = record
	return {
		...told,
		id: String(number),
		rollbackOf: rollbackOf === null ? null : String(rollbackOf),
		wave: Math.max(0, record.wave),
		remaining: record.total - record.migrated - record.failed,
	}
}

function expectState({ number, state }: RolloutRecord, expected: readonly Rollout['state'][], action: string): void {
	if (expected.includes(state)) return
	throw new SQLakeError(
		'ROLLOUT_INVALID',
		`${action} roll-out ${number}: expected it ${expected.join(' or ')}, found it ${state}`,
		{
			hint: 'a roll-out that is over does not begin again: start another one, which skips what is migrated',
			details: { id: String(number), state },
		},
	)
}
