/**
 * Carries a roll-out out, as much of it as fits into one alarm.
 *
 * @module
 */
import { messageOf, SQLakeError } from '../errors.ts'
import type { MigrateRequest, MigrationStatus } from '../migrator/migration-status.ts'
import type { ShardMigrationAnswer } from './fleet.ts'
import type { ShardRegister } from './register.ts'
import type { RolloutPlan, RolloutTask } from './rollout-plan.ts'
import type { ShardOutcome } from './rollout-record.ts'

/** Reaches shards, wherever they sleep. */
export interface FleetShards {
	/**
	 * @param binding of the namespace; null where it is the only one
	 * @param timeoutMs milliseconds before the call is given up
	 * @throws SQLakeError SHARD_UNAVAILABLE, BINDING_MISSING
	 */
	migrate(binding: string | null, shard: string, request: MigrateRequest, timeoutMs: number): Promise<ShardMigrationAnswer>
	/** @throws SQLakeError SHARD_UNAVAILABLE, BINDING_MISSING */
	status(binding: string | null, shard: string, timeoutMs: number): Promise<MigrationStatus>
}

/** How much one run does. */
export interface RunLimits {
	/**
	 * Shards. An invocation may make 1,000 calls to other objects
	 * (https://developers.cloudflare.com/workers/platform/limits/#subrequests), and a shard may take two.
	 */
	readonly shards: number
	/** Milliseconds after which no further shard begins. An alarm may take 15 minutes. */
	readonly durationMs: number
}

/** What a runner works with. */
export interface RolloutRunnerParts {
	readonly plan: RolloutPlan
	readonly register: ShardRegister
	readonly shards: FleetShards
	/** Milliseconds since the epoch. */
	readonly now: () => number
	readonly limits?: Partial<RunLimits>
}

/** What one alarm does unless it was told otherwise. */
export const DEFAULT_RUN_LIMITS: RunLimits = { shards: 450, durationMs: 20_000 }

/** Shards that are claimed at a time. */
const CLAIM = 100

/** What a shard counts that needs no call: time stands still in a Worker that waits for nothing, so a run counts those, too. */
const SETTLED_COST = 0.1

/** Runs the plan: wave after wave, some shards at a time. Whatever interrupts it, the plan knows what is left. */
export class RolloutRunner {
	readonly #parts: RolloutRunnerParts
	readonly #limits: RunLimits
	/** Where claiming goes on. Nothing durable: after a restart it walks once over what is done. */
	#after = 0
	#running: Promise<void> | null = null

	constructor(parts: RolloutRunnerParts) {
		this.#parts = parts
		this.#limits = { ...DEFAULT_RUN_LIMITS, ...parts.limits }
	}

	/** Looks at the queue from its beginning: what has failed waits again. */
	rewind(): void {
		this.#after = 0
	}

	/** Does one alarm's share. @returns whether there is more to do */
	async run(): Promise<boolean> {
		// A call of the roll-out before, still under way, must not come after one that leads back.
		while (this.#running !== null) await Promise.allSettled([this.#running])
		this.#running = this.#waves()
		try {
			await this.#running
		} catch (error) {
			this.rewind()
			throw error
		} finally {
			this.#running = null
		}
		return this.#parts.plan.last()?.state === 'running'
	}

	async #waves(): Promise<void> {
		const { plan, now } = this.#parts
		const end = now() + this.#limits.durationMs
		let left = this.#limits.shards
		const mayGoOn = () => left > 0 && now() < end
		while (mayGoOn()) {
			const record = plan.advance(now())
			if (record?.state !== 'running') return
			if (plan.claim(this.#after, 1).length === 0) {
				const missing = `roll-out ${record.number}: wave ${record.wave} lacks ${record.waveLeft} shards, found none`
				throw new SQLakeError('INTERNAL', missing, { hint: 'the queue is walked again from its beginning' })
			}
			let queue: RolloutTask[] = []
			const next = (): RolloutTask | undefined => {
				if (!mayGoOn()) return undefined
				if (queue.length === 0) queue = plan.claim(this.#after, Math.min(CLAIM, Math.ceil(left)))
				const task = plan.last()?.state === 'running' ? queue.shift() : undefined
				if (task === undefined) return undefined
				this.#after = task.place
				left -= task.isSettled ? SETTLED_COST : 1
				return task
			}
			await inParallel(record.concurrency, next, (task) => this.#migrate(task, record))
		}
	}

	async #migrate(
		task: RolloutTask,
		{ acceptDataLoss, timeoutMs }: { acceptDataLoss: boolean; timeoutMs: number },
	): Promise<void> {
		const outcome = task.isSettled
			? ({ status: 'migrated' } as const)
			: await this.#call(task, { target: task.target, direction: task.direction, acceptDataLoss }, timeoutMs)
		this.#parts.plan.settle(task, outcome)
	}

	async #call({ shard, binding }: RolloutTask, request: MigrateRequest, timeoutMs: number): Promise<ShardOutcome> {
		const { shards, register, now } = this.#parts
		try {
			const { result, report } = await shards.migrate(binding, shard, request, timeoutMs)
			register.report({ ...report, shard, binding: report.binding ?? binding }, now())
			return result.ok ? { status: 'migrated' } : { status: 'failed', shard, message: result.error.message }
		} catch (error) {
			const failure = SQLakeError.wrap(error, 'SHARD_UNAVAILABLE', 'the shard did not answer')
			register.unreachable(shard, failure, now())
			return { status: 'failed', shard, message: messageOf(failure) }
		}
	}
}

/** Works on what `next` hands out, some at a time, until it hands out nothing more. */
async function inParallel<T>(width: number, next: () => T | undefined, work: (item: T) => Promise<void>): Promise<void> {
	const worker = async () => {
		for (let item = next(); item !== undefined; item = next()) await work(item)
	}
	const ended = await Promise.allSettled(Array.from({ length: width }, worker))
	for (const end of ended) if (end.status === 'rejected') throw end.reason
}
