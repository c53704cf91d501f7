import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { names, TAGS, TestFleet } from './harness.ts'

const [FIRST, SECOND, LAST] = TAGS

describe('a roll-out', () => {
	it('brings every shard to the newest migration of the code, each by one call', async () => {
		const fleet = new TestFleet()
		await fleet.add(names(25))
		const begun = await fleet.client.startRollout({ waveSize: 10 })
		expect(begun).toMatchObject({ id: '1', target: LAST, direction: 'up', state: 'running', wave: 0, total: 25, remaining: 25 })
		await fleet.settle()
		expect(await fleet.client.rollout('1')).toMatchObject({ state: 'done', migrated: 25, failed: 0, remaining: 0, wave: 3 })
		expect([...fleet.shards.values()].map(({ calls }) => calls.length)).toEqual(Array(25).fill(1))
		expect((await fleet.client.summary()).versions).toEqual([{ version: LAST, shards: 25 }])
	})

	it('begins with a random sample of the canary share, at least one shard', async () => {
		const fleet = new TestFleet()
		await fleet.add(names(40))
		const called: string[] = []
		fleet.onCall = (shard) => {
			called.push(shard)
			if (called.length === 10) void fleet.client.pause('1')
		}
		await fleet.client.startRollout({ canary: 0.25, concurrency: 1 })
		await fleet.settle()
		expect(await fleet.client.rollout('1')).toMatchObject({ state: 'paused', migrated: 10, wave: 0 })
		expect(called).not.toEqual(names(10))
		const tiny = new TestFleet()
		await tiny.add(names(3))
		tiny.onCall = () => void tiny.client.pause('1')
		await tiny.client.startRollout({ canary: 0.01 })
		await tiny.settle()
		expect((await tiny.client.rollout('1')).migrated).toBe(1)
	})

	it('calls as many shards at the same time as it may', async () => {
		const fleet = new TestFleet()
		await fleet.add(names(60))
		await fleet.client.startRollout({ concurrency: 7 })
		await fleet.settle()
		expect(fleet.mostRunning).toBe(7)
	})

	it('does a bounded share in one alarm', async () => {
		const fleet = new TestFleet({ shards: 20 })
		await fleet.add(names(50))
		await fleet.client.startRollout({ canary: 1 })
		const progress: number[] = []
		while (await fleet.tick()) progress.push((await fleet.client.rollout('1')).migrated)
		expect(progress).toEqual([20, 40, 50])
	})

	it('does no more once its time is up, and goes on with the next alarm', async () => {
		const fleet = new TestFleet({ durationMs: 1_000 })
		await fleet.add(names(10))
		fleet.onCall = () => {
			fleet.time += 400
		}
		await fleet.client.startRollout({ canary: 1, concurrency: 1 })
		await fleet.tick()
		expect((await fleet.client.rollout('1')).migrated).toBe(3)
		await fleet.settle()
		expect((await fleet.client.rollout('1')).state).toBe('done')
	})

	it('skips shards that have the target, and calls those that are held at it', async () => {
		const fleet = new TestFleet()
		await fleet.add(names(3, 'there'), LAST)
		await fleet.add(names(2, 'held'), LAST)
		for (const name of names(2, 'held')) {
			const shard = fleet.shards.get(name)
			if (shard !== undefined) shard.held = true
			await fleet.report(name)
		}
		await fleet.add(names(4))
		expect((await fleet.client.startRollout()).total).toBe(6)
		await fleet.settle()
		expect(fleet.shards.get('there00000')?.calls).toEqual([])
		expect((await fleet.client.rollout('1')).migrated).toBe(6)
	})

	it('passes over a shard that has got there by itself meanwhile', async () => {
		const fleet = new TestFleet()
		await fleet.add(names(2))
		await fleet.client.startRollout()
		for (const [name, shard] of fleet.shards) {
			shard.version = LAST
			await fleet.report(name)
		}
		await fleet.settle()
		expect([...fleet.shards.values()].flatMap(({ calls }) => calls)).toEqual([])
		expect(await fleet.client.rollout('1')).toMatchObject({ state: 'done', migrated: 2 })
	})

	it('over a fleet that is there already is done at once', async () => {
		const fleet = new TestFleet()
		await fleet.add(names(2), LAST)
		expect(await fleet.client.startRollout({ target: LAST })).toMatchObject({ state: 'done', total: 0 })
		expect(fleet.alarm).toBeNull()
		expect((await fleet.client.summary()).released).toEqual({ version: LAST })
	})

	it('stops as soon as a wave cannot end within the threshold, and says why', async () => {
		const fleet = new TestFleet()
		await fleet.add(names(100))
		for (const name of names(10)) Object.assign(fleet.shards.get(name) ?? {}, { fails: 'UNIQUE constraint failed: users.email' })
		await fleet.client.startRollout({ canary: 1, failureThreshold: 0.05, concurrency: 1 })
		await fleet.settle()
		const rollout = await fleet.client.rollout('1')
		expect(rollout).toMatchObject({ state: 'stopped', failed: 6 })
		expect(rollout.reason).toMatch(/^canary wave: 6 of 100 shards failed, at most 5% may; shard "s0000\d": UNIQUE constraint/)
		expect(rollout.migrated + rollout.failed + rollout.remaining).toBe(100)
		expect((await fleet.client.summary()).failures).toEqual([
			{ message: 'UNIQUE constraint failed: users.email', shards: 6, example: expect.stringMatching(/^s0000\d$/) },
		])
	})

	it('goes on where exactly as many fail as may, whatever the fraction is in binary', async () => {
		const fleet = new TestFleet()
		await fleet.add(names(1_000))
		for (const name of names(29)) Object.assign(fleet.shards.get(name) ?? {}, { fails: 'no' })
		await fleet.client.startRollout({ canary: 1, failureThreshold: 0.029 })
		await fleet.settle()
		expect(await fleet.client.rollout('1')).toMatchObject({ state: 'done', migrated: 971, failed: 29 })
	})

	it('counts a shard that does not answer as failed', async () => {
		const fleet = new TestFleet()
		await fleet.add(names(2))
		Object.assign(fleet.shards.get('s00001') ?? {}, { hangs: true })
		await fleet.client.startRollout({ canary: 1, failureThreshold: 0.5, timeoutMs: 250 })
		await fleet.settle()
		expect(await fleet.client.rollout('1')).toMatchObject({ state: 'done', migrated: 1, failed: 1 })
		expect((await fleet.registered()).map(({ version, lastError }) => [version, lastError?.code])).toEqual([
			[LAST, undefined],
			[FIRST, 'SHARD_UNAVAILABLE'],
		])
	})

	it('tries again what failed when it goes on after a repair', async () => {
		const fleet = new TestFleet()
		await fleet.add(names(50))
		for (const name of names(5)) Object.assign(fleet.shards.get(name) ?? {}, { fails: 'no' })
		await fleet.client.startRollout({ canary: 0.5, failureThreshold: 0 })
		await fleet.settle()
		expect((await fleet.client.rollout('1')).state).toBe('stopped')
		await fleet.client.resume('1')
		await fleet.settle()
		expect((await fleet.client.rollout('1')).state).toBe('stopped')
		for (const shard of fleet.shards.values()) delete shard.fails
		expect(await fleet.client.resume('1')).toMatchObject({ state: 'running', failed: 0, reason: null })
		await fleet.settle()
		expect(await fleet.client.rollout('1')).toMatchObject({ state: 'done', migrated: 50, failed: 0 })
	})

	it('measures what may fail by the whole wave, also when it goes on with what is left of it', async () => {
		const fleet = new TestFleet()
		await fleet.add(names(100))
		for (const name of names(4)) Object.assign(fleet.shards.get(name) ?? {}, { fails: 'no' })
		await fleet.client.startRollout({ canary: 1, failureThreshold: 0.03, concurrency: 1 })
		await fleet.settle()
		expect(await fleet.client.rollout('1')).toMatchObject({ state: 'stopped', failed: 4 })
		delete fleet.shards.get('s00000')?.fails
		await fleet.client.resume('1')
		await fleet.settle()
		expect(await fleet.client.rollout('1')).toMatchObject({ state: 'done', migrated: 97, failed: 3 })
	})

	it('includes shards that come while it runs, unless they begin at the target', async () => {
		const fleet = new TestFleet()
		await fleet.add(names(10))
		await fleet.client.startRollout({ canary: 0.1, concurrency: 1 })
		fleet.onCall = async () => {
			fleet.onCall = () => {}
			await fleet.add(['old'])
			await fleet.add(['new'], LAST)
		}
		await fleet.settle()
		expect(await fleet.client.rollout('1')).toMatchObject({ state: 'done', total: 11, migrated: 11 })
		expect(fleet.shards.get('old')?.version).toBe(LAST)
		expect(fleet.shards.get('new')?.calls).toEqual([])
	})

	it('goes on without a shard that is forgotten', async () => {
		const fleet = new TestFleet()
		await fleet.add(names(5))
		fleet.shards.delete('s00003')
		await fleet.client.startRollout({ canary: 1, failureThreshold: 0 })
		await fleet.client.forgetShard('s00003')
		await fleet.settle()
		expect(await fleet.client.rollout('1')).toMatchObject({ state: 'done', total: 4, migrated: 4 })
	})

	it('is refused while another is under way, and for options out of range', async () => {
		const fleet = new TestFleet()
		await fleet.add(names(1))
		for (const options of [
			{ canary: 0 },
			{ canary: 1.5 },
			{ waveSize: 0 },
			{ concurrency: 1.5 },
			{ failureThreshold: -1 },
			{ timeoutMs: 1 },
			{ direction: 'down' },
			{ target: '' },
			{ surprise: 1 },
		]) {
			const asked = fleet.client.startRollout(options as never)
			await expect(asked, JSON.stringify(options)).rejects.toMatchObject({ code: 'ROLLOUT_INVALID' })
		}
		await fleet.client.startRollout()
		await expect(fleet.client.startRollout()).rejects.toMatchObject({ code: 'ROLLOUT_INVALID', details: { id: '1' } })
	})

	it('tells the version that it has released to shards that report later', async () => {
		const fleet = new TestFleet()
		await fleet.add(names(1))
		expect(await fleet.report('s00000')).toMatchObject({ ok: true, value: { released: null } })
		await fleet.client.startRollout({ target: SECOND })
		await fleet.settle()
		expect(await fleet.report('s00000')).toMatchObject({ value: { released: { version: SECOND } } })
	})
})

