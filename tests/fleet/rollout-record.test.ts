import { describe, expect, it } from 'vitest'
import {
	newRollout,
	nextWaveSize,
	type RolloutRecord,
	resumed,
	settingsOf,
	withOutcome,
	withWave,
} from '../../src/fleet/rollout-record.ts'

const begin = (total: number, options: Parameters<typeof settingsOf>[0] = {}): RolloutRecord =>
	newRollout(settingsOf(options, '0001_next'), { number: 1, rollbackOf: null, total, startedAt: 0 })
const failed = { status: 'failed', shard: 'a', message: 'no' } as const
const migrated = { status: 'migrated' } as const

describe('the first wave', () => {
	it.each([
		[1_000, 0.01, 10],
		[1_001, 0.01, 11],
		[99, 0.01, 1],
		[3, 0.5, 2],
		[50, 0, 1],
		[7, 1, 7],
	])('of %i shards with a canary share of %f has %i: no fewer than the share, and no fewer than one', (total, canary, size) => {
		expect(nextWaveSize(begin(total, { canary }))).toBe(size)
	})

	it('is the only one of that size', () => {
		const record = withWave(begin(1_000, { canary: 0.01, waveSize: 300 }), { end: 10, shards: 10 })
		expect(nextWaveSize(record)).toBe(300)
	})
})

describe('a roll-out that goes on after a stop', () => {
	/** A wave of ten in which three were migrated and two failed, so that it stopped; two of ten may not fail. */
	const stopped = [migrated, migrated, migrated, failed, failed].reduce(
		withOutcome,
		withWave(begin(100, { failureThreshold: 0.1 }), { end: 10, shards: 10 }),
	)

	it('counts what failed as shards that are left, beside those that were not called', () => {
		expect(stopped).toMatchObject({ state: 'stopped', waveLeft: 5, waveFailed: 2, migrated: 3 })
		expect(resumed(stopped, 7)).toMatchObject({ state: 'running', waveLeft: 7, waveFailed: 0, failed: 0, waveShards: 10 })
	})

	it('lets the same share of the whole wave fail as before: one more stops it only where it is beyond that share', () => {
		const once = withOutcome(resumed(stopped, 7), failed)
		expect(once.state).toBe('running')
		expect(withOutcome(once, failed).state).toBe('stopped')
	})

	it('takes shards that failed in earlier waves into the wave', () => {
		expect(resumed(stopped, 12)).toMatchObject({ waveShards: 15, waveLeft: 12 })
	})
})
