import { beforeEach, describe, expect, it } from 'vitest'
import { SQLakeError } from '../../src/errors.ts'
import type { ReleasedVersion, ShardReport } from '../../src/fleet/fleet.ts'
import { ShardReporter } from '../../src/fleet/shard-reporter.ts'
import { createObservability } from '../../src/observability/create-observability.ts'

const DAY = 86_400_000

/** A shard's object: what is durable stays, `restart()` begins its memory anew. */
class TestObject {
	time = 1_000
	note: string | null = null
	report: ShardReport = { shard: 'a', binding: 'USER_DO', version: '0001_a', state: 'current', lastError: null }
	readonly arrived: ShardReport[] = []
	readonly released: (ReleasedVersion | null)[] = []
	/** Set while the catalog object is not there. */
	failure: Error | null = null
	bound = true
	deleted = false
	pause: Promise<void> = Promise.resolve()
	onAttempt: () => unknown = () => {}
	/** Resolved before the register answers. */
	hold: Promise<void> = Promise.resolve()
	reporter = this.#open()
	#work: Promise<unknown>[] = []

	changed(): void {
		this.reporter.changed(this.report)
	}

	restart(): void {
		this.reporter = this.#open()
	}

	/** Waits for what goes on in the background; @returns how many reports have arrived so far. */
	async arrivals(): Promise<number> {
		while (this.#work.length > 0) await Promise.all(this.#work.splice(0))
		return this.arrived.length
	}

	#open(): ShardReporter {
		return new ShardReporter({
			memory: {
				get: () => {
					if (this.deleted) throw new Error('no such table')
					return this.note
				},
				set: (note) => {
					this.note = note
				},
			},
			connect: () => (this.bound ? { sqlakeFleetReport: (report) => this.#receive(report) } : null),
			released: async (released) => void this.released.push(released),
			pause: () => this.pause,
			background: (work) => void this.#work.push(work),
			now: () => this.time,
			logger: () => createObservability().logger,
		})
	}

	async #receive(report: ShardReport) {
		this.onAttempt()
		await this.hold
		if (this.failure !== null) throw this.failure
		this.arrived.push(report)
		return { ok: true as const, value: { released: { version: '0001_a' } } }
	}
}

let object: TestObject
beforeEach(() => {
	object = new TestObject()
})

describe('a shard', () => {
	it('reports when it first starts, and not with each request or start after that', async () => {
		object.changed()
		for (let i = 0; i < 5; i++) object.reporter.touch()
		expect(await object.arrivals()).toBe(1)
		object.restart()
		object.changed()
		for (let i = 0; i < 5; i++) object.reporter.touch()
		expect(await object.arrivals()).toBe(1)
		expect(object.released).toEqual([{ version: '0001_a' }])
	})

	it('reports whatever changes, but not a later attempt that fails as the one before', async () => {
		object.changed()
		await object.arrivals()
		const lastError = { code: 'MIGRATION_FAILED', message: 'no', tag: '0002_b', at: 1 }
		object.report = { ...object.report, state: 'failed', lastError }
		object.changed()
		expect(await object.arrivals()).toBe(2)
		object.report = { ...object.report, lastError: { ...lastError, at: 2 } }
		object.changed()
		expect(await object.arrivals()).toBe(2)
	})

	it('says once a day that it is still there', async () => {
		object.changed()
		await object.arrivals()
		object.time += DAY - 1
		object.reporter.touch()
		expect(await object.arrivals()).toBe(1)
		object.time += 1
		object.reporter.touch()
		object.reporter.touch()
		expect(await object.arrivals()).toBe(2)
	})

	it('repeats a report that was lost, more and more rarely, and right after a restart', async () => {
		object.failure = new Error('the catalog object is overloaded')
		object.changed()
		const attempts: number[] = []
		let seconds = 0
		object.onAttempt = () => attempts.push(seconds)
		for (; seconds < 400; seconds++) {
			object.reporter.touch()
			await object.arrivals()
			object.time += 1_000
			if (seconds === 200) object.failure = null
		}
		expect(attempts).toEqual([0, 10, 30, 70, 150, 310])
		expect(object.arrived).toHaveLength(1)
		object.failure = new SQLakeError('FLEET_UNAVAILABLE', 'no')
		object.report = { ...object.report, version: '0002_b' }
		object.changed()
		expect(await object.arrivals()).toBe(1)
		object.failure = null
		object.reporter.touch()
		expect(await object.arrivals()).toBe(1)
		object.restart()
		object.changed()
		expect(await object.arrivals()).toBe(2)
	})

	it('reports what changed while a report was on its way', async () => {
		let answer = () => {}
		object.hold = new Promise((resolve) => {
			answer = resolve
		})
		object.changed()
		await new Promise((resolve) => setTimeout(resolve))
		object.report = { ...object.report, version: '0002_b' }
		object.changed()
		answer()
		await object.arrivals()
		expect(object.arrived.map(({ version }) => version)).toEqual(['0001_a', '0002_b'])
	})

	it('does not send what its answer to a roll-out tells, not even what was news when that woke it', async () => {
		let wake = () => {}
		object.pause = new Promise((resolve) => {
			wake = resolve
		})
		object.changed()
		object.report = { ...object.report, version: '0002_b' }
		const answer = await object.reporter.answering(async () => {
			object.changed()
			return 'migrated'
		})
		expect(answer).toEqual({ value: 'migrated', report: object.report })
		wake()
		expect(await object.arrivals()).toBe(0)
		object.restart()
		object.changed()
		expect(await object.arrivals()).toBe(0)
	})

	it('sends what changed while it answered a roll-out that failed', async () => {
		object.changed()
		await object.arrivals()
		const call = object.reporter.answering(async () => {
			object.report = { ...object.report, state: 'failed' }
			object.changed()
			throw new Error('the answer does not come')
		})
		await expect(call).rejects.toThrow('the answer does not come')
		expect(await object.arrivals()).toBe(2)
	})

	it('throws nothing at a request after deleteAll()', async () => {
		object.changed()
		await object.arrivals()
		object.deleted = true
		object.time += DAY
		expect(() => object.reporter.touch()).not.toThrow()
		expect(() => object.changed()).not.toThrow()
		object.deleted = false
		object.time += 60_000
		object.reporter.touch()
		expect(await object.arrivals()).toBe(2)
	})

	it('is quiet where there is no catalog object', async () => {
		object.bound = false
		object.changed()
		object.reporter.touch()
		await object.arrivals()
		object.time += 2 * DAY
		object.reporter.touch()
		expect(await object.arrivals()).toBe(0)
		expect(object.note).toBeNull()
	})
})