describe('pause, resume and cancel', () => {
	it('follow the states that they may', async () => {
		const fleet = new TestFleet()
		await fleet.add(names(4))
		await fleet.client.startRollout()
		expect((await fleet.client.pause('1')).state).toBe('paused')
		expect((await fleet.client.pause('1')).state).toBe('paused')
		await fleet.settle()
		expect((await fleet.client.rollout('1')).migrated).toBe(0)
		expect((await fleet.client.resume('1')).state).toBe('running')
		await expect(fleet.client.resume('1')).rejects.toMatchObject({ code: 'ROLLOUT_INVALID' })
		expect(await fleet.client.cancel('1')).toMatchObject({ state: 'cancelled', finishedAt: expect.any(Number) })
		for (const call of ['pause', 'resume'] as const) {
			await expect(fleet.client[call]('1')).rejects.toMatchObject({ code: 'ROLLOUT_INVALID', details: { state: 'cancelled' } })
		}
		await fleet.settle()
		expect((await fleet.client.startRollout()).id).toBe('2')
		expect((await fleet.client.rollouts()).map(({ id }) => id)).toEqual(['2', '1'])
		await expect(fleet.client.rollout('3')).rejects.toMatchObject({ code: 'ROLLOUT_NOT_FOUND' })
		await expect(fleet.client.rollout('x')).rejects.toMatchObject({ code: 'ROLLOUT_NOT_FOUND' })
	})
})

