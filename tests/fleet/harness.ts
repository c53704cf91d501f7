import { SQLakeError } from '../../src/errors.ts'
import type { RegisteredShard, ShardReport } from '../../src/fleet/fleet.ts'
import { FleetClient } from '../../src/fleet/fleet-client.ts'
import { FleetService } from '../../src/fleet/fleet-service.ts'
import type { FleetShards, RunLimits } from '../../src/fleet/rollout-runner.ts'
import { NodeStorage } from '../../src/local/node-storage.ts'
import type { MigrateRequest } from '../../src/migrator/migration-status.ts'
import { createObservability } from '../../src/observability/create-observability.ts'

/** Versions of the application of these tests, in order. */
export const TAGS = ['0000_init', '0001_plan', '0002_email'] as const

/** What a shard of the tests is, and how it behaves. */
export interface SimulatedShard {
	version: string | null
	held: boolean
	/** Why it does not migrate. */
	fails?: string
	/** It never answers. */
	hangs?: boolean
	/** How often it was told to migrate. */
	calls: MigrateRequest[]
}

/** A fleet whose register and plan are real, on Node's SQLite; the shards are plain objects. */
export class TestFleet implements FleetShards {
	readonly shards = new Map<string, SimulatedShard>()
	readonly #storage: NodeStorage
	readonly #limits: Partial<RunLimits>
	alarm: number | null = null
	time = 1_000_000
	running = 0
	mostRunning = 0
	/** Called before a shard answers. */
	onCall: (shard: string) => void | Promise<void> = () => {}
	#service: FleetService

	constructor(limits: Partial<RunLimits> = {}) {
		this.#limits = limits
		this.#storage = new NodeStorage(':memory:', {
			get: () => this.alarm,
			set: (at) => {
				this.alarm = at
			},
		})
		this.#service = this.#open()
	}

	readonly client = new FleetClient(() => this.#service)

	/** Begins again from what is durable, as after an eviction. */
	restart(): void {
		this.#service = this.#open()
	}

	/** Registers shards that are on a version. */
	async add(names: readonly string[], version: string | null = TAGS[0]): Promise<void> {
		for (const name of names) {
			this.shards.set(name, { version, held: false, calls: [] })
			await this.report(name)
		}
	}

	report(name: string) {
		return this.#service.sqlakeFleetReport(this.#reportOf(name, null))
	}

	/** Lets one alarm go off; @returns whether one was set. */
	async tick(): Promise<boolean> {
		if (this.alarm === null) return false
		this.alarm = null
		await this.#service.alarm()
		return true
	}

	/** Lets alarms go off until none is set. */
	async settle(): Promise<void> {
		for (let alarms = 0; await this.tick(); alarms++) if (alarms > 10_000) throw new Error('the alarms do not end')
	}

	async registered(): Promise<RegisteredShard[]> {
		return [...(await this.client.shards({ limit: 1_000 })).shards]
	}

	async migrate(_binding: string | null, name: string, request: MigrateRequest, timeoutMs: number) {
		this.running++
		this.mostRunning = Math.max(this.mostRunning, this.running)
		try {
			await this.onCall(name)
			const shard = this.#shard(name)
			shard.calls.push(request)
			if (shard.hangs) throw new SQLakeError('SHARD_UNAVAILABLE', `the Durable Object did not answer within ${timeoutMs} ms`)
			await Promise.resolve()
			if (shard.fails !== undefined) {
				const error = new SQLakeError('MIGRATION_FAILED', shard.fails)
				return { result: { ok: false as const, error: error.toJSON() }, report: this.#reportOf(name, error) }
			}
			shard.version = request.target ?? null
			shard.held = request.direction === 'down'
			const { version } = shard
			const value = { success: true, direction: request.direction ?? 'up', applied: 0, migrations: [], version, durationMs: 1 }
			return { result: { ok: true as const, value }, report: this.#reportOf(name, null) }
		} finally {
			this.running--
		}
	}

	async status(_binding: string | null, name: string) {
		const { version } = this.#shard(name)
		const applied = TAGS.slice(0, TAGS.indexOf(version as never) + 1)
		const pending = TAGS.slice(applied.length)
		return {
			state: pending.length === 0 ? ('current' as const) : ('pending' as const),
			manifestVersion: 1,
			appliedCount: applied.length,
			pendingCount: pending.length,
			applied: applied.map((tag) => ({ tag, appliedAt: 1 })),
			pending,
			lastError: null,
			attempts: 0,
			retryAt: null,
		}
	}

	#shard(name: string): SimulatedShard {
		const shard = this.shards.get(name)
		if (shard === undefined) throw new SQLakeError('SHARD_UNAVAILABLE', 'the Durable Object did not answer: it is gone')
		return shard
	}

	#reportOf(name: string, error: SQLakeError | null): ShardReport {
		const { version, held } = this.#shard(name)
		const state = error !== null ? 'failed' : held ? 'held' : version === TAGS.at(-1) ? 'current' : 'pending'
		const lastError = error === null ? null : { code: error.code, message: error.message, tag: null, at: this.time }
		return { shard: name, binding: 'SHARD_DO', version, state, lastError }
	}

	#open(): FleetService {
		return new FleetService({
			storage: this.#storage.durableObjectStorage,
			shards: this,
			observability: createObservability(),
			now: () => this.time++,
			limits: this.#limits,
		})
	}
}

/** Names of so many shards, in order. */
export function names(count: number, prefix = 's'): string[] {
	return Array.from({ length: count }, (_, i) => `${prefix}${String(i).padStart(5, '0')}`)
}
