/**
 * The fleet's side of the catalog's Durable Object: register, roll-outs, and the alarm that carries them out.
 *
 * @module
 */
import { type Envelope, messageOf, packAnswer, SQLakeError, unpackAnswer } from '../errors.ts'
import type { MigrateRequest, MigrationStatus } from '../migrator/migration-status.ts'
import type { Observability } from '../observability/observability.ts'
import type {
	FleetRpc,
	FleetSummary,
	ReportAnswer,
	ResumeOptions,
	RollbackOptions,
	Rollout,
	RolloutOptions,
	ShardDetails,
	ShardFilter,
	ShardMigration,
	ShardPage,
	ShardReport,
} from './fleet.ts'
import { ShardRegister } from './register.ts'
import { RolloutPlan } from './rollout-plan.ts'
import { isUnderWay, type RolloutRecord, rolloutOf } from './rollout-record.ts'
import { type FleetShards, RolloutRunner, type RunLimits } from './rollout-runner.ts'
import {
	validateMigrateRequest,
	validateReport,
	validateResumeOptions,
	validateRollbackOptions,
	validateRolloutOptions,
	validateShardFilter,
} from './validate-rollout.ts'

/** The storage of the object that keeps the fleet. */
type FleetStorage = Pick<DurableObjectStorage, 'transactionSync' | 'setAlarm' | 'deleteAlarm'> & {
	readonly sql: Pick<SqlStorage, 'exec'>
}

/** What a fleet is kept with. */
export interface FleetServiceParts {
	readonly storage: FleetStorage
	readonly shards: FleetShards
	readonly observability: Observability
	/** Milliseconds since the epoch. */
	readonly now: () => number
	readonly limits?: Partial<RunLimits>
}

/** Milliseconds until an alarm is taken for lost, beyond the time that a run and its last call may take. */
const LEASE = 30_000

/** Milliseconds before a run that broke is tried again. */
const RETRY = 10_000

/** Milliseconds that one shard may take that is asked outside of a roll-out. */
const CALL_TIMEOUT = 30_000

/** Shards that are asked for the newest version until one answers. */
const ASKED = 5

/** Answers {@link FleetRpc}. A Durable Object class delegates to it, and calls {@link alarm} from its own. */
export class FleetService implements FleetRpc {
	readonly #parts: FleetServiceParts
	readonly #register: ShardRegister
	readonly #plan: RolloutPlan
	readonly #runner: RolloutRunner

	constructor(parts: FleetServiceParts) {
		this.#parts = parts
		this.#register = new ShardRegister(parts.storage.sql)
		this.#plan = new RolloutPlan(parts.storage)
		this.#runner = new RolloutRunner({ ...parts, register: this.#register, plan: this.#plan })
	}

