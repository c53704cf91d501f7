/**
 * What every way to a fleet does. A test file calls this with a way to a fleet of simulated shards.
 *
 * @module
 */
import { describe, expect, it } from 'vitest'
import type { Fleet } from '../../src/fleet/fleet.ts'
import { names, TAGS, TestFleet } from '../fleet/harness.ts'

const [FIRST, SECOND, LAST] = TAGS

/** @param reach the fleet by the way that is tested */
export function fleetContract(name: string, reach: (fleet: TestFleet) => Fleet): void {
	describe(`${name}, as a fleet`, () => {
		const open = async (shards: readonly string[] = []) => {
			const simulated = new TestFleet()
			await simulated.add(shards)
			return { simulated, fleet: reach(simulated) }
		}

		it('tells an empty fleet', async () => {
			const { fleet } = await open()
			expect(await fleet.summary()).toEqual({
				shards: 0,
				versions: [],
				states: { current: 0, pending: 0, failed: 0, held: 0, ahead: 0, invalid: 0 },
				failures: [],
				released: null,
				rollout: null,
			})
			expect(await fleet.shards()).toEqual({ shards: [], cursor: null })
			expect(await fleet.rollouts()).toEqual([])
		})

		it('pages through the register, with filters', async () => {
			const { fleet, simulated } = await open(names(5))
			await simulated.add(['new'], LAST)
			await simulated.add(['bare'], null)
			const first = await fleet.shards({ limit: 4 })
			expect(first.shards.map(({ shard }) => shard)).toEqual(['bare', 'new', 's00000', 's00001'])
			const second = await fleet.shards({ limit: 4, cursor: first.cursor ?? '' })
			expect(second).toMatchObject({ shards: [{ shard: 's00002' }, { shard: 's00003' }, { shard: 's00004' }], cursor: null })
			expect((await fleet.shards({ state: 'current', version: LAST })).shards.map(({ shard }) => shard)).toEqual(['new'])
			expect((await fleet.shards({ version: null })).shards.map(({ shard }) => shard)).toEqual(['bare'])
		})

		it('asks a shard itself, whatever its name', async () => {
			const strange = ['a/b', 'ä 🙂', '%2F', '?x=1#y', 'a+b&c', ' ']
			const { fleet } = await open(strange)
			for (const shard of strange) {
				const details = await fleet.shard(shard)
				expect(details).toMatchObject({ shard: { shard, version: FIRST }, status: { pending: [SECOND, LAST] } })
			}
			await expect(fleet.shard('nobody')).rejects.toMatchObject({ code: 'SHARD_NOT_FOUND', message: /"nobody"/ })
		})

		it('migrates one shard, and says why it did not', async () => {
			const { fleet, simulated } = await open(names(2))
			expect(await fleet.migrateShard('s00000', { target: SECOND })).toMatchObject({
				result: { direction: 'up', version: SECOND },
				shard: { shard: 's00000', version: SECOND, state: 'pending' },
			})
			Object.assign(simulated.shards.get('s00001') ?? {}, { fails: 'UNIQUE constraint failed' })
			await expect(fleet.migrateShard('s00001')).rejects.toMatchObject({ code: 'MIGRATION_FAILED' })
			expect((await fleet.summary()).failures).toEqual([{ message: 'UNIQUE constraint failed', shards: 1, example: 's00001' }])
		})

		it('forgets a shard', async () => {
			const { fleet } = await open(names(2))
			await fleet.forgetShard('s00000')
			expect((await fleet.shards()).shards.map(({ shard }) => shard)).toEqual(['s00001'])
			await expect(fleet.forgetShard('s00000')).rejects.toMatchObject({ code: 'SHARD_NOT_FOUND' })
		})

		it('carries a roll-out through its states', async () => {
			const { fleet, simulated } = await open(names(12))
			const begun = await fleet.startRollout({ target: SECOND, canary: 0.25, waveSize: 5, concurrency: 2, failureThreshold: 0.1 })
			expect(begun).toEqual({
				id: '1',
				target: SECOND,
				direction: 'up',
				canary: 0.25,
				waveSize: 5,
				concurrency: 2,
				failureThreshold: 0.1,
				timeoutMs: 30_000,
				acceptDataLoss: false,
				rollbackOf: null,
				state: 'running',
				wave: 0,
				total: 12,
				migrated: 0,
				failed: 0,
				remaining: 12,
				startedAt: expect.any(Number),
				finishedAt: null,
				reason: null,
			})
			expect((await fleet.pause('1')).state).toBe('paused')
			expect((await fleet.resume('1')).state).toBe('running')
			await simulated.settle()
			expect(await fleet.rollout('1')).toMatchObject({ state: 'done', migrated: 12, wave: 2, finishedAt: expect.any(Number) })
			const back = await fleet.rollback('1', { acceptDataLoss: true })
			expect(back).toMatchObject({ id: '2', rollbackOf: '1', direction: 'down', target: FIRST, total: 12 })
			expect((await fleet.cancel('2')).state).toBe('cancelled')
			expect((await fleet.rollouts()).map(({ id }) => id)).toEqual(['2', '1'])
			expect((await fleet.summary()).rollout).toMatchObject({ id: '2' })
		})

		it('refuses what cannot be done now, what is out of range, and what does not exist', async () => {
			const { fleet } = await open(names(2))
			await fleet.startRollout()
			await expect(fleet.startRollout()).rejects.toMatchObject({ code: 'ROLLOUT_INVALID', message: /found 1, which is running/ })
			await expect(fleet.rollout('9')).rejects.toMatchObject({ code: 'ROLLOUT_NOT_FOUND' })
			await expect(fleet.shards({ limit: 0 })).rejects.toMatchObject({ code: 'ROLLOUT_INVALID', message: /shards\.limit/ })
			await expect(fleet.shards({ cursor: 'x' })).rejects.toMatchObject({ code: 'RPC_INVALID' })
			await expect(fleet.startRollout({ canary: 7 })).rejects.toMatchObject({
				message: 'roll-out.canary: expected a number, more than 0 and at most 1, found 7',
				hint: expect.any(String),
			})
		})
	})
}
