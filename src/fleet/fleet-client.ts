/**
 * The fleet, as the catalog's Durable Object knows it.
 *
 * @module
 */
import { type Envelope, messageOf, SQLakeError, unpackAnswer } from '../errors.ts'
import type { MigrateRequest } from '../migrator/migration-status.ts'
import type {
	Fleet,
	FleetRpc,
	FleetSummary,
	ResumeOptions,
	RollbackOptions,
	Rollout,
	RolloutOptions,
	ShardDetails,
	ShardFilter,
	ShardMigration,
	ShardPage,
} from './fleet.ts'

/** A namespace of catalog Durable Objects, as far as the fleet is concerned. */
export interface FleetNamespace {
	getByName(name: string): FleetRpc
}

/**
 * Asks the catalog's Durable Object over RPC.
 *
 * @example
 * ```ts
 * const fleet = new FleetClient(() => env.SQLAKE_CATALOG.getByName('SQLAKE_BUCKET'))
 * await fleet.startRollout({ canary: 0.05 })
 * ```
 */
export class FleetClient implements Fleet {
	readonly #connect: () => FleetRpc

	/** @param connect Makes a stub. Called for every request: a stub breaks for good when its object is reset. */
	constructor(connect: () => FleetRpc) {
		this.#connect = connect
	}

	summary(): Promise<FleetSummary> {
		return this.#call((rpc) => rpc.sqlakeFleetSummary())
	}

	shards(filter: ShardFilter = {}): Promise<ShardPage> {
		return this.#call((rpc) => rpc.sqlakeFleetShards(filter))
	}

	shard(name: string): Promise<ShardDetails> {
		return this.#call((rpc) => rpc.sqlakeFleetShard(name))
	}

	migrateShard(name: string, request: MigrateRequest = {}): Promise<ShardMigration> {
		return this.#call((rpc) => rpc.sqlakeFleetMigrateShard(name, request))
	}

	async forgetShard(name: string): Promise<void> {
		await this.#call((rpc) => rpc.sqlakeFleetForgetShard(name))
	}

	startRollout(options: RolloutOptions = {}): Promise<Rollout> {
		return this.#call((rpc) => rpc.sqlakeFleetStartRollout(options))
	}

	rollouts(): Promise<readonly Rollout[]> {
		return this.#call((rpc) => rpc.sqlakeFleetRollouts())
	}

	rollout(id: string): Promise<Rollout> {
		return this.#call((rpc) => rpc.sqlakeFleetRollout(id))
	}

	pause(id: string): Promise<Rollout> {
		return this.#call((rpc) => rpc.sqlakeFleetPause(id))
	}

	resume(id: string, options: ResumeOptions = {}): Promise<Rollout> {
		return this.#call((rpc) => rpc.sqlakeFleetResume(id, options))
	}

	rollback(id: string, options: RollbackOptions = {}): Promise<Rollout> {
		return this.#call((rpc) => rpc.sqlakeFleetRollback(id, options))
	}

	cancel(id: string): Promise<Rollout> {
		return this.#call((rpc) => rpc.sqlakeFleetCancel(id))
	}

	async #call<T>(call: (rpc: FleetRpc) => Promise<Envelope<T>>): Promise<T> {
		let envelope: Envelope<T>
		try {
			envelope = await call(this.#connect())
		} catch (error) {
			if (SQLakeError.is(error)) throw error
			throw new SQLakeError('FLEET_UNAVAILABLE', `the catalog object did not answer: ${messageOf(error)}`, {
				cause: error,
				hint: 'ask again: what was begun is in its plan',
			})
		}
		return unpackAnswer(envelope)
	}
}