	sqlakeFleetReport(report: ShardReport): Promise<Envelope<ReportAnswer>> {
		return answer(() => {
			const valid = validateReport(report)
			this.#parts.storage.transactionSync(() => {
				const isNew = this.#register.report(valid, this.#parts.now())
				if (isNew) this.#plan.shardCame(valid.shard, valid.version, valid.state)
			})
			return { released: this.#plan.released() }
		})
	}

	sqlakeFleetSummary(): Promise<Envelope<FleetSummary>> {
		return answer(() => {
			const last = this.#plan.last()
			const rollout = last === null ? null : rolloutOf(last)
			return { ...this.#register.summary(), released: this.#plan.released(), rollout }
		})
	}

	sqlakeFleetShards(filter: ShardFilter): Promise<Envelope<ShardPage>> {
		return answer(() => this.#register.page(validateShardFilter(filter)))
	}

	sqlakeFleetShard(name: string): Promise<Envelope<ShardDetails>> {
		return answer(async () => {
			const shard = this.#register.get(name)
			return { shard, status: await this.#parts.shards.status(shard.binding, name, CALL_TIMEOUT) }
		})
	}

	sqlakeFleetMigrateShard(name: string, request: MigrateRequest): Promise<Envelope<ShardMigration>> {
		return answer(async () => {
			const { binding } = this.#register.get(name)
			const { shards, now } = this.#parts
			const { result, report } = await shards.migrate(binding, name, validateMigrateRequest(request), CALL_TIMEOUT)
			this.#register.report({ ...report, shard: name, binding: report.binding ?? binding }, now())
			return { result: unpackAnswer(result), shard: this.#register.get(name) }
		})
	}

	sqlakeFleetForgetShard(name: string): Promise<Envelope<null>> {
		return answer(() => {
			this.#parts.storage.transactionSync(() => {
				this.#register.forget(name)
				this.#plan.shardWent(name)
			})
			return null
		})
	}

	sqlakeFleetStartRollout(options: RolloutOptions): Promise<Envelope<Rollout>> {
		return answer(async () => {
			const valid = validateRolloutOptions(options)
			this.#plan.assertNoneUnderWay()
			const target = valid.target === undefined ? await this.#newestVersion() : valid.target
			return this.#begin(this.#plan.start(valid, target, this.#parts.now()))
		})
	}

	sqlakeFleetRollouts(): Promise<Envelope<readonly Rollout[]>> {
		return answer(() => this.#plan.list())
	}

	sqlakeFleetRollout(id: string): Promise<Envelope<Rollout>> {
		return answer(() => rolloutOf(this.#plan.get(id)))
	}

	sqlakeFleetPause(id: string): Promise<Envelope<Rollout>> {
		return answer(() => rolloutOf(this.#plan.pause(id)))
	}

	sqlakeFleetResume(id: string, options: ResumeOptions): Promise<Envelope<Rollout>> {
		return answer(() => this.#begin(this.#plan.resume(id, validateResumeOptions(options))))
	}

	sqlakeFleetRollback(id: string, options: RollbackOptions): Promise<Envelope<Rollout>> {
		return answer(async () => {
			const valid = validateRollbackOptions(options)
			const { now } = this.#parts
			if (isUnderWay(this.#plan.assertCanRollBack(id))) this.#plan.cancel(id, now())
			return this.#begin(this.#plan.rollback(id, valid, now()))
		})
	}

	sqlakeFleetCancel(id: string): Promise<Envelope<Rollout>> {
		return answer(() => rolloutOf(this.#plan.cancel(id, this.#parts.now())))
	}

	/** Carries the roll-out on. Never throws: the platform tries an alarm that throws a few times only. */
	async alarm(): Promise<void> {
		const { storage, observability, now } = this.#parts
		const before = this.#plan.last()
		if (before?.state !== 'running') return
		// Should the object die in the middle, this alarm finds the plan.
		await storage.setAlarm(now() + before.timeoutMs + LEASE)
		try {
			const more = await this.#runner.run()
			this.#log(before)
			if (more) await storage.setAlarm(now())
			else await storage.deleteAlarm()
		} catch (error) {
			observability.logger.error(`roll-out ${before.number} was interrupted: ${messageOf(error)}`)
			await storage.setAlarm(now() + RETRY)
		}
	}

	/**
	 * To be called when the object starts: where a roll-out runs, it goes on now. The alarm may have been lost, or is that of the
	 * life before, which was to come only if that one died.
	 */
	async arm(): Promise<void> {
		const { storage, now } = this.#parts
		if (this.#plan.last()?.state === 'running') await storage.setAlarm(now())
	}

	async #begin(record: RolloutRecord): Promise<Rollout> {
		this.#runner.rewind()
		if (record.state === 'running') await this.#parts.storage.setAlarm(this.#parts.now())
		return rolloutOf(record)
	}

	/** What the shards' code has: the register knows only what they have applied. */
	async #newestVersion(): Promise<string | null> {
		const asked = this.#register.some(ASKED)
		let failure: unknown
		for (const { shard, binding } of asked) {
			try {
				const status = await this.#parts.shards.status(binding, shard, CALL_TIMEOUT)
				if (status.state !== 'ahead' && status.state !== 'invalid') return newestOf(status)
			} catch (error) {
				failure = error
			}
		}
		if (asked.length === 0) return null
		const said = failure === undefined ? '' : `; the last one: ${messageOf(failure)}`
		throw new SQLakeError(
			'ROLLOUT_INVALID',
			`roll-out: expected a shard that tells the newest migration, found none of ${asked.length}${said}`,
			{
				cause: failure,
				hint: 'name the target: the tag of a migration',
				details: { option: 'target' },
			},
		)
	}

	#log(before: RolloutRecord): void {
		const { logger } = this.#parts.observability
		const { number, state, wave, migrated, failed, total, reason } = this.#plan.get(String(before.number))
		const message = `roll-out ${number} is ${state}: ${migrated} of ${total} shards, ${failed} failed`
		if (state === 'stopped') logger.error(`${message}; ${reason}`)
		else if (state !== before.state || wave !== before.wave) logger.info(message)
	}
}

function answer<T>(call: () => T | Promise<T>): Promise<Envelope<T>> {
	return packAnswer('the fleet failed', call)
}

/** The last migration that a shard's code has; null for none. */
function newestOf({ pending, applied }: MigrationStatus): string | null {
	return pending.at(-1) ?? applied.at(-1)?.tag ?? null
}