describe('a roll-back', () => {
	it('takes each shard back to what it had, and leaves alone what was not reached', async () => {
		const fleet = new TestFleet()
		await fleet.add(names(6, 'a'), FIRST)
		await fleet.add(names(3, 'b'), SECOND)
		await fleet.client.startRollout({ canary: 1 })
		await fleet.settle()
		const back = await fleet.client.rollback('1', { canary: 1, acceptDataLoss: true })
		expect(back).toMatchObject({ id: '2', direction: 'down', target: FIRST, rollbackOf: '1', total: 9, acceptDataLoss: true })
		await fleet.settle()
		expect(await fleet.client.rollout('2')).toMatchObject({ state: 'done', migrated: 9 })
		expect((await fleet.registered()).map(({ version, state }) => `${version} ${state}`)).toEqual([
			...Array(6).fill(`${FIRST} held`),
			...Array(3).fill(`${SECOND} held`),
		])
		expect((await fleet.client.summary()).released).toEqual({ version: FIRST })
	})

	it('takes a shard that was held at the target to what most had', async () => {
		const fleet = new TestFleet()
		await fleet.add(names(3), FIRST)
		await fleet.add(['held'], LAST)
		Object.assign(fleet.shards.get('held') ?? {}, { held: true })
		await fleet.report('held')
		await fleet.client.startRollout()
		await fleet.settle()
		await fleet.client.rollback('1')
		await fleet.settle()
		expect(fleet.shards.get('held')).toMatchObject({ version: FIRST, held: true })
	})

	it('calls no shard before the call upwards that is still under way has ended', async () => {
		const fleet = new TestFleet()
		await fleet.add(names(3))
		let release = () => {}
		const held = new Promise<void>((resolve) => {
			release = resolve
		})
		const order: string[] = []
		fleet.onCall = async (shard) => {
			if (shard === 's00001' && order.length < 3) await held
			order.push(shard)
		}
		await fleet.client.startRollout({ canary: 1 })
		const up = fleet.tick()
		await new Promise((resolve) => setTimeout(resolve))
		await fleet.client.rollback('1', { canary: 1 })
		const down = fleet.settle()
		await new Promise((resolve) => setTimeout(resolve, 5))
		expect(order).toHaveLength(2)
		release()
		await Promise.all([up, down])
		await fleet.settle()
		expect([...fleet.shards.values()].map(({ version }) => version)).toEqual([FIRST, FIRST, FIRST])
		expect(await fleet.client.rollout('2')).toMatchObject({ state: 'done', total: 3, migrated: 3 })
		expect(await fleet.client.rollout('1')).toMatchObject({ state: 'cancelled', migrated: 2 })
	})

	it('of one that runs cancels it, and goes over the shards that it has reached', async () => {
		const fleet = new TestFleet()
		await fleet.add(names(30))
		let back: Promise<unknown> = Promise.resolve()
		let calls = 0
		fleet.onCall = () => {
			if (++calls === 12) back = fleet.client.rollback('1')
		}
		await fleet.client.startRollout({ canary: 0.2, concurrency: 3 })
		await fleet.settle()
		await back
		await fleet.settle()
		expect(await fleet.client.rollout('1')).toMatchObject({ state: 'cancelled' })
		const { total, migrated, state } = await fleet.client.rollout('2')
		expect(state).toBe('done')
		expect(total).toBe(migrated)
		expect([...fleet.shards.values()].filter(({ version }) => version !== FIRST)).toEqual([])
		expect([...fleet.shards.values()].filter(({ calls }) => calls.length === 0)).toHaveLength(0)
	})

	it('is refused for another than the last one, and for one that led down', async () => {
		const fleet = new TestFleet()
		await fleet.add(names(2))
		await fleet.client.startRollout({ target: SECOND })
		await fleet.settle()
		await fleet.client.startRollout({ target: LAST })
		await fleet.settle()
		await expect(fleet.client.rollback('1')).rejects.toMatchObject({ code: 'ROLLOUT_INVALID', details: { last: '2' } })
		await fleet.client.rollback('2')
		await fleet.settle()
		await expect(fleet.client.rollback('3')).rejects.toMatchObject({ code: 'ROLLOUT_INVALID' })
	})

	it('reaches shards that began at the target by themselves, and takes a target of its own', async () => {
		const fleet = new TestFleet()
		await fleet.add(names(2))
		await fleet.client.startRollout()
		await fleet.settle()
		await fleet.add(['later'], LAST)
		await fleet.client.rollback('1', { target: null })
		await fleet.settle()
		expect([...fleet.shards.values()].map(({ version }) => version)).toEqual([null, null, null])
		expect((await fleet.client.summary()).released).toEqual({ version: null })
	})
})

describe('a restart', () => {
	it('at any point loses nothing: each shard ends up migrated and is counted once', async () => {
		await fc.assert(
			fc.asyncProperty(
				fc.record({
					shards: fc.integer({ min: 1, max: 40 }),
					concurrency: fc.integer({ min: 1, max: 8 }),
					waveSize: fc.integer({ min: 1, max: 20 }),
					restarts: fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 6 }),
					failing: fc.array(fc.nat(39), { maxLength: 5 }),
				}),
				async ({ shards, concurrency, waveSize, restarts, failing }) => {
					const fleet = new TestFleet({ shards: 7 })
					await fleet.add(names(shards))
					for (const index of failing) {
						const shard = fleet.shards.get(names(shards)[index] ?? '')
						if (shard !== undefined) shard.fails = 'no'
					}
					let calls = 0
					fleet.onCall = async () => {
						if (!restarts.includes(++calls)) return
						// What the object that dies was waiting for never comes back to it.
						const ghost = fleet.alarm
						fleet.restart()
						fleet.alarm = ghost
						await new Promise(() => {})
					}
					await fleet.client.startRollout({ waveSize, concurrency, failureThreshold: 1 })
					for (let alarms = 0; fleet.alarm !== null && alarms < 200; alarms++) {
						await Promise.race([fleet.tick(), new Promise((resolve) => setTimeout(resolve, 5))])
					}
					const rollout = await fleet.client.rollout('1')
					const bad = new Set(failing.filter((index) => index < shards)).size
					expect(rollout).toMatchObject({ state: 'done', total: shards, failed: bad, migrated: shards - bad, remaining: 0 })
				},
			),
			{ numRuns: 60 },
		)
	}, 20_000)
})
